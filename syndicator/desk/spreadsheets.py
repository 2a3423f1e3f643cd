"""The lines of a CSV file that spreadsheets take for UTF-8, and none of its cells for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

#: A cell that begins with one of these is a formula, whoever wrote it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
#: A file that begins with it is UTF-8; without it Excel reads another encoding.
BOM = "\ufeff"


def csv_line(cells: Iterable[str], separator: str = ",") -> str:
    """*cells* as one line, with its end (RFC 4180)."""
    out = io.StringIO()
    safe = (f"'{cell}" if cell.lstrip(" \n").startswith(_FORMULA) else cell for cell in cells)
    csv.writer(out, delimiter=separator, lineterminator="\r\n").writerow(safe)
    return out.getvalue()
