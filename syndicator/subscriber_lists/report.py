"""What an import has come to so far: in numbers, and line by line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from syndicator.subscriber_lists.models import ImportPart, SubscriberImport
from syndicator.subscriber_lists.outcomes import Fate, Outcome

#: Lines that were not taken and are named one by one.
NAMED = 100


@dataclass(frozen=True, slots=True)
class Report:
    """*seen* lines of the import's are worked off; *tally* has those of each fate that occurs."""

    seen: int
    tally: dict[Fate, int]
    refused: list[Outcome]


def report(batch: SubscriberImport) -> Report:
    counted: Counter[str] = Counter()
    refusing: list[int] = []
    done = ImportPart.objects.filter(batch=batch, outcomes__isnull=False).order_by("number")
    for number, tally in done.values_list("number", "tally").iterator():
        counted.update(tally)
        if tally.get(Fate.REFUSED) and len(refusing) < NAMED:
            refusing.append(number)
    named = (one for one in _outcomes(batch, refusing) if one.fate == Fate.REFUSED)
    return Report(
        seen=counted.total(),
        tally={fate: counted[fate] for fate in Fate if counted[fate]},
        refused=list(islice(named, NAMED)),
    )


def outcomes(batch: SubscriberImport) -> Iterator[Outcome]:
    """What became of each line that is worked off, in order."""
    numbers = ImportPart.objects.filter(batch=batch, outcomes__isnull=False)
    return _outcomes(batch, list(numbers.order_by("number").values_list("number", flat=True)))


def _outcomes(batch: SubscriberImport, numbers: list[int]) -> Iterator[Outcome]:
    for number in numbers:
        part = ImportPart.objects.filter(batch=batch, number=number).first()
        yield from map(Outcome.from_json, (part and part.outcomes) or ())
