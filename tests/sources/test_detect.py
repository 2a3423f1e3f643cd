from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from syndicator.sources import detect
from syndicator.sources.base import ReadingContext, UnreadableSource
from syndicator.sources.file_kinds import MAX_BYTES

PAGES = Path(__file__).parent / "pages"
PAGE = "https://m.example/blog"


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", "Link kopieren")
    return buffer.getvalue()


def test_the_strictest_reader_is_asked_first() -> None:
    assert [reader.name for reader in detect.readers()] == [
        "sourcefabric",
        "wordpress-liveblog",
        "liveblog-json",
        "ninjs",
        "json-ld",
        "plain-text",
    ]


@pytest.mark.parametrize("step", [1, -1])
def test_the_order_is_not_that_of_installation(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    # The installed order cannot be changed for real without installing a package.
    plug_in = metadata.EntryPoint(
        "another", "syndicator.sources.plain_text:PlainTextReader", "syndicator.readers"
    )
    points = [*metadata.entry_points(group="syndicator.readers"), plug_in]

    def installed(group: str) -> Iterator[metadata.EntryPoint]:
        assert group == "syndicator.readers"
        return iter(points[::step])

    monkeypatch.setattr(detect, "entry_points", installed)
    kinds = [type(reader).__name__ for reader in detect.readers()]
    assert kinds[:2] == ["SourcefabricReader", "WordPressLiveblogReader"]
    assert kinds[-3:] == ["JsonLdReader", "PlainTextReader", "PlainTextReader"]


@pytest.mark.parametrize(
    ("data", "reader"),
    [
        pytest.param((PAGES / "genf.txt").read_bytes(), "plain-text", id="plain-text"),
        pytest.param(
            b'{"entries": [{"external_id": "a", "headline": "b"}]}', "liveblog-json", id="json"
        ),
        pytest.param(
            b'<html><script type="application/ld+json">{"@type": "LiveBlogPosting"}</script>'
            b"<p>Teilen</p></html>",
            "json-ld",
            id="json-ld",
        ),
    ],
)
def test_each_format_is_read_by_its_reader(data: bytes, reader: str) -> None:
    assert detect.read_source(data, ReadingContext()).reader == reader


def test_the_known_url_wins_over_the_documents_own() -> None:
    own = {
        "live_blog": {"url": "https://own.example/"},
        "entries": [{"external_id": "a", "headline": "b"}],
    }
    data = json.dumps(own).encode()
    (entry,) = detect.read_source(data, ReadingContext(canonical_url=PAGE)).entries
    assert entry.permalink == f"{PAGE}#a"
    (entry,) = detect.read_source(data, ReadingContext()).entries
    assert entry.permalink == "https://own.example/#a"


def test_every_entry_of_a_copy_gets_its_permalink() -> None:
    data = (PAGES / "genf.txt").read_bytes()
    entries = detect.read_source(data, ReadingContext(canonical_url=PAGE)).entries
    assert [entry.permalink for entry in entries] == [
        f"{PAGE}#{entry.external_id}" for entry in entries
    ]
    assert len({entry.permalink for entry in entries}) == 15


def test_of_entries_with_one_id_the_newest_stays() -> None:
    said = [("a", "alt"), ("b", "mitten"), ("a", "neu"), ("c", "zuletzt")]
    entries = [{"external_id": name, "headline": headline} for name, headline in said]
    document = detect.read_source(json.dumps({"entries": entries}).encode(), ReadingContext())
    assert [entry.headline for entry in document.entries] == ["mitten", "neu", "zuletzt"]
    assert document.warnings == ("2 entries have the same id “a”; only the newest was kept.",)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", "an empty file"),
        (b" \r\n\t", "an empty file"),
        (" \n".encode("utf-16"), "an empty file"),
        (b"\x89PNG\r\n\x1a\n\0\0", "a PNG image"),
        (b"\xff\xd8\xff\xe0\0\0", "a JPEG image"),
        (b"GIF89a", "a GIF image"),
        (b"RIFF\0\0\0\0WEBPVP8", "a WebP image"),
        (b"%PDF-1.7 Teilen", "a PDF"),
        (zipped(), "a ZIP archive or an office document"),
        (b"{\\rtf1 Teilen}", "a rich text document"),
        (b"\0\1\2\3\xfe\xff" * 50, "a file that is not text"),
        (b"<!DOCTYPE html><p>Teilen</p>", "an HTML page without a LiveBlogPosting"),
        (b"<html>LiveBlogPosting</html>", "an HTML page without a LiveBlogPosting"),
        (b"<?xml version='1.0'?><rss><channel/></rss>", "an RSS or Atom feed"),
        (b"<?xml version='1.0'?><a/>", "an XML file"),
        (b'[{"external_id": "a"}]', "a JSON file whose top level is a list"),
        (b'{"a": 1}', "a JSON file without “entries”"),
        (b'{"a": ', "a broken JSON file"),
        (b"[" * 100_000, "a JSON file nested too deeply"),
        (b"Nur ein Absatz.", "plain text without share buttons or author lines"),
        (b"Eins.\n\nMara Lindner\n\nZwei.", "plain text without share buttons or author lines"),
        (b"Teilen\n" + b" " * MAX_BYTES, f"a file of {MAX_BYTES >> 20} MB, and no more than"),
    ],
)
def test_what_is_no_source_is_named(data: bytes, found: str) -> None:
    with pytest.raises(UnreadableSource) as refused:
        detect.read_source(data, ReadingContext())
    assert refused.value.found.startswith(f"Found {found}")
    for named in ("Syndicator's own format", "LiveBlogPosting", "plain-text copy"):
        assert named in refused.value.expected


def test_share_buttons_without_entries_are_no_live_blog() -> None:
    with pytest.raises(UnreadableSource, match="no entry between them"):
        detect.read_source(b"Link kopieren\nAuf X teilen\n", ReadingContext())
