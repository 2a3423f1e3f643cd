"""Goes on with imports whose worker is gone, and forgets what need not be kept."""

from __future__ import annotations

from datetime import timedelta

from syndicator import queue
from syndicator.clock import database_now
from syndicator.subscriber_lists.models import ImportPart, ImportState, SubscriberImport

#: A file that takes longer to arrive has broken off on its way.
ARRIVAL = timedelta(hours=1)
#: How long the report on every line can be looked at.
KEPT = timedelta(days=30)


def sweep() -> None:
    now = database_now()
    SubscriberImport.objects.filter(
        state=ImportState.ARRIVING, created_at__lte=now - ARRIVAL
    ).delete()
    ImportPart.objects.filter(
        batch__state=ImportState.DONE, batch__ended_at__lte=now - KEPT
    ).update(outcomes=[])
    for pk in SubscriberImport.objects.filter(state=ImportState.RUNNING).values_list(
        "pk", flat=True
    ):
        queue.ring(queue.IMPORT_SUBSCRIBERS, pk)
