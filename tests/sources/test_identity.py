from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicator.content import EntryContent, Paragraph
from syndicator.sources.derived_ids import with_derived_ids
from syndicator.sources.identity import adopt_ids

DAY = datetime(2026, 11, 17, 14, tzinfo=UTC)
LONG = (
    "Nach der dritten Runde haben sich die Außenminister am Abend zuversichtlich gezeigt. "
    "Man sehe einen ernsthaften Willen auf beiden Seiten, hieß es in Genf, und wolle die "
    "Gespräche am Mittwoch um neun Uhr fortsetzen. Offen bleibe, wer die Mission bezahlt."
)
OTHER = (
    "Vor dem Tagungsort haben sich nach Angaben der Polizei tausende Menschen versammelt, viele "
    "von ihnen mit Kerzen. Die Kundgebung blieb bis zum späten Abend friedlich; die Brücken über "
    "den Fluss waren vorübergehend gesperrt, und der Verkehr wurde weiträumig umgeleitet."
)


def entry(text: str, author: str = "Mara Lindner", headline: str = "") -> EntryContent:
    return EntryContent("", author, headline, blocks=(Paragraph(text),))


def copy(*entries: EntryContent) -> tuple[EntryContent, ...]:
    """A copy of the page, oldest first."""
    return with_derived_ids(entries)


def adopted(before: EntryContent, after: EntryContent) -> bool:
    (known,), (incoming,) = copy(before), copy(after)
    assert incoming.external_id != known.external_id
    return adopt_ids([incoming], [known])[0].external_id == known.external_id


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (entry(LONG), entry("Wie es heißt: " + LONG)),
        (entry(LONG), entry(LONG.replace("dritten", "vierten").replace("neun", "zehn"))),
        (entry(LONG), entry("Eilig: " + LONG[:220] + " Mehr in Kürze.")),
        (entry(LONG, headline="Alt"), entry(LONG, headline="Eine ganz neue Überschrift")),
        (entry(LONG), entry(LONG, headline="Nun mit Überschrift")),
        (
            entry("Der Minister ist in Genf gelandet."),
            entry("Der Minister ist in Genf gelandet. " + OTHER),
        ),
        (
            entry("Der Minister ist in Genf gelandett."),
            entry("Der Minister ist in Genf gelandet."),
        ),
        (
            entry("Der Minister ist in Genf gelandet."),
            entry("Der Minister ist am Morgen in Genf gelandet."),
        ),
        (
            entry("Die Lage ist ernst, sagt er.", headline="Alt"),
            entry("Die Lage ist ernst, sagt er.", headline="Neu und länger"),
        ),
    ],
)
def test_an_edited_entry_keeps_its_id(before: EntryContent, after: EntryContent) -> None:
    assert adopted(before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (entry(LONG), entry(OTHER)),
        (entry(LONG), entry("Eilig: " + LONG, author="Jon Falk")),
        (entry("Luftalarm in Kiew aufgehoben."), entry("Luftalarm in Lwiw aufgehoben.")),
        (entry("Sirenen in Kiew."), entry("Sirenen in Charkiw.")),
        (entry("Der Minister ist gelandet."), entry("Der Präsident ist gelandet.")),
        (entry("Es gibt 3 Verletzte."), entry("Es gibt 5 Verletzte.")),
        (entry("Ja."), entry("Ja. " + LONG)),
        (entry("Guten Morgen!"), entry("Guten Abend!")),
    ],
)
def test_another_entry_gets_no_known_id(before: EntryContent, after: EntryContent) -> None:
    assert not adopted(before, after)


def test_a_second_copy_updates_what_was_edited_and_adds_what_is_new() -> None:
    first = copy(entry("Guten Morgen aus Genf."), entry(LONG), entry(OTHER, "Jon Falk"))
    known = [replace(one, permalink=f"https://m.example/#{one.external_id}") for one in first]
    second = copy(
        entry("Guten Morgen aus Genf."),
        entry("Aktualisiert: " + LONG),
        entry(OTHER, "Jon Falk"),
        entry("Die Delegationen sind abgereist."),
    )
    result = adopt_ids(second, known)
    assert [one.external_id for one in result[:3]] == [one.external_id for one in first]
    assert result[1].permalink == known[1].permalink
    assert result[1].blocks == second[1].blocks
    assert result[3] == second[3]


def test_a_known_entry_is_adopted_once_by_the_more_similar() -> None:
    known = copy(entry(LONG))
    edited, rewritten = "Neu: " + LONG, "Neu: " + LONG[:150] + " Ende offen."
    first, second = adopt_ids(copy(entry(rewritten), entry(edited)), known)
    assert second.external_id == known[0].external_id
    assert first.external_id != known[0].external_id


