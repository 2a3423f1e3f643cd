"""The mails of one mailing: encoded once, and each recipient's own words put in.

Encoding a mail takes a hundred times as long as joining pieces of one. So `mime.build` makes one
mail, for a recipient who cannot exist, and what is theirs in it is cut out. What is put in instead
is encoded on its own; `mime` sees to it that nothing around it depends on it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter
from secrets import token_hex
from types import MappingProxyType
from typing import NamedTuple

from syndicator.channels.base import Message
from syndicator.channels.email.dots import dot_stuffed
from syndicator.channels.email.mime import (
    LINE_LENGTH,
    Addressee,
    Envelope,
    boundary_seed,
    build,
    check_addressee,
    link_line,
)
from syndicator.channels.email.pictures import PictureFile
from syndicator.channels.email.signing import Signer, Unsigned, relaxed_body, relaxed_headers


def prepare(
    message: Message,
    envelope: Envelope,
    files: Mapping[str, PictureFile] = MappingProxyType({}),
    signer: Signer | None = None,
) -> Form:
    """The mails of *message*, ready to be addressed. *envelope* is that of any of its recipients.

    *files* are the message's pictures by their content ids. `ValueError` as from `mime.build`.
    """
    token = f"gap{token_hex(16)}"
    nobody = replace(
        envelope,
        to_address=f"to.{token}@nobody.invalid",
        message_id=f"<id.{token}@nobody.invalid>",
        unsubscribe_url=f"leave.{token}",
        preferences_url=f"prefer.{token}" if envelope.preferences_url else "",
        return_path="",
    )
    return Form(nobody.addressee, build(message, nobody, files), signer)


class Form:
    """A mail with gaps; made by `prepare`. *mail* is that to *nobody*, whose words are the gaps."""

    def __init__(self, nobody: Addressee, mail: bytes, signer: Signer | None) -> None:
        self._has_preferences = bool(nobody.preferences_url)
        self._signer = signer
        gaps = _own_words(nobody)
        self._mail = _cut(mail, gaps)
        self._data = _cut(dot_stuffed(mail), gaps)
        if signer is not None:
            headers, _, body = mail.partition(b"\r\n\r\n")
            self._signed_headers = _cut(relaxed_headers(headers, signer.headers), gaps)
            self._signed_body = _cut(relaxed_body(body), gaps)

    def mail(self, addressee: Addressee) -> bytes:
        """What `mime.build` makes for *addressee*, below a signature if there is a signer.

        `ValueError` as from `mime.build`.
        """
        begun = self.begin(addressee)
        return self._header(begun, self._signature(begun)) + self._mail(begun.words)

    def data(self, addressee: Addressee) -> bytes:
        """The same as SMTP wants it after DATA; looking for dots would take longer than all else.

        `ValueError` as from `mail`.
        """
        begun = self.begin(addressee)
        return self.finish(begun, self._signature(begun))

    def begin(self, addressee: Addressee) -> Begun:
        """What `data` begins with: all but the signing. `ValueError` as from `mail`."""
        if bool(addressee.preferences_url) != self._has_preferences:
            raise ValueError(
                "the mail has a link to preferences without a place for it, or a place"
            )
        check_addressee(addressee)
        words = _own_words(addressee)
        if self._signer is None:
            return Begun(words, None)
        unsigned = self._signer.unsigned(self._signed_headers(words), self._signed_body(words))
        return Begun(words, unsigned)

    def finish(self, begun: Begun, signature: bytes) -> bytes:
        """What `data` makes of it when it is signed."""
        data = self._data([dot_stuffed(word) for word in begun.words])
        return self._header(begun, signature) + data

    def _signature(self, begun: Begun) -> bytes:
        if self._signer is None or begun.unsigned is None:
            return b""
        return self._signer.signature(begun.unsigned.text)

    def _header(self, begun: Begun, signature: bytes) -> bytes:
        if self._signer is None or begun.unsigned is None:
            return b""
        return self._signer.header(begun.unsigned, signature)


class Begun(NamedTuple):
    """A mail that lacks only its signature, if it gets one."""

    words: Sequence[bytes]
    unsigned: Unsigned | None


def _own_words(addressee: Addressee) -> Sequence[bytes]:
    """What only this recipient's mail says, as it stands there: that at the beginning of a line
    with the line end before it.

    None is in another, of the same recipient, that comes after it.
    """
    to_address, message_id, leave, prefer = addressee
    words = [
        _quoted_printable(link_line(leave)),
        f"<{leave}>".encode(),
        b"\r\n" + _quoted_printable(leave),
        to_address.encode(),
        message_id.encode(),
        boundary_seed(message_id).encode(),
    ]
    if prefer:
        words += [_quoted_printable(link_line(prefer)), b"\r\n" + _quoted_printable(prefer)]
    return words


def _quoted_printable(line: str) -> bytes:
    """*line*, of plain characters without space, as Python's own encoder folds it."""
    coded, pieces = line.replace("=", "=3D"), []
    while len(coded) > LINE_LENGTH:
        # Not within an escape: "=" and two digits.
        end = coded.rfind("=", LINE_LENGTH - 3, LINE_LENGTH - 1)
        end = LINE_LENGTH - 1 if end < 0 else end
        pieces.append(coded[:end])
        coded = coded[end:]
    return "=\r\n".join([*pieces, coded]).encode()


def _cut(sample: bytes, gaps: Sequence[bytes]) -> Callable[[Sequence[bytes]], bytes]:
    """What makes *sample* again with other words in its *gaps*."""
    pieces = re.split(b"(" + b"|".join(map(re.escape, gaps)) + b")", sample)
    constants = tuple(pieces[::2])
    order = [
        len(constants) + gaps.index(piece) if number % 2 else number // 2
        for number, piece in enumerate(pieces)
    ]
    in_order = itemgetter(*order)
    return lambda words: b"".join(in_order((*constants, *words)))
