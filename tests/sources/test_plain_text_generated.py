"""Pages made up from entries in every style: reading one gives its entries back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from syndicator.content import Block, BulletList, Image, Paragraph, Quote
from syndicator.sources.base import ReadingContext
from syndicator.sources.plain_text import PlainTextReader

AUTHORS = ["Mara Lindner", "Jon Falk", "Ida von der Brandt", "SZ-Redaktion", "dpa", "J. R. Möller"]
AUTHORS += ["Mara Lindner und Jon Falk", "Ute Sommer, Kiew"]
PHOTOGRAPHERS = ["Tomas Wieck/AFP", "IMAGO / Petra Sand", "Lena Koll/Reuters/dpa"]
SPEAKERS = ["Helene Oster, Außenministerin", "Karim Odeh, UN-Gesandter", "Paul Brenner"]
WORDS = ["die", "vermittler", "haben", "am", "abend", "neuen", "entwurf", "genf", "gäste", "in"]

LABELS = [
    ["Link kopieren", "Auf Facebook teilen", "Auf X teilen", "Per E-Mail teilen"],
    ["- Link kopieren", "- Auf Facebook teilen", "- Auf Twitter teilen", "- Teilen"],
    ["Link kopieren Auf Facebook teilen Auf X teilen Per E-Mail teilen"],
    ["Copy link", "Share on Facebook", "Share on X", "Share via email"],
    ["Share"],
]
LABEL_LINES = [line for row in LABELS for line in row]
CREDITS: list[Callable[[str, str], list[str]]] = [
    lambda caption, credit: [caption, credit],
    lambda caption, credit: [caption, f"Foto: {credit}"],
    lambda caption, credit: [f"{caption} © {credit}"],
    lambda caption, credit: [f"{caption} (Foto: {credit})"],
    lambda caption, credit: [f"{caption}{credit}"],
    lambda caption, credit: [caption, f"{caption} Photograph: {credit}"],
    lambda caption, credit: [caption, caption, credit],
    lambda caption, credit: [f"{caption} {credit}", caption],
]
QUOTES: list[Callable[[str, str], list[str]]] = [
    lambda text, speaker: [f"„{text}“{speaker}"],
    lambda text, speaker: [f"“{text}” – {speaker}"],
    lambda text, speaker: [f"»{text}«", speaker],
    lambda text, speaker: [f"{text}{speaker}"],
]
HEADERS: list[Callable[[str], list[str]]] = [
    lambda author: [author],
    lambda author: [f"Von {author}"],
    lambda author: [author, "vor 3 Stunden"],
    lambda author: ["14:32 Uhr", author],
    lambda author: [f"{author}, 14.32 Uhr"],
]


@dataclass(frozen=True)
class Entry:
    author: str
    headline: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Style:
    labels: list[str]
    credit: Callable[[str, str], list[str]]
    quote: Callable[[str, str], list[str]]
    header: Callable[[str], list[str]]
    bullet: str
    blank_lines: int


styles = st.builds(
    Style,
    st.sampled_from(LABELS),
    st.sampled_from(CREDITS),
    st.sampled_from(QUOTES),
    st.sampled_from(HEADERS),
    st.sampled_from(["- ", "• ", "* ", "– "]),
    st.integers(0, 2),
)
phrases = st.lists(st.sampled_from(WORDS), min_size=4, max_size=12).map(" ".join)
titles = phrases.map(str.capitalize).filter(lambda text: len(text) <= 120)
headlines = st.one_of(titles, titles.map("Minister: „{}“".format), titles.map("{}?".format))
sentences = titles.map("{}.".format)
blocks = st.lists(
    st.one_of(
        st.builds(Paragraph, st.lists(sentences, min_size=1, max_size=3).map(" ".join)),
        st.builds(BulletList, st.lists(titles, min_size=1, max_size=4).map(tuple)),
        st.builds(Quote, sentences, st.sampled_from(SPEAKERS)),
        st.builds(Image, sentences, st.sampled_from(PHOTOGRAPHERS)),
    ),
    min_size=1,
    max_size=5,
    # Equal texts in one entry are one picture's, and two lists in a row are one list.
    unique_by=lambda block: block.text,
).filter(
    lambda found: (
        not any(
            isinstance(above, BulletList) and isinstance(below, BulletList)
            for above, below in pairwise(found)
        )
    )
)
entries = st.builds(
    Entry, st.sampled_from(AUTHORS), st.one_of(st.just(""), headlines), blocks.map(tuple)
).filter(lambda entry: entry.blocks[0].text.rstrip(".") != entry.headline.rstrip("?"))


def page_of(newest_first: Sequence[Entry], style: Style) -> str:
    lines = ["Alle Nachrichten im Überblick", "Seit dem Morgen wird verhandelt.", "Key updates"]
    lines += [entry.headline for entry in newest_first if entry.headline]
    for entry in newest_first:
        lines += style.header(entry.author)
        lines += [entry.headline] if entry.headline else []
        for block in entry.blocks:
            lines += written(block, style)
        lines += style.labels
    lines += ["Ältere Beiträge laden", "© Morgenblatt"]
    return ("\n" * (style.blank_lines + 1)).join(lines)


def written(block: Block, style: Style) -> list[str]:
    match block:
        case Paragraph(text):
            return [text]
        case BulletList(items):
            return [style.bullet + item for item in items]
        case Quote(text, speaker):
            return style.quote(text, speaker)
        case Image(caption, credit):
            return style.credit(caption, credit)


@settings(max_examples=25, deadline=None)
@given(st.lists(entries, min_size=1, max_size=8), styles)
def test_a_page_gives_its_entries_back(newest_first: list[Entry], style: Style) -> None:
    page = page_of(newest_first, style)
    document = PlainTextReader().read(page.encode(), ReadingContext())
    read = [Entry(entry.author, entry.headline, entry.blocks) for entry in document.entries]
    assert read == newest_first[::-1]
    ids = [entry.external_id for entry in document.entries]
    assert len(set(ids)) == len(ids)
    assert all(entry.derived_id for entry in document.entries)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(st.text(max_size=40), st.sampled_from(LABEL_LINES)), max_size=30))
def test_no_text_is_too_strange(lines: list[str]) -> None:
    data = "\n".join(lines).encode("utf-8", "replace")
    reader = PlainTextReader()
    if reader.recognises(data):
        try:
            document = reader.read(data, ReadingContext())
        except ValueError:
            return
        assert document.entries
        assert all(entry.blocks for entry in document.entries)
