"""What an administrator lets a mail server be given: how fast, over how many connections."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from syndicator.channels.base import Setting, Unauthorised
from syndicator.wording import Wording, gettext_noop

RESERVED_SHARE = 4

SETTINGS = (
    Setting(
        "connections",
        gettext_noop("Connections at most"),
        required=False,
        help=gettext_noop(
            "How many may be open to the mail server at once, over all workers. A quarter of them "
            "is kept for breaking news. Empty: 20 for each worker."
        ),
    ),
    Setting(
        "mails_per_minute",
        gettext_noop("Mails a minute at most"),
        required=False,
        help=gettext_noop("What the mail server is given at most. Empty: as many as it takes."),
    ),
    Setting(
        "domain_limits",
        gettext_noop("Mails a minute by mail provider"),
        required=False,
        help=gettext_noop("For instance: gmx.de: 60, web.de: 60. The others have no limit."),
    ),
    Setting(
        "warm_up",
        gettext_noop("Warm-up of a new sender"),
        required=False,
        help=gettext_noop(
            "Mail providers distrust a sender that suddenly writes to many. For instance 500 to "
            "50000: 500 mails on the first day, twice as many every day, and no limit once it "
            "would be 50,000. What is left goes out the next day (UTC)."
        ),
    ),
    Setting(
        "uncertain",
        gettext_noop("Mails of which nobody knows whether they arrived"),
        required=False,
        default="hold",
        help=gettext_noop(
            "hold or again. After a crash or a broken connection a mail server may have taken a "
            "mail without having said so. With “hold” an editor decides; whoever did not get it "
            "misses a mail. With “again” it is sent a second time; some readers get it twice."
        ),
    ),
)

NOT_A_NUMBER = gettext_noop("“%(text)s” is no number for “%(setting)s”: write for instance 60.")
NOT_DOMAINS = gettext_noop(
    "The limits by mail provider are not understood: “%(text)s”. Write for instance gmx.de: 60."
)
NOT_A_WARM_UP = gettext_noop(
    "The warm-up is not understood: “%(text)s”. Write for instance 500 to 50000."
)
NOT_A_POLICY = gettext_noop(
    "“%(text)s” does not say what becomes of uncertain mails: write hold or again."
)

_NUMBER = re.compile(r"[1-9]\d{0,6}", re.ASCII)
_DOMAIN_LIMIT = re.compile(
    r"@?(?P<domain>[a-z0-9-]+(?:\.[a-z0-9-]+)+)\s*[: ]\s*(?P<number>[1-9]\d{0,6})(?:\s*/\s*min)?",
    re.ASCII,
)
_WARM_UP = re.compile(
    r"(?P<start>[1-9]\d{0,6})\s*(?:to|bis|-|–)\s*(?P<full>[1-9]\d{0,8})", re.ASCII
)


@dataclass(frozen=True, slots=True)
class WarmUp:
    """*start* mails on the first day, and twice as many every day, until that would be *full*."""

    start: int
    full: int

    def ceiling(self, day: int) -> int | None:
        """The most on that day, counted from 0; None: no limit any more."""
        most = self.start << min(day, 64)
        return most if most < self.full else None


@dataclass(frozen=True, slots=True)
class Limits:
    """*per_minute* and *domains* are mails a minute. None: no limit."""

    connections: int | None = None
    per_minute: int | None = None
    domains: Mapping[str, int] = field(default_factory=dict)
    warm_up: WarmUp | None = None

    @property
    def on_mails(self) -> bool:
        """Whether they hold any mail back."""
        return bool(self.per_minute or self.domains or self.warm_up)

    @property
    def reserved(self) -> int:
        """The connections that are kept for breaking news."""
        most = self.connections or 0
        return -(-most // RESERVED_SHARE) if most > 1 else 0

    @classmethod
    def from_settings(cls, settings: Mapping[str, str]) -> Self:
        """Those of a destination; `Unauthorised` says what cannot be understood."""
        if (policy := settings.get("uncertain", "").strip()) not in ("", "hold", "again"):
            raise Unauthorised(Wording(NOT_A_POLICY, {"text": policy}))
        return cls(
            connections=_number(settings, "connections"),
            per_minute=_number(settings, "mails_per_minute"),
            domains=_domains(settings.get("domain_limits", "")),
            warm_up=_warm_up(settings.get("warm_up", "")),
        )


def _number(settings: Mapping[str, str], name: str) -> int | None:
    text = settings.get(name, "").strip()
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        label = next(setting.label for setting in SETTINGS if setting.name == name)
        raise Unauthorised(Wording(NOT_A_NUMBER, {"text": text, "setting": label}))
    return int(text)


def _domains(text: str) -> dict[str, int]:
    found = {}
    for rule in re.split(r"[,;\n]", text.lower()):
        if not rule.strip():
            continue
        match = _DOMAIN_LIMIT.fullmatch(rule.strip())
        if match is None:
            raise Unauthorised(Wording(NOT_DOMAINS, {"text": rule.strip()}))
        found[match["domain"]] = int(match["number"])
    return found


def _warm_up(text: str) -> WarmUp | None:
    if not text.strip():
        return None
    match = _WARM_UP.fullmatch(text.strip().lower())
    if match is None:
        raise Unauthorised(Wording(NOT_A_WARM_UP, {"text": text.strip()}))
    return WarmUp(int(match["start"]), int(match["full"]))
