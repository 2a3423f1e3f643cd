from __future__ import annotations

import csv
import io

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from syndicator.desk.spreadsheets import csv_line

CELLS = st.lists(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=1
)


@given(CELLS, st.sampled_from([("en", ","), ("de", ";"), ("de-at", ";")]))
def test_cells_are_read_as_written_and_none_is_a_formula(
    cells: list[str], spoken: tuple[str, str]
) -> None:
    language, separator = spoken
    with override(language):
        line = csv_line(cells)
    [read] = (
        csv.reader(io.StringIO(line, newline=""), delimiter=separator) if any(cells) else [cells]
    )
    assert [cell.removeprefix("'") for cell in read] == [cell.removeprefix("'") for cell in cells]
    assert not any(cell.strip(" \n").startswith(("=", "+", "-", "@")) for cell in read)


@pytest.mark.parametrize("cell", ["=1+1", " =1+1", "\n@x", "-1", "+49", "\t=1", "\r=1"])
def test_what_begins_like_a_formula_is_marked_as_text(cell: str) -> None:
    assert csv_line([cell]).lstrip('"').startswith("'")
