"""Simulated platforms: channel plug-ins of the tests whose own log of posts is the only truth.

A call is decided by a `Fate`: what the platform does, when the bytes reach it, when its own index
shows the post, and what the caller is told, which may be something else. What the caller's process
does meanwhile does not matter here: bytes that have left arrive, even if the caller is dead.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from syndicator.channels.base import (
    ALSO,
    Account,
    Act,
    Capability,
    Channel,
    ChannelError,
    Client,
    Duplicate,
    LookUp,
    LookUpStrength,
    Message,
    Receipt,
    Rejected,
    TryLater,
    Unauthorised,
    Unknown,
)
from syndicator.content import BulletList, Story
from syndicator.posts.attempts import DEADLINE
from syndicator.wording import Wording
from tests.model.clock import SimulatedClock

SAYS_SO = Wording("The simulated platform says so.")
NO_TIME = timedelta(0)


class Answer(StrEnum):
    """What the caller is told, in the words of the closed set."""

    ACCEPTED = "accepted"
    TIMED_OUT = "timed out"
    SERVER_ERROR = "server error"
    DUPLICATE = "duplicate"
    TRY_LATER = "try later"
    LIMIT = "try later, and when"
    REJECTED = "rejected"
    UNAUTHORISED = "unauthorised"


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one call. *acts*: the platform makes a post of it, once the bytes arrive."""

    answer: Answer = Answer.ACCEPTED
    acts: bool = True
    #: From the call's beginning until its bytes arrive; at most `DEADLINE`, for the call's timer
    #: (or the kernel's, if its process is stopped) cuts the connection then.
    arrives_after: timedelta = NO_TIME
    #: From the call's beginning until the caller has the answer.
    takes: timedelta = NO_TIME
    #: From the arrival until the platform's own index shows the post.
    index_lag: timedelta = NO_TIME
    #: For how long the platform asks the account to wait.
    wait: timedelta = NO_TIME


