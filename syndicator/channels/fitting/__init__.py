"""Fits an entry into what a platform allows: shortens the text, never the permalink."""

from __future__ import annotations

from syndicator.channels.fitting.drafts import Draft, fit
from syndicator.channels.fitting.permalinks import permalink_count

__all__ = ["Draft", "fit", "permalink_count"]
