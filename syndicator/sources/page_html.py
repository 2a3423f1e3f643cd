"""What a page shows of an entry and its JSON-LD leaves out: quotes, lists, pictures.

An entry's element is found by the entry's name or by its words. It is only believed if it holds
all the words that the JSON-LD gives, in their order, and nothing of another entry; in any doubt
the JSON-LD's own text stays.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import regex

from syndicator.content import Image, Quote, clean_text
from syndicator.sources.entry_body import Piece
from syndicator.sources.html_blocks import pieces_of_html
from syndicator.sources.page_elements import PageElement, PageElements, find_elements
from syndicator.sources.page_furniture import FurnitureLeftOut
from syndicator.sources.renditions import MOST_PIXELS_A_SIDE
from syndicator.sources.time_lines import read_time_line

_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")
#: So many words in a row are an entry's own; fewer may stand anywhere.
_KNOWN_BY = 6
_MOST_PLACES = 3
_CLIMBED = 6
_LONGEST_PAGE = 6_000_000
_LONGEST_ELEMENT = 60_000
_LABEL_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_FURNITURE_ELEMENTS = {"aside", "nav", "form", "button", "header", "footer", "dialog", "select"}
_FURNITURE_LABELS = {
    *("ad", "ads", "adslot", "advert", "advertisement", "anzeige", "werbung", "sponsored"),
    *("promo", "promotion", "related", "teaser", "teasers", "recommended", "recommendations"),
    *("readmore", "share", "sharing", "social", "toolbar", "comment", "comments", "kommentare"),
    *("poll", "umfrage", "voting", "vote", "survey", "newsletter", "paywall", "outbrain"),
    *("taboola", "avatar", "byline", "author", "autor"),
}
_ENTRY_ELEMENTS = {"article", "li", "section"}
_ONLY_A_LINK = re.compile(
    r"<(?P<name>li|p|div)\b[^<>]{0,300}>\s{0,50}(?:<(?:strong|b|em)>\s{0,50})?"
    r"<a\b[^<>]{0,1000}>(?:(?!</a>).){0,500}?</a>\s{0,50}"
    r"(?:</(?:strong|b|em)>\s{0,50})?</(?P=name)>",
    re.DOTALL | re.IGNORECASE,
)
_IMG = re.compile(r"<img\b(?P<attributes>[^<>]{0,4000})>", re.IGNORECASE)
_IMG_ATTRIBUTE = re.compile(
    r"(?<![^\s\"'])(?P<name>[\w-]{1,40})\s{0,20}=\s{0,20}"
    r"(?:\"(?P<value>[^\"]{0,4000})\"|'(?P<value2>[^']{0,4000})'|(?P<value3>[^\s\"'<>]{1,2000}))"
)
_ICON = {"icon", "avatar", "logo", "emoji", "pixel", "tracking", "portrait", "author"}
#: What is shown where no script runs, after the picture that a script would load.
_WITHOUT_SCRIPTS = re.compile(
    r"(?P<image><img src=\"[^\"<>]+\"[^<>]*>)?\s{0,50}<noscript\b[^<>]{0,300}>"
    r"(?P<instead>(?:(?!</?noscript\b).){0,3000})</noscript\s*>",
    re.DOTALL | re.IGNORECASE,
)
_SMALLEST_PICTURE = 100


@dataclass(frozen=True, slots=True)
class Sought:
    """An entry to find: what it may be called on the page, and what the JSON-LD says of it."""

    names: tuple[str, ...]
    headline: str
    author: str
    pieces: tuple[Piece, ...]


def pieces_on_page(
    page: str, sought: Sequence[Sought], base_url: str
) -> list[tuple[Piece, ...] | None]:
    """For each of *sought* what *page* shows of it; None where it does not, or not surely.

    Where it shows no more than the JSON-LD says, the pieces are the JSON-LD's own.
    """
    nothing: list[tuple[Piece, ...] | None] = [None] * len(sought)
    if len(page) > _LONGEST_PAGE or not any(words_of(one.pieces) for one in sought):
        return nothing
    elements = find_elements(page)
    if elements is None or not elements.elements:
        return nothing
    return _Search(page, elements, sought, base_url).run()


@dataclass
class _Search:
    page: str
    elements: PageElements
    sought: Sequence[Sought]
    base_url: str
    _places: list[list[int]] = field(default_factory=list)
    _by_name: list[list[int]] = field(default_factory=list)
    _taken: list[tuple[int, int]] = field(default_factory=list)
    _budget: int = 0

    def run(self) -> list[tuple[Piece, ...] | None]:
        self._budget = 4 * len(self.page) + 1_000_000
        self._by_name = self._named()
        self._places = self._worded()
        self._taken = sorted(
            (offset, owner)
            for owner, places in enumerate(zip(self._by_name, self._places, strict=True))
            for offset in (*places[0], *places[1])
        )
        return [self._find(owner) for owner in range(len(self.sought))]

    def _named(self) -> list[list[int]]:
        """Where each entry's name stands on the page."""
        wanted: dict[str, list[int]] = {}
        for owner, one in enumerate(self.sought):
            for name in one.names:
                wanted.setdefault(name, []).append(owner)
        places: list[list[int]] = [[] for _ in self.sought]
        for element in self.elements.elements:
            for name in element.names:
                self._note(places, wanted.get(name, ()), element.start)
        for name, owners in wanted.items():
            for offset in self.elements.anchors.get(name, ())[:_MOST_PLACES]:
                self._note(places, owners, offset)
        return places

    def _worded(self) -> list[list[int]]:
        """Where the first words of each entry stand on the page."""
        wanted: dict[tuple[str, ...], list[int]] = {}
        for owner, one in enumerate(self.sought):
            if len(start := words_of(one.pieces)[:_KNOWN_BY]) == _KNOWN_BY:
                wanted.setdefault(tuple(start), []).append(owner)
        places: list[list[int]] = [[] for _ in self.sought]
        first_words = {start[0] for start in wanted}
        words, offsets = self._words_of_page()
        for index, word in enumerate(words):
            if word in first_words:
                owners = wanted.get(tuple(words[index : index + _KNOWN_BY]), ())
                self._note(places, owners, offsets[index])
        return places

    def _words_of_page(self) -> tuple[list[str], list[int]]:
        words: list[str] = []
        offsets: list[int] = []
        for start, end in self.elements.texts:
            found = _words(html.unescape(self.page[start:end]))
            words.extend(found)
            offsets.extend([start] * len(found))
        return words, offsets

    def _note(self, places: list[list[int]], owners: Sequence[int], offset: int) -> None:
        # A name or a beginning that several share tells none of them.
        if len(owners) == 1 and len(places[owners[0]]) < _MOST_PLACES:
            places[owners[0]].append(offset)

    def _find(self, owner: int) -> tuple[Piece, ...] | None:
        one = self.sought[owner]
        if not words_of(one.pieces):
            return None
        is_shown = False
        for number in self._candidates(owner):
            element = self.elements.elements[number]
            if self._is_anothers(element, owner) or self._is_furniture(number):
                continue
            size = element.end - element.inner
            self._budget -= size
            if self._budget < 0 or size > _LONGEST_ELEMENT:
                continue
            found = _aligned(self._pieces(number), one)
            if found and _says_more(found, one.pieces):
                return found
            is_shown |= found is not None and not self._is_unlike_an_entry(number)
        return one.pieces if is_shown else None

    def _candidates(self, owner: int) -> Iterator[int]:
        """The elements that may be the entry, the likeliest first, each once."""
        tried: set[int] = set()
        for offset in (*self._by_name[owner], *self._places[owner]):
            is_named = offset in self._by_name[owner]
            innermost = self.elements.at(offset)
            if innermost is None:
                continue
            chain = list(self.elements.ancestors(innermost, _CLIMBED))
            likely = chain if is_named else sorted(chain, key=self._is_unlike_an_entry)
            for number in likely:
                if number not in tried:
                    tried.add(number)
                    yield number

    def _is_unlike_an_entry(self, number: int) -> bool:
        element = self.elements.elements[number]
        return element.name not in _ENTRY_ELEMENTS and not element.names

    def _is_anothers(self, element: PageElement, owner: int) -> bool:
        """Whether *element* holds the place of another entry."""
        first = bisect_left(self._taken, (element.start, -1))
        for index in range(first, len(self._taken)):
            offset, other = self._taken[index]
            if offset >= element.end:
                return False
            # An entry has few places, so that this ends soon.
            if other != owner:
                return True
        return False

    def _is_furniture(self, number: int) -> bool:
        around = list(self.elements.ancestors(number, 4))
        return any(_is_furniture(self.elements.elements[one], "") for one in around)

    def _pieces(self, number: int) -> list[Piece]:
        """What stands in an element, without what belongs to the page."""
        element = self.elements.elements[number]
        kept, position = [], element.inner
        for inner in self.elements.inside(number):
            around = self.elements.elements[inner.parent].name
            if inner.start >= position and _is_furniture(inner, around):
                kept.append(self.page[position : inner.start])
                position = inner.end
        kept.append(self.page[position : element.end])
        markup = _ONLY_A_LINK.sub("", "".join(kept))
        markup = _IMG.sub(lambda tag: _mended_image(tag["attributes"]), markup)
        markup = _WITHOUT_SCRIPTS.sub(lambda found: found["image"] or found["instead"], markup)
        return FurnitureLeftOut().rest_of(pieces_of_html(markup, self.base_url))


