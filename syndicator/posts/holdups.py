"""Why what waits does not go out: told to editors on the desk, and by the doctor.

The rule itself is `line.next_in_line`. This is the same rule seen from outside, for all
destinations at once, in a fixed number of queries and without their locks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import OuterRef, Subquery

from syndicator.clock import database_now
from syndicator.destinations.models import Destination, DestinationState, Stop
from syndicator.destinations.stops import standing
from syndicator.entries.models import Entry
from syndicator.posts.line import in_line, unrendered
from syndicator.posts.models import Post, PostState
from syndicator.wording import TimedWording, Wording, gettext_noop


class Kind(StrEnum):
    """What holds a post up. The first three end by a person's hand, the others by themselves."""

    DISCONNECTED = "disconnected"
    PAUSED = "paused"
    STOPPED = "stopped"
    FAILING = "failing"
    PLATFORM = "platform"
    EMBARGO = "embargo"
    SCHEDULED = "scheduled"
    QUIET = "quiet"
    HOLD = "hold"
    CHANGED = "changed"
    RETRY = "retry"
    SENDING = "sending"
    LOOKED_UP = "looked_up"
    EARLIER_RETRY = "earlier_retry"
    EARLIER_ENTRY = "earlier_entry"
    LINE = "line"


NEED_A_PERSON = frozenset({Kind.DISCONNECTED, Kind.PAUSED, Kind.STOPPED})

_SENTENCES = {
    Kind.DISCONNECTED: gettext_noop("%(destination)s is disconnected."),
    Kind.PAUSED: gettext_noop("%(destination)s is paused."),
    Kind.FAILING: gettext_noop(
        "%(destination)s does not work at present; the next try is at %(until)s."
    ),
    Kind.PLATFORM: gettext_noop("The platform asks to wait until %(until)s."),
    Kind.EMBARGO: gettext_noop("It is under embargo until %(until)s."),
    Kind.SCHEDULED: gettext_noop("It is to go out at %(until)s."),
    Kind.QUIET: gettext_noop("Quiet hours: it goes out at %(until)s."),
    Kind.HOLD: gettext_noop("It goes out at %(until)s."),
    Kind.CHANGED: gettext_noop("The entry changed; its new version is being prepared."),
    Kind.RETRY: gettext_noop("The next try is at %(until)s."),
    Kind.SENDING: gettext_noop("An earlier post is being sent."),
    Kind.LOOKED_UP: gettext_noop(
        "It waits behind an earlier post that is being looked up on the platform."
    ),
    Kind.EARLIER_RETRY: gettext_noop(
        "It waits behind an earlier post that is tried again at %(until)s."
    ),
    Kind.EARLIER_ENTRY: gettext_noop("An earlier entry is still being prepared."),
    Kind.LINE: gettext_noop("Earlier posts go first."),
}
_EVERYTHING_STOPPED = gettext_noop("%(who)s stopped everything: %(why)s")
_BLOG_STOPPED = gettext_noop("%(who)s stopped %(blog)s: %(why)s")
_PLATFORM_STOPPED = gettext_noop("%(who)s stopped this platform: %(why)s")


@dataclass(frozen=True, slots=True)
class Holdup:
    """One reason why something waits: since when, until when (None: nobody knows), and what lies
    behind it."""

    kind: Kind
    what: TimedWording
    since: datetime | None = None
    until: datetime | None = None
    because: Wording | None = None

    @property
    def needs_a_person(self) -> bool:
        return self.kind in NEED_A_PERSON


