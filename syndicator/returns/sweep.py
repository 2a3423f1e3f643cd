"""What has to be done about returned mail now and then. Idempotent: it may run at any time."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta

import structlog

from syndicator import queue
from syndicator.clock import database_now
from syndicator.newsletter import suppressing
from syndicator.returns.effects import judge_refused
from syndicator.returns.purging import purge_old
from syndicator.returns.rates import watch_rates
from syndicator.returns.reading_box import boxes_due

log = structlog.get_logger(__name__)

#: Whoever subscribed at the moment when their address was suppressed is found within this.
RECENT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Swept:
    """Refusals judged; mailings stopped; subscriptions suppressed late; recipients forgotten;
    mailboxes rung for."""

    judged: int
    stopped: int
    late: int
    forgotten: int
    rung: int

    def __bool__(self) -> bool:
        return any((self.judged, self.stopped, self.late, self.forgotten))


def sweep() -> Swept:
    now = database_now()
    judged = judge_refused(now)
    stopped = watch_rates(now)
    late = suppressing.apply_since(now - RECENT)
    forgotten = purge_old(now)
    boxes = boxes_due(now)
    for pk in boxes:
        queue.ring(queue.READ_RETURN_BOX, pk)
    swept = Swept(judged, stopped, late, forgotten, len(boxes))
    if swept:
        log.info("swept returned mail", **asdict(swept))
    return swept
