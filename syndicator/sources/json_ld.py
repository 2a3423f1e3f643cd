"""An HTML page with a schema.org LiveBlogPosting in JSON-LD."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urldefrag

from syndicator.content import EntryContent, Image, clean_text
from syndicator.sources.base import Reader, ReadingContext, SourceDocument, UnreadableSource
from syndicator.sources.credit_lines import caption_key, credit_of, split_credit
from syndicator.sources.derived_ids import with_derived_ids
from syndicator.sources.entry_body import Piece, read_blocks, with_attached
from syndicator.sources.entry_order import oldest_first
from syndicator.sources.file_kinds import MAX_BYTES, is_html, unreadable
from syndicator.sources.headlines import without_repetition
from syndicator.sources.html_blocks import (
    absolute_url,
    has_block_markup,
    pieces_of_html,
    text_of_html,
)
from syndicator.sources.json_text import load_json
from syndicator.sources.json_values import Node, line, listed, string
from syndicator.sources.language_tags import language_tag
from syndicator.sources.page_furniture import FurnitureLeftOut
from syndicator.sources.page_head import PageHead, read_page_head
from syndicator.sources.page_html import Sought, pieces_on_page
from syndicator.sources.share_labels import is_share_label
from syndicator.sources.text_encoding import decode_text
from syndicator.sources.timestamps import aware_time

_LIVE_BLOG = "LiveBlogPosting"
_WRAPPING = re.compile(
    r"^\s*(?://\s*|/\*\s*)?(?:<!\[CDATA\[|<!--)(?:\s*\*/)?"
    r"|(?://\s*|/\*\s*)?(?:\]\]>|-->)(?:\s*\*/)?\s*$"
)


class JsonLdReader(Reader):
    name: ClassVar[str] = "json-ld"
    describes: ClassVar[str] = "an HTML page with a schema.org LiveBlogPosting in JSON-LD"

    def recognises(self, data: bytes) -> bool:
        if len(data) > MAX_BYTES:
            return False
        text = decode_text(data)
        return _LIVE_BLOG in text and "ld+json" in text and (is_html(text) or "<script" in text)

    def read(self, data: bytes, context: ReadingContext) -> SourceDocument:
        if not self.recognises(data):
            raise unreadable(self.describes, data)
        head = read_page_head(decode_text(data))
        values, broken = _values(head.json_ld)
        graph = _Graph(values)
        live_blog = graph.live_blog()
        if live_blog is None:
            found = "Found LiveBlogPosting data that is not valid JSON." if broken else (
                "Found an HTML page without a LiveBlogPosting."
            )  # fmt: skip
            raise UnreadableSource(f"Expected {self.describes}.", found)
        canonical_url = _canonical_url(live_blog, head, context)
        updates = _Updates(graph, decode_text(data), canonical_url, context)
        entries = updates.read(listed(live_blog.get("liveBlogUpdate")))
        if broken:
            updates.warnings.append(f"{broken} JSON-LD scripts of the page are broken.")
        return SourceDocument(
            reader=self.name,
            entries=entries,
            title=line(live_blog.get("headline")) or line(live_blog.get("name")),
            canonical_url=canonical_url,
            language=language_tag(line(live_blog.get("inLanguage"))) or head.language,
            sparse=tuple(updates.sparse),
            warnings=(*updates.warnings, *updates.furniture.warnings()),
        )


class _Graph:
    """All JSON-LD of a page: nodes may be nested, or named by their @id somewhere else."""

    def __init__(self, values: Iterable[Any]) -> None:
        self._live_blogs: list[Node] = []
        self._by_id: dict[str, Node] = {}
        waiting = list(values)
        while waiting:
            value = waiting.pop()
            if isinstance(value, list):
                waiting.extend(value)
            elif isinstance(value, dict):
                waiting.extend(value.values())
                if _is_a(value, _LIVE_BLOG):
                    self._live_blogs.append(value)
                if isinstance(value.get("@id"), str) and len(value) > 1:
                    self._by_id.setdefault(value["@id"], value)

    def live_blog(self) -> Node | None:
        """The live blog of the page; of several, the one with the most updates."""
        return max(
            self._live_blogs,
            key=lambda node: len(listed(node.get("liveBlogUpdate"))),
            default=None,
        )

    def whole(self, value: Any) -> Any:
        """*value*, or the node it only names."""
        if isinstance(value, dict) and set(value) == {"@id"} and isinstance(value["@id"], str):
            return self._by_id.get(value["@id"], value)
        return value


@dataclass
class _Updates:
    """Turns the updates of one live blog into entries."""

    graph: _Graph
    page: str
    canonical_url: str
    context: ReadingContext
    warnings: list[str] = field(default_factory=list)
    sparse: list[str] = field(default_factory=list)
    furniture: FurnitureLeftOut = field(default_factory=FurnitureLeftOut)

    def read(self, updates: list[Any]) -> tuple[EntryContent, ...]:
        """The entries of *updates*, oldest first."""
        if not updates:
            self.warnings.append("The LiveBlogPosting has no updates yet.")
        whole = [(number, self.graph.whole(value)) for number, value in enumerate(updates, start=1)]
        for number, update in whole:
            if not isinstance(update, dict):
                self.warnings.append(f"Update {number} was left out: it is not an object.")
        said = [(number, update) for number, update in whole if isinstance(update, dict)]
        sought = [self._sought(update) for _, update in said]
        shown = pieces_on_page(self.page, sought, self.canonical_url)
        entries = []
        for (number, update), known, completed in zip(said, sought, shown, strict=True):
            pieces = list(completed or known.pieces)
            shown_more = completed is not None and completed is not known.pieces
            has_pictures = shown_more and any(isinstance(piece, Image) for piece in pieces)
            images = list(self._images(update.get("image"), pieces))
            # Beside the page's own pictures, one without a caption is a cut-out of them.
            images = [image for image in images if image.text or not has_pictures]
            pieces = with_attached(pieces, images)
            if entry := self._entry(update, number, pieces):
                entries.append(entry)
                # A name that derives from the text finds no known entry surely.
                if completed is None and entry.external_id and known.pieces:
                    self.sparse.append(entry.external_id)
        return with_derived_ids(oldest_first(entries))

    def _sought(self, update: Node) -> Sought:
        """What *update* says, and how its place on the page may be found."""
        link = self._link(update)
        stated = (self._native_id(update, link), link, string(update.get("@id")))
        return Sought(
            names=tuple(dict.fromkeys(filter(None, stated))),
            headline=line(update.get("headline")),
            author=", ".join(self._names(update.get("author"))),
            pieces=tuple(self._body(string(update.get("articleBody")))),
        )

    def _entry(self, update: Node, number: int, pieces: list[Piece]) -> EntryContent | None:
        headline, blocks = without_repetition(line(update.get("headline")), read_blocks(pieces))
        if not blocks and not headline:
            self.warnings.append(f"Update {number} was left out: it has neither headline nor text.")
            return None
        link = self._link(update)
        return EntryContent(
            external_id=self._native_id(update, link),
            author=", ".join(self._names(update.get("author"))),
            headline=headline,
            published_at=self._published_at(update, number),
            permalink=link,
            blocks=blocks,
        )

    def _body(self, body: str) -> list[Piece]:
        if has_block_markup(body):
            return self.furniture.rest_of(pieces_of_html(body, self.canonical_url))
        lines = map(text_of_html, body.splitlines())
        return self.furniture.rest_of([one for one in lines if one and not is_share_label(one)])

    def _images(self, value: Any, pieces: Sequence[Piece]) -> Iterator[Image]:
        """The images of *value* that the body does not show already."""
        shown = {piece.url for piece in pieces if isinstance(piece, Image)}
        for one in listed(value):
            image = self.graph.whole(one)
            if isinstance(image, str):
                image = {"url": image}
            if not isinstance(image, dict):
                continue
            source = string(image.get("url")) or string(image.get("contentUrl"))
            url = absolute_url(source or string(image.get("@id")), self.canonical_url)
            caption = line(image.get("caption"))
            credit = ", ".join(self._credits(image))
            if not credit:
                caption, credit = split_credit(caption)
            if (url and url not in shown) or caption_key(caption):
                shown.add(url)
                yield Image(caption, credit_of(credit) or credit, url=url)

    def _credits(self, image: Node) -> list[str]:
        for name in ("creditText", "copyrightHolder", "creator", "copyrightNotice", "author"):
            if names := self._names(image.get(name)):
                return names
        return []

    def _names(self, value: Any) -> list[str]:
        """The names of people or organisations, given as text, objects, or a list of either."""
        names = []
        for one in listed(value):
            person = self.graph.whole(one)
            name = person.get("name") if isinstance(person, dict) else person
            if (text := line(name)) and text not in names:
                names.append(text)
        return names

    def _published_at(self, update: Node, number: int) -> datetime | None:
        stated = [string(update.get(name)) for name in ("datePublished", "dateModified")]
        for text in filter(None, stated):
            if moment := aware_time(text, self.context.time_zone):
                return moment
            self.warnings.append(f"Update {number}: the date “{clean_text(text)[:40]}” is unclear.")
        return None

    def _link(self, update: Node) -> str:
        """The update's own address. That of the whole page is none."""
        page = update.get("mainEntityOfPage")
        about = self.graph.whole(page)
        candidates = [update.get("url"), update.get("@id"), page]
        if isinstance(about, dict):
            candidates += [about.get("url"), about.get("@id")]
        for candidate in map(string, candidates):
            if not re.match(r"https?://|[/#?]", candidate):
                continue
            if self._is_page(absolute_url(candidate, self.canonical_url)):
                continue
            # What the page leaves open belongs to the address that was set for the live blog.
            if url := absolute_url(candidate, self.context.canonical_url or self.canonical_url):
                return url
        return ""

    def _native_id(self, update: Node, link: str) -> str:
        """What the source calls the update: a fragment of the page, or its whole @id or URL."""
        for candidate in (clean_text(string(update.get("@id"))), link):
            page, fragment = urldefrag(absolute_url(candidate, self.canonical_url))
            if fragment and (self._is_page(page) or page == self.context.canonical_url):
                return fragment
            if candidate and not self._is_page(candidate):
                return candidate.removeprefix("#")
        return ""

    def _is_page(self, url: str) -> bool:
        """Whether *url* is that of the whole live blog, tracking parameters apart."""
        page = self.canonical_url.rstrip("/")
        url, fragment = urldefrag(url)
        if "?" not in page:
            url = url.partition("?")[0]
        return bool(page) and not fragment and url.rstrip("/") == page


def _values(scripts: Iterable[str]) -> tuple[list[Any], int]:
    """The values of JSON-LD *scripts*, and how many of these are broken."""
    values, broken = [], 0
    for script in scripts:
        try:
            values.append(load_json(_WRAPPING.sub("", script)))
        except ValueError:
            broken += 1
    return values, broken


def _canonical_url(live_blog: Node, head: PageHead, context: ReadingContext) -> str:
    """The page's address without its fragment, from the most to the least binding statement."""
    stated = (string(live_blog.get("url")), head.canonical, head.open_graph_url)
    urls = (absolute_url(url, context.canonical_url) for url in stated if url)
    return urldefrag(next(filter(None, urls), context.canonical_url)).url


def _is_a(node: Node, kind: str) -> bool:
    return any(
        isinstance(name, str) and re.split(r"[/:#]", name)[-1] == kind
        for name in listed(node.get("@type"))
    )
