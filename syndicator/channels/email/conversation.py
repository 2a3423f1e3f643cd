"""One SMTP connection in an event loop: opened, then one mail after another (RFC 5321, 2920).

What a failure proves depends on when it comes: until the final dot is written the relay must not
act on a mail, from then on only its answer tells (RFC 5321, 4.1.1.4 and 6.1). MAIL, RCPT and DATA
go out at once where the relay offers PIPELINING, but never past the final dot: the next mail begins
when the answer to this one is read, so at most one mail of a connection can be in doubt.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum, auto
from functools import partial
from math import inf
from time import monotonic
from typing import Any, Protocol

from syndicator.channels.base import ChannelError, TryLater, Unauthorised, Unknown
from syndicator.channels.email.dots import dot_stuffed
from syndicator.channels.email.relay import (
    BAD_CERTIFICATE,
    BROKE_OFF,
    NO_ANSWER,
    NO_ENCRYPTION,
    NO_LOGIN,
    UNREACHABLE,
    Relay,
    Security,
    answer_of,
)
from syndicator.channels.email.replies import Garbled, Replies, Reply
from syndicator.outbound.connecting import connect
from syndicator.outbound.deadline import Deadline
from syndicator.uptime import uptime
from syndicator.wording import gettext_noop

#: For each address of the relay.
CONNECT_SECONDS = 10.0
GIVEN_BACK = gettext_noop("Sending was stopped before the mail server %(host)s had the mail.")

#: Octets of a mail that is written together with its final dot. Of a larger one the dot follows
#: when all of it is on its way, so that it is not in doubt for long.
AT_ONCE = 65_536
_READ_AT_ONCE = 16_384


@dataclass(slots=True)  # not frozen: that takes three times as long to make
class Errand:
    """One mail to be handed in.

    *key* is the caller's. *mail* gives its bytes, with CRLF line ends, when its turn has come.
    *return_path* is where bounces go; empty: to the relay's sender. Its final dot is not written
    later than *ends*, by `uptime`. *is_data*: what *mail* gives is as SMTP wants it (`Form.data`).
    """

    key: int
    recipient: str
    mail: Callable[[], bytes] = field(repr=False)
    return_path: str = ""
    ends: float = inf
    is_data: bool = False


class HandedBack(TryLater):
    """Provably not handed in, and through no fault of this mail: it costs it no try."""


class Owner(Protocol):
    """Who is told what becomes of a conversation. The calls come from the event loop."""

    def before_dot(self, errand: Errand) -> bool:
        """Whether the mail's final dot may be written; the next thing that happens is that."""

    def ended(self, conversation: Conversation, errand: Errand, answer: str | ChannelError) -> None:
        """*errand* has its result: the words it was accepted with, or why it was not.

        `Unauthorised` is about the account: the errand itself was not handed in.
        """

    def not_begun(self, conversation: Conversation, errand: Errand) -> None:
        """The relay ended a conversation that had served before, and took no part of *errand*."""

    def gone(self, conversation: Conversation) -> None:
        """It is closed; told once, and before the end of its errand."""


class _Step(Enum):
    """What a reply answers."""

    RESET = auto()
    MAIL = auto()
    RCPT = auto()
    DATA = auto()
    MAIL_ITSELF = auto()
    #: Of a mail without recipients, to end what nobody wanted to begin (RFC 2920, 3.1).
    LONE_DOT = auto()


