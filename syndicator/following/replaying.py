"""Plays a day of a source again: what today's reader makes of what was read then.

It writes nothing. What was known before the first reading is taken from the entries' revisions;
from then on only from what is played.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from syndicator.content import EntryContent
from syndicator.entries.models import EntryRevision, EntryState, content_from_json
from syndicator.following.follow import context_of
from syndicator.following.looking import Page, read_pages
from syndicator.following.models import Following, Likeness, Reading, Sameness
from syndicator.following.names import MOST_EDITED, adopted, own_name, own_names
from syndicator.sources.base import SourceDocument, UnreadableSource
from syndicator.uptime import uptime


@dataclass(frozen=True, slots=True)
class Counts:
    """How many entries a reading found new, changed, taken back, and held for a person."""

    created: int = 0
    updated: int = 0
    withdrawn: int = 0
    held: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One reading, played again: the entries that are *created*, *updated* and *withdrawn*.

    *problem* is what the reader said if it cannot read it any more (for the technician); *reader*
    is the one that read it now.
    """

    reading: Reading
    created: tuple[EntryContent, ...] = ()
    updated: tuple[EntryContent, ...] = ()
    withdrawn: tuple[EntryContent, ...] = ()
    held: tuple[EntryContent, ...] = ()
    entries: int = 0
    reader: str = ""
    problem: str = ""

    @property
    def now(self) -> Counts:
        told = (self.created, self.updated, self.withdrawn, self.held)
        return Counts(*(len(entries) for entries in told))

    @property
    def then(self) -> Counts:
        reading = self.reading
        return Counts(reading.created, reading.updated, reading.withdrawn, reading.held)

    @property
    def differs(self) -> bool:
        return bool(self.problem) or self.now != self.then or self.entries != self.reading.entries


@dataclass
class Replay:
    """The *steps* that were played, of *readings* that are kept."""

    readings: int
    steps: list[Step] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return len(self.steps) == self.readings

    @property
    def differing(self) -> int:
        return sum(step.differs for step in self.steps)


def replay(
    following: Following,
    since: datetime,
    until: datetime,
    *,
    most: int | None = None,
    patience: timedelta | None = None,
) -> Replay:
    """Play what was read from *since* until before *until*, in its order.

    At most *most* readings are played, and none is begun after *patience*; without them, all.
    """
    kept = following.readings.filter(read_at__gte=since, read_at__lt=until).order_by(
        "read_at", "pk"
    )
    played = Replay(kept.count())
    ends = None if patience is None else uptime() + patience.total_seconds()
    for step in _steps(following, list(kept.values_list("pk", flat=True)[:most])):
        played.steps.append(step)
        if ends is not None and uptime() >= ends:
            break
    return played


def _steps(following: Following, pks: list[int]) -> Iterator[Step]:
    memory: _Memory | None = None
    for pk in pks:
        reading = Reading.objects.filter(pk=pk).first()
        if reading is None:
            continue  # forgotten meanwhile
        if memory is None:
            memory = _Memory.before(following, reading)
        pages = [Page(page.url, page.body) for page in reading.pages.all()]
        try:
            document = read_pages(pages, following.reader, context_of(following))
        except UnreadableSource as error:
            yield Step(reading, problem=error.found)
        else:
            yield memory.take(reading, document)


@dataclass
class _Memory:
    """What is known while a day is played, by external ids, and what was taken back of it."""

    known: dict[str, EntryContent]
    gone: dict[str, EntryContent]
    likenesses: dict[str, Likeness]
    source_id: int
    heeded_until: datetime

    @classmethod
    def before(cls, following: Following, first: Reading) -> _Memory:
        """What was known before *first*."""
        live: dict[str, EntryContent] = {}
        gone: dict[str, EntryContent] = {}
        revisions = EntryRevision.objects.filter(
            entry__source=following.source_id, recorded_at__lt=first.read_at
        ).order_by("entry__published_at", "entry_id", "revision")
        for revision in revisions.iterator():
            content = content_from_json(revision.content)
            is_live = revision.state == EntryState.LIVE
            (live if is_live else gone)[content.external_id] = content
            (gone if is_live else live).pop(content.external_id, None)
        likenesses = Likeness.objects.filter(source=following.source_id).select_related("entry")
        return cls(
            live,
            gone,
            {one.external_id: one for one in likenesses},
            following.source_id,
            first.read_at,
        )

    def take(self, reading: Reading, document: SourceDocument) -> Step:
        """What *document* changes, as `taking_in.take_in` would have it."""
        created, updated = [], []
        held: list[EntryContent] = []
        self._heed_decisions(reading)
        entries = self._by_own_names(document)
        for entry in entries:
            content = self._decided(entry, reading, held)
            if content is None:
                continue
            before = self.known.get(content.external_id)
            if before is None and self.gone.pop(content.external_id, None) is None:
                created.append(content)
            elif before is not None and before.content_hash() != content.content_hash():
                updated.append(content)
            self.known[content.external_id] = content
        withdrawn = []
        told = {entry.external_id for entry in entries}
        for withdrawn_name in document.withdrawn:
            name = self._kept(own_name(self.source_id, withdrawn_name))
            if name in self.known and name not in told:
                self.gone[name] = self.known.pop(name)
                withdrawn.append(self.gone[name])
        return Step(
            reading,
            tuple(created),
            tuple(updated),
            tuple(withdrawn),
            tuple(held),
            len(document.entries),
            document.reader,
        )

    def _by_own_names(self, document: SourceDocument) -> list[EntryContent]:
        named = own_names(self.source_id, document.entries)
        entries = adopted(named, list(self.known.values())[-MOST_EDITED:])
        return list({entry.external_id: entry for entry in entries}.values())

    def _heed_decisions(self, reading: Reading) -> None:
        """What a person decided since the reading before was taken in at once, not by a reading."""
        for likeness in self.likenesses.values():
            if likeness.decided_at and self.heeded_until < likeness.decided_at <= reading.read_at:
                content = content_from_json(likeness.content)
                if likeness.verdict == Sameness.SAME:
                    content = replace(content, external_id=likeness.entry.external_id)
                self.known[content.external_id] = content
        self.heeded_until = reading.read_at

    def _kept(self, name: str) -> str:
        likeness = self.likenesses.get(name)
        is_same = likeness is not None and likeness.verdict == Sameness.SAME
        return likeness.entry.external_id if likeness and is_same else name

    def _decided(
        self, entry: EntryContent, reading: Reading, held: list[EntryContent]
    ) -> EntryContent | None:
        """*entry* by the name under which it is kept; None if it waits or waited for a person."""
        likeness = self.likenesses.get(entry.external_id)
        if likeness is None or entry.external_id in self.known:
            return entry
        if likeness.decided_at is None or likeness.decided_at > reading.read_at:
            held.append(entry)
            return None
        if likeness.verdict == Sameness.SAME:
            return replace(entry, external_id=likeness.entry.external_id)
        return entry
