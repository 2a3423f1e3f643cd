"""Hands the mails of a mailing in to a relay, over many kept-alive connections in one event loop.

Where a relay takes a second for each answer, only many connections are fast; see `conversation` for
what happens on each. A relay that wants fewer of them gets fewer.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from math import inf
from time import monotonic

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


@dataclass(frozen=True, slots=True)
class Result:
    """What became of an errand: the words it was accepted with, or why it was not."""

    errand: Errand
    answer: str | ChannelError


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
    """One run over the errands of an iterator; see `results`.

    *before_dot* is called right before a mail's final dot is written: from then on until its result
    the relay may have the mail. If it raises, the dot is not written, and the run ends with that.
    """

    def __init__(
        self, relay: Relay, before_dot: Callable[[Errand], None], limits: Limits = Limits()
    ) -> None:
        self._relay = relay
        self._note = before_dot
        self._limits = limits
        self._context = tls_context(relay)
        self._waiting: deque[Errand] = deque()
        self._results: deque[Result] = deque()
        self._idle: list[Conversation] = []
        self._busy: set[Conversation] = set()
        self._leaving: set[Conversation] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._no_more_before = -inf
        self._exhausted = False
        self._stops_at = inf
        self._trouble: BaseException | None = None
        self._something, self._room = asyncio.Event(), asyncio.Event()

    async def results(self, errands: AsyncIterator[Errand]) -> AsyncIterator[Result]:
        """One result for each of *errands*, as they come; no errand has two.

        Raises `TryLater` (the relay is away) or `Unauthorised` (it does not let us send) when every
        errand that was taken has its result: those that were not handed in are `HandedBack`.
        *errands* is asked for more when there is somebody to hand them in; waiting there, it is
        cancelled when the run ends.
        """
        feeding = asyncio.create_task(self._feed(errands))
        watching = asyncio.create_task(self._watch())
        try:
            while True:
                while self._results:
                    yield self._results.popleft()
                if self._is_over:
                    # Before the last look: it could bring another errand while we say good-bye.
                    feeding.cancel()
                    await asyncio.wait([feeding])
                    if self._is_over:
                        break
                else:
                    self._something.clear()
                    await self._something.wait()
            await self._say_goodbye()
        finally:
            for task in (feeding, watching, *self._opening):
                task.cancel()
            self._stops_at = -inf
            for conversation in (*self._busy, *self._idle, *self._leaving):
                conversation.close()
            await asyncio.gather(feeding, watching, *self._opening, return_exceptions=True)
        if self._trouble is not None:
            raise self._trouble

    def stop(self, grace: timedelta) -> None:
        """End the run: what may be out has *grace* to be answered, all else is handed back."""
        self._stops_at = min(self._stops_at, monotonic() + grace.total_seconds())
        self._hand_back()
        for conversation in tuple(self._busy):
            conversation.withdraw()
        self._something.set()

    # --- What conversations tell ------------------------------------------------------------------

    def before_dot(self, errand: Errand) -> bool:
        try:
            self._note(errand)
        except Exception as error:
            self._fail(error)
            return False
        return True

    def ended(self, conversation: Conversation, errand: Errand, answer: str | ChannelError) -> None:
        if isinstance(answer, Unauthorised):
            self._report(errand, HandedBack(answer.reason, answer=answer.answer))
            self._fail(answer)
        else:
            self._report(errand, answer)
            if isinstance(answer, TryLater) and answer.status == 421:
                self._no_more_for_now()
        if conversation.is_open:
            self._busy.discard(conversation)
            if conversation.served >= self._limits.mails_per_connection:
                self._dismiss(conversation)
            else:
                self._idle.append(conversation)
        self._go_on()

    def not_begun(self, conversation: Conversation, errand: Errand) -> None:
        # The usual end of a connection: the relay had enough of it, or of waiting. Nothing was
        # tried, so another connection takes the errand. Not for ever: each such connection had
        # another errand before, and that one has its result.
        self._waiting.appendleft(errand)
        self._go_on()

    def gone(self, conversation: Conversation) -> None:
        self._busy.discard(conversation)
        self._leaving.discard(conversation)
        if conversation in self._idle:
            self._idle.remove(conversation)
        self._something.set()

    # --- Errands ----------------------------------------------------------------------------------

    async def _feed(self, errands: AsyncIterator[Errand]) -> None:
        most = self._limits.connections
        try:
            async for errand in errands:
                self._waiting.append(errand)
                self._go_on()
                if len(self._waiting) >= most:
                    self._room.clear()
                    await self._room.wait()
        except Exception as error:
            self._fail(error)
        self._exhausted = True
        self._something.set()

    def _go_on(self) -> None:
        """Give those who have nothing to do what waits, and get more of them if it is too much."""
        if self._trouble is not None or self._stops_at < inf:
            self._hand_back()
        waiting, idle = self._waiting, self._idle
        while waiting and idle:
            self._begin(idle.pop(), waiting.popleft())
        most = self._limits.connections
        if waiting and len(self._busy) + len(self._opening) < most:
            self._open_more()
        if len(waiting) <= most // 2:
            self._room.set()

    def _begin(self, conversation: Conversation, errand: Errand) -> None:
        try:
            mail = errand.mail()
            if len(mail) > conversation.largest:
                raise Rejected(self._relay.say(TOO_LARGE))
        except ChannelError as error:
            self._idle.append(conversation)
            self._report(errand, error)
        except ValueError:
            self._idle.append(conversation)
            self._report(errand, Rejected(UNWRITABLE))
        except Exception as error:
            self._idle.append(conversation)
            self._report(errand, HandedBack(self._relay.say(GIVEN_BACK)))
            self._fail(error)
        else:
            self._busy.add(conversation)
            conversation.begin(errand, mail, self._limits.mail.total_seconds())

    def _report(self, errand: Errand, answer: str | ChannelError) -> None:
        self._results.append(Result(errand, answer))
        self._something.set()

    # --- Ends -------------------------------------------------------------------------------------

    @property
    def _is_ending(self) -> bool:
        return self._trouble is not None or self._stops_at < inf

    @property
    def _is_over(self) -> bool:
        return not (self._busy or self._waiting or self._results) and (
            self._exhausted or self._is_ending
        )

    def _fail(self, trouble: BaseException) -> None:
        if self._trouble is None:
            self._trouble = trouble
        self._hand_back()
        self._something.set()

    def _hand_back(self) -> None:
        while self._waiting:
            self._report(self._waiting.popleft(), HandedBack(self._relay.say(GIVEN_BACK)))

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
                self._go_on()
                guard.close()
                dot_by = min((one.dot_by for one in self._busy), default=inf)
                if dot_by < inf:
                    guard.enter_context(none_after(max(0.0, dot_by - uptime())))

    def _dismiss(self, conversation: Conversation) -> None:
        self._leaving.add(conversation)
        conversation.leave()

    async def _say_goodbye(self) -> None:
        """Every answer that matters has been read."""
        while self._idle:
            self._dismiss(self._idle.pop())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE):
                while self._leaving:
                    self._something.clear()
                    await self._something.wait()

    # --- Connections ------------------------------------------------------------------------------

    @property
    def _open(self) -> int:
        return len(self._busy) + len(self._idle)

    def _open_more(self) -> None:
        if self._open and monotonic() < self._no_more_before:
            return
        opening = len(self._opening)
        more = min(
            len(self._waiting) - opening,
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
            self._go_on()

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
    nothing = HandIn(relay, lambda errand: None)
    conversation = await open_conversation(relay, nothing, nothing._context, limit)
    conversation.leave()
    conversation.close()
