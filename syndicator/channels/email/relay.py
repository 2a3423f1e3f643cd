"""The mail server that takes our mails, and what its refusals mean."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from syndicator.channels.base import (
    Account,
    ChannelError,
    Rejected,
    TryLater,
    Unauthorised,
)
from syndicator.channels.email.addresses import is_address
from syndicator.content import clean_text
from syndicator.wording import Wording, gettext_noop

NOT_A_RELAY = Wording(
    gettext_noop(
        "The address of the mail server is not understood. "
        "Write it like smtp://mail.example.org:25, smtp+starttls://… or smtps://…."
    )
)
NOT_A_SENDER = Wording(
    gettext_noop("The sender address of the newsletter is missing or is not an email address.")
)
OPEN_PASSWORD = gettext_noop(
    "The password would travel unencrypted to %(host)s. "
    "Use smtps:// or smtp+starttls:// in the address of the mail server."
)
NOT_ASCII = Wording(
    gettext_noop("The user name or password of the mail server has letters beyond A to Z.")
)
UNREACHABLE = gettext_noop("The mail server %(host)s cannot be reached.")
BAD_CERTIFICATE = gettext_noop("The certificate of the mail server %(host)s is not valid.")
NO_ENCRYPTION = gettext_noop("The mail server %(host)s does not offer encryption (STARTTLS).")
NO_LOGIN = gettext_noop("The mail server %(host)s offers no way to log in with a password.")
NOT_ALLOWED = gettext_noop("The mail server %(host)s does not let this account send: %(answer)s")
NOT_NOW = gettext_noop("The mail server %(host)s asks to come back later: %(answer)s")
REFUSED = gettext_noop("The mail server %(host)s refused the mail: %(answer)s")
BROKE_OFF = gettext_noop("The mail server %(host)s broke off before it had the whole mail.")
NO_ANSWER = gettext_noop(
    "The mail server %(host)s had the whole mail but did not say whether it took it."
)


class Security(StrEnum):
    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


_SCHEMES = {
    "smtp": (Security.NONE, 25),
    "smtp+starttls": (Security.STARTTLS, 587),
    "smtps": (Security.TLS, 465),
}
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Relay:
    """Where mails are handed in, and as whom."""

    host: str
    port: int
    security: Security
    from_address: str
    from_name: str = ""
    username: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def from_account(cls, account: Account) -> Relay:
        """The relay of a destination; `Unauthorised` says what is wrong with its settings."""
        try:
            parts = urlsplit(account.base_url)
            security, usual_port = _SCHEMES[parts.scheme]
            host, port = parts.hostname, parts.port or usual_port
        except (ValueError, KeyError):
            raise Unauthorised(NOT_A_RELAY) from None
        if not host or parts.username or parts.path.strip("/") or parts.query or parts.fragment:
            raise Unauthorised(NOT_A_RELAY)
        settings = account.settings
        relay = cls(
            host=host,
            port=port,
            security=security,
            from_address=settings.get("from_address", ""),
            from_name=clean_text(settings.get("from_name", "")),
            username=settings.get("username", ""),
            password=settings.get("password", ""),
        )
        if not is_address(relay.from_address):
            raise Unauthorised(NOT_A_SENDER)
        if not (relay.username + relay.password).isascii():
            raise Unauthorised(NOT_ASCII)
        if relay.password and security == Security.NONE and host not in _LOOPBACK:
            raise Unauthorised(Wording(OPEN_PASSWORD, {"host": host}))
        return relay

    def say(self, sentence: str, answer: str = "") -> Wording:
        gaps = {"host": self.host}
        return Wording(sentence, {**gaps, "answer": answer} if answer else gaps)

    def account_refused(self, code: int, words: bytes | str) -> ChannelError:
        """What a refusal (4xx or 5xx) means that is not about one mail."""
        answer = answer_of(code, words)
        if code // 100 == 5:
            return Unauthorised(self.say(NOT_ALLOWED, answer), status=code, answer=answer)
        return TryLater(self.say(NOT_NOW, answer), status=code, answer=answer)

    def mail_refused(self, code: int, words: bytes | str) -> ChannelError:
        """What a refusal (4xx or 5xx) of one mail or its recipient means."""
        if code in (530, 535):
            return self.account_refused(code, words)
        answer = answer_of(code, words)
        if code // 100 == 5:
            return Rejected(self.say(REFUSED, answer), status=code, answer=answer)
        return TryLater(self.say(NOT_NOW, answer), status=code, answer=answer)


def answer_of(code: int, words: bytes | str) -> str:
    """A relay's reply as it is kept."""
    said = words.decode(errors="replace") if isinstance(words, bytes) else words
    return clean_text(f"{code} {said}")
