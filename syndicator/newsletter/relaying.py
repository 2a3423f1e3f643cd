"""Runs the event loop that hands mails in, in a thread beside the one that asks the database.

Both wait most of the time, one for the relay and one for the database, and neither for the other.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import nullcontext, suppress
from functools import partial
from time import monotonic
from types import TracebackType
from typing import Self

from syndicator.channels.base import ChannelError, Unknown
from syndicator.channels.email.conversation import Errand, HandedBack
from syndicator.channels.email.handing_in import HandIn, Limits
from syndicator.channels.email.relay import Relay
from syndicator.channels.email.signing_apart import SigningApart
from syndicator.newsletter.announcement import Hearing
from syndicator.newsletter.claiming import BEGIN_WITHIN, LEASE, SEND_DEADLINE, Claimed
from syndicator.newsletter.journal import Journal
from syndicator.newsletter.lanes import precedence
from syndicator.newsletter.recording import Fate
from syndicator.newsletter.signing_ahead import SigningAhead
from syndicator.newsletter.writing import Writing
from syndicator.uptime import uptime
from syndicator.wording import Wording, gettext_noop

#: Results are handed over when there are so many, or after so long (seconds).
AT_ONCE = 500
PATIENCE = 0.1
#: What else there is to do is done so often meanwhile (seconds).
MEANWHILE = 0.03
#: Seconds until a mail that gives way to this process's own breaking news looks again.
GIVING_WAY = 0.005

UNEXPECTED = Wording(gettext_noop("The try ended in a way nobody foresaw; the mail may be out."))


class Relaying:
    """Hands claimed mails in at *relay*, from its beginning as a context manager to its end.

    *writing* makes an errand of each; with *apart* they are signed a few before it is their turn.
    With *gives_way* breaking news goes first. What becomes of each comes back by `take`, once.
    """

    def __init__(
        self,
        relay: Relay,
        connections: int,
        writing: Writing,
        journal: Journal,
        *,
        gives_way: bool,
        apart: SigningApart | None = None,
    ) -> None:
        self._writing, self._journal, self._gives_way = writing, journal, gives_way
        limits = Limits(connections=connections, mail=SEND_DEADLINE)
        self._engine = HandIn(relay, self, limits)
        #: Each with the uptime at which it was claimed.
        self._waiting: deque[tuple[Claimed, float]] = deque()
        self._ahead = SigningAhead(apart, writing, self._is_signed) if apart else None
        self._taken: dict[int, Claimed] = {}
        self._dotted: set[int] = set()
        self._told: deque[Fate] = deque()
        #: Announcements of breaking news; the event loop's thread counts those it has heard, the
        #: other one those that a look at the database took into account.
        self._hearing = Hearing()
        self.heard = self._looked_into = 0
        self._holds = False
        self._few = 0
        self._enough = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = self._flushing = self._looks_again = False
        self.over = False
        #: Why no more can be handed in, if that is why it is over.
        self.trouble: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="relaying", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is not None:
            self.stop()
        self.finish()
        self._thread.join()

    @property
    def waiting(self) -> int:
        """How many mails nobody has begun to hand in yet."""
        return len(self._waiting)

    @property
    def has_ended(self) -> bool:
        """Whether all is told that will be."""
        return not self._thread.is_alive()

    @property
    def held(self) -> bool:
        """Whether nothing new is begun."""
        return self._holds or self.heard != self._looked_into

    def hold(self, whether: bool, *, heard: int) -> None:
        """*whether* to, by a look that began when so many announcements had been *heard*."""
        was_held = self.held
        self._holds, self._looked_into = whether, heard
        if was_held and not self.held:
            self._call(self._engine.go_on)

    def give(self, mails: Iterable[Claimed], claimed: float) -> None:
        """*claimed* is `uptime` before they were claimed."""
        self._waiting.extend((mail, claimed) for mail in mails)
        self._few = len(self._waiting) // 2
        if self.over:
            self.finish()
        self._call(self._engine.go_on)

    def take(self, meanwhile: Callable[[], None]) -> list[Fate]:
        """What has become of mails since it was last asked; waits a moment for it, unless half of
        what waits is gone meanwhile or all are done, and calls *meanwhile* again and again."""
        until = monotonic() + PATIENCE
        while not self.over:
            if self._enough.wait(min(MEANWHILE, max(0.0, until - monotonic()))):
                self._enough.clear()
                break
            if monotonic() >= until:
                break
            meanwhile()
        return [self._told.popleft() for _ in range(len(self._told))]

    def finish(self) -> None:
        """Begin no mail more but those the engine has; all else comes back as not begun."""
        while True:
            try:
                mail, _ = self._waiting.popleft()
            except IndexError:
                break
            self._told.append(Fate.of(mail, None))
        self._closing = True
        self._call(self._finish)

    def stop(self) -> None:
        """The same, and take back what the engine has not handed in."""
        self.finish()
        self._call(partial(self._engine.stop, SEND_DEADLINE))

    def _call(self, act: Callable[[], object]) -> None:
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # it has just ended
                loop.call_soon_threadsafe(act)

    # --- In the thread of the event loop ----------------------------------------------------------

    def _work(self) -> None:
        try:
            asyncio.run(self._hand_in())
        except BaseException as error:  # of whatever kind: the other thread is told
            self.trouble = error
        finally:
            self.finish()
            self._finish()
            # What the engine owes: an end that nobody foresaw.
            for mail in self._taken.values():
                unknown = Unknown(UNEXPECTED) if mail.pk in self._dotted else None
                self._told.append(Fate.of(mail, unknown))
            self.over = True
            self.finish()  # what was given meanwhile
            self._enough.set()

    async def _hand_in(self) -> None:
        self._loop = asyncio.get_running_loop()
        if self._closing:
            self._finish()
        async with self._ahead.apart if self._ahead else nullcontext():
            await self._engine.run()

    def _finish(self) -> None:
        if self._ahead is not None:
            self._told.extend(Fate.of(mail, None) for mail in self._ahead.take_back())
        self._engine.finish()

    # What the engine asks and tells (`handing_in.Errands`).

    @property
    def ready(self) -> int:
        if self._must_give_way:
            return 0
        return len(self._waiting) + (self._ahead.ready if self._ahead else 0)

    def next_errand(self) -> Errand | None:
        if self._ahead is not None:
            self._sign_ahead()
        self._listen()
        if self.held:
            return None  # `hold` says when that ends
        if self._must_give_way:
            self._look_again_soon()
            return None
        if self._ahead is not None:
            while (signed := self._ahead.next_signed()) is not None:
                mail, claimed, data = signed
                if self._may_begin(mail, claimed):
                    return self._errand(mail, claimed, data)
            return None
        found = self._next_waiting()
        return self._errand(*found) if found else None

    def _errand(
        self, mail: Claimed, claimed: float, data: Callable[[], bytes] | None = None
    ) -> Errand:
        self._taken[mail.pk] = mail
        return self._writing.errand(mail, claimed + LEASE.total_seconds(), data)

    def _next_waiting(self) -> tuple[Claimed, float] | None:
        while self._waiting:
            try:
                mail, claimed = self._waiting.popleft()
            except IndexError:  # taken back by the other thread
                break
            if len(self._waiting) == self._few:
                self._enough.set()
            if self._may_begin(mail, claimed):
                return mail, claimed
        return None

    def _may_begin(self, mail: Claimed, claimed: float) -> bool:
        """Else it is told as not begun."""
        if self._closing or uptime() - claimed > BEGIN_WITHIN.total_seconds():
            self._told.append(Fate.of(mail, None))
            return False
        return True

    def _sign_ahead(self) -> None:
        assert self._ahead is not None
        if self._flushing:
            self._flush()  # a lot takes a while
        self._ahead.sign_some(self._next_to_sign)

    def _next_to_sign(self) -> tuple[Claimed, float] | None:
        self._listen()
        return None if self._must_give_way else self._next_waiting()

    def _is_signed(self) -> None:
        self._sign_ahead()
        self._engine.go_on()

    @property
    def _has_work(self) -> bool:
        return bool(self._taken or self._waiting or (self._ahead and self._ahead.holds_any))

    def _listen(self) -> None:
        """For breaking news; the next look at the database tells how long it holds this up."""
        if self._gives_way and self._hearing.heard_anew():
            self.heard += 1

    @property
    def _must_give_way(self) -> bool:
        return self.held or (self._gives_way and precedence.claimed)

    def _look_again_soon(self) -> None:
        if not self._looks_again:
            self._looks_again = True
            asyncio.get_running_loop().call_later(GIVING_WAY, self._look_again)

    def _look_again(self) -> None:
        self._looks_again = False
        self._engine.go_on()

    def before_dot(self, errand: Errand) -> None:
        self._journal.begun(errand.key, self._taken[errand.key].epoch)
        self._dotted.add(errand.key)

    def ended(self, errand: Errand, answer: str | ChannelError) -> None:
        mail = self._taken.pop(errand.key)
        self._dotted.discard(mail.pk)
        if isinstance(answer, HandedBack):
            fate = Fate.of(mail, None)
        else:
            fate = Fate.of(mail, answer)
            if not self._flushing:
                self._flushing = True
                asyncio.get_running_loop().call_soon(self._flush)
            self._journal.answered(fate)
        self._told.append(fate)
        if len(self._told) >= AT_ONCE or not self._has_work:
            self._enough.set()

    def _flush(self) -> None:
        self._flushing = False
        self._journal.flush()
