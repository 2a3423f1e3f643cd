"""Entries whose source gives them no names are not taken for each other as the window moves on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from syndicator.content import EntryContent, Paragraph
from syndicator.following.names import adopted, own_name, own_names
from syndicator.sources.derived_ids import with_derived_ids
from tests.factories import NOON

GREETING = "Guten Morgen und willkommen zu unserem Liveblog aus Genf. Heute geht es um {}."


def unnamed(minute: int, text: str, headline: str = "Tor für Bern") -> EntryContent:
    time = NOON + timedelta(minutes=minute)
    return EntryContent("", "Jana Brandt", headline, time, "", (Paragraph(text),))


def seen(
    window: Sequence[EntryContent], known: Sequence[EntryContent] = ()
) -> tuple[EntryContent, ...]:
    return adopted(own_names(7, with_derived_ids(window)), known)


def test_the_same_headline_next_morning_is_another_entry() -> None:
    yesterday = seen([unnamed(0, GREETING.format("Minen"), "Guten Morgen"), unnamed(9, "Zu Ende.")])
    today = seen([unnamed(1440, GREETING.format("Gefangene"), "Guten Morgen")], yesterday)
    assert today[0].external_id not in {entry.external_id for entry in yesterday}


@given(st.integers(2, 6), st.integers(1, 5))
def test_goals_stay_apart_as_the_window_moves(size: int, moved: int) -> None:
    goals = [unnamed(number, "Bern trifft.") for number in range(size + moved)]
    before = seen(goals[:size])
    known = {entry.external_id for entry in before}
    after = seen(goals[moved:], before)
    assert len({entry.external_id for entry in after} - known) == min(moved, size)
    told = {entry.published_at: entry.external_id for entry in before}
    for entry in after:
        assert told.get(entry.published_at, entry.external_id) == entry.external_id


@given(st.integers(0, 4), st.booleans())
def test_an_edit_keeps_its_name(which: int, is_newly_dated: bool) -> None:
    window = [
        unnamed(
            number,
            f"Die Delegation Nummer {number} ist am Morgen in Genf eingetroffen.",
            f"{number}",
        )
        for number in range(5)
    ]
    known = seen(window)
    text = f"Die Delegation Nummer {which} ist am frühen Morgen in Genf eingetroffen."
    edited = replace(window[which], blocks=(Paragraph(text),))
    if is_newly_dated and which > 0:
        edited = replace(edited, published_at=edited.published_at + timedelta(seconds=20))
    told = seen([*window[:which], edited, *window[which + 1 :]], known)
    assert [one.external_id for one in told] == [one.external_id for one in known]


def test_names_are_each_sources_own() -> None:
    assert own_name(1, "17") != own_name(2, "17")
    assert len(own_name(1, "x" * 300)) <= 200
