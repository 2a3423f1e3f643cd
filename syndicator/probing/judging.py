"""What a page's answer means for the permalinks that lead to it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urldefrag

from syndicator.clock import database_now
from syndicator.entries.models import Entry
from syndicator.probing.models import Answer, Permalink, ProbedPage, parted
from syndicator.probing.page import Page
from syndicator.wording import Wording, gettext_noop

#: Entries of which the page should have one, where it is to show that another is missing.
_MOST = 100
#: What sites answer to whom they take for a robot: readers may well get the page.
_TURNED_AWAY = (401, 403, 405, 406, 418, 429, 451)
_NOT_THERE = (404, 410)

GONE = gettext_noop("The permalink answers with %(status)s: readers would land on an error page.")
FAILS = gettext_noop("The permalink does not open: %(why)s")
NO_PLACE = gettext_noop(
    "The page of the permalink has no place “#%(fragment)s”, though it has those of other entries: "
    "readers would land at its top."
)
UNCHECKED = gettext_noop("Whether the permalink leads to the entry could not be checked. %(why)s")
FORBIDDEN = Wording(gettext_noop("The site's robots.txt does not allow us to read the page."))
TURNED_AWAY = gettext_noop("The site turns us away with %(status)s.")
BY_SCRIPT = Wording(gettext_noop("The page makes its places only in the reader's browser."))
NO_TITLE = Wording(gettext_noop("The page names no title, so link cards to it stay empty."))
NO_PICTURE = Wording(gettext_noop("The page names no picture, so link cards to it have none."))
ELSEWHERE = gettext_noop("The page calls itself %(url)s; link cards may lead there.")


@dataclass(frozen=True, slots=True)
class Seen:
    """What asking for a page came to: *page*, or *why* there is none.

    *status* is 0 if there was no answer. *unclear*: readers may get it all the same. *url* is where
    redirects led.
    """

    url: str
    status: int = 0
    page: Page | None = None
    why: Wording | None = None
    unclear: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    answer: Answer
    why: Wording | None = None


def judge(fragment: str, seen: Seen, others: Collection[str]) -> Verdict:
    """What *seen* means for a permalink to *fragment* (or none); *others* are the fragments of
    entries there, this one's perhaps among them."""
    if seen.page is None:
        return _without_page(seen)
    if not fragment or fragment in seen.page.places:
        return Verdict(Answer.WORKS)
    # A script that knows the name may make the place of it.
    if fragment in seen.page.text or seen.page.places.isdisjoint(others):
        return Verdict(Answer.UNCHECKED, Wording(UNCHECKED, {"why": BY_SCRIPT}))
    return Verdict(Answer.NO_PLACE, Wording(NO_PLACE, {"fragment": fragment}))


def notes_on(asked: str, seen: Seen) -> list[Wording]:
    """What else there is to say of the page at *asked*, as a link card would show it."""
    page = seen.page
    if page is None:
        return []
    notes = []
    if not page.has_title:
        notes.append(NO_TITLE)
    if not page.has_picture:
        notes.append(NO_PICTURE)
    if page.canonical and _bare(page.canonical) not in (_bare(asked), _bare(seen.url)):
        notes.append(Wording(ELSEWHERE, {"url": page.canonical}))
    return notes


def fragments_on(page: ProbedPage, blog_id: int) -> set[str]:
    """The fragments that the last entries of a live blog have on *page*."""
    links = (
        Entry.objects.filter(blog=blog_id, permalink__startswith=f"{page.url}#")
        .order_by("-published_at")
        .values_list("permalink", flat=True)[:_MOST]
    )
    return {parted(link)[1] for link in links} - {""}


def judge_by_page(link: Permalink) -> bool:
    """Whether what its page said just now shows that *link* works; that it does not, only a look
    after it was asked for would show."""
    page, now = link.page, database_now()
    if page.status != 200 or not page.was_seen_just_now(now):
        return False
    if link.fragment and link.fragment not in page.places:
        return False
    answered = Permalink.objects.filter(pk=link.pk)
    answered.update(answer=Answer.WORKS, why=None, notes=page.notes, probed_at=now, due_at=None)
    link.answer = Answer.WORKS
    return True


def _without_page(seen: Seen) -> Verdict:
    why = seen.why or FORBIDDEN
    if seen.status in _NOT_THERE:
        return Verdict(Answer.GONE, Wording(GONE, {"status": seen.status}))
    if seen.status in _TURNED_AWAY:
        turned = Wording(TURNED_AWAY, {"status": seen.status})
        return Verdict(Answer.UNCHECKED, Wording(UNCHECKED, {"why": turned}))
    if seen.unclear:
        return Verdict(Answer.UNCHECKED, Wording(UNCHECKED, {"why": why}))
    return Verdict(Answer.FAILS, Wording(FAILS, {"why": why}))


def _bare(url: str) -> str:
    return urldefrag(url).url.partition("://")[2].rstrip("/")
