"""The named steps of an entry's way out, from ingest to recorded delivery.

Between any two of them a process may be killed, stopped or cut off from its servers, and nothing
may be lost or go out twice. The product does nothing at a step; the tests put a hook here and
strike (docs/adr/0008-steps.md).
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class Step(StrEnum):
    """Named ``<module>.<what has just happened>``."""

    INGEST_STARTED = "ingest.started"
    INGEST_WRITTEN = "ingest.written"
    INGEST_COMMITTED = "ingest.committed"
    RENDER_STARTED = "render.started"
    RENDER_DRAFTED = "render.drafted"
    RENDER_WRITTEN = "render.written"
    RENDER_COMMITTED = "render.committed"
    REVIEW_WRITTEN = "review.written"
    REVIEW_COMMITTED = "review.committed"
    CLAIM_LOCKED = "claim.locked"
    CLAIM_WRITTEN = "claim.written"
    CLAIM_COMMITTED = "claim.committed"
    SEND_PREPARED = "send.prepared"
    SEND_CONNECTED = "send.connected"
    SEND_REQUESTED = "send.requested"
    SEND_ANSWERED = "send.answered"
    RECORD_WRITTEN = "record.written"
    RECORD_COMMITTED = "record.committed"
    LOOK_UP_CLAIMED = "look_up.claimed"
    LOOK_UP_ANSWERED = "look_up.answered"
    LOOK_UP_RECORDED = "look_up.recorded"


_hook: Callable[[Step], None] | None = None


def reached(step: Step) -> None:
    """Called where *step* is done."""
    if _hook is not None:
        _hook(step)


def strike_with(hook: Callable[[Step], None] | None) -> None:
    """Have *hook* called at every step, in whatever thread reaches it; None takes it away."""
    global _hook  # noqa: PLW0603
    _hook = hook
