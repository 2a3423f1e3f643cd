"""Bytes to text, whatever machine and program wrote them."""

from __future__ import annotations

import codecs
import re

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    # UTF-32 first: its little-endian mark begins with the one of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(
    rb"<(?:meta[^>]{0,200}charset|\?xml[^>]{0,200}encoding)\s*=\s*[\"']?([\w-]{2,40})",
    re.IGNORECASE,
)
#: What texts are written in; Python's other codecs ("unicode_escape") are no charsets, and who
#: writes in UTF-16 cannot be understood up to where the declaration says so.
_CHARSETS = ("iso8859", "cp", "koi8", "mac", "gb", "big5", "shift", "euc")
_LOOKED_AT = 4096


def decode_text(data: bytes) -> str:
    """*data* as text; undecodable bytes become U+FFFD, and nothing is raised.

    A byte order mark decides, then the zero bytes of UTF-16, then UTF-8 if it fits, then the
    charset an HTML page or XML declares, then Windows-1252, which is how "latin-1" is meant.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    if encoding := _unmarked_utf16(data[:_LOOKED_AT]):
        return data.decode(encoding, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode(_declared_encoding(data[:_LOOKED_AT]) or "cp1252", "replace")


def _unmarked_utf16(start: bytes) -> str:
    """The UTF-16 byte order that *start* is in, if every other byte of it is mostly zero."""
    even, odd = start[0::2], start[1::2]
    if not odd:
        return ""
    if odd.count(0) > 0.7 * len(odd) and even.count(0) < 0.1 * len(even):
        return "utf-16-le"
    if even.count(0) > 0.7 * len(even) and odd.count(0) < 0.1 * len(odd):
        return "utf-16-be"
    return ""


def _declared_encoding(start: bytes) -> str:
    if declared := _DECLARED.search(start):
        encoding = declared[1].decode("ascii", "replace")
        try:
            name = codecs.lookup(encoding).name
        except LookupError:
            return ""
        # By the web's own rule, what a page calls latin-1 is Windows-1252.
        if name.startswith(_CHARSETS) and name != "iso8859-1":
            return encoding
    return ""
