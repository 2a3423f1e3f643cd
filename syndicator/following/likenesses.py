"""Entries that came under a new name where a known one stood: held until a person has looked.

A changed guid with the same link may be the same entry, written anew by the newsroom's system, or
another one. Posting it would perhaps post it twice; taking it for an edit would perhaps lose it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from syndicator.accounts.models import User
from syndicator.alerts.raising import end_alert, raise_alert
from syndicator.clock import database_now
from syndicator.content import EntryContent
from syndicator.entries.ingest import ingest
from syndicator.entries.models import (
    Entry,
    EntryState,
    LiveBlog,
    Source,
    content_from_json,
)
from syndicator.following.models import Likeness, Sameness
from syndicator.wording import Wording, gettext_noop

#: Permalinks in one look-up, at most: databases limit the values in a statement.
_AT_ONCE = 500

WAITS = gettext_noop("An entry of “%(blog)s” may be one that is out already")
WAITS_WHY = gettext_noop(
    "The source “%(source)s” calls an entry by a new name, with the permalink of one that was "
    "there. Say on the page of the source (Overview → Sources) whether it is the same; until then "
    "it is not posted."
)


@dataclass(frozen=True, slots=True)
class Sorted:
    """What may be taken in, by the names under which the entries are kept; *held* waits."""

    entries: tuple[EntryContent, ...]
    held: int


class AlreadyDecided(Exception):
    """Somebody else has said what it is."""


def sort_out(
    source: Source,
    entries: Sequence[EntryContent],
    known: Set[str],
    now: datetime,
    *,
    is_first: bool = False,
) -> Sorted:
    """Put aside those of *entries* that are like a known one; *known* are the source's names.

    At the *first* look nothing is posted anyway. Within the caller's transaction.
    """
    decided = {
        likeness.external_id: likeness
        for likeness in Likeness.objects.filter(source=source).select_related("entry")
    }
    names = {entry.external_id for entry in entries}
    seen = known | decided.keys()
    new = [entry for entry in entries if entry.external_id not in seen]
    alike = {} if is_first else _alike(source, new, names)
    kept, held = [], 0
    for entry in entries:
        likeness = decided.get(entry.external_id)
        if likeness and likeness.verdict == Sameness.SAME:
            # The old name still stands there, too: then that one says what the entry says.
            if likeness.entry.external_id not in names:
                kept.append(replace(entry, external_id=likeness.entry.external_id))
        elif likeness and likeness.verdict == Sameness.OPEN:
            Likeness.objects.filter(pk=likeness.pk).update(content=entry.to_json())
            held += 1
        elif there := alike.get(entry.external_id):
            Likeness.objects.create(
                source=source,
                external_id=entry.external_id,
                entry=there,
                content=entry.to_json(),
                noticed_at=now,
            )
            held += 1
        else:
            kept.append(entry)
    if held:
        said = {"blog": str(source.blog), "source": source.name}
        raise_alert(_key(source), Wording(WAITS, said), Wording(WAITS_WHY, said), now)
    return Sorted(tuple(kept), held)


def decide(pk: int, verdict: Sameness, who: User) -> None:
    """Say what an entry is: an edit of the known one, or one of its own, which is posted then.

    Raises `AlreadyDecided`.
    """
    with transaction.atomic():
        blog = Likeness.objects.values_list("source__blog", flat=True).get(pk=pk)
        # As a look does: the blog first.
        LiveBlog.objects.select_for_update(no_key=True).get(pk=blog)
        likeness = Likeness.objects.select_related("source__blog", "entry").get(pk=pk)
        if likeness.verdict != Sameness.OPEN:
            raise AlreadyDecided
        now = database_now()
        likeness.verdict, likeness.decided_at, likeness.decided_by = verdict, now, who
        likeness.save(update_fields=["verdict", "decided_at", "decided_by"])
        content = content_from_json(likeness.content)
        if verdict == Sameness.SAME:
            content = replace(content, external_id=likeness.entry.external_id)
        ingest(likeness.source, content)
        if not still_open(likeness.source).exists():
            end_alert(_key(likeness.source), now)


def still_open(source: Source) -> QuerySet[Likeness]:
    return Likeness.objects.filter(source=source, verdict=Sameness.OPEN).order_by("pk")


def called_back(source: Source, names: Set[str], now: datetime) -> Set[str]:
    """The names under which the entries are kept that *source* takes back by *names*.

    What it takes back before anybody said what it is, is forgotten. Within the caller's
    transaction.
    """
    if not names:
        return names
    if (
        still_open(source).filter(external_id__in=names).delete()[0]
        and not still_open(source).exists()
    ):
        end_alert(_key(source), now)
    same = Likeness.objects.filter(source=source, verdict=Sameness.SAME, external_id__in=names)
    kept = dict(same.values_list("external_id", "entry__external_id"))
    return {kept.get(name, name) for name in names}


def _alike(source: Source, new: Sequence[EntryContent], names: Collection[str]) -> dict[str, Entry]:
    """By the names of *new* entries: the known one with the permalink of each, of any source.

    Only where that permalink is one entry's alone, on both sides, and the known one is not among
    the *names* that the source uses now. Links to the whole page say nothing.
    """
    links = Counter(_link(entry.permalink) for entry in new)
    by_link = {_link(entry.permalink): entry for entry in new if links[_link(entry.permalink)] == 1}
    by_link.pop(_link(source.blog.canonical_url), None)
    permalinks = [f"{scheme}{link}" for link in by_link for scheme in ("https://", "http://")]
    standing: dict[str, list[Entry]] = {}
    for start in range(0, len(permalinks), _AT_ONCE):
        known = Entry.objects.filter(
            blog=source.blog_id,
            state=EntryState.LIVE,
            permalink__in=permalinks[start : start + _AT_ONCE],
        )
        for entry in known.defer("blocks"):
            standing.setdefault(_link(entry.permalink), []).append(entry)
    return {
        by_link[permalink].external_id: there[0]
        for permalink, there in standing.items()
        if len(there) == 1 and there[0].external_id not in names
    }


def _link(permalink: str) -> str:
    """*permalink* without its scheme: sites move to https."""
    return permalink.partition("://")[2]


def _key(source: Source) -> str:
    return f"following.likeness.{source.pk}"
