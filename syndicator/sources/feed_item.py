"""One item of a feed, in whatever format that is, as an entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from urllib.parse import urldefrag, urlsplit, urlunsplit

from syndicator.content import EntryContent, Image, clean_text
from syndicator.sources.bylines import without_prefix
from syndicator.sources.credit_lines import caption_key
from syndicator.sources.entry_body import Piece, completed, read_blocks
from syndicator.sources.feed_dates import feed_time
from syndicator.sources.feed_markup import line_of, without_markup
from syndicator.sources.headlines import without_repetition
from syndicator.sources.html_blocks import absolute_url
from syndicator.sources.page_furniture import Furniture, furniture_of, left_out
from syndicator.sources.share_labels import is_share_label

#: What an item is that has such a name, whatever else it says.
_NEVER_ENTRIES = (Furniture.ADVERTISEMENT, Furniture.POLL)
#: In characters with markup; what is still too long without it is cut with a warning.
_LONGEST_TITLE = 20_000
_MOST_PROBLEMS = 200


def page_address(url: str) -> str:
    """*url* as the page's own address: without a fragment and what only counts visits (utm_…)."""
    parts = urlsplit(url)
    query = "&".join(part for part in parts.query.split("&") if not part.startswith("utm_"))
    return urlunsplit(parts._replace(query=query, fragment=""))


@dataclass(slots=True)
class FeedItem:
    """What a feed says of one entry: texts as they stand there, *pieces* and *images* read.

    *links* are its addresses, the best first, *base_url* is what they are relative to where that
    is not the page. *times* are the statements of when it came, the best first.
    """

    external_id: str = ""
    links: Sequence[str] = ()
    base_url: str = ""
    title: str = ""
    pieces: Sequence[Piece] = ()
    images: Sequence[Image] = ()
    authors: Sequence[str] = ()
    times: Sequence[str] = ()
    tags: Sequence[str] = ()


@dataclass(slots=True)
class FeedItems:
    """Turns the items of one feed, numbered as they stand there, into entries.

    *page_url* is the page that all of them stand on.
    """

    page_url: str
    time_zone: tzinfo
    _problems: list[str] = field(default_factory=list, init=False)
    _dropped: list[tuple[Furniture, str]] = field(default_factory=list, init=False)

    def warnings(self) -> tuple[str, ...]:
        """What was left out of the items that were read, and why."""
        told = self._problems[:_MOST_PROBLEMS]
        if more := len(self._problems) - len(told):
            told.append(f"There are {more} more problems with entries.")
        return (*told, *left_out(self._dropped))

    def leave_out(self, number: int, why: str) -> None:
        """Warn that item *number* makes no entry."""
        self._problems.append(f"Entry {number} was left out: {why}.")

    def entry(self, item: FeedItem, number: int) -> EntryContent | None:
        """*item* as an entry, with a warning and None if there is nothing in it to post."""
        headline = line_of(item.title[:_LONGEST_TITLE])
        tags = tuple(dict.fromkeys(filter(None, map(line_of, item.tags))))
        pieces = [piece for piece in item.pieces if not self._drops(piece)]
        blocks = without_markup(read_blocks(_with_images(pieces, item.images)))
        if why := _no_entry(headline, tags, is_empty=not blocks):
            self.leave_out(number, why)
            return None
        headline, blocks = without_repetition(headline, blocks)
        link = self._link(item)
        return EntryContent(
            external_id=clean_text(item.external_id) or link,
            # Two of them may be a tag together.
            author=line_of(", ".join(_names(item.authors))),
            headline=headline,
            published_at=self._time(item.times, number),
            permalink=link,
            blocks=blocks,
            tags=tags,
        )

    def _drops(self, piece: Piece) -> bool:
        """Whether *piece* is a line that belongs to the page, of which a warning then tells."""
        kind = furniture_of(piece) if isinstance(piece, str) else None
        if kind:
            self._dropped.append((kind, str(piece)))
        return kind is not None

    def _time(self, times: Sequence[str], number: int) -> datetime | None:
        for text in filter(None, times):
            if moment := feed_time(text, self.time_zone):
                return moment
            self._problems.append(f"Entry {number}: the date “{line_of(text)[:40]}” is unclear.")
        return None

    def _link(self, item: FeedItem) -> str:
        """The entry's own address. That of the whole page is none."""
        for link in map(str.strip, item.links):
            # No feed has anchors: they are the page's.
            base_url = self.page_url if link.startswith("#") else item.base_url or self.page_url
            url = absolute_url(link, base_url)
            if url and not self._is_page(url):
                return url
        return ""

    def _is_page(self, url: str) -> bool:
        url, fragment = urldefrag(url)
        if "?" not in self.page_url:
            url = url.partition("?")[0]
        page = self.page_url.rstrip("/")
        return bool(page) and not fragment and url.rstrip("/") == page


def _no_entry(headline: str, tags: Sequence[str], *, is_empty: bool) -> str:
    """Why an item so called is none, as the end of a sentence; empty if it may be one."""
    kinds = [kind for kind in map(furniture_of, (headline, *tags)) if kind in _NEVER_ENTRIES]
    if kinds:
        return f"it is no entry ({kinds[0]})"
    if is_empty and (furniture_of(headline) or is_share_label(headline)):
        return f"“{headline}” belongs to the page"
    return "" if headline or not is_empty else "it has neither headline nor text"


def _with_images(pieces: Sequence[Piece], images: Sequence[Image]) -> list[Piece]:
    """*pieces* with *images*: what the text shows is completed, the others come below it.

    One whose caption the text repeats comes there, and where that is all of the text it stays text.
    """
    shown = list(pieces)
    places = {_sign(piece): index for index, piece in reversed(list(enumerate(pieces)))}
    places.pop("", None)
    for image in images:
        place = places.get(image.url)
        repeated = places.pop(caption_key(image.text), None)
        if place is not None:
            known = shown[place]
            shown[place] = completed(known, image) if isinstance(known, Image) else known
        elif repeated is None:
            shown.append(image)
        elif len(shown) == 1:
            shown.append(replace(image, text=""))
        else:
            shown[repeated] = image
    return shown


def _sign(piece: Piece) -> str:
    """By what *piece* is known as an image, or as a line that is the caption of one."""
    if isinstance(piece, Image):
        return piece.url
    return caption_key(piece) if isinstance(piece, str) else ""


def _names(authors: Sequence[str]) -> list[str]:
    """The names of *authors*, each once; an address of electronic mail is no name."""
    names = [without_prefix(line_of(author)) for author in authors]
    return list(dict.fromkeys(name for name in names if name and "@" not in name))
