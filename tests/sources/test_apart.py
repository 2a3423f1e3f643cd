"""Documents are read in processes of their own, and nothing but JSON comes back."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import MISSING, fields, replace
from pathlib import Path
from typing import get_args

import pytest

from syndicator.content import Block, BulletList, EntryContent, Image, Paragraph, Quote
from syndicator.sources import apart
from syndicator.sources.apart import (
    context_from_json,
    document_from_json,
    document_to_json,
    read_apart,
)
from syndicator.sources.base import ReadingContext, SourceDocument, UnreadableSource
from syndicator.sources.detect import read_source
from tests.factories import NOON, make_content

CONTEXT = ReadingContext("https://magazin.example.org/live")


def document(number: int) -> bytes:
    entry = {"external_id": f"n{number}", "headline": f"Meldung {number}"}
    return json.dumps({"entries": [entry]}).encode()


def test_a_document_is_read_as_it_would_be_here() -> None:
    data = document(1)
    assert read_apart(data, "", CONTEXT) == read_source(data, CONTEXT)
    assert read_apart(data, "liveblog-json", CONTEXT) == read_source(data, CONTEXT)


WHOLE = SourceDocument(
    reader="feed",
    entries=(
        replace(
            make_content(),
            blocks=(
                Paragraph("Ein Satz."),
                BulletList(("a", "b"), ordered=True),
                Quote("Ja", "Nein"),
                Image("Saal", "dpa", "Ein Saal", "https://a.example/1.jpg"),
            ),
            key_event=True,
            tags=("Rat",),
            embargo_until=NOON,
            derived_id=True,
        ),
        make_content(published_at=None),
    ),
    title="Titel",
    canonical_url=CONTEXT.canonical_url,
    language="de",
    warnings=("Eine Warnung.",),
    withdrawn=("n9",),
    next_url="https://a.example/2",
    hub_urls=("https://hub.example/",),
    topic_url="https://a.example/feed",
    sparse=("n1",),
)


def without_defaults(whole: SourceDocument | EntryContent | Block) -> list[str]:
    """The fields of *whole* that say nothing: what is lost on the way would not be missed."""
    return [
        one.name
        for one in fields(whole)
        if one.default is not MISSING and getattr(whole, one.name) == one.default
    ]


def test_nothing_is_lost_on_the_way() -> None:
    arrived = document_from_json(json.loads(json.dumps(document_to_json(WHOLE))))
    assert arrived == WHOLE
    # Equality leaves this one out.
    assert [one.derived_id for one in arrived.entries] == [True, False]


def test_nothing_is_forgotten_by_the_test_above() -> None:
    assert without_defaults(WHOLE) == []
    assert without_defaults(WHOLE.entries[0]) == []
    assert [without_defaults(block) for block in WHOLE.entries[0].blocks] == [[], [], [], []]
    assert {type(block) for block in WHOLE.entries[0].blocks} == set(get_args(Block))
    assert document_to_json(WHOLE).keys() == {one.name for one in fields(SourceDocument)}


def test_the_question_carries_all_of_the_context() -> None:
    asked = {
        "canonical_url": "https://a.example/live",
        "time_zone": "America/New_York",
        "language": "en",
        "source_url": "https://a.example/feed",
    }
    context = context_from_json(asked)
    assert asked.keys() == {one.name for one in fields(ReadingContext)}
    assert {one.name: str(getattr(context, one.name)) for one in fields(context)} == asked


@pytest.mark.parametrize("data", [b"", b"\0" * 1000, b"<html><p>nur eine Seite", b"[" * 10**6])
def test_what_is_no_live_blog_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(UnreadableSource):
        read_apart(data, "", CONTEXT)


def test_one_that_takes_too_long_holds_up_no_other() -> None:
    # A child that waits for bytes that never come, as one does that is lost in a document.
    ours, theirs = socket.socketpair()
    with ours, theirs:
        apart._hand_over(theirs)
        with ThreadPoolExecutor(4) as threads:
            read = list(threads.map(lambda n: read_apart(document(n), "", CONTEXT), range(8)))
    assert [one.entries[0].external_id for one in read] == [f"n{n}" for n in range(8)]


def test_one_that_takes_too_long_is_given_up() -> None:
    with pytest.raises(UnreadableSource, match="too long"):
        read_apart(document(1), "", CONTEXT, seconds=0.0001)


def test_the_process_that_stands_by_may_die_at_any_time() -> None:
    read_apart(document(1), "", CONTEXT)
    assert apart._standing_by
    os.kill(apart._standing_by.process.pid, signal.SIGKILL)
    apart._standing_by.process.wait()
    assert read_apart(document(2), "", CONTEXT).entries[0].external_id == "n2"


READERS_THAT_FAIL = """
import os
from syndicator.sources.base import Reader, SourceDocument

class Failing(Reader):
    name = "failing"
    describes = "a test"

    def recognises(self, data):
        return False

    def read(self, data, context):
        kept = []
        while data == b"loop":
            pass
        while data == b"allocate":
            kept.append(bytearray(1 << 27))
        while data == b"sleep":
            __import__("time").sleep(60)
        if data == b"abort":
            os.abort()
        if data == b"recurse":
            return self.read(data, context)
        return SourceDocument("failing", (), title="read")
"""


@pytest.fixture
def failing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A reader that is installed for the process that stands by, and for it alone."""
    (tmp_path / "failing.py").write_text(READERS_THAT_FAIL)
    about = tmp_path / "failing-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: failing\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[syndicator.readers]\nfailing = failing:Failing\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    apart._end()
    yield
    apart._end()


def children_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


@pytest.mark.usefixtures("failing")
@pytest.mark.parametrize(
    ("data", "says", "seconds"),
    [
        (b"loop", "too long", 1),
        (b"sleep", "too long", 1),
        (b"allocate", "too large", 20),
        (b"recurse", "nested too deeply", 20),
        (b"abort", "too long", 20),
    ],
)
def test_a_reader_that_fails_hurts_nobody(data: bytes, says: str, seconds: float) -> None:
    assert read_apart(b"", "failing", CONTEXT).title == "read"
    assert apart._standing_by
    standing = apart._standing_by.process
    with pytest.raises(UnreadableSource, match=says):
        read_apart(data, "failing", CONTEXT, seconds=seconds)
    ends = time.monotonic() + 20
    while children_of(standing.pid) and time.monotonic() < ends:
        time.sleep(0.02)
    assert children_of(standing.pid) == []
    assert standing.poll() is None
    assert read_apart(b"", "failing", CONTEXT).title == "read"
