"""The sources of live blogs as the desk shows them: how each goes, and what of it waits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db.models import Count, Max, Q, QuerySet
from django.utils.translation import gettext as _

from syndicator.clock import database_now
from syndicator.content import BulletList, EntryContent, Image, Paragraph, Quote
from syndicator.desk.changes import Piece, changes
from syndicator.entries.models import Entry, LiveBlog, Source, content_from_json
from syndicator.following.models import Following, Likeness, Sameness
from syndicator.following.standings import Kind, Standing, standing
from syndicator.wording import gettext_noop

#: What the pill of a source says, and the state whose colour it has.
PILLS = {
    Kind.OFF: (gettext_noop("switched off"), "cancelled"),
    Kind.FIRST: (gettext_noop("begins"), "approved"),
    Kind.LOOKING: (gettext_noop("follows"), "sent"),
    Kind.FOLLOWS: (gettext_noop("follows"), "sent"),
    Kind.WAITS: (gettext_noop("asked to wait"), "approved"),
    Kind.FAILS: (gettext_noop("cannot be read"), "failed"),
    Kind.NOT_LOOKED_AT: (gettext_noop("late"), "failed"),
}
#: The names of readers for people, and why one would choose them.
READERS = {
    "liveblog-json": (
        gettext_noop("Syndicator's own format"),
        gettext_noop("It tells everything: edits and withdrawals, too."),
    ),
    "sourcefabric": (
        gettext_noop("Sourcefabric Live Blog"),
        gettext_noop("The editors' own system: edits and withdrawals are seen at once."),
    ),
    "wordpress-liveblog": (
        gettext_noop("WordPress Liveblog"),
        gettext_noop("The editors' own system: edits and withdrawals are seen at once."),
    ),
    "json-ld": (
        gettext_noop("The page itself"),
        gettext_noop("It has whole entries, as readers see them, with their own addresses."),
    ),
    "ninjs": (
        gettext_noop("An agency's JSON (ninjs)"),
        gettext_noop("It has whole entries and their versions."),
    ),
    "json-feed": (
        gettext_noop("A JSON feed"),
        gettext_noop("A feed has only the last entries, often shortened, and comes later."),
    ),
    "feed": (
        gettext_noop("An RSS or Atom feed"),
        gettext_noop("A feed has only the last entries, often shortened, and comes later."),
    ),
    "plain-text": (
        gettext_noop("A page as plain text"),
        gettext_noop("Entries are told apart by the form of their lines only."),
    ),
}


def reader_name(name: str) -> str:
    """What a reader reads, for people; a plug-in's has its own name."""
    return _(READERS[name][0]) if name in READERS else name


def reader_reason(name: str) -> str:
    """Why to choose it, or not."""
    return _(READERS[name][1]) if name in READERS else ""


@dataclass(frozen=True)
class Followed:
    """A source that is followed, at the moment *now*. *open_likenesses* wait for a person."""

    following: Following
    now: datetime
    open_likenesses: int = 0
    entries: int = 0

    @cached_property
    def standing(self) -> Standing:
        return standing(self.following, self.now)

    @property
    def pill(self) -> tuple[str, str]:
        said, colour = PILLS[self.standing.kind]
        return _(said), colour

    @property
    def zone(self) -> str:
        return self.following.source.blog.time_zone


def followed(rows: QuerySet[Following] | None = None) -> list[Followed]:
    """All sources that are followed, those of the newest live blog first; three queries."""
    found = Following.objects.all() if rows is None else rows
    found = found.select_related("source__blog").order_by("-source__blog", "source__name")
    waiting = dict(
        Likeness.objects.filter(verdict=Sameness.OPEN)
        .values_list("source")
        .annotate(count=Count("pk"))
    )
    counts = dict(
        Entry.objects.filter(source__following__in=found.values("pk"))
        .order_by()
        .values_list("source")
        .annotate(count=Count("pk"))
    )
    now = database_now()
    return [Followed(row, now, waiting.get(row.pk, 0), counts.get(row.pk, 0)) for row in found]


def of_running_blogs() -> list[Followed]:
    """Those of live blogs that go on."""
    return followed(Following.objects.filter(source__blog__closed_at=None))


@dataclass(frozen=True, slots=True)
class Fed:
    """A source that is not followed: entries are pushed to it, or files imported into it."""

    source: Source
    last_at: datetime | None


def fed(blog: LiveBlog | None = None) -> list[Fed]:
    sources = Source.objects.filter(Q(blog=blog) if blog else Q(), following=None)
    told = sources.select_related("blog", "signing_secret").annotate(
        last=Max("entries__received_at")
    )
    return [Fed(source, source.last) for source in told.order_by("-blog", "name")]


@dataclass(frozen=True, slots=True)
class Alike:
    """An entry under a new name, beside the one that is known."""

    likeness: Likeness
    new: EntryContent

    @property
    def pieces(self) -> list[Piece]:
        return changes(_text(self.likeness.entry.content), _text(self.new))


def alike(likenesses: Iterable[Likeness]) -> list[Alike]:
    return [Alike(one, content_from_json(one.content)) for one in likenesses]


def _text(content: EntryContent) -> str:
    said = [content.headline]
    for block in content.blocks:
        match block:
            case Paragraph() | Quote() | Image():
                said.append(block.text)
            case BulletList():
                said += block.items
    return "\n\n".join(filter(None, said))