class Conversation(asyncio.BufferedProtocol):
    """See the module; made by `open_conversation`. It has one errand at a time, or none."""

    def __init__(self, relay: Relay, owner: Owner) -> None:
        self.relay = relay
        self.is_open = False
        #: How many mails it was given.
        self.served = 0
        self.idle_since = 0.0
        self._owner = owner
        self._loop = asyncio.get_running_loop()
        self._transport: Any = None
        self._buffer = memoryview(bytearray(_READ_AT_ONCE))
        self._replies = Replies()
        self._extensions: dict[str, str] = {}
        self._waiter: asyncio.Future[Reply] | None = None
        self._leaving = False
        self._errand: Errand | None = None
        self._mail = b""
        self._ends = inf
        self._unsent: list[bytes] = []
        self._steps: list[_Step] = []
        self._failure: ChannelError | None = None
        self._paused = False
        #: Of the current errand: the relay answered a command; it refused the recipient; the dot
        #: is written.
        self._begun = self._refused = self._dotted = False
        self._must_reset = False

    # --- Opening ---------------------------------------------------------------------------------

    async def introduce(self, context: ssl.SSLContext | None) -> None:
        """From the relay's greeting to where it takes mail; `ChannelError` or `OSError`."""
        relay = self.relay
        assert self._waiter is not None
        self._expect(await self._waiter, 220)
        await self._hello()
        if relay.security == Security.STARTTLS:
            assert context is not None
            if "STARTTLS" not in self._extensions:
                raise Unauthorised(relay.say(NO_ENCRYPTION))
            self._expect(await self._ask(b"STARTTLS"), 220)
            if self._replies.begun:
                raise Garbled("the mail server spoke before the encryption began")
            self._transport = await self._loop.start_tls(
                self._transport, self, context, server_hostname=relay.host
            )
            self._transport.set_write_buffer_limits(high=1, low=0)
            await self._hello()
        if relay.password:
            await self._log_in()
        if self._transport is None:
            raise ConnectionError("the mail server closed the connection")
        self.is_open = True
        self.idle_since = monotonic()

    async def _hello(self) -> None:
        name = _literal(self._transport.get_extra_info("sockname")[0]).encode()
        reply = await self._ask(b"EHLO " + name)
        if reply.code in (500, 502):  # a relay from before extensions
            reply = await self._ask(b"HELO " + name)
        self._expect(reply, 250)
        lines = reply.words.decode("ascii", "replace").upper().split("\n")[1:]
        self._extensions = {
            word: rest for word, _, rest in (line.strip().partition(" ") for line in lines)
        }

    async def _log_in(self) -> None:
        relay = self.relay
        ways = self._extensions.get("AUTH", "").split()
        user, password = relay.username.encode(), relay.password.encode()
        if "PLAIN" in ways:
            reply = await self._ask(b"AUTH PLAIN " + b64encode(b"\0" + user + b"\0" + password))
        elif "LOGIN" in ways:
            self._expect(await self._ask(b"AUTH LOGIN"), 334)
            self._expect(await self._ask(b64encode(user)), 334)
            reply = await self._ask(b64encode(password))
        else:
            raise Unauthorised(relay.say(NO_LOGIN))
        self._expect(reply, 235)

    def _expect(self, reply: Reply, code: int) -> None:
        if reply.code // 100 in (4, 5):
            raise self.relay.account_refused(*reply)
        if reply.code != code:
            raise Garbled("the mail server answered something else than it was asked")

    async def _ask(self, command: bytes) -> Reply:
        if self._transport is None:
            raise ConnectionError("the mail server closed the connection")
        self._waiter = self._loop.create_future()
        self._transport.write(command + b"\r\n")
        return await self._waiter

    # --- One mail --------------------------------------------------------------------------------

    @property
    def largest(self) -> float:
        """Bytes of the largest mail that the relay takes, as far as it says (RFC 1870)."""
        size = self._extensions.get("SIZE", "")
        return int(size) or inf if size.isdecimal() else inf

    def begin(self, errand: Errand, mail: bytes, limit: float) -> None:
        """Hand *errand* in; its end comes within *limit* seconds if `expire` is called by then."""
        self._errand, self.served = errand, self.served + 1
        self._ends = monotonic() + limit
        self._failure = None
        self._begun = self._refused = self._dotted = False
        self._mail = mail if errand.is_data else _as_data(mail)
        sender = (errand.return_path or self.relay.from_address).encode()
        parameters = b" SIZE=%d" % len(mail) if "SIZE" in self._extensions else b""
        commands = [
            b"MAIL FROM:<%b>%b\r\n" % (sender, parameters),
            b"RCPT TO:<%b>\r\n" % errand.recipient.encode(),
            b"DATA\r\n",
        ]
        self._steps = [_Step.MAIL, _Step.RCPT, _Step.DATA]
        if self._must_reset:
            commands.insert(0, b"RSET\r\n")
            self._steps.insert(0, _Step.RESET)
        self._must_reset = True
        if "PIPELINING" in self._extensions:
            self._transport.write(b"".join(commands))
        else:
            self._unsent = commands
            self._transport.write(commands.pop(0))

    def _read(self, reply: Reply, *, is_last: bool) -> None:
        """Take the next reply that an errand waits for; *is_last*: nothing else is here yet."""
        step = self._steps.pop(0)
        was_begun, self._begun = self._begun, step != _Step.RESET
        if step == _Step.MAIL_ITSELF:
            self._read_verdict(reply)
        elif step == _Step.LONE_DOT:
            assert self._failure is not None
            self._end(self._failure)
        elif step == _Step.DATA and reply.code == 354:
            if not is_last:
                raise Garbled("the mail server answered before it had the mail")
            self._go_ahead()
        elif reply.code == 421 and not was_begun and self.served > 1:
            self._lose_before_it_began()
        else:
            self._read_preparation(step, reply)

    def _read_preparation(self, step: _Step, reply: Reply) -> None:
        if not self._agrees(step, reply) and self._failure is None:
            self._failure = self._refusal(step, reply)
            self._refused = step == _Step.RCPT
        if reply.code == 421:
            self._break_off(self._failure)
        elif self._failure is None:
            if self._unsent:
                self._transport.write(self._unsent.pop(0))
        elif self._unsent or not self._steps:
            self._end(self._failure)

    def _agrees(self, step: _Step, reply: Reply) -> bool:
        match step:
            case _Step.RCPT:
                return reply.code in (250, 251)
            case _Step.DATA:
                return False  # what agrees is 354
        return reply.code == 250

    def _refusal(self, step: _Step, reply: Reply) -> ChannelError:
        if reply.code // 100 not in (4, 5):
            raise Garbled("the mail server answered something else than it was asked")
        # 552 is about the size of this mail; any other refusal here is the sender's.
        if step in (_Step.RESET, _Step.MAIL) and reply.code != 552:
            return self.relay.account_refused(*reply)
        return self.relay.mail_refused(*reply)

    def _go_ahead(self) -> None:
        """The relay waits for the mail."""
        if self._failure is None:
            if len(self._mail) > AT_ONCE:
                self._transport.write(self._mail)
                self._mail = b""
            if self._mail or not self._paused:
                self._write_dot()
        elif self._refused:
            self._steps = [_Step.LONE_DOT]
            self._transport.write(b".\r\n")
        else:
            # It would have a recipient but no sender: better no dot than an empty mail.
            self._break_off(self._failure)

    def _write_dot(self) -> None:
        """With what is left of the mail, if anything is."""
        errand, rest = self._errand, self._mail
        assert errand is not None
        if errand.ends <= uptime() or self._ends <= monotonic():
            self._break_off(TryLater(self.relay.say(BROKE_OFF)))
        elif not self._owner.before_dot(errand):
            self._break_off(HandedBack(self.relay.say(GIVEN_BACK)))
        else:
            self._dotted, self._mail = True, b""
            self._steps = [_Step.MAIL_ITSELF]
            self._transport.write(rest + b".\r\n")

    def _read_verdict(self, reply: Reply) -> None:
        match reply.code // 100:
            case 2:
                self._must_reset = False
                answer: str | ChannelError = answer_of(*reply)
            case 4 | 5:
                answer = self.relay.mail_refused(*reply)
            case _:
                raise Garbled("the mail server answered something else than it was asked")
        if reply.code == 421:
            self._close()
        self._end(answer)

    def _end(self, answer: str | ChannelError) -> None:
        errand, self._errand, self._mail = self._errand, None, b""
        self._unsent, self._steps = [], []
        self.idle_since = monotonic()
        assert errand is not None
        self._owner.ended(self, errand, answer)

    # --- Ends ------------------------------------------------------------------------------------

    def expire(self, now: float) -> None:
        """Give up what took too long; *now* is `time.monotonic`'s."""
        if self._errand is not None and now >= self._ends:
            self._break_off(None)

    @property
    def dot_by(self) -> float:
        """Until when, by `uptime`, a final dot may be written that is not written yet."""
        return self._errand.ends if self._errand is not None and not self._dotted else inf

    def withdraw(self) -> None:
        """Hand the errand back if that is still possible."""
        if self._errand is not None and not self._dotted:
            self._break_off(HandedBack(self.relay.say(GIVEN_BACK)))

    def leave(self) -> None:
        """Say good-bye and close when that is answered; it must have no errand."""
        self._leaving, self.is_open = True, False
        self._transport.write(b"QUIT\r\n")

    def close(self) -> None:
        """At once, whatever it is at."""
        if self._errand is not None:
            self._break_off(None)
        else:
            self._close()

    def _break_off(self, why: ChannelError | None, said: str = "") -> None:
        """Close; the errand's end is *why*, or what it proves that there is no answer."""
        self._close()
        if self._errand is None:
            return
        if self._dotted:
            self._end(Unknown(self.relay.say(NO_ANSWER), answer=said))
        else:
            self._end(why or TryLater(self.relay.say(BROKE_OFF), answer=said))

    def _lose(self, said: str) -> None:
        """The relay closed the connection."""
        if self._errand is not None and not self._begun and self.served > 1:
            self._lose_before_it_began()
        else:
            self._break_off(None, said)

    def _lose_before_it_began(self) -> None:
        errand, self._errand, self._mail = self._errand, None, b""
        self._close()
        assert errand is not None
        self._owner.not_begun(self, errand)

    def _close(self) -> None:
        transport, self._transport = self._transport, None
        self.is_open = False
        if transport is None:
            return
        transport.abort()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(ConnectionError("the mail server closed the connection"))
        self._owner.gone(self)

    # --- What the event loop calls ---------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._transport.set_write_buffer_limits(high=1, low=0)
        self._waiter = self._loop.create_future()  # for the greeting

    def connection_lost(self, error: Exception | None) -> None:
        if self._transport is not None:
            self._lose(str(error or ""))

    def eof_received(self) -> bool:
        self._lose("")
        return False

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, count: int) -> None:
        if self._transport is None:
            return
        try:
            replies = self._replies.feed(bytes(self._buffer[:count]))
            left = len(replies) + self._replies.begun
            for reply in replies:
                left -= 1
                if self._errand is not None and self._steps:
                    self._read(reply, is_last=left == 0)
                else:
                    self._take(reply, is_last=left == 0)
                if self._transport is None:
                    return
        except Garbled as error:
            self._break_off(None, str(error))

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        if self._errand is not None and not self._steps and self._transport is not None:
            self._write_dot()

    def _take(self, reply: Reply, *, is_last: bool) -> None:
        """What comes while there is no errand to answer."""
        if self._waiter is not None and not self._waiter.done():
            if not is_last:
                raise Garbled("the mail server said more than it was asked")
            self._waiter.set_result(reply)
        else:
            # Good-bye, ours or its own, or something that answers nothing.
            self.close()


