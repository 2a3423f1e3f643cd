"""HTML of an entry as blocks."""

from __future__ import annotations

import html
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import nh3
import regex
from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, Tag

from syndicator.content import BulletList, Image, Quote, clean_text
from syndicator.sources.credit_lines import credit_of, split_credit
from syndicator.sources.entry_body import Piece
from syndicator.sources.quotations import speaker_of, split_quote, without_marks
from syndicator.sources.share_labels import is_share_label

_PARAGRAPHS = {
    "p",
    "div",
    "section",
    "article",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "tr",
    "dd",
    "dt",
}
_LISTS = {"ul", "ol"}
_INLINE = {"small", "cite"}
_KEPT = _PARAGRAPHS | _LISTS | {"li", "br", "blockquote", "footer"} | _INLINE
_KEPT |= {"figure", "figcaption", "img"}
_MARKUP = regex.compile(
    r"<(?:/?[a-zA-Z]|![a-zA-Z\[-]|\?[a-zA-Z])[^<>]*>|&(?:#\d+|#x[\da-fA-F]+|[a-zA-Z]+);"
)
_BLOCK_TAG = regex.compile(rf"<(?:{'|'.join(sorted(_KEPT - _INLINE))})\b", regex.IGNORECASE)
_TAG = regex.compile(r"<(?P<closing>/?)(?P<name>[a-zA-Z][a-zA-Z0-9-]*)[^<>]*>?")
#: After them a parser takes tags for text.
_TAG_OF_TEXT = regex.compile(
    r"</?(?:plaintext|xmp|textarea|title|noembed|noframes|noscript|iframe)\b[^<>]*>",
    regex.IGNORECASE,
)
_SCHEME = regex.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_LEFT_OPEN = {"p", "li", "br", "img", "hr", "wbr", "dt", "dd", "tr", "td", "th", "input", "source"}
_DEEPEST_CLEANED = 300
#: Below it, elements are read as plain text: nobody nests so deeply, and the stack is finite.
_DEEPEST = 40


def has_block_markup(text: str) -> bool:
    """Whether elements, and not line breaks, part the paragraphs of *text*."""
    return bool(_BLOCK_TAG.search(text))


def is_markup(text: str) -> bool:
    """Whether *text* contains a tag, what browsers leave out like one, or an entity."""
    return bool(_MARKUP.search(text))


def text_of_html(markup: str) -> str:
    """*markup* as one line of text."""
    if not is_markup(markup):
        return clean_text(markup)
    return clean_text(html.unescape(nh3.clean(_TAG_OF_TEXT.sub("", markup), tags=set())))


def pieces_of_html(markup: str, base_url: str = "") -> list[Piece]:
    """*markup* as blocks where its elements say what they are, and as lines where they don't.

    Image addresses are resolved against *base_url*; what stays relative is left out. Labels of
    share buttons are dropped.
    """
    if _nests_too_deeply(markup):
        return [text_of_html(_TAG.sub(" ", markup))]
    cleaned = nh3.clean(
        _TAG_OF_TEXT.sub("", markup),
        tags=_KEPT,
        attributes={"img": {"src", "alt"}},
        url_schemes={"http", "https"},
    )
    if "<" not in cleaned:  # of an address alone the parser would warn
        line = clean_text(html.unescape(cleaned))
        return [] if is_share_label(line) else list(filter(None, [line]))
    body = BeautifulSoup(cleaned, "html.parser")
    return list(_Walk(base_url).pieces(body))


def _nests_too_deeply(markup: str) -> bool:
    """Whether cleaning *markup* would take time that grows with the square of its depth."""
    depth = 0
    for tag in _TAG.finditer(markup):
        if tag["name"].lower() not in _LEFT_OPEN:
            depth = max(0, depth + (-1 if tag["closing"] else 1))
            if depth > _DEEPEST_CLEANED:
                return True
    return False


def absolute_url(url: str, base_url: str) -> str:
    """*url* resolved against *base_url* if that makes an http(s) address, else nothing."""
    url = url.strip()
    if not url:
        return ""
    try:
        # To urljoin, "https:" alone means the page itself.
        joined = url if _SCHEME.match(url) else urljoin(base_url, url)
        parts = urlsplit(joined)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return ""
    return joined if is_web and not regex.search(r"[\s\p{Cc}]", joined) else ""


