"""Where the elements of an HTML page begin and end.

A whole page is too large, and may be too hostile, for a parser that builds a tree; for finding
one entry's part of it, the places of its containers are enough. One pass, linear in the length.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

_TAG = re.compile(r"<(?P<closing>/?)(?P<name>[a-zA-Z][^\s/<>\"']{0,40})|<!--")
_TAG_GOES_ON = re.compile(r"[<>\"']")
_ATTRIBUTE = re.compile(
    r"(?<![^\s\"'])(?P<name>id|class|role|name|itemid"
    r"|data-[\w-]{0,40}(?:id|urn|key|entry|post|block|anchor|slug|url))\s{0,20}=\s{0,20}"
    r"(?:\"(?P<value>[^\"]{0,300})\"|'(?P<value2>[^']{0,300})'|(?P<value3>[^\s\"'<>]{1,300}))",
    re.IGNORECASE,
)
_RAW = {"script", "style", "template", "textarea", "svg", "iframe", "title"}
_CONTAINERS = {
    *("div", "section", "article", "main", "aside", "header", "footer", "nav", "form", "button"),
    *("figure", "ul", "ol", "li", "blockquote", "details", "table", "p", "dialog", "select"),
}
_CLOSED_BY_THE_NEXT = {"li", "p"}
_MOST_ELEMENTS = 200_000
_DEEPEST = 300
_LOOKED_BACK = 40
_LONGEST_ATTRIBUTES = 5000


@dataclass(slots=True)
class PageElement:
    """A container: its place, from *start* to *end*; what it holds begins at *inner*."""

    name: str
    start: int
    inner: int
    parent: int
    names: tuple[str, ...]
    label: str
    end: int = -1


@dataclass
class PageElements:
    """The containers of a page in the order they begin, its named places, and its text."""

    elements: list[PageElement] = field(default_factory=list)
    #: Named elements that hold nothing by themselves (``<a id="…">``): their places by name.
    anchors: dict[str, list[int]] = field(default_factory=dict)
    #: Beginning and end of each run of text between tags.
    texts: list[tuple[int, int]] = field(default_factory=list)
    _starts: list[int] = field(default_factory=list)

    def at(self, offset: int) -> int | None:
        """The number of the innermost container around *offset*."""
        number = bisect_right(self._starts, offset) - 1
        while number >= 0 and self.elements[number].end <= offset:
            number = self.elements[number].parent
        return number if number >= 0 else None

    def ancestors(self, number: int, most: int) -> Iterator[int]:
        """*number* and the containers around it, up to *most* of them."""
        while number >= 0 and most > 0:
            yield number
            number = self.elements[number].parent
            most -= 1

    def inside(self, number: int) -> Iterator[PageElement]:
        """The containers within container *number*, in their order."""
        end = self.elements[number].end
        for inner in range(number + 1, len(self.elements)):
            if self.elements[inner].start >= end:
                return
            yield self.elements[inner]


def find_elements(page: str) -> PageElements | None:
    """The containers of *page*; None if it has more, or nests deeper, than any honest page."""
    scan = _Scan(page)
    return scan.found if scan.run() else None


class _Scan:
    def __init__(self, page: str) -> None:
        self.found = PageElements()
        self._page = page
        self._open: list[int] = []
        self._absent: set[str] = set()

    def run(self) -> bool:
        position, text_start = 0, 0
        while tag := _TAG.search(self._page, position):
            if tag.start() > text_start:
                self.found.texts.append((text_start, tag.start()))
            position = text_start = self._after(tag)
            if len(self.found.elements) > _MOST_ELEMENTS or len(self._open) > _DEEPEST:
                return False
            if len(self.found.texts) > _MOST_ELEMENTS * 3:
                return False
        for number in self._open:
            self.found.elements[number].end = len(self._page)
        self.found._starts.extend(element.start for element in self.found.elements)
        return True

    def _after(self, tag: re.Match[str]) -> int:
        """Takes in *tag*; where to go on after it."""
        if tag["name"] is None:
            return self._find("-->", tag.end(), 3)
        end = self._end_of_tag(tag.end())
        name = tag["name"].lower()
        if tag["closing"]:
            self._close(name, end)
        elif name in _RAW:
            return self._find(f"</{name}", end, 0)
        else:
            self._begin(name, tag, end)
        return end

    def _end_of_tag(self, position: int) -> int:
        """Where the tag that goes on at *position* ends; a broken one ends at the next one."""
        while sign := _TAG_GOES_ON.search(self._page, position):
            if sign[0] == ">":
                return sign.end()
            if sign[0] == "<":
                return sign.start()
            closing = self._find(sign[0], sign.end(), 1)
            if sign[0] in self._absent:
                return sign.end()
            position = closing
        return len(self._page)

    def _find(self, what: str, position: int, length: int) -> int:
        """Where to go on after *what*; at *position* if there is no more of it."""
        if what in self._absent:
            return position
        found = self._page.find(what, position)
        if found < 0:
            self._absent.add(what)
            return position
        return found + length

    def _begin(self, name: str, tag: re.Match[str], end: int) -> None:
        attributes = self._page[tag.end() : min(end, tag.end() + _LONGEST_ATTRIBUTES)]
        names, label = _names_and_label(attributes)
        if name not in _CONTAINERS and "-" not in name:
            for one in names:
                self.found.anchors.setdefault(one, []).append(tag.start())
            return
        top = self.found.elements[self._open[-1]].name if self._open else ""
        if top == "p" or (top == name and name in _CLOSED_BY_THE_NEXT):
            self.found.elements[self._open.pop()].end = tag.start()
        parent = self._open[-1] if self._open else -1
        self._open.append(len(self.found.elements))
        self.found.elements.append(PageElement(name, tag.start(), end, parent, names, label))

    def _close(self, name: str, end: int) -> None:
        for back in range(1, min(len(self._open), _LOOKED_BACK) + 1):
            if self.found.elements[self._open[-back]].name == name:
                for number in self._open[-back:]:
                    self.found.elements[number].end = end
                del self._open[-back:]
                return


def _names_and_label(attributes: str) -> tuple[tuple[str, ...], str]:
    """What may name an element (its id, its data), and how it is classed."""
    names: list[str] = []
    label: list[str] = []
    for one in _ATTRIBUTE.finditer(attributes):
        value = (one["value"] or one["value2"] or one["value3"] or "").strip()
        if (name := one["name"].lower()) in ("class", "role"):
            label.append(value)
        elif value:
            names.append(value)
            label.extend([value] if name == "id" else [])
    return tuple(names), " ".join(label)