def tls_context(relay: Relay) -> ssl.SSLContext | None:
    """What the encryption of all connections to *relay* begins with, if they are encrypted."""
    # Reading the authorities is slow.
    return None if relay.security == Security.NONE else ssl.create_default_context()


async def open_conversation(
    relay: Relay, owner: Owner, context: ssl.SSLContext | None, limit: timedelta
) -> Conversation:
    """A conversation that takes mail, within *limit*.

    Raises `TryLater` or `Unauthorised`; both are about the account, not about one mail.

    Unlike other calls to the outside it may go to private addresses: the usual relay is a Postfix
    on this machine or network, its address is set by an administrator and never by content, and
    nothing of its answers reaches anybody but the administrator.
    """
    loop = asyncio.get_running_loop()
    conversation = Conversation(relay, owner)
    try:
        async with asyncio.timeout(limit.total_seconds()):
            sock = await _connected(relay, limit)
            is_tls = relay.security == Security.TLS
            await loop.create_connection(
                lambda: conversation,
                sock=sock,
                ssl=context if is_tls else None,
                server_hostname=relay.host if is_tls else None,
            )
            await conversation.introduce(context)
    except BaseException as error:
        conversation.close()
        if isinstance(error, ssl.SSLCertVerificationError):
            raise Unauthorised(relay.say(BAD_CERTIFICATE), answer=str(error)) from error
        if isinstance(error, OSError):
            raise TryLater(relay.say(UNREACHABLE), answer=str(error)) from error
        raise
    return conversation


