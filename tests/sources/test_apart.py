"""Documents are read in processes of their own, and nothing but JSON comes back."""

from __future__ import annotations

import json
import os
import signal
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from syndicator.sources import apart
from syndicator.sources.apart import (
    document_from_json,
    document_to_json,
    read_apart,
)
from syndicator.sources.base import ReadingContext, SourceDocument, UnreadableSource
from syndicator.sources.detect import read_source
from tests.factories import make_content

CONTEXT = ReadingContext("https://magazin.example.org/live")


def document(number: int) -> bytes:
    entry = {"external_id": f"n{number}", "headline": f"Meldung {number}"}
    return json.dumps({"entries": [entry]}).encode()


def test_a_document_is_read_as_it_would_be_here() -> None:
    data = document(1)
    assert read_apart(data, "", CONTEXT) == read_source(data, CONTEXT)
    assert read_apart(data, "liveblog-json", CONTEXT) == read_source(data, CONTEXT)


def test_nothing_is_lost_on_the_way() -> None:
    whole = SourceDocument(
        *(
            "feed",
            (make_content(), make_content(published_at=None)),
            "Titel",
            CONTEXT.canonical_url,
        ),
        *("de", ("Eine Warnung.",), ("n9",), "https://a.example/2", ("https://hub.example/",), "x"),
        sparse=("n1",),
    )
    assert document_from_json(json.loads(json.dumps(document_to_json(whole)))) == whole


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