def _is_furniture(element: PageElement, around: str) -> bool:
    if element.name in _FURNITURE_ELEMENTS and around not in ("blockquote", "figure"):
        return True
    labels = {word.lower() for word in _LABEL_WORD.findall(element.label)}
    return not labels.isdisjoint(_FURNITURE_LABELS)


def _aligned(pieces: Sequence[Piece], sought: Sought) -> tuple[Piece, ...] | None:
    """*pieces* that are the entry's, if they hold its whole text; None if they do not."""
    body = words_of(sought.pieces)
    text = " ".join(body)
    is_cut = is_cut_off(sought.pieces)
    kept: list[Piece] = []
    at, whole, is_alone = 0, 0, True
    for piece in pieces:
        if read := words_read(piece, body[at : at + 2000], is_cut):
            # A picture between another's text and this one may belong to either.
            kept = [*(kept if at or is_alone else []), piece]
            at += read
            whole = len(kept)
        elif not isinstance(piece, str):
            if not (words := " ".join(words_of([piece]))) or words not in text:
                kept.append(piece)
        elif not _is_known(piece, sought, above=at == 0):
            is_alone = False
            if at == len(body):
                kept = kept[:whole]
                break
            if at:
                return None
    return tuple(_without_doubles(kept)) if at == len(body) else None


