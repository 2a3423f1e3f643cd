"""A real SMTP relay (aiosmtpd) on loopback that misbehaves for some recipients."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

USERNAME, PASSWORD = "newsroom", "open-sesame"


@dataclass
class ScriptedRelay:
    """What *port* took (*accepted*: recipient and bytes) and how often it was connected to.

    By the first word of the recipient's local part: `bounce` gets 550 and `later` (once) or
    `busy` (always) 451 at RCPT; `spam` gets 554 and `mumble` no reply code after the final dot;
    `cut` is disconnected before the final dot, `drop` after it, and `hang` gets no answer.
    With *is_plain* it offers no extension of SMTP; *parameters* came with MAIL and RCPT.
    """

    port: int = 0
    accepted: list[tuple[str, bytes]] = field(default_factory=list)
    is_plain: bool = False
    parameters: list[str] = field(default_factory=list)
    connections: int = 0
    resets: int = 0
    refused_senders: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    closing: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def mails_to(self, address: str) -> list[bytes]:
        return [mail for recipient, mail in self.accepted if recipient == address]

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's names, here and below
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        session.host_name = hostname
        return responses[-1:] if self.is_plain else responses

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.parameters += options
        if address in self.refused_senders:
            return "550 5.7.1 You may not send as this address"
        envelope.mail_from = address
        return "250 2.1.0 Ok"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        word = script_word(address)
        if word == "bounce":
            return "550 5.1.1 No such mailbox"
        if word == "busy" or (word == "later" and address not in self.seen):
            self.seen.add(address)
            return "451 4.7.1 Greylisted, come back later"
        self.parameters += options
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_RSET(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.resets += 1
        return "250 2.0.0 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        address = envelope.rcpt_tos[0]
        word = script_word(address)
        if word == "spam":
            return "554 5.7.1 Looks like spam"
        assert isinstance(envelope.content, bytes)
        self.accepted.append((address, envelope.content))
        if word == "mumble":
            return "Well, yes"
        if word == "hang":
            await self.closing.wait()
        if word == "drop":
            hang_up(server)
        return "250 2.0.0 Ok: queued as 4F3A"


class _Server(SMTP):
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        assert self.envelope
        if script_word(self.envelope.rcpt_tos[0]) == "cut":
            await self.push("354 Go ahead")
            await self._reader.readline()
            hang_up(self)
        else:
            await super().smtp_DATA(arg)


def script_word(address: str) -> str:
    return address.partition("@")[0].partition("-")[0]


def hang_up(server: SMTP) -> None:
    assert isinstance(server.transport, asyncio.WriteTransport)
    server.transport.abort()


def check_login(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
) -> AuthResult:
    expected = LoginPassword(USERNAME.encode(), PASSWORD.encode())
    return AuthResult(success=data == expected, handled=False)


@contextmanager
def serving(
    *,
    login: bool = False,
    starttls: ssl.SSLContext | None = None,
    tls: ssl.SSLContext | None = None,
) -> Iterator[ScriptedRelay]:
    """A relay in a thread of its own. *login* demands a user name and a password."""
    relay = ScriptedRelay()
    loop = asyncio.new_event_loop()

    def session() -> SMTP:
        relay.connections += 1
        return _Server(
            relay,
            loop=loop,
            hostname="relay",
            authenticator=check_login if login else None,
            auth_required=login,
            auth_require_tls=not login,
            tls_context=starttls,
        )

    async def serve(started: threading.Event) -> None:
        server = await loop.create_server(session, "127.0.0.1", 0, ssl=tls)
        relay.port = server.sockets[0].getsockname()[1]
        started.set()
        await relay.closing.wait()
        server.close()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve(started))

    started = threading.Event()
    thread = threading.Thread(target=run, name="scripted-relay")
    thread.start()
    started.wait()
    try:
        yield relay
    finally:
        loop.call_soon_threadsafe(relay.closing.set)
        thread.join()


def make_certificate(folder: Path, host: str) -> tuple[Path, ssl.SSLContext]:
    """A certificate for *host* that signs itself: its file, and a server's context with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "relay")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    chain, private = folder / "relay.pem", folder / "relay.key"
    chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(chain, private)
    return chain, context
