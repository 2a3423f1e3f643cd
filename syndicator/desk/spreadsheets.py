"""The lines of a CSV file as the spreadsheets of the reader's language take it: split into cells,
in UTF-8, and no cell for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from decimal import Decimal

from django.utils.translation import get_language

#: A cell that begins with one of these is a formula, whoever wrote it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
#: A file that begins with it is UTF-8; without it Excel reads another encoding.
BOM = "\ufeff"


def separator() -> str:
    """Between two cells: Excel splits at what its own language separates a list with."""
    return ";" if _has_decimal_comma() else ","


def number(value: Decimal) -> str:
    """A number that the spreadsheet of the reader's language takes for one."""
    return str(value).replace(".", ",") if _has_decimal_comma() else str(value)


def _has_decimal_comma() -> bool:
    return (get_language() or "").startswith("de")


def csv_line(cells: Iterable[str]) -> str:
    """*cells* as one line, with its end (RFC 4180), in the language that is active."""
    out = io.StringIO()
    safe = (f"'{cell}" if cell.lstrip(" \n").startswith(_FORMULA) else cell for cell in cells)
    csv.writer(out, delimiter=separator(), lineterminator="\r\n").writerow(safe)
    return out.getvalue()