def is_cut_off(pieces: Sequence[Piece]) -> bool:
    """Whether a machine ended the text of *pieces*: "Am Morgen stand das Wasser in …"."""
    last = pieces[-1] if pieces else ""
    return (last if isinstance(last, str) else last.text).endswith(("…", "..."))


def words_read(piece: Piece, body: list[str], is_cut: bool) -> int:
    """How many words *piece* and the beginning of *body* have in common, if it is all of one."""
    for words in _readings(piece):
        if words and body[: len(words)] == words:
            return len(words)
        if is_cut and len(body) >= 3 and words[: len(body)] == body:
            return len(body)
    return 0


def _readings(piece: Piece) -> Iterator[list[str]]:
    if isinstance(piece, Quote):
        yield _words(f"{piece.text} {piece.speaker}")
        yield _words(f"{piece.speaker} {piece.text}")
        yield _words(piece.text)
    elif isinstance(piece, Image):
        yield _words(f"{piece.text} {piece.credit}")
        yield _words(piece.text)
    else:
        yield _words(piece if isinstance(piece, str) else piece.text)


def _says_more(kept: Sequence[Piece], own: Sequence[Piece]) -> bool:
    marked = sum(not isinstance(piece, str) for piece in kept)
    own_marked = sum(not isinstance(piece, str) for piece in own)
    return marked >= own_marked and (marked > own_marked or len(kept) > len(own))


def _without_doubles(pieces: Sequence[Piece]) -> Iterator[Piece]:
    shown: set[str] = set()
    for piece in pieces:
        if isinstance(piece, Image) and piece.url:
            if piece.url in shown:
                continue
            shown.add(piece.url)
        yield piece


def _is_known(line: str, sought: Sought, *, above: bool) -> bool:
    """Whether *line* is the entry's headline, author or time, or, *above* the text, its badge."""
    words = _words(line)
    if not words or words in (_words(sought.headline), _words(sought.author)):
        return True
    if read_time_line(line) is not None:
        return True
    return (above and len(words) <= 2) or set(words) <= {*_words(sought.author), "von", "by"}


def _mended_image(attributes: str) -> str:
    """The ``<img>`` with the address that scripts would give it; nothing if it is no picture."""
    said = {
        one["name"].lower(): html.unescape(one["value"] or one["value2"] or one["value3"] or "")
        for one in _IMG_ATTRIBUTE.finditer(attributes)
    }
    sizes = [said[name] for name in ("width", "height") if said.get(name, "").isdecimal()]
    labels = {word.lower() for word in _LABEL_WORD.findall(said.get("class", ""))}
    if any(int(size[:9]) < _SMALLEST_PICTURE for size in sizes) or not labels.isdisjoint(_ICON):
        return ""
    sources = [*_by_size(said.get("srcset") or said.get("data-srcset") or "")]
    sources += [said.get(name, "") for name in ("data-src", "data-original", "src")]
    url = next((one for one in sources if one and not one.startswith("data:")), "")
    return f'<img src="{html.escape(url)}" alt="{html.escape(said.get("alt", ""))}">'


def _by_size(srcset: str) -> list[str]:
    """The addresses of a ``srcset``, the largest sensible one first."""
    sized: list[tuple[int, str]] = []
    for candidate in re.split(r",\s+", srcset)[:20]:
        url, _, size = candidate.strip().partition(" ")
        if url and size.endswith("w") and size[:-1].isascii() and size[:-1].isdecimal():
            width = int(size[:9].rstrip("w"))
            sized.append((width if width <= MOST_PIXELS_A_SIDE else -width, url))
    return [url for _, url in sorted(sized, reverse=True)]


def words_of(pieces: Sequence[Piece]) -> list[str]:
    """The words that *pieces* show, in their order."""
    return [word for piece in pieces for word in next(_readings(piece))]


def _words(text: str) -> list[str]:
    return _WORD.findall(clean_text(text).casefold())
