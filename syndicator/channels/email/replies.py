"""The replies of a mail server, cut out of the bytes it sends (RFC 5321, 4.2)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

#: Octets and lines of one reply; RFC 5321, 4.5.3.1.5 allows 512 octets for each line.
LONGEST_REPLY = 16_384
MOST_LINES = 200

_LINE = re.compile(rb"([2-5][0-5][0-9])(?:([ -])([^\r]*))?\r?")


class Garbled(ConnectionError):
    """What came is no reply, or none of a sensible length."""


class Reply(NamedTuple):
    """*words* are the lines without their code, between them line ends (LF)."""

    code: int
    words: bytes


class Replies:
    """Put together of what arrives."""

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[bytes] = []
        self._code = b""
        self._size = 0
        #: The answers to the commands of a mail that came at once, which are the same each time.
        self._usual = b""
        self._usual_replies: Sequence[Reply] = ()

    @property
    def begun(self) -> bool:
        """Whether a part of a reply is here already."""
        return bool(self._rest or self._lines)

    def feed(self, data: bytes) -> Sequence[Reply]:
        """The replies that *data* completes; `Garbled` if it is not what a mail server says."""
        if self.begun:
            return self._feed(data)
        if data == self._usual:
            return self._usual_replies
        whole = self._feed(data)
        if len(whole) > 1 and not self.begun:
            self._usual, self._usual_replies = data, whole
        return whole

    def _feed(self, data: bytes) -> Sequence[Reply]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        whole = []
        for line in lines:
            if len(line) > LONGEST_REPLY:
                raise Garbled("the mail server's reply is too long")
            found = _LINE.fullmatch(line)
            if found is None:
                raise Garbled("the mail server's reply is not one")
            code, more, words = found.groups(b"")
            if not self._lines and more != b"-":
                whole.append(Reply(int(code), words))
                continue
            if self._lines and code != self._code:
                raise Garbled("the lines of the mail server's reply belong to different replies")
            self._code = code
            self._lines.append(words)
            self._size += len(line)
            if self._size > LONGEST_REPLY or len(self._lines) > MOST_LINES:
                raise Garbled("the mail server's reply is too long")
            if more != b"-":
                whole.append(Reply(int(code), b"\n".join(self._lines)))
                self._lines, self._size = [], 0
        if len(self._rest) > LONGEST_REPLY:
            raise Garbled("the mail server's reply is too long")
        return whole
