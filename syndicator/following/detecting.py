"""What stands at an address that a person pasted: what of it can be followed, the best first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urldefrag, urlsplit

from django.conf import settings

from syndicator.clock import database_now
from syndicator.following.follow import FORBIDDEN
from syndicator.following.robots import USER_AGENT, leave_for
from syndicator.outbound.fetch import Fetched, FetchRefused, fetch
from syndicator.sources.apart import read_apart
from syndicator.sources.api_hints import api_hints
from syndicator.sources.base import ReadingContext, SourceDocument, UnreadableSource
from syndicator.sources.detect import reader_named
from syndicator.sources.discovery import STANDARD_HINTS, FetchedPage, Kind, addresses_named_by
from syndicator.uptime import uptime
from syndicator.wording import Wording, gettext_noop

#: A person waits for it. Of one document no more than of all.
TOTAL_TIME = timedelta(seconds=20)
DOCUMENT_TIME = timedelta(seconds=9)
READING_TIME = timedelta(seconds=6)
ROBOTS_TIME = timedelta(seconds=3)
#: Addresses that a page names and that are asked for, at most.
MOST_TRIED = 6
#: A live blog on which nothing came for so long may be over.
LONG_AGO = timedelta(days=1)
#: The formats that tell most of what happens to an entry come first; a plug-in's come last.
_FULLEST = (
    *("liveblog-json", "sourcefabric", "wordpress-liveblog", "json-ld", "ninjs"),
    *("json-feed", "feed"),
)
_FRAME = "embedded-page"

NOTHING_THERE = gettext_noop(
    "At %(host)s there is neither a live blog that can be read nor the address of one (for the "
    "technician: %(found)s)"
)
NO_TIME_LEFT = Wording(gettext_noop("The site is so slow that not everything was looked at."))
NO_ENTRIES = Wording(gettext_noop("No entry is there yet. What comes will be seen."))
SEVERAL_PAGES = Wording(
    gettext_noop(
        "The entries lead to different pages: this looks like the news of the whole site, not "
        "like one live blog."
    )
)
NO_ADDRESS = gettext_noop(
    "Entries without an address of their own: %(count)s of %(all)s. Their posts lead to the top "
    "of the page."
)
NO_TIMES = gettext_noop(
    "Entries without a time: %(count)s of %(all)s. They get that of their arrival."
)
NO_NAMES = Wording(
    gettext_noop(
        "The entries have no names of their own: after an edit they are known by their text."
    )
)
OTHER_LANGUAGE = gettext_noop(
    "The source says that it is in “%(said)s”; the live blog here is in “%(ours)s”."
)
OTHER_PAGE = gettext_noop(
    "The source calls its page %(said)s; the live blog here has the address %(ours)s."
)
OLD = Wording(gettext_noop("The newest entry is older than a day: perhaps this live blog is over."))
SLOWED = gettext_noop("The site asks for %(seconds)s seconds between two looks; that is respected.")


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that can be followed at *url* with the reader of that name.

    *delay* is what the site's robots.txt asks to leave between two looks.
    """

    url: str
    reader: str
    document: SourceDocument
    delay: timedelta = timedelta(0)

    @property
    def newest_at(self) -> datetime | None:
        return max(
            (entry.published_at for entry in self.document.entries if entry.published_at),
            default=None,
        )

    @property
    def without_address(self) -> int:
        """How many entries have no permalink that is theirs alone."""
        links = [entry.permalink for entry in self.document.entries]
        own = {link for link in links if link and link != self.document.canonical_url}
        return len(links) - len(own)

    @property
    def leads_elsewhere(self) -> bool:
        """Whether its entries stand on several pages: a site's news, and not a live blog."""
        pages = {urldefrag(entry.permalink).url for entry in self.document.entries}
        paths = {urlsplit(page).path for page in pages if page}
        return len(paths) > 1


@dataclass(frozen=True, slots=True)
class Detection:
    """What was found at *url*, the best first, and what the person should know about the search."""

    url: str
    candidates: tuple[Candidate, ...]
    notes: tuple[Wording, ...] = ()


class _Clock:
    """The time that is left for the whole search."""

    def __init__(self) -> None:
        self._ends = uptime() + TOTAL_TIME.total_seconds()

    def left(self, most: timedelta) -> timedelta:
        return min(most, timedelta(seconds=max(0.0, self._ends - uptime())))

    @property
    def is_over(self) -> bool:
        return self.left(TOTAL_TIME) < timedelta(seconds=1)


def detect(typed: str, context: ReadingContext) -> Detection:
    """What stands at the address that a person *typed*, with or without its scheme.

    The canonical URL of *context* may be empty: then the page's own is used. Network, for
    `TOTAL_TIME` at most. Raises `FetchRefused` if the address cannot be asked for or nothing
    there can be followed.
    """
    clock = _Clock()
    url, page, delay = _first(typed.strip(), clock)
    found: list[Candidate] = []
    why = ""
    try:
        found.append(_candidate(url, page, "", context, delay, clock))
    except UnreadableSource as error:
        why = error.found
    if not context.canonical_url:
        known = found[0].document.canonical_url if found else ""
        context = replace(context, canonical_url=known or urldefrag(page.url).url)
    notes = []
    for named, reader in _named_by(page, clock):
        if any(one.url == named for one in found):
            continue
        if clock.is_over:
            notes.append(NO_TIME_LEFT)
            break
        found += _tried(named, reader, context, clock)
    if not found:
        host = urlsplit(url).hostname or url
        raise FetchRefused(Wording(NOTHING_THERE, {"host": host, "found": why}))
    return Detection(url, tuple(sorted(found, key=_rank)), tuple(notes))


