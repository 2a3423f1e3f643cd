"""A file of addresses as records, whatever program saved it, in little memory."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

from syndicator.wording import Wording, gettext_noop

#: Characters of one field; what is longer is no list of addresses.
LONGEST_FIELD = 100_000
MOST_COLUMNS = 500
_BLOCK = 1 << 20
_SEPARATORS = ",;\t|"
#: A byte order mark names the encoding.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

EMPTY = Wording(gettext_noop("The file is empty."))
NOT_TEXT = Wording(
    gettext_noop("This is no text file. Save the list as CSV, one person a line, and try again.")
)
BROKEN = gettext_noop(
    "Line %(line)s cannot be read: a quotation mark is missing, or a field is far too long. Mend "
    "it and try again; nobody was added."
)


class UnreadableFile(ValueError):
    """*reason* says what to do about it."""

    def __init__(self, reason: Wording) -> None:
        super().__init__(str(reason))
        self.reason = reason


def records(file: BinaryIO) -> Iterator[tuple[int, list[str]]]:
    """Each record with the number of its last line; empty ones are left out.

    *file* can be rewound. It may be UTF-8, UTF-16 or Windows-1252, its separator a comma, a
    semicolon, a tab or a bar. `UnreadableFile` if it is no such file.
    """
    text = io.TextIOWrapper(file, encoding=_encoding(file), errors="replace", newline="")
    try:
        yield from _records(text)
    finally:
        text.detach()


def _records(text: io.TextIOWrapper) -> Iterator[tuple[int, list[str]]]:
    first = text.readline(LONGEST_FIELD)
    text.seek(0)
    reader = csv.reader(text, delimiter=_separator(first), strict=True)
    # Of the module, but all that we read is read here.
    csv.field_size_limit(LONGEST_FIELD)
    seen = False
    try:
        for record in reader:
            cells = [cell.strip() for cell in record[:MOST_COLUMNS]]
            if any(cells):
                seen = True
                yield reader.line_num, cells
    except csv.Error as error:
        raise UnreadableFile(Wording(BROKEN, {"line": reader.line_num})) from error
    if not seen:
        raise UnreadableFile(EMPTY)


def _encoding(file: BinaryIO) -> str:
    file.seek(0)
    begin = file.read(4)
    file.seek(0)
    for mark, name in _MARKS:
        if begin.startswith(mark):
            return name
    decoder, found = codecs.getincrementaldecoder("utf-8")(), "utf-8"
    while block := file.read(_BLOCK):
        if b"\0" in block:
            raise UnreadableFile(NOT_TEXT)
        if found == "utf-8":
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                # What Excel saves as CSV where Windows speaks a western language.
                found = "cp1252"
    file.seek(0)
    return found


def _separator(first_line: str) -> str:
    """The one that parts *first_line* most often outside of quotation marks."""
    outside = "".join(first_line.split('"')[::2])
    return max(_SEPARATORS, key=outside.count)
