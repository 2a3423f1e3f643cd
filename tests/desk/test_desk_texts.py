from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from syndicator.desk import texts, times
from syndicator.entries.models import Entry
from syndicator.wording import Wording

_text = st.text(st.sampled_from("<>&\"'ab \nhttps://x.de/#ä%(w)s"), max_size=60)


@given(_text)
def test_marking_addresses_changes_no_other_character(text: str) -> None:
    marked = str(texts.linked(text))
    spans = re.compile(r'<span class="address" title="([^"]*)">[^<]*</span>')
    assert html.unescape(spans.sub(r"\1", marked)) == text
    assert "<" not in spans.sub("", marked)


def test_addresses_are_shortened_like_platforms_do() -> None:
    long = "https://www.magazin.example.org/politik/liveblog-klimagipfel#e2"
    assert texts.short_address(long) == "magazin.example.org/politik/liv…"
    assert texts.short_address("http://kurz.de/1") == "kurz.de/1"
    assert texts.host(long) == "magazin.example.org"
    assert texts.host("http://[") == ""


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://example.org/a", True),
        ("http://example.org", True),
        ("javascript:alert(1)", False),
        ("https://", False),
        ("", False),
        ("//example.org", False),
    ],
)
def test_what_may_become_a_link(address: str, expected: bool) -> None:
    assert texts.is_web_address(address) is expected


def test_an_entry_is_called_by_its_headline_or_first_words() -> None:
    assert texts.title(Entry(headline="Titel")) == "Titel"
    blocks = [{"type": "image", "text": ""}, {"type": "paragraph", "text": "wort " * 20}]
    assert texts.title(Entry(blocks=blocks)) == "wort " * 14 + "…"
    assert texts.title(Entry(external_id="e7")) == "e7"


def test_stored_sentences_are_translated_with_their_gaps() -> None:
    wording = Wording("%(who)s rejected it: %(why)s", {"who": "Mia", "why": "100 % falsch"})
    with translation.override("de"):
        assert texts.say(wording) == "Mia hat abgelehnt: 100 % falsch"
    assert texts.say(wording) == "Mia rejected it: 100 % falsch"
    assert texts.say(Wording("100 % sure")) == "100 % sure"
    assert texts.say(None) == ""


def test_times_are_the_blogs_own_and_no_longer_than_needed() -> None:
    now = timezone.now()
    assert re.fullmatch(r"\d\d:\d\d", times.clock(now, "Europe/Berlin"))
    assert re.fullmatch(r"\d\d:\d\d:\d\d", times.clock(now, "Europe/Berlin", precise=True))
    assert re.fullmatch(r"\d+ \w+( \d{4})?, \d\d:\d\d", times.clock(now - timedelta(days=2), "UTC"))
    then = datetime(2020, 7, 1, 22, 30, tzinfo=UTC)
    assert times.clock(then, "Europe/Berlin") == "2 Jul 2020, 00:30"
    assert times.clock(then, "America/New_York") == "1 Jul 2020, 18:30"
    with translation.override("de"):
        assert times.clock(then, "Europe/Berlin") == "2. Juli 2020, 00:30"
        assert times.full(then, "Europe/Berlin") == "2. Juli 2020, 00:30:00 CEST"


@pytest.mark.django_db
def test_without_a_live_blog_times_are_in_the_servers_zone() -> None:
    assert times.desk_zone() == "UTC"
