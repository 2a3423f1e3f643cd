"""Every entry of a day × every destination of its live blog: nothing is left unaccounted for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Min, QuerySet
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from syndicator.desk.days import Day
from syndicator.desk.spreadsheets import BOM, csv_line
from syndicator.desk.texts import title
from syndicator.desk.times import clock
from syndicator.destinations.models import Destination
from syndicator.digests.accounted import Place, places
from syndicator.entries.models import Entry, EntryState, LiveBlog
from syndicator.posts.models import Action, Post, PostState
from syndicator.posts.policies import DIGESTS_ONLY
from syndicator.posts.render import OUT
from syndicator.wording import gettext_noop

NO_RECORD = gettext_noop("no record")
BEFORE = gettext_noop("before it was posted to")
PREPARED = gettext_noop("being prepared")
#: What is added to the state of a post while something is to be done to it, or was.
ADDED = {
    (Action.EDIT, "open"): gettext_noop("to be corrected"),
    (Action.DELETE, "open"): gettext_noop("to be deleted"),
    (Action.EDIT, "moving"): gettext_noop("being corrected"),
    (Action.DELETE, "moving"): gettext_noop("being deleted"),
    (Action.EDIT, "done"): gettext_noop("corrected"),
}
OPEN = (PostState.SKIPPED, PostState.FAILED, PostState.PENDING)
MOVING = (PostState.APPROVED, PostState.SENDING, PostState.UNCERTAIN)


@dataclass(frozen=True, slots=True)
class Cell:
    """What became of an entry on one destination. *colour* is the state whose colour it has."""

    colour: str
    said: str
    post: Post | None = None
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    entry: Entry
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Ledger:
    destinations: list[Destination]
    lines: list[Line]

    @property
    def total(self) -> int:
        return len(self.destinations) * len(self.lines)

    @property
    def missing(self) -> int:
        return sum(cell.missing for line in self.lines for cell in line.cells)


def entries_of(blog: LiveBlog, day: Day) -> QuerySet[Entry]:
    """The blog's entries that bear a time of *day*, in their order."""
    return Entry.objects.filter(
        blog=blog, published_at__gte=day.start, published_at__lt=day.end
    ).order_by("published_at", "id")


def ledger(blog: LiveBlog, entries: Sequence[Entry]) -> Ledger:
    """What became of *entries* of *blog* everywhere, in a fixed number of queries."""
    posts: dict[tuple[int, int], list[Post]] = {}
    for post in (
        Post.objects.filter(entry__in=[entry.pk for entry in entries])
        .defer("payload")
        .order_by("pk")
    ):
        posts.setdefault((post.entry_id, post.destination_id), []).append(post)
    routed = set(blog.routes.values_list("destination", flat=True))
    shown = routed | {destination for _, destination in posts}
    destinations = list(Destination.objects.filter(pk__in=shown).order_by("name"))
    first = dict(
        Post.objects.filter(entry__blog=blog)
        .values_list("destination")
        .annotate(first=Min("created_at"))
    )
    digests = places(entries)
    lines = [
        Line(
            entry,
            [
                _cell(
                    entry,
                    posts.get((entry.pk, one.pk), []),
                    since=first.get(one.pk, one.created_at),
                    place=digests.get((entry.pk, one.pk)),
                    zone=blog.time_zone,
                )
                for one in destinations
            ],
        )
        for entry in entries
    ]
    return Ledger(destinations, lines)


def _cell(
    entry: Entry, here: list[Post], *, since: datetime, place: Place | None, zone: str
) -> Cell:
    published = [post for post in here if post.action == Action.PUBLISH]
    if not published:
        if entry.render_due_at is not None:
            return Cell("approved", _(PREPARED))
        if entry.changed_at < since:
            return Cell("skipped", _(BEFORE))
        return Cell("failed", _(NO_RECORD), missing=True)
    main = max(published, key=lambda post: (post.state in OUT, post.pk))
    if main.state == PostState.SKIPPED and main.wording == DIGESTS_ONLY:
        return Cell(*_in_digest(entry, place, zone), main)
    said = [str(PostState(main.state).label)]
    colour = main.state
    if main.state in OUT and (added := _added(here, main)):
        said.append(added[0])
        colour = added[1] or colour
    return Cell(colour, ", ".join(said), main)


def _in_digest(entry: Entry, place: Place | None, zone: str) -> tuple[str, str]:
    """The colour and the words for an entry that readers get in digests only."""
    if place and not place.waits:
        return "sent", _("in the digest of %(time)s") % {"time": clock(place.due_at, zone)}
    if entry.state == EntryState.WITHDRAWN:
        return "skipped", _("taken back before a digest told it")
    if place:
        return "pending", _("in a digest that waits for an editor")
    return "approved", _("will be in the next digest")


def _added(here: list[Post], main: Post) -> tuple[str, str] | None:
    """What is to be done to what is out, or was done last, and whose colour that has."""
    acts = [
        post
        for post in here
        if post.action != Action.PUBLISH and post.pk > main.pk and post.state != PostState.CANCELLED
    ]
    if not acts:
        return None
    act = acts[-1]
    if act.state in OPEN:
        return _(ADDED[Action(act.action), "open"]), "pending"
    if act.state in MOVING:
        return _(ADDED[Action(act.action), "moving"]), "sending"
    if act.state == PostState.SENT and act.action == Action.EDIT:
        return _(ADDED[Action.EDIT, "done"]), ""
    return None


def as_csv(ledger: Ledger, zone_day: Day) -> Iterator[str]:
    """One row for each entry × destination, for a spreadsheet in the reader's language."""
    # Excel splits at what its own language separates a list with.
    separator = ";" if (get_language() or "").startswith("de") else ","
    yield BOM
    yield csv_line(
        (
            _("Time"),
            _("Entry"),
            _("Permalink"),
            _("Revision"),
            _("Destination"),
            _("State"),
            _("Sent"),
            _("Address of the post"),
            _("Cost, US dollars"),
        ),
        separator,
    )
    for line in ledger.lines:
        entry = line.entry
        for destination, cell in zip(ledger.destinations, line.cells, strict=True):
            post = cell.post
            yield csv_line(
                (
                    _time(entry.published_at, zone_day),
                    title(entry),
                    entry.permalink,
                    str(entry.revision),
                    destination.name,
                    cell.said,
                    _time(post.sent_at, zone_day) if post and post.sent_at else "",
                    post.remote_url if post else "",
                    str(post.cost if post and post.sent_at else Decimal(0)),
                ),
                separator,
            )


def _time(moment: datetime, day: Day) -> str:
    return f"{timezone.localtime(moment, day.start.tzinfo):%Y-%m-%d %H:%M:%S}"
