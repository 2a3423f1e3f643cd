"""Whole pages as people copy them, each with all that must be read from it beside it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from syndicator.content import Image
from syndicator.sources.base import ReadingContext, SourceDocument
from syndicator.sources.plain_text import PlainTextReader

PAGES = sorted((Path(__file__).parent / "pages").glob("*.txt"), key=lambda page: page.name)


def read(data: bytes) -> SourceDocument:
    assert PlainTextReader().recognises(data)
    return PlainTextReader().read(data, ReadingContext())


def as_json(document: SourceDocument) -> dict[str, Any]:
    """*document* but for embargoes, of which pages know nothing."""
    assert all(entry.embargo_until is None for entry in document.entries)
    return {
        "title": document.title,
        "canonical_url": document.canonical_url,
        "language": document.language,
        "warnings": list(document.warnings),
        "entries": [
            {name: said for name, said in entry.to_json().items() if name != "embargo_until"}
            for entry in document.entries
        ],
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_is_read_as_written_beside_it(page: Path) -> None:
    expected = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    assert as_json(read(page.read_bytes())) == expected


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
@pytest.mark.parametrize(
    "retold",
    [
        pytest.param(lambda text: text.replace("\n", "\r\n").encode(), id="windows-lines"),
        pytest.param(lambda text: re.sub("\n+", "\n", text).encode(), id="no-blank-lines"),
        pytest.param(lambda text: text.replace("\n", "\n\n\n").encode(), id="more-blank-lines"),
        pytest.param(lambda text: b"\xef\xbb\xbf" + text.encode(), id="byte-order-mark"),
        pytest.param(lambda text: text.encode("utf-16"), id="utf-16"),
        pytest.param(lambda text: text.encode("utf-16-be"), id="utf-16-unmarked"),
        pytest.param(lambda text: text.encode("cp1252"), id="windows-1252"),
        pytest.param(lambda text: text.replace(" ", "\u00a0").encode(), id="no-break-spaces"),
        pytest.param(
            lambda text: re.sub("(?<=[a-z]{3})(?=[a-z]{3})", "\u00ad", text).encode(),
            id="soft-hyphens",
        ),
        pytest.param(
            lambda text: "\n".join(f"  {line}\t" for line in text.splitlines()).encode(),
            id="indented",
        ),
    ],
)
def test_how_a_page_was_saved_makes_no_difference(page: Path, retold: Any) -> None:
    text = page.read_text(encoding="utf-8")
    if "https://" in text and b"\xc2\xad" in retold(text):
        pytest.skip("soft hyphens inside a URL break it")
    assert as_json(read(retold(text))) == as_json(read(text.encode()))


def test_the_example_in_the_documentation_is_read_as_it_says() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "importing.md").read_text(encoding="utf-8")
    found = re.search(r"```\n(https://morgenblatt.*?)```", guide, re.DOTALL)
    assert found is not None
    document = read(found[1].encode())
    (entry,) = document.entries
    assert document.canonical_url == "https://morgenblatt.example/politik/liveblog"
    assert (entry.author, entry.headline) == ("Mara Lindner", "Entwurf liegt auf dem Tisch")
    assert [block.type for block in entry.blocks] == ["paragraph", "list", "quote", "image"]


def test_times_alone_need_a_date_above_the_entries() -> None:
    page = "Lead.\nMara Lindner\n14:32 Uhr\nText.\nTeilen\nMara Lindner\n9 Uhr\nMehr.\nTeilen"
    assert [entry.published_at for entry in read(page.encode()).entries] == [None, None]


def test_a_page_sorted_the_other_way_is_read_the_other_way() -> None:
    page = "17.11.2026\n" + "".join(
        f"Mara Lindner, {hour} Uhr\nText {hour}.\nTeilen\n" for hour in (9, 10, 11)
    )
    texts = [block.text for entry in read(page.encode()).entries for block in entry.blocks]
    assert texts == ["Text 9.", "Text 10.", "Text 11."]


def test_two_authors_on_two_lines_are_both_named() -> None:
    page = "".join(f"{who}\nEin Satz.\nTeilen\n" for who in ("Ida Sand", "Ida Sand\nJon Falk"))
    page += "Jon Falk\nNoch einer.\nTeilen\n"
    authors = [entry.author for entry in read(page.encode()).entries]
    assert authors == ["Jon Falk", "Ida Sand, Jon Falk", "Ida Sand"]


def test_an_entry_cut_off_at_the_end_is_kept_and_a_footer_is_not() -> None:
    page = "Ida Sand\nEins.\nTeilen\nIda Sand\nZwei.\nTeilen\n"
    assert len(read((page + "Ida Sand\nDrei.\n© Morgenblatt").encode()).entries) == 3
    assert len(read((page + "Morgen Blatt\nImpressum").encode()).entries) == 2


def test_an_entry_without_text_is_left_out_with_a_reason() -> None:
    document = read(b"Ida Sand\nEins.\nTeilen\nIda Sand\n14:32\nTeilen\nJon Falk\nDrei.\nTeilen")
    assert [entry.author for entry in document.entries] == ["Jon Falk", "Ida Sand"]


@pytest.mark.parametrize(
    ("lines", "types"),
    [
        ("Ein Satz.|Quelle: dpa", "paragraph paragraph"),
        ("Ein Satz.|Noch einer.|Quelle: dpa", "paragraph paragraph paragraph"),
        ("Ein Satz.|- eins|- zwei|(Quelle: AP, Reuters)", "paragraph list paragraph"),
        ("Ein Satz.|Am Tor.|Foto: Jo Falk/AFP|Source: AP", "paragraph image paragraph"),
        ("Ein Satz.|Am Tor.|Quelle: Jo Falk/AFP", "paragraph image"),
        ("Ein Satz.|Menschen am Tor|Quelle: AFP", "paragraph image"),
        ("Ein Satz.|Am Tor.|Am Tor.|Quelle: AFP", "paragraph image"),
        ("Am Tor.|Quelle: AFP|Ein Satz.", "image paragraph"),
    ],
)
def test_a_source_named_below_a_text_credits_no_picture(lines: str, types: str) -> None:
    page = "Lead.\nIda Sand\n" + lines.replace("|", "\n") + "\nTeilen\n"
    (entry,) = read(page.encode()).entries
    assert " ".join(block.type for block in entry.blocks) == types
    assert all(block.credit for block in entry.blocks if isinstance(block, Image))


def test_a_link_to_another_page_stays_text() -> None:
    page = b"https://m.example/blog\nLead.\nIda Sand\nEins.\nhttps://n.example/x#y\nTeilen\n"
    (entry,) = read(page + b"").entries
    assert entry.permalink == ""
    assert [block.text for block in entry.blocks] == ["Eins.", "https://n.example/x#y"]


@pytest.mark.parametrize(
    ("head", "title"),
    [
        (
            "LIVE\nLiveblog Ukraine\nMinister reisen nach Genf\nEin Lead.",
            "Minister reisen nach Genf",
        ),
        ("Liveblog Friedensgespräche\nEin Lead.", "Liveblog Friedensgespräche"),
        ("Liveblog zum Treffen in Genf\nVon Jon Falk und Ida Sand", "Liveblog zum Treffen in Genf"),
        (
            "Ida Sand und Jon Falk\nMinister reisen nach Genf\nEin Lead.",
            "Minister reisen nach Genf",
        ),
        ("Ein Lead.\nMinister reisen nach Genf", ""),
        ("Wichtige Updates\nMinister reisen nach Genf", ""),
    ],
)
def test_the_title_stands_above_the_lead(head: str, title: str) -> None:
    entries = "".join(f"Ida Sand\nSatz {number} steht hier.\nTeilen\n" for number in range(3))
    assert read(f"{head}\n{entries}".encode()).title == title


def test_a_byline_of_the_page_above_its_share_buttons_is_no_entry() -> None:
    page = "Genf\nVon Ida Sand\nAlles zum Tag.\nTeilen\nWas bisher geschah\nEins\nZwei\n"
    page += "".join(f"Ida Sand\n{name}\nEin Satz.\nTeilen\n" for name in ("Zwei", "Eins"))
    assert [entry.headline for entry in read(page.encode()).entries] == ["Eins", "Zwei"]
