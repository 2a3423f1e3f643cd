"""Calling a client on a platform that misbehaves, and what came of it."""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import ClassVar
from urllib.parse import unquote_plus

from syndicator.channels.base import (
    Account,
    Capability,
    Channel,
    ChannelError,
    Client,
    Message,
    Receipt,
)
from syndicator.channels.conformance.misdeeds import (
    TRAP,
    Misdeed,
    false_headers,
    false_values,
    misdeeds,
)
from syndicator.channels.conformance.platform import Platform, Request
from syndicator.channels.conformance.proxy import Proxy
from syndicator.channels.conformance.samples import PICTURE, long_story, open_picture, story
from syndicator.content import Picture

AMPLE = timedelta(seconds=20)
SHORT = timedelta(milliseconds=200)
#: Changes of single values of one answer, where there are hundreds: a few each of all kinds.
MANY_VALUES = 16
#: After this a call has no end.
PATIENCE = timedelta(seconds=10)

#: The number of a story whose permalink begins like the first one's.
LIKE_THE_FIRST = 10_000

#: What a client is asked to do.
Work = Callable[[Client, timedelta], object]


def report(broken: Sequence[str]) -> None:
    """Fail with every sentence of *broken*, each once."""
    assert not broken, "\n".join(["", *dict.fromkeys(broken)])


@dataclass(frozen=True, slots=True)
class Came:
    """What a call came to: a *value*, an *error*, or neither, since it did not end. *log* is what
    was logged meanwhile."""

    value: object = None
    error: BaseException | None = None
    ended: bool = True
    log: str = ""

    def __str__(self) -> str:
        if not self.ended:
            return "did not end"
        if self.error is None:
            return f"returned a {type(self.value).__name__}"
        told = f" ({self.error})" if not isinstance(self.error, ChannelError) else ""
        return f"raised {type(self.error).__name__}{told}"

    @property
    def receipt(self) -> Receipt | None:
        return self.value if isinstance(self.value, Receipt) else None

    def bad_manners(self) -> list[str]:
        """What no call may do, however it goes."""
        if not self.ended:
            return [f"it had not ended {PATIENCE.seconds} seconds later: respect the deadline"]
        if self.error is None:
            return []
        if not isinstance(self.error, ChannelError):
            return [f"it {self}: nothing but ChannelErrors may leave a client"]
        sentence = self.error.reason.sentence
        whole = sentence.endswith((".", "!", "?", "…", "。", "%(answer)s"))
        if not whole or "Traceback" in str(self.error.reason):
            return [f"its reason is “{sentence}”: write a whole sentence for an editor"]
        return []


@dataclass(frozen=True, slots=True)
class Spoilt:
    """One call, one of whose answers was spoilt. *made* is how many posts there are more now."""

    case: str
    misdeed: Misdeed
    came: Came
    about: Message
    made: int
    changed: bool
    received: Sequence[Request]
    #: Everything that was sent either way, and the account's settings.
    said: str

    def __str__(self) -> str:
        return f"{self.case}, and the client {self.came}"


