"""A mail server in the test's own event loop that does everything a mail server must not do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

#: By the first word of a recipient's local part. Those above the line take the mail.
TAKING = ("fine", "talkative", "slow", "lost", "mumble", "endless", "silent", "busy-end")
REFUSING = (
    *("later", "never", "sorry-data", "never-data", "later-dot", "never-dot", "shut", "shut-dot"),
    *("cut", "cut-data", "cut-dot", "garbage", "wrong", "early", "mixed", "flood"),
)
FAULTS = (*TAKING, *REFUSING)


@dataclass
class FaultRelay:
    """*taken* are the recipients of the mails it has, by which it answers for.

    *eager*: it says 354 to DATA although it has no recipient. *most* mails are taken of one
    connection, then it says 421. *greetings* are those of the first connections.
    """

    pipelining: bool = True
    eager: bool = False
    most: int = 1000
    size: int = 0
    greetings: list[bytes] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    mails: dict[str, bytes] = field(default_factory=dict)
    senders: list[str] = field(default_factory=list)
    refused_senders: set[str] = field(default_factory=set)
    connections: int = 0
    open: int = 0
    most_open: int = 0
    #: Seconds until a mail is answered, and connections that have to be open by then.
    delay: float = 0.0
    gate: int = 0
    lone_dots: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            await _Session(self, reader, writer).run()
        except (ConnectionError, asyncio.IncompleteReadError, _HangUpError):
            pass
        finally:
            self.open -= 1
            writer.transport.abort()


class _HangUpError(Exception):
    pass


class _Session:
    def __init__(
        self, relay: FaultRelay, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.relay, self.reader, self.writer = relay, reader, writer
        self.served = 0
        self.recipient = ""
        self.has_sender = False

    async def say(self, *lines: bytes) -> None:
        self.writer.write(b"".join(line + b"\r\n" for line in lines))
        await self.writer.drain()

    async def run(self) -> None:
        relay = self.relay
        greeting = relay.greetings.pop(0) if relay.greetings else b"220 relay"
        await self.say(greeting)
        if not greeting.startswith(b"220"):
            return
        while line := await self.reader.readline():
            verb = line[:4].upper().strip()
            match verb:
                case b"EHLO":
                    offered = [b"250-PIPELINING"] if relay.pipelining else []
                    await self.say(b"250-relay", *offered, b"250 SIZE %d" % relay.size)
                case b"RSET":
                    self.recipient, self.has_sender = "", False
                    await self.say(b"250 ok")
                case b"MAIL":
                    await self.mail_from(line)
                case b"RCPT":
                    await self.rcpt_to(line)
                case b"DATA":
                    await self.data()
                case b"QUIT":
                    await self.say(b"221 bye")
                    return
                case _:
                    raise AssertionError(f"the client said {line!r}")

    async def mail_from(self, line: bytes) -> None:
        sender = line.split(b"<")[1].split(b">")[0].decode()
        assert not self.has_sender, "nested MAIL"
        if self.served >= self.relay.most:
            await self.say(b"421 enough for one connection")
            raise _HangUpError
        if sender in self.relay.refused_senders:
            await self.say(b"550 not you")
            return
        self.relay.senders.append(sender)
        self.has_sender = True
        await self.say(b"250 ok")

    async def rcpt_to(self, line: bytes) -> None:
        address = line.split(b"<")[1].split(b">")[0].decode()
        answers = {
            "later": b"451 greylisted",
            "never": b"550 no such mailbox",
            "shut": b"421 going down",
            "garbage": b"\xff\x00 what?",
            "wrong": b"354 go on",
            "mixed": b"250-yes\r\n550 no",
        }
        match fault_of(address):
            case "cut":
                raise _HangUpError
            case "flood":
                while True:
                    await self.say(b"250-" + b"x" * 500)
            case word if word in answers:
                await self.say(answers[word])
                if word == "shut":
                    raise _HangUpError
            case _:
                if self.has_sender:
                    self.recipient = address
                    await self.say(b"250 ok")
                else:
                    await self.say(b"503 MAIL first")

    async def data(self) -> None:
        word = fault_of(self.recipient)
        if not self.recipient and not self.relay.eager:
            await self.say(b"503 no valid recipients")
            return
        match word:
            case "sorry-data":
                await self.say(b"452 no room")
                return
            case "never-data":
                await self.say(b"554 no")
                return
            case "early":
                await self.say(b"354 go on", b"250 have it already")
            case _:
                await self.say(b"354 go on")
        if word == "cut-data":
            await self.reader.readline()
            raise _HangUpError
        mail = bytearray()
        while (line := await self.reader.readline()) != b".\r\n":
            if not line:
                raise _HangUpError
            mail += line.removeprefix(b".")
        self.has_sender = False
        if not self.recipient:
            self.relay.lone_dots += 1
            assert not mail
            await self.say(b"554 no valid recipients")
            return
        assert word != "early", "the mail was sent although it was answered before"
        recipient, self.recipient = self.recipient, ""
        self.served += 1
        await self.verdict(word, recipient, bytes(mail))

    async def verdict(self, word: str, recipient: str, mail: bytes) -> None:
        refusals = {"later-dot": b"451 later", "never-dot": b"554 spam", "shut-dot": b"421 down"}
        if word == "cut-dot":
            raise _HangUpError
        if word in refusals:
            await self.say(refusals[word])
            if word == "shut-dot":
                raise _HangUpError
            return
        self.relay.taken.append(recipient)
        self.relay.mails[recipient] = mail
        await asyncio.sleep(self.relay.delay)
        while self.relay.most_open < self.relay.gate:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert not self.reader._buffer, "the client went on before it had the answer"  # type: ignore[attr-defined]
        await self.acceptance(word)

    async def acceptance(self, word: str) -> None:
        lines = {
            "mumble": (b"Well, yes",),
            "talkative": (b"250-well", b"250-I think", b"250 ok: queued"),
            "busy-end": (b"250 ok: queued", b"421 but no more"),
        }
        match word:
            case "lost":
                raise _HangUpError
            case "silent":
                await asyncio.sleep(3600)
            case "endless":
                while True:
                    await self.say(b"250-" + b"x" * 500)
            case "slow":
                for octet in b"250 ok: queued\r\n":
                    self.writer.write(bytes([octet]))
                    await asyncio.sleep(0)
            case _:
                await self.say(*lines.get(word, (b"250 ok: queued",)))
        if word == "busy-end":
            raise _HangUpError


def fault_of(address: str) -> str:
    return address.partition("@")[0].rpartition(".")[0]


@asynccontextmanager
async def running(relay: FaultRelay) -> AsyncIterator[FaultRelay]:
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        await relay.serve(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    relay.port = server.sockets[0].getsockname()[1]
    try:
        yield relay
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert [error for error in done if isinstance(error, AssertionError)] == []
