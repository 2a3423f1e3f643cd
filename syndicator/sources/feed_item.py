"""One item of a feed, in whatever format that is, as an entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from urllib.parse import urldefrag

from syndicator.content import EntryContent, Image, clean_text
from syndicator.sources.bylines import without_prefix
from syndicator.sources.credit_lines import caption_key
from syndicator.sources.entry_body import Piece, completed, read_blocks
from syndicator.sources.feed_dates import feed_time
from syndicator.sources.feed_markup import line_of, without_markup
from syndicator.sources.headlines import with_headline
from syndicator.sources.html_blocks import absolute_url
from syndicator.sources.page_furniture import furniture_of
from syndicator.sources.share_labels import is_share_label


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

    *page_url* is the page that all of them stand on. *warnings* say what was left out.
    """

    page_url: str
    time_zone: tzinfo
    warnings: list[str] = field(default_factory=list)

    def entry(self, item: FeedItem, number: int) -> EntryContent | None:
        """*item* as an entry, with a warning and None if there is nothing in it to post."""
        headline = line_of(item.title)
        kind = furniture_of(headline)
        if kind or is_share_label(headline):
            what = kind.value if kind else "row of share buttons"
            self.warnings.append(f"Entry {number} was left out: it is a {what}.")
            return None
        blocks = without_markup(read_blocks(_with_images(item.pieces, item.images)))
        headline, blocks = with_headline(headline, blocks)
        if not blocks and not headline:
            self.warnings.append(f"Entry {number} was left out: it has neither headline nor text.")
            return None
        link = self._link(item)
        return EntryContent(
            external_id=clean_text(item.external_id) or link,
            author=", ".join(_names(item.authors)),
            headline=headline,
            published_at=self._time(item.times, number),
            permalink=link,
            blocks=blocks,
            tags=tuple(dict.fromkeys(filter(None, map(line_of, item.tags)))),
        )

    def _time(self, times: Sequence[str], number: int) -> datetime | None:
        for text in filter(None, times):
            if moment := feed_time(text, self.time_zone):
                return moment
            self.warnings.append(f"Entry {number}: the date “{line_of(text)[:40]}” is unclear.")
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


def _with_images(pieces: Sequence[Piece], images: Sequence[Image]) -> list[Piece]:
    """*pieces* with *images*: what the text shows is completed, the others come below it.

    One whose caption the text repeats comes there, and where that is all of the text it stays text.
    """
    shown = list(pieces)
    for image in images:
        place = next((at for at, piece in enumerate(shown) if _shows(piece, image)), None)
        repeated = next((at for at, piece in enumerate(shown) if _repeats(piece, image)), None)
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


def _shows(piece: Piece, image: Image) -> bool:
    return isinstance(piece, Image) and piece.url == image.url


def _repeats(piece: Piece, image: Image) -> bool:
    key = caption_key(image.text)
    return isinstance(piece, str) and bool(key) and caption_key(piece) == key


def _names(authors: Sequence[str]) -> list[str]:
    """The names of *authors*, each once; an address of electronic mail is no name."""
    names = [without_prefix(line_of(author)) for author in authors]
    return list(dict.fromkeys(name for name in names if name and "@" not in name))