def warnings(candidate: Candidate, context: ReadingContext, now: datetime) -> list[Wording]:
    """What to know before *candidate* is followed; *context* is the live blog's."""
    document = candidate.document
    count = len(document.entries)
    if not count:
        return [NO_ENTRIES]
    said = []
    if candidate.leads_elsewhere:
        said.append(SEVERAL_PAGES)
    if without := candidate.without_address:
        said.append(Wording(NO_ADDRESS, {"count": without, "all": count}))
    if without := sum(entry.published_at is None for entry in document.entries):
        said.append(Wording(NO_TIMES, {"count": without, "all": count}))
    if any(entry.derived_id for entry in document.entries):
        said.append(NO_NAMES)
    if document.language and _primary(document.language) != _primary(context.language):
        gaps: dict[str, str | int | Wording] = {"said": document.language}
        said.append(Wording(OTHER_LANGUAGE, {**gaps, "ours": context.language}))
    if not _is_same_page(document.canonical_url, context.canonical_url):
        gaps = {"said": document.canonical_url}
        said.append(Wording(OTHER_PAGE, {**gaps, "ours": context.canonical_url}))
    if candidate.newest_at and now - candidate.newest_at > LONG_AGO:
        said.append(OLD)
    if candidate.delay:
        said.append(Wording(SLOWED, {"seconds": int(candidate.delay.total_seconds())}))
    return said


def _first(typed: str, clock: _Clock) -> tuple[str, Fetched, timedelta]:
    """The address that was meant, and what stands there. Browsers add a scheme, too."""
    if "://" in typed:
        url = urldefrag(typed).url
        return url, *_asked(url, clock)
    url = urldefrag(f"https://{typed}").url
    try:
        return url, *_asked(url, clock)
    except FetchRefused as refused:
        if refused.status or clock.is_over:
            raise
        plain = f"http{url.removeprefix('https')}"
        try:
            return plain, *_asked(plain, clock)
        except FetchRefused:
            raise refused from None


def _asked(url: str, clock: _Clock) -> tuple[Fetched, timedelta]:
    if urlsplit(url).scheme in ("http", "https") and urlsplit(url).hostname:
        leave = leave_for(url, clock.left(ROBOTS_TIME))
        if not leave.is_given:
            raise FetchRefused(Wording(FORBIDDEN, {"host": urlsplit(url).hostname or url}))
        delay = leave.delay
    else:
        delay = timedelta(0)
    fetched = fetch(
        url,
        allow_private_addresses=settings.ALLOW_PRIVATE_ADDRESSES,
        total_time=clock.left(DOCUMENT_TIME),
        user_agent=USER_AGENT,
    )
    return fetched, delay


def _candidate(
    url: str,
    fetched: Fetched,
    reader: str,
    context: ReadingContext,
    delay: timedelta,
    clock: _Clock,
) -> Candidate:
    document = _read(fetched, reader, context, clock)
    if not (context.canonical_url or document.canonical_url):
        whole = replace(context, canonical_url=urldefrag(fetched.url).url)
        document = _read(fetched, reader, whole, clock)
    return Candidate(url, document.reader, document, delay)


def _read(fetched: Fetched, reader: str, context: ReadingContext, clock: _Clock) -> SourceDocument:
    assert fetched.content is not None, "only a conditional request is answered so"
    seconds = max(0.1, clock.left(READING_TIME).total_seconds())
    return read_apart(fetched.content, reader, replace(context, source_url=fetched.url), seconds)


def _named_by(page: Fetched, clock: _Clock) -> Iterator[tuple[str, str]]:
    """Addresses that *page* names, each with its reader's name; a frame's page is asked, too."""
    assert page.content is not None, "only a conditional request is answered so"
    tried = 0
    for hint in api_hints(page.content, page.url):
        if tried == MOST_TRIED or clock.is_over:
            return
        tried += 1
        if hint.kind != _FRAME:
            yield hint.url, hint.kind
            continue
        try:
            frame, _ = _asked(hint.url, clock)
        except FetchRefused:
            continue
        assert frame.content is not None, "only a conditional request is answered so"
        inner = [one for one in api_hints(frame.content, frame.url) if one.kind != _FRAME]
        for one in inner[: MOST_TRIED - tried]:
            tried += 1
            yield one.url, one.kind
    links = (page.links,) if page.links else ()
    named = addresses_named_by(FetchedPage.of(page.content, page.url, links), STANDARD_HINTS)
    for address in [one for one in named if one.kind in (Kind.FEED, Kind.JSON_FEED)][
        : MOST_TRIED - tried
    ]:
        yield address.url, str(address.kind)


def _tried(url: str, name: str, context: ReadingContext, clock: _Clock) -> Iterator[Candidate]:
    """The candidate at *url*, read as *name* or as what it is; none if there is nothing to read:
    then the page only named it."""
    reader = reader_named(name)
    address = reader.address(url, None, database_now()) if reader else url
    try:
        fetched, delay = _asked(address, clock)
    except FetchRefused:
        return
    for read_as in (name, ""):
        try:
            yield _candidate(url, fetched, read_as, context, delay, clock)
        except UnreadableSource:
            continue
        return


def _rank(candidate: Candidate) -> tuple[bool, bool, int]:
    known = candidate.reader in _FULLEST
    return (
        not candidate.document.entries,
        candidate.leads_elsewhere,
        _FULLEST.index(candidate.reader) if known else len(_FULLEST),
    )


def _primary(language: str) -> str:
    return language.partition("-")[0].casefold()


def _is_same_page(said: str, ours: str) -> bool:
    """Whether both are one page, or one of them is not known."""
    if not said or not ours:
        return True

    def place(url: str) -> tuple[str, str]:
        parts = urlsplit(url)
        return (parts.hostname or "").removeprefix("www."), parts.path.rstrip("/")

    return place(said) == place(ours)
