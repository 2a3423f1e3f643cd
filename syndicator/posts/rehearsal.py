"""What a changed setting would have done to the entries of the last day. It writes nothing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from syndicator.destinations.models import Destination, Policy, Route
from syndicator.entries.models import Entry, EntryState, LiveBlog
from syndicator.posts.policies import Course, Ruling
from syndicator.posts.render import draft_of, ruling_on

SPAN = timedelta(hours=24)
#: The newest of them: a page has to carry them.
MOST = 100


@dataclass(frozen=True, slots=True)
class Setting:
    """A live blog and its routes, as they are saved or as somebody would have them."""

    blog: LiveBlog
    routes: Collection[Route]

    def route_to(self, destination: Destination) -> Route:
        """The route to *destination*; one that is off, if there is none."""
        found = (route for route in self.routes if route.destination_id == destination.pk)
        off = Route(blog=self.blog, destination=destination, policy=Policy.OFF)
        return next(found, off)


@dataclass(frozen=True, slots=True)
class Turn:
    """What becomes of one entry on the way to *destination*, *before* a change and *after* it;
    with the change it would rest through quiet hours until *rests_until*."""

    destination: Destination
    before: Ruling
    after: Ruling
    rests_until: datetime | None

    @property
    def changed(self) -> bool:
        was, will_be = self.before, self.after
        return (was.course, was.minor) != (will_be.course, will_be.minor)


@dataclass(frozen=True, slots=True)
class Rehearsed:
    entry: Entry
    turns: list[Turn]


@dataclass(frozen=True, slots=True)
class Tally:
    """How many entries take *course* on the way to *destination*, *before* a change and *after*."""

    destination: Destination
    course: Course
    before: int
    after: int


def tallies(rehearsed: Collection[Rehearsed]) -> list[Tally]:
    """One for each destination and each course that an entry takes on the way to it."""
    turns = [turn for row in rehearsed for turn in row.turns]
    destinations = {turn.destination.pk: turn.destination for turn in turns}
    counted = (
        Tally(
            destination,
            course,
            sum(turn.before.course == course for turn in turns if turn.destination == destination),
            sum(turn.after.course == course for turn in turns if turn.destination == destination),
        )
        for destination in destinations.values()
        for course in Course
    )
    return [tally for tally in counted if tally.before or tally.after]


def rehearse(before: Setting, after: Setting, now: datetime) -> list[Rehearsed]:
    """What *after* would make of the last day's entries, the newest first, as they read today.

    Their pictures are left aside, and what editors decided about them.
    """
    entries = Entry.objects.filter(
        blog=after.blog.pk, state=EntryState.LIVE, from_before=False, received_at__gt=now - SPAN
    ).order_by("-published_at", "-pk")[:MOST]
    pairs = [(before.route_to(route.destination), route) for route in after.routes]
    used = [pair for pair in pairs if any(route.policy != Policy.OFF for route in pair)]
    return [
        Rehearsed(entry, [_turn(entry, was, route, before, after) for was, route in used])
        for entry in entries
    ]


def _turn(entry: Entry, was: Route, route: Route, before: Setting, after: Setting) -> Turn:
    entry.blog = after.blog
    draft = draft_of(entry, route)
    ruling = ruling_on(route, after.blog, entry, draft)
    urgent = entry.key_event or after.blog.is_breaking(entry.tags)
    rests = route.quiet_until(entry.received_at, after.blog.time_zone, urgent=urgent)
    return Turn(
        route.destination,
        ruling_on(was, before.blog, entry, draft),
        ruling,
        rests if ruling.course == Course.AUTOMATIC else None,
    )
