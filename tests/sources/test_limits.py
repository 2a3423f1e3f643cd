"""No source makes an entry that cannot be kept."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from syndicator.content import EntryContent, Paragraph
from syndicator.entries.models import Entry, LiveBlog
from syndicator.following.models import HubSubscription
from syndicator.sources import limits
from syndicator.sources.base import SourceDocument
from syndicator.sources.limits import kept_id, within_limits

PAGE = "https://paper.example/live"


def test_the_limits_are_those_of_the_database() -> None:
    for name, limit in (
        ("external_id", limits.LONGEST_ID),
        ("author", limits.LONGEST_AUTHOR),
        ("headline", limits.LONGEST_HEADLINE),
        ("permalink", limits.LONGEST_PERMALINK),
    ):
        assert Entry._meta.get_field(name).max_length == limit
    assert LiveBlog._meta.get_field("title").max_length == limits.LONGEST_TITLE
    for name in ("hub_url", "topic_url"):
        assert HubSubscription._meta.get_field(name).max_length == limits.LONGEST_HUB_URL


@given(st.lists(st.text(max_size=5).map(lambda end: "x" * 250 + end), unique=True, max_size=20))
def test_long_ids_stay_apart_and_the_same(ids: list[str]) -> None:
    kept = [kept_id(one) for one in ids]
    assert len(set(kept)) == len(ids)
    assert all(len(one) <= limits.LONGEST_ID for one in kept)
    assert kept == [kept_id(one) for one in ids]
    assert kept_id("short") == "short"


def test_what_is_too_long_is_cut_and_said_and_without_permalink_left_out() -> None:
    long = EntryContent("a" * 300, "A" * 400, "H" * 2000, permalink=f"{PAGE}#a", tags=("t" * 200,))
    lost = EntryContent("b", headline="Lost", permalink=PAGE + "x" * 2000)
    fine = EntryContent("c", "Ann", "Fine", None, f"{PAGE}#c", (Paragraph("Text."),))
    read = within_limits(SourceDocument("x", (long, lost, fine), withdrawn=("a" * 300, "d")))
    assert [len(part) for part in (read.entries[0].author, read.entries[0].headline)] == [300, 1000]
    assert read.entries[1] == fine
    assert read.withdrawn == (read.entries[0].external_id, "d")
    assert len(read.warnings) == 2


def test_what_a_source_says_of_itself_has_its_limits_too() -> None:
    hubs = tuple(f"https://hub.example/{number}" for number in range(20))
    long = f"{PAGE}/{'x' * 2000}"
    read = within_limits(
        SourceDocument(
            "x", (), title="T" * 400, language="d" * 36, hub_urls=(long, *hubs), topic_url=long
        )
    )
    assert read.title == "T" * 300
    assert (read.language, read.topic_url) == ("", "")
    assert read.hub_urls == hubs[:10]
    for said, kept in {
        "de_AT": "de-AT",
        " en\n": "en",
        "de\x01\x00head": "",
        "Deutsch, kurz": "",
    }.items():
        assert within_limits(SourceDocument("x", (), language=said)).language == kept
    fine = SourceDocument(
        "x", (), title="Genf", language="de-CH", hub_urls=hubs[:2], topic_url=PAGE
    )
    assert within_limits(fine) == fine
