"""Whole pages as people copy them, each with all that must be read from it beside it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from syndicator.sources.base import ReadingContext, SourceDocument
from syndicator.sources.plain_text import PlainTextReader

PAGES = sorted((Path(__file__).parent / "pages").glob("*.txt"), key=lambda page: page.name)


def read(data: bytes) -> SourceDocument:
    assert PlainTextReader().recognises(data)
    return PlainTextReader().read(data, ReadingContext())


def as_json(document: SourceDocument) -> dict[str, Any]:
    return {
        "title": document.title,
        "canonical_url": document.canonical_url,
        "language": document.language,
        "warnings": list(document.warnings),
        "entries": [entry.to_json() for entry in document.entries],
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
