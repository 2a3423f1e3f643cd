"""What means harm is read in the other process as it is here, and this one never notices."""

from __future__ import annotations

import random

import pytest

from syndicator.sources.apart import read_apart
from syndicator.sources.base import SourceDocument, UnreadableSource
from tests.attacks.invariants import ON_A_PAGE, READERS, read
from tests.attacks.test_json import TOKENS, bytes_of, samples, value_of
from tests.attacks.xml import attacks

SEED = 20261130


def apart(data: bytes, name: str) -> SourceDocument | None:
    try:
        return read_apart(data, name, ON_A_PAGE)
    except UnreadableSource:
        return None


def test_feeds_that_mean_harm_are_read_alike() -> None:
    feeds = [data for data, _ in attacks("http://127.0.0.1:9/", SEED)]
    for data in random.Random(SEED).sample(feeds, 40):
        assert apart(data, "feed") == read(READERS["feed"], data, ON_A_PAGE)


@pytest.mark.parametrize("name", ["liveblog-json", "ninjs", "json-ld"])
def test_json_that_means_harm_is_read_alike(name: str) -> None:
    value = value_of(name, samples(name)[0])
    for token in TOKENS:
        data = bytes_of(name, value, token)
        assert apart(data, name) == read(READERS[name], data, ON_A_PAGE)
    data = samples(name)[0]
    document = apart(data, name)
    assert document == read(READERS[name], data, ON_A_PAGE)
    assert document is not None
