"""What is read of a page that permalinks lead to."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.probing.judging import Seen, judge, notes_on
from syndicator.probing.models import Answer, parted
from syndicator.probing.page import read_page
from tests.machine_speed import here

URL = "https://magazin.example.org/liveblog"


def seen(html: str) -> Seen:
    return Seen(URL, 200, read_page(URL, html.encode()))


@pytest.mark.parametrize(
    "html",
    ['<p id="e1">', "<p class=x id='e1'>", "<p ID=e1>", '<a name="e1"></a>', '<p\nid = "e1">'],
)
def test_places_are_found_however_they_are_written(html: str) -> None:
    assert judge("e1", seen(html), {"e0"}).answer == Answer.WORKS


def test_a_place_with_entities_and_percent_signs_is_the_one_that_browsers_find() -> None:
    address, fragment = parted(f"{URL}#caf%C3%A9&1:~:text=Neues")
    assert (address, fragment) == (URL, "café&1")
    assert judge(fragment, seen('<p id="caf&eacute;&amp;1">'), {"e0"}).answer == Answer.WORKS


def test_attributes_that_only_end_like_an_id_are_no_places() -> None:
    html = '<p data-id="e1" data-name="e1"><p id="e0">'
    assert "e1" not in read_page(URL, html.encode()).places


def test_a_place_that_is_missing_among_others_is_told() -> None:
    verdict = judge("e1", seen('<p id="e0"><p id="e2">'), {"e0"})
    assert verdict.answer == Answer.NO_PLACE
    assert "#e1" in str(verdict.why)


def test_a_page_that_makes_its_places_by_script_could_not_be_checked() -> None:
    assert judge("e1", seen('<div id="app">'), {"e0"}).answer == Answer.UNCHECKED
    with_state = '<p id="e0"><script>{"entries": [{"key": "e1"}]}</script>'
    assert judge("e1", seen(with_state), {"e0"}).answer == Answer.UNCHECKED


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (404, Answer.GONE),
        (410, Answer.GONE),
        (403, Answer.UNCHECKED),
        (429, Answer.UNCHECKED),
        (500, Answer.FAILS),
        (0, Answer.FAILS),
    ],
)
def test_each_status_has_its_answer(status: int, answer: Answer) -> None:
    assert judge("", Seen(URL, status), ()).answer == answer


def test_what_a_link_card_would_lack_is_told() -> None:
    assert len(notes_on(URL, seen("<p>Neues"))) == 2
    card = (
        '<meta property="og:title" content="Liveblog"><meta property="og:image" content="/a.jpg">'
    )
    assert notes_on(URL, seen(card)) == []
    assert notes_on(URL, seen(f'{card}<link rel="canonical" href="{URL}/">')) == []
    (elsewhere,) = notes_on(URL, seen(f'{card}<link rel="canonical" href="/anderswo">'))
    assert "https://magazin.example.org/anderswo" in str(elsewhere)


@given(st.binary(max_size=300))
def test_no_page_is_too_odd_to_be_read(content: bytes) -> None:
    page = read_page(URL, content)
    assert not any("\0" in place for place in page.places)


@pytest.mark.parametrize("part", ['<p id="', "<meta ", "id =", "id='x", "<title>", "<", "name"])
def test_reading_takes_time_in_step_with_the_length(part: str) -> None:
    content = (part * (2_000_000 // len(part))).encode()
    began = process_time()
    read_page(URL, content)
    assert process_time() - began < here(5)
