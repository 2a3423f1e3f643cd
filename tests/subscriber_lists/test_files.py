"""Files as programs save them, and what is no such file."""

from __future__ import annotations

import contextlib
import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.subscriber_lists.files import LONGEST_FIELD, UnreadableFile, records


def read(content: bytes) -> list[list[str]]:
    return [cells for _, cells in records(io.BytesIO(content))]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", list(",;\t|"))
def test_reads_what_spreadsheets_save(encoding: str, separator: str) -> None:
    text = separator.join(("email", "name")) + "\r\n" + separator.join(("j@x.de", "Jörg Süß"))
    assert read(text.encode(encoding)) == [["email", "name"], ["j@x.de", "Jörg Süß"]]


def test_a_separator_within_quotation_marks_does_not_count() -> None:
    assert read(b'"a,b,c,d";email\n1;j@x.de\n')[0] == ["a,b,c,d", "email"]


def test_lines_are_numbered_as_an_editor_numbers_them() -> None:
    content = b'email,note\n\na@x.de,"two\nlines"\nb@x.de,\n'
    assert [number for number, _ in records(io.BytesIO(content))] == [1, 4, 5]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\n \n,,\n", "empty"),
        (b"PK\x03\x04\x00\x00", "no text file"),
        (b'email\n"a@x.de\n', "Line"),
        (b'email\n"a"b@x.de\n', "Line 2"),
        (b"email\n" + b"x" * (LONGEST_FIELD + 1), "Line 2"),
    ],
    ids=["nothing", "only blanks", "an archive", "an open quote", "a stray quote", "a huge field"],
)
def test_says_what_is_wrong(content: bytes, words: str) -> None:
    with pytest.raises(UnreadableFile, match=words):
        read(content)


cells = st.lists(
    st.text("aä\u2028=+'\",;\t| ", min_size=1, max_size=8).map(str.strip).filter(bool),
    min_size=2,
    max_size=4,
)


@given(st.lists(cells, min_size=1, max_size=5))
def test_gives_back_what_was_written(table: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows(table)
    assert read(out.getvalue().encode("utf-8-sig")) == table


@given(st.binary(max_size=200))
def test_no_bytes_break_it(content: bytes) -> None:
    with contextlib.suppress(UnreadableFile):
        read(content)