class Calls:
    """The ground of all rules about clients: a client, a proxy, the platform behind it."""

    channel: ClassVar[Channel]
    #: An account's settings, secrets included, as the platform of `platform` knows it.
    settings: ClassVar[Mapping[str, str]]
    #: Loggers of libraries that log secrets at DEBUG, where Syndicator's configuration holds them.
    held_at_info: ClassVar[Sequence[str]] = ()

    def platform(self) -> Platform:
        raise NotImplementedError("Return the platform that the client is tested on.")

    def setup_method(self) -> None:
        self.behind = self.platform()
        self.opened = 0
        self.proxy = Proxy(self.behind)
        self._numbers = itertools.count(1)

    def teardown_method(self) -> None:
        self.proxy.stop()
        close = getattr(self.behind, "close", None)
        if close:
            close()

    @property
    def of_account(self) -> Channel:
        secret = {one.name for one in self.channel.settings if one.secret}
        shown = {name: value for name, value in self.settings.items() if name not in secret}
        return self.channel.for_settings(shown)

    def account(self) -> Account:
        prefix = getattr(self.behind, "prefix", "")
        return Account(
            f"{self.proxy.url}{prefix}",
            self.settings,
            allow_private_addresses=True,
            open_picture=self._open_picture,
        )

    def _open_picture(self, picture: Picture) -> bytes:
        self.opened += 1
        return open_picture(picture)

    def message(self, *, thread: bool = False) -> Message:
        """A new one, with a picture where the channel takes any."""
        return self.message_about(next(self._numbers), thread=thread)

    def message_about(self, number: int, *, thread: bool = False) -> Message:
        pictures = (PICTURE,) if Capability.PICTURES in self.channel.capabilities else ()
        told = long_story(number) if thread else story(number, pictures=pictures)
        message = self.of_account.render(told)
        assert message is not None, "A plain entry was rendered as nothing."
        return message

    def call(self, work: Work, account: Account | None = None, deadline: timedelta = AMPLE) -> Came:
        """What *work* comes to on a client of its own, whatever it raises."""
        came = Came(ended=False)

        def ask() -> None:
            nonlocal came
            try:
                value = work(self.of_account.client(account or self.account()), deadline)
            except BaseException as error:
                came = Came(error=error)
            else:
                came = Came(value)

        with _Logged(self.held_at_info) as logged:
            thread = threading.Thread(target=ask, daemon=True)
            thread.start()
            thread.join((deadline + PATIENCE).total_seconds())
        if self.proxy.failure:
            raise self.proxy.failure
        return replace(came, log=logged.text)

    def send(self, message: Message) -> Work:
        """Sending *message* under a key of its own, always the same."""
        key = f"syndicator-{message.fingerprint()[:32]}"
        return lambda client, deadline: client.send(message, key=key, deadline=deadline)

    def sent(self, message: Message) -> Receipt:
        """*message*, sent while the platform behaves."""
        self.proxy.begin()
        came = self.call(self.send(message))
        assert came.receipt, f"The platform behaved well, and the client {self.told(came)}"
        return came.receipt

    def told(self, came: Came) -> str:
        """*came* at length: the reason of an error, and what was called since the beginning."""
        exchanges = zip(self.proxy.received, self.proxy.answered, strict=False)
        called = [f"{one.method} {one.target} → {answer.status}" for one, answer in exchanges]
        return f"{came}: {came.error or came.value}\nCalled: {'; '.join(called) or 'nothing'}"

    def spoil(
        self,
        prepare: Callable[[], tuple[Message, Work]],
        *,
        values: int | None = MANY_VALUES,
        endless: bool = True,
        whole: bool = True,
    ) -> Iterator[Spoilt]:
        """What comes of a call when one answer is spoilt, for each answer and each way.

        *prepare* makes the call ready anew each time: the message it is about, and the call.
        *values* is how many changes of single headers and values of JSON to try, None for all;
        *endless* whether to hang, at the first and the last request, *whole* whether to answer at
        all.
        """
        _, work = prepare()
        self.proxy.begin()
        self.call(work)
        answered = self.proxy.answered
        for place, answer in enumerate(answered):
            # Each costs the whole deadline, which is one for all requests of a call.
            at_an_end = place in (0, len(answered) - 1)
            ways = misdeeds(answer, endless=endless and at_an_end)
            if not whole:
                ways = [one for one in ways if not one.whole]
            elif answer.status < 300:
                ways += _spread([*false_headers(answer), *false_values(answer)], values)
            for misdeed in ways:
                spoilt = self._spoilt(prepare, place, misdeed)
                if spoilt:
                    yield spoilt

    def _spoilt(
        self, prepare: Callable[[], tuple[Message, Work]], place: int, misdeed: Misdeed
    ) -> Spoilt | None:
        about, work = prepare()
        before = list(self.behind.posts())
        self.proxy.strike(place, lambda request: misdeed)
        came = self.call(work, deadline=SHORT if misdeed.endless else AMPLE)
        if not self.proxy.struck:
            return None
        after = list(self.behind.posts())
        received = list(self.proxy.received)
        path = received[place].path
        return Spoilt(
            f"{received[place].method} {path}: the platform {misdeed.label}",
            misdeed,
            came,
            about,
            made=len(after) - len(before),
            changed=after != before,
            received=received,
            said="\n".join((*map(said_by, received), *self.proxy.replied, *self.settings.values())),
        )


def said_by(request: Request) -> str:
    return unquote_plus(f"{request.target}\n{request.body.decode('latin-1')}")


def _spread(ways: Sequence[Misdeed], most: int | None) -> Sequence[Misdeed]:
    """*ways*, or *most* of them, evenly."""
    if most is None or len(ways) <= most:
        return ways
    return [ways[place * len(ways) // most] for place in range(most)]


def followed_redirect(received: Sequence[Request]) -> bool:
    return any(request.path == TRAP for request in received)


class _Logged(logging.Handler):
    """Everything logged meanwhile, at any level, and kept from other handlers: they would print
    it with each failure."""

    def __init__(self, held_at_info: Sequence[str]) -> None:
        super().__init__(logging.DEBUG)
        self._held = [logging.getLogger(name) for name in held_at_info]
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text += self.format(record) + "\n"

    def __enter__(self) -> _Logged:
        root = logging.getLogger()
        self._levels = [(one, one.level) for one in (root, *self._held)]
        root.setLevel(logging.DEBUG)
        for one in self._held:
            one.setLevel(logging.INFO)
        self._others, root.handlers = root.handlers, [self]
        return self

    def __exit__(self, *_: object) -> None:
        for one, level in self._levels:
            one.setLevel(level)
        logging.getLogger().handlers = self._others
