"""Which format a source is in, and how to read it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from importlib.metadata import entry_points

from syndicator.sources.base import Reader, ReadingContext, SourceDocument, UnreadableSource
from syndicator.sources.file_kinds import describe
from syndicator.sources.limits import within_limits
from syndicator.sources.permalinks import with_permalinks

_GROUP = "syndicator.readers"
#: The formats that say what they are come before those that are guessed; Syndicator's own has
#: “entries” like others and nothing else that must be there. A plug-in's reader is asked before
#: plain text, which takes almost anything.
_BY_STRICTNESS = (
    *("sourcefabric", "wordpress-liveblog", "liveblog-json", "ninjs", "json-feed"),
    *("feed", "json-ld"),
)
_LAST = "plain-text"


def readers() -> tuple[Reader, ...]:
    """The installed readers, the strictest first, whatever order they were installed in."""
    found = {point.name: point for point in entry_points(group=_GROUP)}
    loaded: list[Reader] = [found[name].load()() for name in sorted(found, key=_strictness)]
    return tuple(loaded)


def reader_named(name: str) -> Reader | None:
    return next((reader for reader in readers() if reader.name == name), None)


def read_source(data: bytes, context: ReadingContext) -> SourceDocument:
    """Read *data* in whatever format it is; `UnreadableSource` if it is in none.

    Entries get their permalinks if the live blog's URL is known: that of *context* wins over
    the document's own. Of entries with the same id the newest stays.
    """
    return read_with(recognise(data), data, context)


def recognise(data: bytes) -> Reader:
    """The reader for *data*; `UnreadableSource` if there is none."""
    available = readers()
    for reader in available:
        if reader.recognises(data):
            return reader
    formats = "; or ".join(reader.describes for reader in available)
    raise UnreadableSource(f"Expected {formats}.", f"Found {describe(data)}.")


def read_with(reader: Reader, data: bytes, context: ReadingContext) -> SourceDocument:
    """As `read_source`, where the format is known."""
    document = reader.read(data, context)
    canonical_url = context.canonical_url or document.canonical_url
    return within_limits(with_permalinks(_without_duplicates(document), canonical_url))


def _strictness(name: str) -> tuple[int, str]:
    if name in _BY_STRICTNESS:
        return _BY_STRICTNESS.index(name), name
    return len(_BY_STRICTNESS) + (name == _LAST), name


def _without_duplicates(document: SourceDocument) -> SourceDocument:
    newest = {entry.external_id: index for index, entry in enumerate(document.entries)}
    if len(newest) == len(document.entries):
        return document
    kept = tuple(document.entries[index] for index in sorted(newest.values()))
    counts = Counter(entry.external_id for entry in document.entries)
    warnings = tuple(
        f"{count} entries have the same id “{external_id}”; only the newest was kept."
        for external_id, count in counts.items()
        if count > 1
    )
    return replace(document, entries=kept, warnings=document.warnings + warnings)
