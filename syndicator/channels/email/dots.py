"""Dots at the beginning of a line, of which SMTP takes one alone for the end of a mail."""

from __future__ import annotations


def dot_stuffed(lines: bytes) -> bytes:
    """*lines* as DATA wants them (RFC 5321, 4.5.2), each after a line end."""
    return lines.replace(b"\n.", b"\n..")
