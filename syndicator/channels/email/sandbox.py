"""A mail server that takes everything, and an inbox in the browser to read it.

Some addresses are refused, so that bounces can be tried out: `bounce…@` always, `later…@` at the
first try, `always-later…@` at every try.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from syndicator.channels.email.pictures import with_files_inside
from syndicator.channels.email.sandbox_message import read_mail
from syndicator.channels.sandbox.base import Request, Route, SandboxPlatform, Surroundings
from syndicator.channels.sandbox.faults import Call, FaultBoard
from syndicator.channels.sandbox.links import find_links
from syndicator.channels.sandbox.pages import Pages, protect
from syndicator.channels.sandbox.store import Accepted, Action, SandboxStore

NAME = "email"

#: A mailbox here needs no password; this is the address that newsletters may come from.
SANDBOX_CREDENTIALS: Mapping[str, str] = {"from_address": "newsroom@sandbox.invalid"}

FAULTS: Mapping[str, str] = {
    "drop-after-data": "Accepts the mail, then the connection breaks",
    "hang": "Accepts the mail, then does not answer",
    "451": "Refuses the mail for now (451)",
    "550": "Refuses the mail for good (550)",
}

#: What a mail's own HTML may do in the browser: be looked at, and open its links in a new tab.
MAIL_CONTENT_SECURITY_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)


class MailHandler:
    """Answers one mail at a time; aiosmtpd calls the `handle_` methods."""

    def __init__(self, store: SandboxStore, faults: FaultBoard) -> None:
        self._store = store
        self._faults = faults
        self._seen_once: set[str] = set()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        local_part = address.lower()
        if local_part.startswith("bounce"):
            return "550 5.1.1 This mailbox does not exist"
        if local_part.startswith("always-later") or self._is_first_try(local_part):
            return "451 4.2.1 This mailbox is busy, try again later"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 Recipient accepted"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        fault = self._faults.take(NAME, Call.PUBLISH)
        if fault and fault.name == "451":
            return "451 4.3.0 The mail system is out of order for the moment"
        if fault and fault.name == "550":
            return "550 5.7.1 The message is refused as unwanted"
        mail = self._accept(envelope)
        if fault is None:
            return f"250 2.0.0 Accepted as {mail}"
        if fault.name == "hang":
            await asyncio.sleep(fault.seconds)
        if isinstance(server.transport, asyncio.WriteTransport):
            server.transport.abort()
        # The lost connection cancels this coroutine before it can answer.
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    def _is_first_try(self, address: str) -> bool:
        if not address.startswith("later") or address in self._seen_once:
            return False
        self._seen_once.add(address)
        return True

    def _accept(self, envelope: Envelope) -> str:
        raw = envelope.original_content or b""
        mail = read_mail(raw)
        with self._store.lock:
            number = int(self._store.last_remote_id(NAME) or 0) + 1
            self._store.record(
                NAME,
                Action.PUBLISH,
                str(number),
                text=mail.text,
                link=next((link.url for link in find_links(mail.text)), ""),
                request={
                    "envelope_from": _printable(envelope.mail_from or ""),
                    "recipients": [_printable(address) for address in envelope.rcpt_tos],
                    "from": mail.sender,
                    "subject": mail.subject,
                    "message_id": mail.message_id,
                },
                raw=raw,
            )
        return str(number)


class EmailSandbox(SandboxPlatform):
    """An inbox that shows all mail for everyone."""

    name = NAME
    label = "Mail"
    prefix = "/mail"
    credentials = SANDBOX_CREDENTIALS
    has_further_accounts = False
    fault_labels = FAULTS

    def __init__(self, surroundings: Surroundings) -> None:
        self._pages = Pages(Path(__file__).parent / "sandbox_templates")
        super().__init__(surroundings)

    def smtp_handler(self) -> MailHandler:
        return MailHandler(self.store, self.faults)

    def routes(self) -> Sequence[Route]:
        return (
            Route("GET", "/", self.inbox),
            Route("GET", "/<int:mail>", self.mail),
            Route("GET", "/<int:mail>/html", self.html),
            Route("GET", "/<int:mail>/raw", self.raw),
        )

    def inbox(self, request: Request) -> Response:
        mails = self.store.posts(self.name, limit=100)
        return self._pages.render("inbox.html", mails=[_row(mail) for mail in mails])

    def mail(self, request: Request, mail: int) -> Response:
        accepted = self.store.post(self.name, str(mail))
        if accepted is None:
            raise NotFound
        return self._pages.render(
            "mail.html", row=_row(accepted), mail=read_mail(self._bytes(mail))
        )

    def html(self, request: Request, mail: int) -> Response:
        read = read_mail(self._bytes(mail))
        html = with_files_inside(read.html, read.pictures)
        return protect(
            Response(_opening_in_new_tabs(html), content_type="text/html; charset=utf-8"),
            MAIL_CONTENT_SECURITY_POLICY,
        )

    def raw(self, request: Request, mail: int) -> Response:
        """The message as it came, for a mail program or a closer look."""
        response = Response(self._bytes(mail), content_type="message/rfc822")
        response.headers["Content-Disposition"] = f'attachment; filename="mail-{mail}.eml"'
        return protect(response, "default-src 'none'")

    def _bytes(self, mail: int) -> bytes:
        raw = self.store.raw(self.name, str(mail))
        if not raw:
            raise NotFound
        return raw


def _row(mail: Accepted) -> Mapping[str, Any]:
    at: datetime = mail.accepted_at
    return {
        "number": mail.remote_id,
        "at": at,
        "sender": mail.request["from"] or mail.request["envelope_from"],
        "recipients": ", ".join(mail.request["recipients"]),
        "envelope_from": mail.request["envelope_from"],
        "subject": mail.request["subject"] or "(no subject)",
        "beginning": " ".join(mail.text[:200].split()),
    }


def _opening_in_new_tabs(html: str) -> str:
    """*html* whose links leave the frame they are shown in."""
    target = '<base target="_blank">'
    head = re.search(r"<head[^>]*>", html[:10_000], re.IGNORECASE)
    if head is None:
        return f"<!doctype html>{target}{html}"
    return html[: head.end()] + target + html[head.end() :]


def _printable(address: str) -> str:
    """An address whose octets were not UTF-8 arrives with surrogates, which nothing can store."""
    return address.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
