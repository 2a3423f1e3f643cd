from __future__ import annotations

from celery import shared_task

from syndicator import queue
from syndicator.probing.asking import look_for_missing
from syndicator.probing.probe import probe, ring_for_due


@shared_task(name=queue.PROBE_PAGE)
def page(page_id: int) -> None:
    """Ask for one page that permalinks lead to."""
    probe(page_id)


@shared_task(name=queue.PROBE_MISSING)
def missing(entry_id: int) -> None:
    """Look after an entry that its source's document lacks."""
    look_for_missing(entry_id)


@shared_task(name=queue.SWEEP_PROBES)
def sweep() -> None:
    """Ring for every site with a page that is due."""
    ring_for_due()
