"""What holds for every document a reader hands out, whatever bytes it was given."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import regex

from syndicator.content import Block, BulletList, EntryContent, Image, Quote
from syndicator.sources.base import Reader, ReadingContext, SourceDocument, UnreadableSource
from syndicator.sources.detect import read_with, readers
from syndicator.sources.limits import within_limits

READERS = {reader.name: reader for reader in readers()}
NOWHERE = ReadingContext()
ON_A_PAGE = ReadingContext(
    "https://magazin.example.org/live", source_url="https://magazin.example.org/api/live.json"
)
#: Seconds of processor time for one document: far from any limit of ours, and from any quick one.
LONGEST = 10.0
_TAG = regex.compile(r"<(?:/?[a-zA-Z][a-zA-Z0-9-]*(?:[\s/][^<>]*)?|!--[^<>]*)>")
_UNSEEN = regex.compile(r"[\p{Cc}\p{Cs}]")
_WEB = regex.compile(r"https?://[^\s\p{Cc}]+", regex.IGNORECASE)


def read(reader: Reader, data: bytes, context: ReadingContext = NOWHERE) -> SourceDocument | None:
    """What *reader* makes of *data*, checked; None where it refuses it."""
    started = time.process_time()
    recognised = reader.recognises(data)
    assert isinstance(recognised, bool)
    document, said = None, ""
    try:
        document = read_with(reader, data, context)
    except UnreadableSource as error:
        said = f"{error.expected}{error.found}"
    assert document is not None or said.endswith(".")
    taken = time.process_time() - started
    assert taken < LONGEST, f"took {taken:.1f} s of processor time"
    if document is not None:
        check(document)
    return document


def check(document: SourceDocument) -> None:
    # Elsewhere what looks like a tag may be a text about tags, escaped in its source as it should
    # be; in feeds nobody can tell how often a text was escaped.
    marked_up = document.reader in ("feed", "json-feed")
    for text in texts_of(document):
        assert not _UNSEEN.search(text), repr(text)
        assert not (marked_up and _TAG.search(text)), repr(text)
        text.encode()
    for url in urls_of(document):
        assert not url or _WEB.fullmatch(url), repr(url)
    for entry in document.entries:
        assert entry.external_id
        assert entry.published_at is None or entry.published_at.tzinfo
        assert entry.embargo_until is None or entry.embargo_until.tzinfo
        entry.content_hash()
    again = within_limits(document)
    assert replace(again, warnings=document.warnings) == document


def texts_of(document: SourceDocument) -> Iterator[str]:
    yield from (document.title, document.language)
    for entry in document.entries:
        yield from texts_of_entry(entry)


def texts_of_entry(entry: EntryContent) -> Iterator[str]:
    yield from (entry.author, entry.headline, *entry.tags)
    for block in entry.blocks:
        yield from texts_of_block(block)


def texts_of_block(block: Block) -> Iterator[str]:
    match block:
        case BulletList():
            yield from block.items
        case Quote():
            yield from (block.text, block.speaker)
        case Image():
            yield from (block.text, block.credit, block.alt)
        case _:
            yield block.text


def urls_of(document: SourceDocument) -> Iterator[str]:
    yield from (document.canonical_url, document.next_url, document.topic_url, *document.hub_urls)
    for entry in document.entries:
        yield entry.permalink
        yield from (block.url for block in entry.blocks if isinstance(block, Image))
