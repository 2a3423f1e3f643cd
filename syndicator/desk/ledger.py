"""Every entry of a day × every destination of its live blog: nothing is left unaccounted for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Min, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from syndicator.desk.days import Day
from syndicator.desk.spreadsheets import BOM, csv_line, number
from syndicator.desk.texts import title
from syndicator.desk.times import clock
from syndicator.destinations.models import Destination
from syndicator.digests.accounted import Place, places
from syndicator.entries.models import Entry, EntryState, LiveBlog
from syndicator.posts.models import Action, Gathered, Post, PostState
from syndicator.posts.policies import DIGESTS_ONLY
from syndicator.posts.render import OUT
from syndicator.wording import gettext_noop

NO_RECORD = gettext_noop("no record")
BEFORE = gettext_noop("before it was posted to")
PREPARED = gettext_noop("being prepared")
IN_ANOTHER = gettext_noop("gathered into one post with others")
#: What is added to the state of a post while something is to be done to it, or was.
ADDED = {
    (Action.EDIT, "open"): gettext_noop("to be corrected"),
    (Action.DELETE, "open"): gettext_noop("to be deleted"),
    (Action.EDIT, "moving"): gettext_noop("being corrected"),
    (Action.DELETE, "moving"): gettext_noop("being deleted"),
    (Action.EDIT, "done"): gettext_noop("corrected"),
    (Action.CORRECT, "open"): gettext_noop("a correction reply waits"),
    (Action.CORRECT, "moving"): gettext_noop("a correction reply is being sent"),
    (Action.CORRECT, "done"): gettext_noop("corrected by a reply"),
}
OPEN = (PostState.SKIPPED, PostState.FAILED, PostState.PENDING)
MOVING = (PostState.APPROVED, PostState.SENDING, PostState.UNCERTAIN)


@dataclass(frozen=True, slots=True)
class Cell:
    """What became of an entry on one destination. *colour* is the state whose colour it has.

    *post* is the entry's own row, *tells* the one that says where it is: another, if the entry was
    gathered into that one's post.
    """

    colour: str
    said: str
    post: Post | None = None
    missing: bool = False
    tells: Post | None = None
    #: Of the post and of what was done to it, in US dollars. What several entries share counts
    #: once: with the one whose post it is.
    cost: Decimal = Decimal(0)


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
    pks = [entry.pk for entry in entries]
    for post in Post.objects.filter(entry__in=pks).defer("payload").order_by("pk"):
        posts.setdefault((post.entry_id, post.destination_id), []).append(post)
    stays = Gathered.objects.filter(post__entry__in=pks, left_at=None)
    carriers = {
        stay.post_id: stay.carrier
        for stay in stays.select_related("carrier").defer("carrier__payload")
    }
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
                    carriers,
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
    entry: Entry,
    here: list[Post],
    carriers: Mapping[int, Post],
    *,
    since: datetime,
    place: Place | None,
    zone: str,
) -> Cell:
    published = [post for post in here if post.action == Action.PUBLISH]
    if not published:
        if entry.render_due_at is not None:
            return Cell("approved", _(PREPARED))
        if entry.from_before or entry.changed_at < since:
            return Cell("skipped", _(BEFORE))
        return Cell("failed", _(NO_RECORD), missing=True)
    main = max(published, key=lambda post: (_bearer(post, carriers).state in OUT, post.pk))
    if main.state == PostState.SKIPPED and main.wording == DIGESTS_ONLY:
        return Cell(*_in_digest(entry, place, zone), main)
    tells = _bearer(main, carriers)
    said = [str(PostState(tells.state).label)]
    colour = tells.state
    if tells is not main:
        said.insert(0, _(IN_ANOTHER))
    if tells.state in OUT and (added := _added(here, main)):
        said.append(added[0])
        colour = added[1] or colour
    cost = sum((post.cost for post in here if post.sent_at), Decimal(0))
    return Cell(colour, ", ".join(said), main, tells=tells, cost=cost)


def _bearer(post: Post, carriers: Mapping[int, Post]) -> Post:
    return carriers.get(post.pk, post) if post.state == PostState.GATHERED else post


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
    if act.state == PostState.SENT and act.action != Action.DELETE:
        return _(ADDED[Action(act.action), "done"]), ""
    return None


def as_csv(ledger: Ledger, zone_day: Day) -> Iterator[str]:
    """One row for each entry × destination, for a spreadsheet in the reader's language."""
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
        )
    )
    for line in ledger.lines:
        entry = line.entry
        for destination, cell in zip(ledger.destinations, line.cells, strict=True):
            post = cell.tells
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
                    number(cell.cost),
                )
            )


def _time(moment: datetime, day: Day) -> str:
    return f"{timezone.localtime(moment, day.start.tzinfo):%Y-%m-%d %H:%M:%S}"
