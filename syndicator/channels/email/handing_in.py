"""Hands the mails of a mailing in to a relay, over many kept-alive connections in one event loop.

Where a relay takes a second for each answer, only many connections are fast; see `conversation` for
what happens on each. A relay that wants fewer of them gets fewer.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from math import inf
from time import monotonic
from typing import Protocol

from syndicator.channels.base import ChannelError, Rejected, TryLater, Unauthorised
from syndicator.channels.email.conversation import (
    GIVEN_BACK,
    Conversation,
    Errand,
    HandedBack,
    open_conversation,
    tls_context,
)
from syndicator.channels.email.relay import Relay
from syndicator.outbound.late_writes import none_after
from syndicator.uptime import uptime
from syndicator.wording import Wording, gettext_noop

TOO_LARGE = gettext_noop("The mail is larger than the mail server %(host)s takes.")
UNWRITABLE = Wording(gettext_noop("The mail to this address cannot be written."))

#: Seconds between two looks at the clock.
TICK = 0.1
#: Seconds without another connection after the relay did not want one more.
NO_MORE = 30.0
#: Opened at once at most, until as many are open.
FIRST = 4
GOODBYE = 2.0


class Errands(Protocol):
    """Where errands come from, and who is told what became of each: one end, exactly once.

    All calls come from the event loop.
    """

    @property
    def ready(self) -> int:
        """How many `next_errand` would give now."""

    def next_errand(self) -> Errand | None:
        """The next one; None: there is none now (`HandIn.go_on` says that there is again), or never
        again (`HandIn.finish`)."""

    def before_dot(self, errand: Errand) -> None:
        """Its final dot is written next: from then on until its end the relay may have the mail.
        If this raises, the dot is not written, and the run ends with that."""

    def ended(self, errand: Errand, answer: str | ChannelError) -> None:
        """It was accepted with these words, or this is why it was not."""


@dataclass(frozen=True, slots=True)
class Limits:
    """*mail* is the time from a mail's first command to the answer to its last; *opening* that
    until a connection takes mail; *idle* that without mail after which it is closed."""

    connections: int = 20
    mails_per_connection: int = 1000
    mail: timedelta = timedelta(minutes=2)
    opening: timedelta = timedelta(seconds=30)
    idle: timedelta = timedelta(seconds=20)


class HandIn:
    """One run over *errands*; see `run`."""

    def __init__(self, relay: Relay, errands: Errands, limits: Limits = Limits()) -> None:
        self._relay = relay
        self._errands = errands
        self._limits = limits
        self._context = tls_context(relay)
        #: Begun on a connection that ended before it said a word to them.
        self._again: deque[Errand] = deque()
        self._idle: list[Conversation] = []
        self._busy: set[Conversation] = set()
        self._leaving: set[Conversation] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._no_more_before = -inf
        self._exhausted = False
        self._stops_at = inf
        self._trouble: BaseException | None = None
        self._changed, self._left = asyncio.Event(), asyncio.Event()

    async def run(self) -> None:
        """Hand the errands in until there are no more.

        Raises `TryLater` (the relay is away) or `Unauthorised` (it does not let us send) when every
        errand that was taken has its end: those that were not handed in are `HandedBack`.
        """
        watching = asyncio.create_task(self._watch())
        try:
            self.go_on()
            while not self._is_over:
                self._changed.clear()
                await self._changed.wait()
            await self._say_goodbye()
        finally:
            for task in (watching, *self._opening):
                task.cancel()
            self._stops_at = -inf
            for conversation in (*self._busy, *self._idle, *self._leaving):
                conversation.close()
            await asyncio.gather(watching, *self._opening, return_exceptions=True)
        if self._trouble is not None:
            raise self._trouble

    def finish(self) -> None:
        """There will be no more errands."""
        self._exhausted = True
        self._see_whether_over()

    def stop(self, grace: timedelta) -> None:
        """End the run: what may be out has *grace* to be answered, all else is handed back."""
        self._stops_at = min(self._stops_at, monotonic() + grace.total_seconds())
        self._hand_back()
        for conversation in tuple(self._busy):
            conversation.withdraw()
        self._see_whether_over()

    # --- What conversations tell ------------------------------------------------------------------

    def before_dot(self, errand: Errand) -> bool:
        try:
            self._errands.before_dot(errand)
        except Exception as error:
            self._fail(error)
            return False
        return True

    def ended(self, conversation: Conversation, errand: Errand, answer: str | ChannelError) -> None:
        if isinstance(answer, Unauthorised):
            self._errands.ended(errand, HandedBack(answer.reason, answer=answer.answer))
            self._fail(answer)
        else:
            self._errands.ended(errand, answer)
            if isinstance(answer, TryLater) and answer.status == 421:
                self._no_more_for_now()
        if conversation.is_open:
            self._busy.discard(conversation)
            if conversation.served >= self._limits.mails_per_connection:
                self._dismiss(conversation)
            else:
                self._idle.append(conversation)
        self.go_on()

    def not_begun(self, conversation: Conversation, errand: Errand) -> None:
        # The usual end of a connection: the relay had enough of it, or of waiting. Nothing was
        # tried, so another connection takes the errand. Not for ever: each such connection had
        # another errand before, and that one has its end.
        self._again.appendleft(errand)
        self.go_on()

    def gone(self, conversation: Conversation) -> None:
        self._busy.discard(conversation)
        self._leaving.discard(conversation)
        if conversation in self._idle:
            self._idle.remove(conversation)
        if not self._leaving:
            self._left.set()

    # --- Errands ----------------------------------------------------------------------------------

    def go_on(self) -> None:
        """Give those who have nothing to do what waits."""
        if self._is_ending:
            self._hand_back()
        else:
            idle = self._idle
            while idle and (errand := self._next()) is not None:
                self._begin(idle.pop(), errand)
            if len(self._busy) + len(self._opening) < self._limits.connections:
                self._open_more()
        self._see_whether_over()

    def _next(self) -> Errand | None:
        if self._is_ending:  # by now
            return None
        if self._again:
            return self._again.popleft()
        if self._exhausted:
            return None
        try:
            return self._errands.next_errand()
        except Exception as error:
            self._fail(error)
            return None

    def _begin(self, conversation: Conversation, errand: Errand) -> None:
        try:
            mail = errand.mail()
            if len(mail) > conversation.largest:
                raise Rejected(self._relay.say(TOO_LARGE))
        except ChannelError as error:
            self._idle.append(conversation)
            self._errands.ended(errand, error)
        except ValueError:
            self._idle.append(conversation)
            self._errands.ended(errand, Rejected(UNWRITABLE))
        except Exception as error:
            self._idle.append(conversation)
            self._errands.ended(errand, HandedBack(self._relay.say(GIVEN_BACK)))
            self._fail(error)
        else:
            self._busy.add(conversation)
            conversation.begin(errand, mail, self._limits.mail.total_seconds())

    # --- Ends -------------------------------------------------------------------------------------

    @property
    def _is_ending(self) -> bool:
        return self._trouble is not None or self._stops_at < inf

    @property
    def _is_over(self) -> bool:
        return (self._exhausted or self._is_ending) and not (self._busy or self._again)

    def _see_whether_over(self) -> None:
        if self._is_over:
            self._changed.set()

    def _fail(self, trouble: BaseException) -> None:
        if self._trouble is None:
            self._trouble = trouble
        self._hand_back()
        self._see_whether_over()

    def _hand_back(self) -> None:
        while self._again:
            self._errands.ended(self._again.popleft(), HandedBack(self._relay.say(GIVEN_BACK)))

    async def _watch(self) -> None:
        """Do what the clock demands.

        A process that was stopped, and whose errands are somebody else's by now, writes no dot.
        """
        idle = self._limits.idle.total_seconds()
        with contextlib.ExitStack() as guard:
            while True:
                await asyncio.sleep(TICK)
                now = monotonic()
                for conversation in tuple(self._busy):
                    if now >= self._stops_at:
                        conversation.close()
                    else:
                        conversation.expire(now)
                for conversation in tuple(self._idle):
                    if now - conversation.idle_since >= idle:
                        self._idle.remove(conversation)
                        self._dismiss(conversation)
                self.go_on()
                guard.close()
                dot_by = min((one.dot_by for one in self._busy), default=inf)
                if dot_by < inf:
                    guard.enter_context(none_after(max(0.0, dot_by - uptime())))

    def _dismiss(self, conversation: Conversation) -> None:
        self._leaving.add(conversation)
        self._left.clear()
        conversation.leave()

    async def _say_goodbye(self) -> None:
        """Every answer that matters has been read."""
        while self._idle:
            self._dismiss(self._idle.pop())
        if self._leaving:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._left.wait(), GOODBYE)

    # --- Connections ------------------------------------------------------------------------------

    @property
    def _open(self) -> int:
        return len(self._busy) + len(self._idle)

    def _open_more(self) -> None:
        if self._open and monotonic() < self._no_more_before:
            return
        opening = len(self._opening)
        more = min(
            len(self._again) + self._errands.ready - opening,
            self._limits.connections - self._open - opening,
            max(FIRST, self._open) - opening,
        )
        for _ in range(more):
            task = asyncio.create_task(self._open_one())
            self._opening.add(task)

    async def _open_one(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        try:
            conversation = await open_conversation(
                self._relay, self, self._context, self._limits.opening
            )
        except ChannelError as error:
            self._opening.discard(task)
            self._not_opened(error)
        except Exception as error:
            self._opening.discard(task)
            self._fail(error)
        else:
            self._opening.discard(task)
            self._idle.append(conversation)
            self.go_on()

    def _not_opened(self, error: ChannelError) -> None:
        """Trouble if it is the only connection, or the account's; else these are enough for now."""
        self._no_more_for_now()
        if isinstance(error, TryLater) and (self._open or self._opening):
            return
        self._fail(error)

    def _no_more_for_now(self) -> None:
        self._no_more_before = monotonic() + NO_MORE


def try_out(relay: Relay, limit: timedelta) -> None:
    """Come, log in and leave again, all within *limit*; raises as `open_conversation`."""
    asyncio.run(_visit(relay, limit))


async def _visit(relay: Relay, limit: timedelta) -> None:
    nothing = HandIn(relay, _Nothing())
    conversation = await open_conversation(relay, nothing, nothing._context, limit)
    conversation.leave()
    conversation.close()


class _Nothing:
    """No errands at all."""

    ready = 0

    def next_errand(self) -> Errand | None:
        return None

    def before_dot(self, errand: Errand) -> None:
        raise LookupError(errand.key)

    def ended(self, errand: Errand, answer: str | ChannelError) -> None:
        raise LookupError(errand.key)
