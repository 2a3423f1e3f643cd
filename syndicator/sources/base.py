"""What every reader takes and gives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from syndicator.content import EntryContent

EUROPE_BERLIN = ZoneInfo("Europe/Berlin")


class UnreadableSource(ValueError):
    """The bytes are not what the reader expected. *expected* and *found* are full sentences."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(f"{expected} {found}")
        self.expected = expected
        self.found = found


@dataclass(frozen=True, slots=True)
class ReadingContext:
    """What is known about the live blog before its source is read.

    *canonical_url* resolves relative permalinks and carries the fragments of entries that have
    none; empty where it is not known. Naive times are taken to be in *time_zone*. *source_url* is
    where the bytes came from, after redirects: what is relative in them is relative to it; empty
    for a file.
    """

    canonical_url: str = ""
    time_zone: ZoneInfo = EUROPE_BERLIN
    language: str = "de"
    source_url: str = ""


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """A whole source as read: its *entries*, oldest first, and what it says of the live blog.

    *warnings* are sentences for the person importing: what was left out, and why. *withdrawn* are
    the external ids of entries that the source says were taken back; what it merely leaves out is
    not among them. *next_url* is where the entries before these are, if they are elsewhere.
    *hub_urls* tell of changes of *topic_url* (WebSub, 4). Of the *sparse*, external ids too, the
    source shows the text for now and nothing of the lists, quotes and pictures it may have shown.
    """

    reader: str
    entries: tuple[EntryContent, ...]
    title: str = ""
    canonical_url: str = ""
    language: str = ""
    warnings: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()
    next_url: str = ""
    hub_urls: tuple[str, ...] = ()
    topic_url: str = ""
    sparse: tuple[str, ...] = ()


class Reader(ABC):
    """One format. Stateless, without network or database."""

    name: ClassVar[str]
    #: What the format is, to say to a person whose file is something else.
    describes: ClassVar[str]

    @abstractmethod
    def recognises(self, data: bytes) -> bool:
        """Whether *data* looks like this format; cheap, and never raises."""

    @abstractmethod
    def read(self, data: bytes, context: ReadingContext) -> SourceDocument:
        """Read *data*; `UnreadableSource` if it is not this format after all."""

    def address(self, url: str, since: datetime | None, now: datetime) -> str:
        """The address to ask for what is new at *url* since *since* (None: all there is).

        Both times are aware; what stands there is read by `read`. Most formats have one address
        for everything.
        """
        return url
