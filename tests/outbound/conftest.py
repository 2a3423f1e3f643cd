"""The scripted HTTP server of the channel tests, here too."""

from __future__ import annotations

from tests.channels.conftest import closed_port, server

__all__ = ["closed_port", "server"]