def test_equally_similar_entries_keep_their_order() -> None:
    anchor = entry("Ein Satz, der in beiden Kopien steht.")
    known = copy(entry("Eins: " + LONG), anchor, entry("Zwei: " + LONG))
    incoming = copy(entry("Drei: " + LONG), anchor, entry("Vier: " + LONG))
    result = adopt_ids(incoming, known)
    assert [one.external_id for one in result] == [one.external_id for one in known]


ALARM = entry("Luftalarm in Kiew.")
PAGE = (entry("Guten Morgen aus Genf."), ALARM, entry("Die Sitzung hat begonnen."))


@pytest.mark.parametrize(
    "edited", [entry("Luftalarm in Lwiw."), entry("Entwarnung."), entry("Ja.", headline="Alarm")]
)
def test_what_stands_alone_between_the_neighbours_of_a_missing_entry_is_that_entry(
    edited: EntryContent,
) -> None:
    known = copy(*PAGE)
    result = adopt_ids(copy(PAGE[0], edited, PAGE[2]), known)
    assert [one.external_id for one in result] == [one.external_id for one in known]
    assert result[1].blocks == edited.blocks


@pytest.mark.parametrize(
    "page",
    [
        pytest.param((*PAGE, entry("Luftalarm in Lwiw.")), id="nothing-is-missing"),
        pytest.param((PAGE[0], entry("Luftalarm in Lwiw."), *PAGE[1:]), id="beside-it"),
        pytest.param((PAGE[0], PAGE[2], entry("Luftalarm in Lwiw.")), id="elsewhere"),
        pytest.param((PAGE[0], entry("Nein."), PAGE[2], ALARM), id="where-it-stood-before"),
        pytest.param((PAGE[0], entry("Luftalarm in Lwiw.")), id="at-the-end"),
        pytest.param((entry("Luftalarm in Lwiw."), PAGE[2]), id="at-the-start"),
        pytest.param((PAGE[0], entry("Nein."), entry("Doch."), PAGE[2]), id="two-in-its-place"),
        pytest.param((PAGE[0], entry("Luftalarm in Lwiw.", "Jon Falk"), PAGE[2]), id="by-another"),
        pytest.param((PAGE[2], entry("Luftalarm in Lwiw."), PAGE[0]), id="another-order"),
    ],
)
def test_a_new_entry_in_any_other_place_stays_new(page: tuple[EntryContent, ...]) -> None:
    incoming = copy(*page)
    assert adopt_ids(incoming, copy(*PAGE)) == incoming


@pytest.mark.parametrize(("minute", "same"), [(32, True), (40, False)])
def test_an_entry_of_another_time_is_not_the_one_whose_place_it_has(
    minute: int, same: bool
) -> None:
    known = copy(PAGE[0], replace(ALARM, published_at=DAY.replace(minute=32)), PAGE[2])
    edited = replace(entry("Entwarnung."), published_at=DAY.replace(minute=minute))
    result = adopt_ids(copy(PAGE[0], edited, PAGE[2]), known)
    assert (result[1].external_id == known[1].external_id) is same


def test_an_id_of_the_source_is_never_changed() -> None:
    known = copy(entry(LONG))
    own = EntryContent("own-7", "Mara Lindner", blocks=(Paragraph("Neu: " + LONG),))
    assert adopt_ids([own], known) == (own,)


def test_identical_twins_are_counted_from_the_oldest() -> None:
    twins = copy(entry("Alarm."), entry("Alarm."), entry("Entwarnung."), entry("Alarm."))
    base = twins[0].external_id
    assert [one.external_id for one in twins if one != twins[2]] == [base, f"{base}-2", f"{base}-3"]


texts = st.lists(st.sampled_from(LONG.split()), min_size=1, max_size=40).map(" ".join)
copies = st.lists(
    st.builds(entry, texts, st.sampled_from(["Mara Lindner", "Jon Falk"])), max_size=8
).map(lambda entries: copy(*entries))


@settings(max_examples=40, deadline=None)
@given(copies, copies)
def test_adopting_changes_nothing_but_names(
    incoming: tuple[EntryContent, ...], known: tuple[EntryContent, ...]
) -> None:
    result = adopt_ids(incoming, known)
    ids = [one.external_id for one in result]
    known_ids = {one.external_id for one in known}
    assert len(set(ids)) == len(ids)
    assert [(one.author, one.blocks) for one in result] == [
        (one.author, one.blocks) for one in incoming
    ]
    for before, after in zip(incoming, result, strict=True):
        if before.external_id in known_ids:
            assert after == before
        else:
            assert after.external_id in known_ids | {before.external_id}
    assert adopt_ids(result, known) == result


@settings(max_examples=40, deadline=None)
@given(copies, st.data())
def test_the_same_copy_again_changes_nothing(
    known: tuple[EntryContent, ...], data: st.DataObject
) -> None:
    window = known[data.draw(st.integers(0, len(known))) :]
    assert adopt_ids(window, known) == window
