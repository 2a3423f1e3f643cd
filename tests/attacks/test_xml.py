"""No feed makes its reader fetch anything, expand anything or run for long."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from syndicator.outbound.fetch import fetch_document
from tests.attacks.invariants import ON_A_PAGE, READERS, read, texts_of
from tests.attacks.xml import FEEDS, HONEST, attacks, harmless
from tests.channels.conftest import ScriptedServer, answer

SEED = 20261130
SECRET = "n-i-e-m-a-n-d"
FEED = READERS["feed"]


def test_no_feed_reaches_what_it_names(server: ScriptedServer, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    count = are_read = 0
    started = time.process_time()
    for canary in (server.url + "/canary", secret.as_uri()):
        for data, declares_entities in attacks(canary, SEED):
            count += 1
            document = read(FEED, data, ON_A_PAGE)
            if document is not None:
                assert not declares_entities, data
                are_read += 1
                assert not any(SECRET in text for text in texts_of(document))
                assert sum(map(len, texts_of(document))) < 10 * len(data) + 1000
    assert count > 4000
    assert 100 < are_read < count
    assert server.received == []
    server.replies.append(answer(200, b"alive"))
    assert fetch_document(server.url, allow_private_addresses=True) == b"alive"
    assert time.process_time() - started < 120


@pytest.mark.parametrize("feed", FEEDS.values(), ids=FEEDS)
def test_honest_feeds_beside_them_are_read(feed: str) -> None:
    for text in HONEST:
        for data in harmless(feed, text):
            document = read(FEED, data, ON_A_PAGE)
            assert document is not None, data
            (entry,) = document.entries
            meant = text.replace("&amp;", "&")
            assert entry.headline == meant, data
