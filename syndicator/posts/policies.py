"""What becomes of an entry on a route, and why: one pure function over the settings and the entry.

The renderer acts on it (`render`), and a changed setting is tried with it on what has been
(`rehearsal`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from syndicator.content import BulletList, EntryContent, Image, Quote
from syndicator.destinations.models import KeyEvents, Otherwise, Policy, Route
from syndicator.entries.models import LiveBlog
from syndicator.entries.word_lists import first_found, first_shared, items
from syndicator.wording import Wording, gettext_noop


class Course(StrEnum):
    """What becomes of an entry on a route."""

    AUTOMATIC = "automatic"
    REVIEW = "review"
    LEFT_OUT = "left_out"


@dataclass(frozen=True, slots=True)
class Ruling:
    """The course that an entry takes, and why; *minor* if it may share a post with others."""

    course: Course
    why: Wording
    minor: bool = False


ROUTE_OFF = Wording(gettext_noop("This live blog does not post to this destination."))
AUTOMATIC = Wording(gettext_noop("Goes out automatically: so the route is set."))
DIGESTS_ONLY = Wording(
    gettext_noop("Is told in the digests: the route sends no mails of single entries.")
)
IN_DIGEST = Wording(gettext_noop("Is told in the next digest."))
DIGEST_FOR_REVIEW = Wording(gettext_noop("The digest waits for an editor: so the route is set."))
FOR_REVIEW = Wording(gettext_noop("Waits for an editor: so the route is set."))
HANDLED_BEFORE = Wording(
    gettext_noop("Waits for an editor: one decided about an earlier version of this entry.")
)
BY_TAG = gettext_noop("Goes out automatically: the route takes the tag “%(tag)s”.")
BY_AUTHOR = gettext_noop("Goes out automatically: the route takes what is by %(author)s.")
BY_KEY_EVENT = Wording(gettext_noop("Goes out automatically: the route takes key events."))
WORD_LISTED = gettext_noop(
    "Waits for an editor: the word “%(word)s” is on the list of what never goes out by itself."
)
TAG_LISTED = gettext_noop(
    "Waits for an editor: the tag “%(tag)s” is on the list of what never goes out by itself."
)
NOT_POSTED = gettext_noop("Left out by the route's filters: %(why)s")
NOT_BY_ITSELF = gettext_noop("Waits for an editor, by the route's filters: %(why)s")
LACKS_TAG = Wording(gettext_noop("the entry has none of the tags that the route takes."))
HAS_TAG = gettext_noop("the entry has the tag “%(tag)s”.")
LACKS_AUTHOR = Wording(gettext_noop("the entry is by none of the authors that the route takes."))
HAS_AUTHOR = gettext_noop("the entry is by %(author)s.")
NO_KEY_EVENT = Wording(gettext_noop("the entry is no key event."))
MINOR = gettext_noop(
    "%(why)s It is a minor entry: those that come within %(minutes)s minutes share a post."
)
IS_KEY_EVENT = Wording(gettext_noop("the entry is a key event."))


def rule(
    route: Route,
    blog: LiveBlog,
    entry: EntryContent,
    *,
    problems: Iterable[Wording] = (),
    handled: Wording | None = None,
    alone: bool = False,
) -> Ruling:
    """What becomes of *entry* of *blog* on *route*.

    *problems* are what the channel finds wrong with its post; *handled* says why an
    editor who decided about it before has to see it again. *alone* is one whose post cannot be
    shared with others.
    """
    if route.policy == Policy.OFF:
        return Ruling(Course.LEFT_OUT, ROUTE_OFF)
    left_out = _left_out(route, entry)
    if left_out and route.otherwise == Otherwise.SKIP:
        return Ruling(Course.LEFT_OUT, Wording(NOT_POSTED, {"why": left_out}))
    if route.policy == Policy.DIGEST:
        return Ruling(Course.LEFT_OUT, DIGESTS_ONLY)
    if problem := next(iter(problems), None):
        return Ruling(Course.REVIEW, problem)
    if handled:
        return Ruling(Course.REVIEW, handled)
    if route.policy != Policy.AUTOMATIC:
        ruling = Ruling(Course.REVIEW, FOR_REVIEW)
        return ruling if alone else _with_minor(ruling, route, blog, entry)
    if left_out:
        return Ruling(Course.REVIEW, Wording(NOT_BY_ITSELF, {"why": left_out}))
    if listed := _never_automatic(blog, entry):
        return Ruling(Course.REVIEW, listed)
    ruling = Ruling(Course.AUTOMATIC, _why_automatic(route, entry))
    return ruling if alone else _with_minor(ruling, route, blog, entry)


def _with_minor(ruling: Ruling, route: Route, blog: LiveBlog, entry: EntryContent) -> Ruling:
    """*ruling*, if *entry* has nothing about it for which it should have a post of its own: what
    an editor has to see for a reason does not come here."""
    if (
        not route.gather_minutes
        or entry.key_event
        or entry.embargo_until
        or blog.is_breaking(entry.tags)
    ):
        return ruling
    why = Wording(MINOR, {"why": ruling.why, "minutes": route.gather_minutes})
    return Ruling(ruling.course, why, minor=True)


def rule_in_digest(
    route: Route, blog: LiveBlog, entry: EntryContent, *, handled: Wording | None = None
) -> Ruling:
    """What becomes of *entry* in the digests of *route*: told, left out, or told if an editor lets
    the digest go."""
    if route.policy == Policy.OFF:
        return Ruling(Course.LEFT_OUT, ROUTE_OFF)
    left_out = _left_out(route, entry)
    if left_out and route.otherwise == Otherwise.SKIP:
        return Ruling(Course.LEFT_OUT, Wording(NOT_POSTED, {"why": left_out}))
    if handled:
        return Ruling(Course.REVIEW, handled)
    if route.policy == Policy.REVIEW or route.review_digests:
        return Ruling(Course.REVIEW, DIGEST_FOR_REVIEW)
    if left_out:
        return Ruling(Course.REVIEW, Wording(NOT_BY_ITSELF, {"why": left_out}))
    if listed := _never_automatic(blog, entry):
        return Ruling(Course.REVIEW, listed)
    return Ruling(Course.AUTOMATIC, IN_DIGEST)


def _left_out(route: Route, entry: EntryContent) -> Wording | None:
    """Which of the route's filters leaves *entry* out; None if it passes all of them."""
    if tag := first_shared(route.not_tags, entry.tags):
        return Wording(HAS_TAG, {"tag": tag})
    if author := first_found(route.not_authors, [entry.author]):
        return Wording(HAS_AUTHOR, {"author": author})
    if route.key_events == KeyEvents.NONE and entry.key_event:
        return IS_KEY_EVENT
    if route.key_events == KeyEvents.ONLY and not entry.key_event:
        return NO_KEY_EVENT
    if items(route.only_tags) and not first_shared(route.only_tags, entry.tags):
        return LACKS_TAG
    if items(route.only_authors) and not first_found(route.only_authors, [entry.author]):
        return LACKS_AUTHOR
    return None


def _never_automatic(blog: LiveBlog, entry: EntryContent) -> Wording | None:
    """What of *entry* is on the list of what an editor has to see first."""
    if word := first_found(blog.never_automatic, _texts(entry)):
        return Wording(WORD_LISTED, {"word": word})
    if tag := first_shared(blog.never_automatic_tags, entry.tags):
        return Wording(TAG_LISTED, {"tag": tag})
    return None


def _texts(entry: EntryContent) -> Iterator[str]:
    """Everything that a reader reads, each piece by itself: no phrase goes across two of them."""
    yield entry.headline
    for block in entry.blocks:
        match block:
            case BulletList():
                yield from block.items
            case Quote():
                yield from (block.text, block.speaker)
            case Image():
                yield from (block.text, block.alt)
            case _:
                yield block.text


def _why_automatic(route: Route, entry: EntryContent) -> Wording:
    if tag := first_shared(route.only_tags, entry.tags):
        return Wording(BY_TAG, {"tag": tag})
    if author := first_found(route.only_authors, [entry.author]):
        return Wording(BY_AUTHOR, {"author": author})
    return BY_KEY_EVENT if route.key_events == KeyEvents.ONLY else AUTOMATIC