class Survey:
    """How things stand on all destinations at one moment."""

    def __init__(self) -> None:
        self.now = database_now()
        self.stops = list(standing().select_related("blog", "pressed_by"))
        sending = Post.objects.filter(destination=OuterRef("pk"), state=PostState.SENDING)
        line = in_line(OuterRef("pk"), self.now)
        coming = unrendered(OuterRef("pk"), self.now).order_by("published_at", "pk")
        self._destinations = {
            row.pk: row
            for row in Destination.objects.annotate(
                sending_pk=Subquery(sending.values("pk")[:1]),
                first_pk=Subquery(line.values("pk")[:1]),
                coming_pk=Subquery(coming.values("pk")[:1]),
            )
        }
        rows = self._destinations.values()
        self._posts = (
            Post.objects.select_related("entry")
            .defer("payload")
            .in_bulk(_numbers(pk for row in rows for pk in (row.sending_pk, row.first_pk)))
        )
        self._entries = Entry.objects.only("published_at").in_bulk(
            _numbers(row.coming_pk for row in rows)
        )

    def of_destination(self, pk: int) -> Holdup | None:
        """Why nothing goes out to a destination; None if nothing waits, or it goes out now."""
        if held := self._destination_itself(pk) or self._platform(pk) or self._sending(pk):
            return held
        first = self._first(pk)
        if first is None:
            return None
        if first.state == PostState.UNCERTAIN:
            return _holdup(Kind.LOOKED_UP, since=first.changed_at, until=first.due_at)
        return self._first_itself(first)

    def of_post(self, post: Post) -> Holdup | None:
        """Why an approved *post* (with its entry) waits; None if it goes out now."""
        pk = post.destination_id
        if held := self._destination_itself(pk) or self._blog(post):
            return held
        if held := self._not_yet(post):
            return held
        if post.tries == 0 and post.due_at and post.due_at > self.now:
            return _holdup(Kind.HOLD, until=post.due_at)
        if held := self._platform(pk):
            return held
        first = self._first(pk)
        if first is None or first.pk == post.pk:
            return self._first_itself(post) or self._sending(pk)
        if post.differs_from(post.entry):
            return _holdup(Kind.CHANGED)
        if first.state == PostState.UNCERTAIN:
            return _holdup(Kind.LOOKED_UP, since=first.changed_at, until=first.due_at)
        if first.state == PostState.APPROVED and first.due_at and first.due_at > self.now:
            return _holdup(Kind.EARLIER_RETRY, until=first.due_at, because=first.wording)
        return self._sending(pk) or _holdup(Kind.LINE)

    def _destination_itself(self, pk: int) -> Holdup | None:
        row = self._destinations[pk]
        if row.state == DestinationState.PAUSED:
            return _holdup(
                Kind.PAUSED,
                destination=row.name,
                since=row.paused_at,
                because=row.pause_wording,
            )
        if row.state == DestinationState.DISCONNECTED:
            return _holdup(Kind.DISCONNECTED, destination=row.name)
        for stop in self.stops:
            if stop.blog_id is None and stop.channel_name in ("", row.channel_name):
                sentence = _PLATFORM_STOPPED if stop.channel_name else _EVERYTHING_STOPPED
                return _stopped(stop, sentence)
        return None

    def _blog(self, post: Post) -> Holdup | None:
        for stop in self.stops:
            if stop.blog_id is not None and stop.blog_id == post.entry.blog_id:
                return _stopped(stop, _BLOG_STOPPED)
        return None

    def _not_yet(self, post: Post) -> Holdup | None:
        """What has it wait for a time of the newsroom's own choice."""
        if post.not_before and post.not_before > self.now:
            embargoed = post.not_before == post.entry.embargo_until
            kind = Kind.EMBARGO if embargoed else Kind.SCHEDULED
            return _holdup(kind, until=post.not_before)
        if post.quiet_until and post.quiet_until > self.now:
            return _holdup(Kind.QUIET, until=post.quiet_until)
        return None

    def _platform(self, pk: int) -> Holdup | None:
        row = self._destinations[pk]
        if row.next_post_at is None or row.next_post_at <= self.now:
            return None
        return _holdup(
            Kind.FAILING if row.circuit_opened_at else Kind.PLATFORM,
            destination=row.name,
            since=row.circuit_opened_at,
            until=row.next_post_at,
        )

    def _sending(self, pk: int) -> Holdup | None:
        post = self._posts.get(self._destinations[pk].sending_pk)
        return _holdup(Kind.SENDING, since=post.changed_at, until=post.due_at) if post else None

    def _first(self, pk: int) -> Post | None:
        return self._posts.get(self._destinations[pk].first_pk)

    def _first_itself(self, post: Post) -> Holdup | None:
        """What holds an approved post up whose turn it is."""
        if post.state != PostState.APPROVED:
            return None
        if post.due_at and post.due_at > self.now:
            return _holdup(Kind.RETRY, until=post.due_at, because=post.wording)
        if post.differs_from(post.entry):
            return _holdup(Kind.CHANGED, since=post.entry.changed_at)
        coming = self._entries.get(self._destinations[post.destination_id].coming_pk)
        if (
            coming is not None
            and not post.breaking
            and (coming.published_at, coming.pk) < (post.published_at, post.entry_id)
        ):
            return _holdup(Kind.EARLIER_ENTRY)
        return None


def _holdup(
    kind: Kind,
    *,
    destination: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    because: Wording | None = None,
) -> Holdup:
    gaps: dict[str, str | int | datetime] = {"destination": destination}
    if until is not None:
        gaps["until"] = until
    return Holdup(kind, TimedWording(_SENTENCES[kind], gaps), since, until, because)


def _stopped(stop: Stop, sentence: str) -> Holdup:
    gaps = {"who": str(stop.pressed_by), "why": stop.reason, "blog": str(stop.blog or "")}
    return Holdup(Kind.STOPPED, TimedWording(sentence, gaps), since=stop.pressed_at)


def _numbers(pks: Iterable[int | None]) -> set[int]:
    return {pk for pk in pks if pk is not None}