class _Walk:
    def __init__(self, base_url: str) -> None:
        self._base_url = base_url

    def pieces(self, root: Tag) -> Iterator[Piece]:
        for piece in self._children(root, 0):
            if not isinstance(piece, str):
                yield piece
            elif (line := clean_text(piece)) and not is_share_label(line):
                yield line

    def _children(self, parent: Tag, depth: int) -> Iterator[Piece]:
        line = ""
        for child in parent.children:
            if isinstance(child, NavigableString):
                line += str(child)
            elif not isinstance(child, Tag) or child.name in _INLINE:
                line += _text(child)
            else:
                yield line
                line = ""
                yield from self._element(child, depth + 1)
        yield line

    def _element(self, element: Tag, depth: int) -> Iterator[Piece]:
        if depth > _DEEPEST:
            yield _text(element)
        elif element.name in _LISTS:
            yield from self._list(element, depth)
        elif element.name == "blockquote":
            yield from self._quote(element, "", depth)
        elif element.name == "figure":
            yield from self._figure(element, depth)
        elif element.name == "img":
            if image := self._image(element):
                yield image
        elif element.name != "br":
            yield from self._children(element, depth)

    def _list(self, element: Tag, depth: int) -> Iterator[Piece]:
        """The items of a list, those of lists inside it after the item they are in."""
        items: list[str] = []
        images: list[Piece] = []
        for item in element.children:
            lines: list[str] = []
            inner: list[str] = []
            for piece in self._children(item, depth) if isinstance(item, Tag) else [_text(item)]:
                if isinstance(piece, BulletList):
                    inner.extend(piece.items)
                elif isinstance(piece, Image):
                    images.append(piece)
                else:
                    lines.append(piece if isinstance(piece, str) else piece.text)
            text = clean_text(" ".join(lines))
            items.extend([text, *inner] if text and not is_share_label(text) else inner)
        if items:
            yield BulletList(tuple(items), ordered=element.name == "ol")
        yield from images

    def _quote(self, element: Tag, speaker: str, depth: int) -> Iterator[Piece]:
        # Inner ones first, so that a <cite> in a <footer> is not read twice.
        named = [tag.extract() for tag in element.find_all(["cite", "footer", "figcaption"])[::-1]]
        names = [clean_text(_text(tag)).lstrip("–—- ") for tag in named[::-1]]
        speaker = ", ".join(filter(None, [speaker, *names]))
        lines = [
            line
            for piece in self._children(element, depth)
            if not isinstance(piece, Image)
            for text in (piece if isinstance(piece, str) else piece.text).split("\n")
            if (line := clean_text(text)) and not is_share_label(line)
        ]
        if not speaker and len(lines) > 1 and lines[-1].startswith(("–", "—", "-")):
            speaker = speaker_of(lines.pop())
        text = " ".join(lines)
        quote = split_quote(text)
        if quote and quote.speaker and not speaker:
            yield quote
        elif text:
            yield Quote(without_marks(text), speaker)
        elif speaker:
            yield speaker

    def _figure(self, element: Tag, depth: int) -> Iterator[Piece]:
        said = element.find("figcaption")
        caption_tag = said.extract() if isinstance(said, Tag) else None
        quote = element.find("blockquote")
        if isinstance(quote, Tag):
            speaker = clean_text(_text(caption_tag)).lstrip("–—- ") if caption_tag else ""
            yield from self._quote(quote.extract(), speaker, depth)
            yield from self._children(element, depth)
            return
        pieces = list(self._children(element, depth))
        images = [piece for piece in pieces if isinstance(piece, Image)]
        caption, credit = _caption_and_credit(caption_tag) if caption_tag else ("", "")
        if caption or credit:
            first = images[0] if images else Image()
            pieces = [piece for piece in pieces if piece is not first]
            yield Image(caption, credit, first.alt, first.url)
        yield from pieces

    def _image(self, img: Tag) -> Image | None:
        url = absolute_url(str(img.get("src", "")), self._base_url)
        alt = clean_text(str(img.get("alt", "")))
        return Image(alt=alt, url=url) if url else None


def _caption_and_credit(figcaption: Tag) -> tuple[str, str]:
    marked = figcaption.find(["small", "cite", "footer"])
    if not isinstance(marked, Tag):
        return split_credit(clean_text(_text(figcaption)))
    credit = clean_text(_text(marked.extract()))
    return clean_text(_text(figcaption)), credit_of(credit) or credit


def _text(node: PageElement) -> str:
    if isinstance(node, Tag):
        return " ".join(node.get_text().split()) if node.name != "br" else " "
    return str(node)
