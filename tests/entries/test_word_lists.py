from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.entries.word_lists import first_found, first_shared, items


def test_items_are_separated_by_commas_semicolons_and_lines() -> None:
    assert items("Anschlag*,  Tote und  Verletzte;\n\nGeisel ,") == (
        "Anschlag*",
        "Tote und Verletzte",
        "Geisel",
    )


@pytest.mark.parametrize(
    ("listed", "text"),
    [
        ("Anschlag", "Nach dem ANSCHLAG in Genf"),
        ("Anschlag", "„Anschlag“, sagt die Polizei"),
        ("Anschlag", "Der Anschlag-Verdacht"),
        ("Anschlag*", "Die Anschläge? Nein, des Anschlags."),
        ("*anschlag*", "Nach dem Terroranschlag"),
        ("*anschlag", "Ein Brandanschlag!"),
        ("Tote und Verletzte", "Es gab Tote  und Verletzte."),
        ("Strasse", "Auf der Straße"),
        ("STRASSE", "auf der straße"),
        ("Schüsse", unicodedata.normalize("NFD", "Schüsse am Bahnhof")),
        ("Fliegerbombe", "Die Fliegerbombe"),
        ("Теракт", "ТЕРАКТ в Женеве"),
        ("A4", "Unfall auf der A4"),
        ("MHz", "Auf 100 ㎒"),
        ("nichts, Geisel*", "Drei Geiseln frei"),
    ],
)
def test_a_word_is_found_however_it_is_written(listed: str, text: str) -> None:
    assert first_found(listed, [text])


@pytest.mark.parametrize(
    ("listed", "text"),
    [
        ("Anschlag", "Die Anschlagtafel"),
        ("Anschlag", "Terroranschlag"),
        ("Anschlag*", "Terroranschlag"),
        ("*anschlag", "Brandanschläge und Brandanschlags"),
        ("Tote und Verletzte", "Tote und keine Verletzten"),
        ("Schüsse", "Schusse"),
        ("*", "Irgendetwas"),
        ("", "Irgendetwas"),
        (" , ;", "Irgendetwas"),
    ],
)
def test_and_no_other_word(listed: str, text: str) -> None:
    assert first_found(listed, [text]) is None


def test_no_phrase_goes_across_two_texts() -> None:
    assert first_found("Tote und", ["Zwei Tote", "und mehr"]) is None


def test_what_is_found_is_named_as_it_stands_in_the_list() -> None:
    assert first_found("Feuer, Anschlag*", ["die anschlagsserie"]) == "Anschlag*"


def test_a_tag_is_compared_whole() -> None:
    assert first_shared("eilmeldung, Börse", ["Sport", " EILMELDUNG "]) == "eilmeldung"
    assert first_shared("Eil", ["Eilmeldung"]) is None


words = st.text(st.characters(categories=["Lu", "Ll", "Lo", "Nd"]), min_size=1, max_size=8)


@given(words, words, words)
def test_every_word_of_a_text_is_found_in_it(before: str, word: str, after: str) -> None:
    text = f"{before} {word}, {after}"
    assert first_found(word, [text]) == word
    assert first_found(f"{word}*", [text])
