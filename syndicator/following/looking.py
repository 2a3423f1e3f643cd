"""Looks at a source: asks for what stands there, and for older pages as far as there is news.

Network and readers, and of the database only what the caller hands in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.conf import settings

from syndicator.content import EntryContent
from syndicator.following.hub_links import with_hubs
from syndicator.following.robots import USER_AGENT
from syndicator.outbound.fetch import Fetched, FetchRefused, Validators, fetch
from syndicator.sources.apart import read_apart
from syndicator.sources.base import ReadingContext, SourceDocument, UnreadableSource
from syndicator.sources.detect import reader_named
from syndicator.uptime import uptime

#: So many documents are read in one look, and no further one is asked for after so many seconds.
MOST_PAGES = 20
TOTAL_TIME = timedelta(seconds=60)
PAGE_TIME = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Page:
    """One document, as it came from *url*."""

    url: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Look:
    """What a look found. *document* is all pages in one; None if nothing has changed.

    *is_window* is true if only what is new was asked for; *is_cut* if there was more to read than
    a look may read.
    """

    pages: tuple[Page, ...] = ()
    document: SourceDocument | None = None
    validators: Validators = field(default_factory=Validators)
    digest: str = ""
    is_window: bool = False
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """What to look at, and what is known of it.

    *reader* is the name of the reader (empty: whichever recognises it); *since* the time (aware)
    up to which all is known, None before the first look; *digest* that of the last one.
    """

    url: str
    context: ReadingContext
    reader: str = ""
    since: datetime | None = None
    validators: Validators = field(default_factory=Validators)
    digest: str = ""


class NotAllowed(Exception):
    """The site that *url* is at does not let us read it."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


def look(
    question: Question,
    now: datetime,
    has_news: Callable[[Sequence[EntryContent]], bool] = lambda entries: False,
    may_read: Callable[[str], bool] = lambda url: True,
) -> Look:
    """Read what stands at the question's address.

    *has_news* says whether any of these entries is not known: then older pages are read, too,
    where there are any. *may_read* is asked before each address on another page or site. Raises
    `FetchRefused`, `UnreadableSource` or `NotAllowed`, all about the newest page only.
    """
    ends = uptime() + TOTAL_TIME.total_seconds()
    reader = reader_named(question.reader)
    address = reader.address(question.url, question.since, now) if reader else question.url
    is_window = address != question.url
    first = _ask(address, None if is_window else question.validators)
    if first.url != address and not may_read(first.url):
        raise NotAllowed(first.url)
    if first.content is None:
        return Look(validators=question.validators, digest=question.digest)
    pages = [Page(first.url, first.content)]
    if _digest(pages) == question.digest:
        return Look(validators=first.validators, digest=question.digest)
    documents = [_read(question.reader, pages[0], question.context)]
    seen, is_cut = {address, first.url}, False
    while (older := documents[-1].next_url) and older not in seen:
        if question.since is None or not (is_window or has_news(documents[-1].entries)):
            break
        seen.add(older)
        page = None if len(pages) >= MOST_PAGES or uptime() >= ends else _older(older, may_read)
        if page is None or not (
            document := _read_older(documents[0].reader, page, question.context)
        ):
            is_cut = True
            break
        pages.append(page)
        documents.append(document)
    # The digest is that of what is asked for first: only then does the next look compare alike.
    return Look(
        tuple(pages),
        with_hubs(_joined(documents), first.links, first.url),
        first.validators,
        _digest(pages[:1]),
        is_window=is_window,
        is_cut=is_cut,
    )


def _older(url: str, may_read: Callable[[str], bool]) -> Page | None:
    """The page at *url*; None if it cannot be had, which is no reason to lose the newest."""
    try:
        fetched = _ask(url, None) if may_read(url) else None
    except FetchRefused:
        return None
    if fetched is None or fetched.content is None:
        return None
    return Page(fetched.url, fetched.content)


def _read_older(reader: str, page: Page, context: ReadingContext) -> SourceDocument | None:
    try:
        return _read(reader, page, context)
    except UnreadableSource:
        return None


def read_pages(pages: Sequence[Page], reader: str, context: ReadingContext) -> SourceDocument:
    """The document that *pages*, the newest first, are together. Raises `UnreadableSource`."""
    return _joined([_read(reader, page, context) for page in pages])


def _ask(url: str, validators: Validators | None) -> Fetched:
    return fetch(
        url,
        validators,
        allow_private_addresses=settings.ALLOW_PRIVATE_ADDRESSES,
        total_time=PAGE_TIME,
        user_agent=USER_AGENT,
    )


def _read(reader: str, page: Page, context: ReadingContext) -> SourceDocument:
    return read_apart(page.body, reader, replace(context, source_url=page.url))


def _joined(documents: Sequence[SourceDocument]) -> SourceDocument:
    """*documents*, the newest page first, as one: on each entry the newest has the last word."""
    entries: dict[str, EntryContent] = {}
    withdrawn: set[str] = set()
    for document in documents[::-1]:
        for name in document.withdrawn:
            entries.pop(name, None)
        withdrawn.update(document.withdrawn)
        for entry in document.entries:
            entries[entry.external_id] = entry
            withdrawn.discard(entry.external_id)
    return replace(
        documents[0],
        entries=tuple(entries.values()),
        withdrawn=tuple(sorted(withdrawn)),
        warnings=tuple(warning for document in documents for warning in document.warnings),
        next_url=documents[-1].next_url,
    )


def _digest(pages: Sequence[Page]) -> str:
    whole = hashlib.sha256()
    for page in pages:
        whole.update(hashlib.sha256(page.body).digest())
    return whole.hexdigest()
