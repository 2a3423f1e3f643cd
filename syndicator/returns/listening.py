"""Takes returned mail over LMTP or SMTP, from a mail server on the same machine or network.

A mail is answered with 250 when what follows from it is committed; with 451, so that it comes
again, when that was not possible. Only return addresses are taken, so that nobody leaves mail here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import structlog
from aiosmtpd.controller import Controller
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.db import DatabaseError, connections

from syndicator.channels.base import Unauthorised
from syndicator.clock import database_now
from syndicator.destinations.models import Destination
from syndicator.newsletter.return_path import return_address
from syndicator.returns.taking_in import take_in

log = structlog.get_logger(__name__)

#: Octets of one mail. A report brings the mail along that it is about, picture and all.
LARGEST = 5_000_000
#: Octets of one line: the mail that a report brings along is passed on as broken as it is.
LONGEST_LINE = 1_000_000
#: Seconds without a command after which a connection ends.
IDLE_SECONDS = 60

NO_SUCH = "550 5.1.1 That is no return address of this installation"
ONE_AT_A_TIME = "452 4.5.3 One recipient at a time"
LATER = "451 4.3.0 Not taken in; try again later"
DONE = "250 2.6.0 Taken in"


class _Smtp(SMTP):
    line_length_limit = LONGEST_LINE


class _Lmtp(LMTP):
    line_length_limit = LONGEST_LINE


class Listener(Controller):
    """A server in a thread of its own. With *lmtp* it speaks RFC 2033 instead of SMTP."""

    def __init__(self, host: str, port: int, *, lmtp: bool = True) -> None:
        self._speaks: type[SMTP] = _Lmtp if lmtp else _Smtp
        super().__init__(_Handler(), hostname=host, port=port)

    def factory(self) -> SMTP:
        return self._speaks(
            self.handler,
            data_size_limit=LARGEST,
            timeout=IDLE_SECONDS,
            ident="Syndicator",
            hostname="syndicator",
            loop=self.loop,
        )


class _Handler:
    """Called by aiosmtpd in its event loop; the database is asked in threads."""

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's names, here and below
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        if envelope.rcpt_tos:
            # By LMTP each recipient would be due an answer of its own, which aiosmtpd has not.
            return ONE_AT_A_TIME
        try:
            known = await asyncio.to_thread(_with_connection, _is_ours, address)
        except DatabaseError:
            return LATER
        if not known:
            return NO_SUCH
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content
        assert isinstance(content, bytes), "decode_data is off"
        try:
            await asyncio.to_thread(_with_connection, _take, content, envelope.rcpt_tos)
        except DatabaseError:
            log.exception("a returned mail was not taken in")
            return LATER
        return DONE


def _is_ours(address: str) -> bool:
    """Whether *address* is a destination's return address, with or without a token in it."""
    local, _, domain = address.lower().rpartition("@")
    plain = f"{local.partition('+')[0]}@{domain}"
    for destination in Destination.objects.filter(channel_name="email").only("settings"):
        try:
            ours = return_address(destination.settings)
        except Unauthorised:
            continue
        if ours and ours.lower() == plain:
            return True
    return False


def _take(mail: bytes, addressed_to: list[str]) -> None:
    take_in(mail, database_now(), addressed_to)


def _with_connection(call: Callable[..., Any], *arguments: Any) -> Any:
    """A connection for this call alone: asyncio's threads come and go as they like."""
    try:
        return call(*arguments)
    finally:
        connections.close_all()
