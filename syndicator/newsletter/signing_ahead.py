"""Mails that are signed before it is their turn, in processes beside this one or in lots here.

One after another they are signed faster than each between two others' commands: the processor's
caches stay with the key, and what follows is written while the relay is still awake.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from time import monotonic

from syndicator.channels.email.signing_apart import SigningApart
from syndicator.channels.email.splicing import Begun
from syndicator.newsletter.claiming import Claimed
from syndicator.newsletter.writing import Writing

#: How many signed mails wait for their turn at most.
MOST_SIGNED = 100
#: Seconds that a lot may take; other connections' answers wait meanwhile.
LOT = 0.005


class SigningAhead:
    """*is_signed* is called whenever a process has signed another one; where none is there, all
    are signed here. Used by the thread of the event loop."""

    def __init__(
        self, apart: SigningApart, writing: Writing, is_signed: Callable[[], None]
    ) -> None:
        self.apart = apart
        self._writing, self._tell = writing, is_signed
        #: By the row's primary key; each with the uptime at which it was claimed.
        self._asked: dict[int, Claimed] = {}
        self._signed: deque[tuple[Claimed, float, Callable[[], bytes] | None]] = deque()

    @property
    def ready(self) -> int:
        return len(self._signed)

    @property
    def holds_any(self) -> bool:
        return bool(self._asked or self._signed)

    def sign_some(self, next_mail: Callable[[], tuple[Claimed, float] | None]) -> None:
        """Sign what *next_mail* gives, or have it signed, as far as there is room."""
        if self.apart.is_there:
            while self._has_room and (found := next_mail()) is not None:
                self._sign(*found)
        elif not self.holds_any:
            until = monotonic() + LOT
            while (found := next_mail()) is not None:
                self._sign(*found)
                if monotonic() >= until:
                    return

    @property
    def _has_room(self) -> bool:
        return len(self._signed) < MOST_SIGNED and self.apart.has_room

    def _sign(self, mail: Claimed, claimed: float) -> None:
        try:
            begun = self._writing.begin(mail)
            assert begun.unsigned is not None
            text = begun.unsigned.text
            if self.apart.is_there:
                self._asked[mail.pk] = mail
                self.apart.sign(text, partial(self._keep, mail, claimed, begun))
                return
            data = partial(self._writing.data, begun, self.apart.signer.signature(text))
        except Exception:  # of whatever kind: it comes again when the mail's turn has come
            self._asked.pop(mail.pk, None)
            self._signed.append((mail, claimed, None))
        else:
            self._signed.append((mail, claimed, data))

    def next_signed(self) -> tuple[Claimed, float, Callable[[], bytes] | None] | None:
        """The mail, when it was claimed, and its bytes (None: it could not be signed ahead)."""
        return self._signed.popleft() if self._signed else None

    def take_back(self) -> list[Claimed]:
        """All whose turn has not come; they are nobody's then."""
        mails = [*(mail for mail, _, _ in self._signed), *self._asked.values()]
        self._signed.clear()
        self._asked.clear()
        return mails

    def _keep(self, mail: Claimed, claimed: float, begun: Begun, signature: bytes) -> None:
        if self._asked.pop(mail.pk, None) is not None:
            self._signed.append((mail, claimed, partial(self._writing.data, begun, signature)))
            self._tell()