async def _connected(relay: Relay, limit: timedelta) -> socket.socket:
    connecting = asyncio.get_running_loop().run_in_executor(None, partial(_connect, relay, limit))
    try:
        return await asyncio.shield(connecting)
    except asyncio.CancelledError:
        connecting.add_done_callback(_close_what_came_late)
        raise


def _connect(relay: Relay, limit: timedelta) -> socket.socket:
    with Deadline(limit) as deadline:
        sock = connect(
            relay.host,
            relay.port,
            deadline=deadline,
            allow_private_addresses=True,
            time_limit=CONNECT_SECONDS,
            # The final dot is a write of its own and must not wait for an acknowledgement.
            options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        )
    sock.setblocking(False)
    return sock


def _close_what_came_late(connecting: asyncio.Future[socket.socket]) -> None:
    if not connecting.cancelled() and connecting.exception() is None:
        connecting.result().close()


def _as_data(mail: bytes) -> bytes:
    """*mail* as DATA wants it, up to the line with the final dot."""
    ended = mail if mail.endswith(b"\r\n") else mail + b"\r\n"
    return dot_stuffed(b"\n" + ended)[1:]


def _literal(address: str) -> str:
    """An address literal (RFC 5321, 4.1.3), for a client without a public name of its own."""
    address = address.partition("%")[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"
