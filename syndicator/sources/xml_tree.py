"""XML from outside as a tree: whole, without anything it could make us fetch or expand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin
from xml.parsers import expat

#: More than the feed of any live blog has, and as many as fit in the memory of a small machine.
MOST_ELEMENTS = 500_000
DEEPEST = 200
#: Names are told apart by these prefixes, whichever the document uses for their namespaces.
_PREFIXES = {
    "http://www.w3.org/2005/atom": "",
    "http://purl.org/atom/ns#": "",
    "http://purl.org/rss/1.0/": "",
    "http://my.netscape.com/rdf/simple/0.9/": "",
    "http://backend.userland.com/rss2": "",
    "http://purl.org/rss/1.0/modules/content/": "content",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/terms/": "dcterms",
    "http://search.yahoo.com/mrss": "media",
    "http://search.yahoo.com/mrss/": "media",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf",
    "http://www.w3.org/1999/xhtml": "xhtml",
    "http://purl.org/atompub/tombstones/1.0": "at",
}
#: What is meant by a prefix that the document forgot to declare.
_USUAL = {"atom": "", "a10": ""}
_BEFORE_THE_ROOT = re.compile(r"\A[\s\ufeff]*(?:<\?xml\b[^>]{0,500}\?>\s*)?")
_BASE = "xml:base"
_LANGUAGE = "xml:lang"


class MalformedXml(ValueError):
    """The text is no well-formed XML; the error says what is wrong where."""


class UnsafeXml(ValueError):
    """The XML is not read for what it could do; the text says what, as the end of "Found …"."""


@dataclass(slots=True)
class Element:
    """One element. *name* has the prefix of `_PREFIXES`, attributes the one they are written with.

    *base* is the xml:base in force, absolute only where the document gives an absolute one.
    """

    name: str
    attributes: Mapping[str, str]
    base: str = ""
    language: str = ""
    children: list[Element | str] = field(default_factory=list)

    def elements(self, *names: str) -> Iterator[Element]:
        """The direct children called one of *names*, in their order."""
        for child in self.children:
            if isinstance(child, Element) and child.name in names:
                yield child

    def first(self, *names: str) -> Element | None:
        """The first child by the first of *names* that there is."""
        return next((child for name in names for child in self.elements(name)), None)

    def text(self) -> str:
        """The characters directly in it and in the elements inside it."""
        return "".join(
            child if isinstance(child, str) else child.text() for child in self.children
        ).strip()

    def text_of(self, *names: str) -> str:
        """The text of the first child with any, by the first of *names* that has one."""
        texts = (child.text() for name in names for child in self.elements(name))
        return next(filter(None, texts), "")


#: Namespaces by the prefixes that stand for them.
Scope = Mapping[str, str]


def parse_xml(text: str, *, inside: Element | None = None, scope: Scope | None = None) -> Element:
    """The root of *text*; `MalformedXml`, or `UnsafeXml` if it declares entities or is too large.

    An encoding that *text* declares is over: it is decoded. Nothing outside is ever asked for.
    With *inside*, *text* is read as a part of that element, in which *scope* holds.
    """
    builder = _Builder(inside, scope or {})
    builder.parse(text)
    assert builder.root is not None
    return builder.root


def parse_beginning(text: str) -> tuple[Element, Scope]:
    """The root of *text* as far as *text* goes, and the namespaces it declares."""
    builder = _Builder(None, {})
    try:
        builder.parse(text)
    except MalformedXml:
        if builder.root is None:
            raise
    assert builder.root is not None
    return builder.root, _scope({}, builder.root.attributes)


class _Builder:
    def __init__(self, inside: Element | None, scope: Scope) -> None:
        self.root: Element | None = None
        self._inside = inside
        self._open: list[Element] = []
        self._scopes: list[Scope] = [scope]
        self._count = 0

    def parse(self, text: str) -> None:
        # The parser holds the builder; were it the other way round too, thousands of both would
        # wait for the garbage collector.
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.EntityDeclHandler = self._entity
        text = _BEFORE_THE_ROOT.sub("", text)
        try:
            parser.Parse(text.encode("utf-8", "replace"), True)
        except expat.ExpatError as error:
            raise MalformedXml(str(error)) from error

    def _entity(self, *_declaration: object) -> None:
        raise UnsafeXml("XML that declares entities of its own, which is not safe to read")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MOST_ELEMENTS:
            raise UnsafeXml(f"XML of more than {MOST_ELEMENTS} elements")
        if len(self._open) >= DEEPEST:
            raise UnsafeXml("XML nested too deeply")
        self._scopes.append(_scope(self._scopes[-1], attributes))
        parent = self._open[-1] if self._open else self._inside
        element = Element(
            self._name(name),
            attributes,
            base=_base(parent.base if parent else "", attributes.get(_BASE, "")),
            language=attributes.get(_LANGUAGE, parent.language if parent else ""),
        )
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def _end(self, _name: str) -> None:
        self._open.pop()
        self._scopes.pop()

    def _characters(self, text: str) -> None:
        if self._open:
            self._open[-1].children.append(text)

    def _name(self, name: str) -> str:
        prefix, _, local = name.rpartition(":")
        namespace = self._scopes[-1].get(prefix)
        if namespace is None:
            known = _USUAL.get(prefix, prefix)
        else:
            known = _PREFIXES.get(namespace.strip().lower(), prefix)
        return f"{known}:{local}" if known else local


def _scope(outer: Scope, attributes: Mapping[str, str]) -> Scope:
    """The namespaces by prefix inside an element with *attributes*."""
    declared = {
        name.removeprefix("xmlns").removeprefix(":"): value
        for name, value in attributes.items()
        if name == "xmlns" or name.startswith("xmlns:")
    }
    return {**outer, **declared} if declared else outer


def _base(outer: str, own: str) -> str:
    try:
        return urljoin(outer, own.strip()) if own else outer
    except ValueError:
        return outer
