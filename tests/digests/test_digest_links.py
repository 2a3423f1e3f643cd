"""Digests carry their route's links."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from syndicator.destinations.models import Route
from syndicator.digests.models import Digest
from tests.digests.conftest import Newsroom

pytestmark = pytest.mark.django_db


def test_the_links_have_the_routes_parameters(newsroom: Newsroom) -> None:
    Route.objects.update(tracking="utm_source={platform}&utm_content={entry}")
    newsroom.reader("anna")
    newsroom.pass_time(minutes=1)
    entry = newsroom.entry("e1", permalink="https://example.org/live#e1")
    newsroom.pass_time(hours=1)
    message = Digest.objects.get().payload
    finished = "https://example.org/live?utm_source=email&utm_content=e1#e1"
    links = {
        str(a["href"]) for a in BeautifulSoup(message["html"], "html.parser").select("a[href]")
    }
    assert finished in links
    assert entry.permalink not in links
    assert finished in message["text"].split()


def test_corrections_and_retractions_are_told_as_before(newsroom: Newsroom) -> None:
    Route.objects.update(tracking="utm_source={platform}")
    newsroom.reader("anna")
    newsroom.pass_time(minutes=1)
    newsroom.entry("a", "eins")
    newsroom.entry("b", "zwei")
    newsroom.pass_time(hours=1)
    newsroom.deliver()
    newsroom.entry("a", "anders")
    newsroom.withdraw("b")
    newsroom.pass_time(hours=1)
    newsroom.deliver()
    assert newsroom.told("anna") == [
        {"a": "told", "b": "told"},
        {"a": "corrected", "b": "retracted"},
    ]
