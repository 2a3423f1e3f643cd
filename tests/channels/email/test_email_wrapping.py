"""The lines of the text part."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from syndicator.channels.email.wrapping import COLUMNS, wrapped
from syndicator.content import clean_text

ADDRESS = "https://paper.example.org/live/" + "ein-langer-name-" * 8 + "#entry-17"


def test_lines_end_between_words() -> None:
    text = "Nach vier Stunden hat der Stadtrat am Abend für den Ausbau der Linie 4 gestimmt."
    assert wrapped(text) == (
        "Nach vier Stunden hat der Stadtrat am Abend für den Ausbau der Linie 4\ngestimmt."
    )


def test_an_address_stays_in_one_piece_on_a_line_of_its_own() -> None:
    assert wrapped(f"Mehr dazu: {ADDRESS} im Blog") == f"Mehr dazu:\n{ADDRESS}\nim Blog"
    assert wrapped(f"- {ADDRESS}") == f"- {ADDRESS}"


def test_the_lines_of_an_item_stand_below_its_text() -> None:
    item = "Zweitens das Geld, über das an diesem Abend niemand mehr sprechen wollte"
    assert wrapped(f"- {item}\n- Drittens") == (
        "- Zweitens das Geld, über das an diesem Abend niemand mehr sprechen\n  wollte\n- Drittens"
    )
    assert wrapped(f"12. {item}").endswith("\n    wollte")


LINE = st.one_of(
    st.text(max_size=300),
    st.lists(st.text(st.characters(categories=["L"]), min_size=1, max_size=90)).map(" ".join),
    st.lists(st.sampled_from(["- ", "1.", "“", "ok,", ADDRESS, "a-b-c" * 9])).map(" ".join),
).map(clean_text)


@settings(deadline=None)
@given(st.lists(LINE, max_size=4))
def test_every_word_stays_whole_and_in_order_and_only_long_words_make_long_lines(
    lines: list[str],
) -> None:
    result = wrapped("\n".join(lines))
    assert result.split() == "\n".join(lines).split()
    for line in result.split("\n"):
        assert line == line.rstrip()
        words = line.split()
        mark = len(line) - len(line.lstrip()) or len(f"{words[0]} " if words else "")
        assert len(line) <= COLUMNS or len(words) == 1 or len(line[mark:].split()) == 1


@settings(deadline=None)
@given(st.lists(LINE, max_size=4))
def test_blocks_stay_apart_where_they_were(lines: list[str]) -> None:
    text = "\n\n".join(filter(None, lines))
    assert [" ".join(block.split()) for block in wrapped(text).split("\n\n")] == text.split("\n\n")