class Sight(StrEnum):
    """What a look-up sees."""

    CLEAR = "clear"
    #: Not every page: a post that is there may not be seen.
    INCOMPLETE = "incomplete"
    #: Claims to be complete, and is wrong. Only weak look-ups do that.
    BLIND = "blind"
    FAILS = "fails"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A post that the platform made: a line of its log."""

    number: int
    account: str
    message: Message
    key: str
    at: datetime
    indexed_at: datetime

    @property
    def receipt(self) -> Receipt:
        return Receipt(f"r{self.number}", f"https://platform.example/{self.number}", status=200)


@dataclass(frozen=True, slots=True)
class InFlight:
    """A request whose bytes have left and that the platform will act on when they arrive."""

    account: str
    message: Message
    key: str
    arrives_at: datetime
    index_lag: timedelta
    act: Act = Act.PUBLISH
    #: Which posts it changes, by their numbers; none for a new one.
    numbers: tuple[int, ...] = ()


@dataclass
class Platform:
    """All accounts of all simulated platforms, and what was asked of them."""

    clock: SimulatedClock
    log: list[Accepted] = field(default_factory=list)
    in_flight: list[InFlight] = field(default_factory=list)
    #: Until when an account was told to wait.
    limits: dict[str, datetime] = field(default_factory=dict)
    #: The fates of the next calls; then everything works.
    fates: deque[Fate] = field(default_factory=deque)
    sight: Sight = Sight.CLEAR
    #: When an entry, or a reply to a post, was last looked for on an account, completely and in
    #: vain: by the account, the permalink, and what was to be answered.
    absences: dict[tuple[str, str, str], datetime] = field(default_factory=dict)
    #: Called before the first byte of a request leaves.
    witness: Callable[[str, Message, str, Act], None] = lambda account, message, key, act: None
    #: The edits and deletions it has carried out, by the key of each.
    changes: list[InFlight] = field(default_factory=list)
    #: What went wrong in here, where the product would take an exception for one of the channel's.
    failures: list[str] = field(default_factory=list)
    _keys: dict[tuple[str, str], Accepted] = field(default_factory=dict)

    def call(
        self, account: str, message: Message, key: str, act: Act = Act.PUBLISH, remote_id: str = ""
    ) -> Receipt:
        """Take a request in, and tell the caller what its fate says."""
        self.witness(account, message, key, act)
        numbers = tuple(int(name.removeprefix("r")) for name in remote_id.split(ALSO) if name)
        fate = self.fates.popleft() if self.fates else Fate()
        if fate.acts:
            assert fate.arrives_after <= DEADLINE
            arrives_at = self.clock.now + fate.arrives_after
            self.in_flight.append(
                InFlight(account, message, key, arrives_at, fate.index_lag, act, numbers)
            )
            self.arrive(self.clock.now)
        if fate.takes:
            self.clock.move(fate.takes)
        return self._tell(fate, account, key, remote_id)

    def _tell(self, fate: Fate, account: str, key: str, remote_id: str) -> Receipt:
        if fate.wait:
            self.limits[account] = self.clock.now + fate.wait
        match fate.answer:
            case Answer.ACCEPTED:
                changed = Receipt(remote_id, status=200) if remote_id else None
                return replace(changed or self._keys[account, key].receipt, wait=fate.wait)
            case Answer.TIMED_OUT:
                raise Unknown(SAYS_SO)
            case Answer.SERVER_ERROR:
                raise Unknown(SAYS_SO, status=500)
            case Answer.DUPLICATE:
                raise Duplicate(SAYS_SO, status=403)
            case Answer.TRY_LATER:
                raise TryLater(SAYS_SO, status=503)
            case Answer.LIMIT:
                raise TryLater(SAYS_SO, status=429, retry_after=fate.wait)
            case Answer.REJECTED:
                raise Rejected(SAYS_SO, status=400)
            case Answer.UNAUTHORISED:
                raise Unauthorised(SAYS_SO, status=401)

    def arrive(self, now: datetime) -> None:
        """Accept what has arrived by *now*, in the order of arrival."""
        arrived = sorted(
            (request for request in self.in_flight if request.arrives_at <= now),
            key=lambda request: request.arrives_at,
        )
        for request in arrived:
            self.in_flight.remove(request)
            self._accept(request)

    def _accept(self, request: InFlight) -> None:
        if request.act != Act.PUBLISH:
            self.changes.append(request)
            return
        lifetime = _channel_of(request.account).key_lifetime
        known = self._keys.get((request.account, request.key))
        if lifetime and known and request.arrives_at < known.at + lifetime:
            return
        accepted = Accepted(
            number=len(self.log) + 1,
            account=request.account,
            message=request.message,
            key=request.key,
            at=request.arrives_at,
            indexed_at=request.arrives_at + request.index_lag,
        )
        self.log.append(accepted)
        self._keys[request.account, request.key] = accepted

    def is_gone(self, accepted: Accepted) -> bool:
        """Whether it has been deleted."""
        return any(
            change.act == Act.DELETE and accepted.number in change.numbers
            for change in self.changes
        )

    def look(self, account: str, message: Message, since: datetime) -> LookUp:
        sight = self.sight
        if sight == Sight.FAILS:
            raise Unknown(SAYS_SO, status=502)
        seen = [
            accepted.receipt
            for accepted in self.accepted(account, message)
            if since <= accepted.at and accepted.indexed_at <= self.clock.now
        ]
        if sight == Sight.CLEAR and seen:
            return LookUp(seen[0], complete=True, platform_time=self.clock.now)
        if sight == Sight.CLEAR:
            sought = (account, message.permalink, message.in_reply_to)
            self.absences[sought] = self.clock.now
        return LookUp(None, complete=sight != Sight.INCOMPLETE, platform_time=self.clock.now)

    def accepted(self, account: str, message: Message) -> list[Accepted]:
        """The posts of an entry, which is known by its permalink, on an account; of a reply those
        that answer the same post."""
        return [
            accepted
            for accepted in self.log
            if accepted.account == account
            and accepted.message.permalink == message.permalink
            and accepted.message.in_reply_to == message.in_reply_to
            and not self.is_gone(accepted)
        ]

    def recognises(self, account: str, key: str, *, until: datetime) -> bool:
        """Whether *key* cannot make a second post before *until*."""
        lifetime = _channel_of(account).key_lifetime
        known = self._keys.get((account, key))
        return lifetime is not None and (known is None or until < known.at + lifetime)

    def may_still_arrive(self, account: str, message: Message) -> bool:
        """Whether bytes are on their way that will make a post of the entry, or this reply."""
        return any(
            request.account == account
            and request.message.permalink == message.permalink
            and request.message.in_reply_to == message.in_reply_to
            and request.act == Act.PUBLISH
            for request in self.in_flight
        )


class SimulatedClient(Client):
    def __init__(self, platform: Platform, account: str) -> None:
        self._platform = platform
        self._account = account

    def send(self, message: Message, *, key: str, deadline: timedelta) -> Receipt:
        return self._ask("call", self._account, message, key)

    def edit(self, remote_id: str, message: Message, *, key: str, deadline: timedelta) -> Receipt:
        return self._ask("call", self._account, message, key, Act.EDIT, remote_id)

    def delete(self, remote_id: str, *, key: str, deadline: timedelta) -> Receipt:
        return self._ask("call", self._account, Message("", ""), key, Act.DELETE, remote_id)

    def look_up(
        self, message: Message, *, key: str, since: datetime, deadline: timedelta
    ) -> LookUp:
        return self._ask("look", self._account, message, since)

    def _ask(self, what: str, *args: Any) -> Any:
        """A mistake of the simulation must not pass for an answer."""
        try:
            return getattr(self._platform, what)(*args)
        except ChannelError:
            raise
        except Exception as error:
            self._platform.failures.append(f"the simulated platform failed: {error!r}")
            raise


class SimulatedChannel(Channel):
    """One kind of platform; its accounts are named by the channel and the destination."""

    label = "Simulated"
    default_base_url = "http://127.0.0.1:9"
    settings = ()
    settle_time = timedelta(seconds=30)
    #: Three or four entries fit in.
    limit = 130
    platform: Platform

    def render(self, story: Story) -> Message | None:
        entry = story.entry
        listed = [block.text for block in entry.blocks if isinstance(block, BulletList)]
        said = entry.headline or ("" if listed else entry.blocks[0].text)
        text = " ".join(filter(None, (said, *listed, entry.permalink)))
        return Message(text, entry.permalink, in_reply_to=story.in_reply_to)

    def client(self, account: Account) -> Client:
        return SimulatedClient(
            self.platform, account_of(self.name, account.settings["destination_id"])
        )


class Strong(SimulatedChannel):
    name = "strong"
    look_up_strength = LookUpStrength.STRONG


class Weak(SimulatedChannel):
    name = "weak"
    look_up_strength = LookUpStrength.WEAK


class Blank(SimulatedChannel):
    """Cannot be looked through at all, and wants a pause between two posts."""

    name = "none"
    gap = timedelta(seconds=2)


class Keyed(SimulatedChannel):
    """Honours the idempotency key for an hour, and then forgets it."""

    name = "keyed"
    key_lifetime = timedelta(hours=1)


class KeyedWeak(Keyed):
    """Honours the key as well, and can be looked through, somehow."""

    name = "keyed-weak"
    look_up_strength = LookUpStrength.WEAK


class Changeable(Strong):
    """Edits, deletes and answers what is out, where a person says so."""

    name = "changeable"
    capabilities = frozenset({Capability.EDIT, Capability.DELETE, Capability.REPLY})


CHANNELS: dict[str, SimulatedChannel] = {
    kind.name: kind() for kind in (Strong, Weak, Blank, Keyed, KeyedWeak, Changeable)
}


def account_of(channel_name: str, destination_id: int | str) -> str:
    return f"{channel_name}:{destination_id}"


def _channel_of(account: str) -> SimulatedChannel:
    return CHANNELS[account.partition(":")[0]]
