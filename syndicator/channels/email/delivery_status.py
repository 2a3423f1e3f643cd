"""What a mail server means by an enhanced status code (RFC 3463, RFC 5248 and its registry)."""

from __future__ import annotations

import re
from enum import StrEnum

from syndicator.wording import Wording, gettext_noop


class Bounce(StrEnum):
    """What a bounce says about its address: it is dead; not at present; nothing (the mail, its
    sender or our server was refused)."""

    HARD = "hard"
    SOFT = "soft"
    REFUSED = "refused"


#: Without the class: the same detail can be for good (5) or for the moment (4).
_SAID = {
    "1.0": gettext_noop("There is something wrong with the address."),
    "1.1": gettext_noop("The address does not exist."),
    "1.2": gettext_noop("The address's domain takes no mail."),
    "1.3": gettext_noop("The address is written wrongly."),
    "1.4": gettext_noop("The address is ambiguous there."),
    "1.6": gettext_noop("The mailbox has moved, and nobody knows where."),
    "1.7": gettext_noop("Our sender address was not accepted."),
    "1.8": gettext_noop("The domain of our sender address was not accepted."),
    "1.10": gettext_noop("The address's domain takes no mail."),
    "2.0": gettext_noop("There is something wrong with the mailbox."),
    "2.1": gettext_noop("The mailbox is switched off."),
    "2.2": gettext_noop("The mailbox is full."),
    "2.3": gettext_noop("The mail is too large for the mailbox."),
    "2.4": gettext_noop("A mailing list behind the address could not pass it on."),
    "3.1": gettext_noop("The recipient's mail server is full."),
    "3.2": gettext_noop("The recipient's mail server takes no mail at present."),
    "3.4": gettext_noop("The mail is too large for the recipient's mail server."),
    "4.1": gettext_noop("The recipient's mail server does not answer."),
    "4.2": gettext_noop("The connection to the recipient's mail server broke off."),
    "4.4": gettext_noop("No way was found to the recipient's mail server."),
    "4.6": gettext_noop("The mail went round in circles."),
    "4.7": gettext_noop("The mail could not be delivered for too long."),
    "7.0": gettext_noop("The recipient's mail server refused the mail by its rules."),
    "7.1": gettext_noop("The recipient's mail server does not want our mail, or took it for spam."),
    "7.2": gettext_noop("We may not write to this mailing list."),
    "7.13": gettext_noop("The account is disabled."),
    "7.20": gettext_noop("The mail carries no valid signature (DKIM)."),
    "7.21": gettext_noop("The mail carries no acceptable signature (DKIM)."),
    "7.23": gettext_noop("Our mail server may not send for this domain (SPF)."),
    "7.25": gettext_noop("Our mail server has no name of its own (reverse DNS)."),
    "7.26": gettext_noop("The mail proved in no way that it is from us (SPF, DKIM)."),
    "7.27": gettext_noop("Our sender's domain says that it takes no mail."),
    "7.28": gettext_noop("Too many mails came from us at once."),
}
#: By the second number alone.
_ROUGHLY = {
    "1": gettext_noop("There is something wrong with the address."),
    "2": gettext_noop("There is something wrong with the mailbox."),
    "3": gettext_noop("The recipient's mail server has trouble."),
    "4": gettext_noop("There is trouble on the way to the recipient's mail server."),
    "5": gettext_noop("The mail servers did not understand each other."),
    "6": gettext_noop("The recipient's mail server did not accept the mail's content."),
    "7": gettext_noop("The recipient's mail server refused the mail by its rules."),
}
_FOR_GOOD = gettext_noop("The mail could not be delivered.")
_FOR_NOW = gettext_noop("The mail could not be delivered at present.")

#: 5.4.1 is what Microsoft's servers say of an unknown recipient; 5.7.13 is RFC 5248's own.
_HARD = frozenset({"1.0", "1.1", "1.2", "1.3", "1.4", "1.6", "1.10", "2.1", "7.13"})
#: About us, not about the address, although of a group that is.
_OURS = frozenset({"1.7", "1.8"})
#: What big providers write where their code says nothing, or something else.
_NOBODY_THERE = re.compile(
    r"user (?:is )?unknown|unknown (?:user|recipient|local)|no such (?:user|recipient|mailbox)"
    r"|(?:does not|doesn't|not) exist|mailbox (?:unavailable|not found)"
    r"|invalid (?:recipient|mailbox)|recipient (?:not found|unknown)|no mailbox (?:here|by that)"
    r"|account (?:has been )?(?:disabled|deactivated|deleted)|recipient address rejected: access",
    re.IGNORECASE,
)
_FULL = re.compile(r"(?:mailbox|inbox) (?:is )?full|over ?quota|quota exceeded", re.IGNORECASE)
_VAGUE = frozenset({"", "0.0", "2.0", "3.0", "4.1", "5.0"})

#: The basic code of an answer, and the enhanced one behind it, if there is one.
_CODES = re.compile(
    r"(?<![\d.])(?:(?P<basic>[45]\d\d)(?:[ -]|\b))?#?\s?(?P<class>[45])\.(?P<rest>\d{1,3}\.\d{1,3})"
    r"(?![\d.]*\d)"
)
_BASIC = re.compile(r"(?<![\d.])(?P<class>[45])[0-5]\d(?![\d.]*\d)")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}", re.ASCII)


def is_status(text: str) -> bool:
    """Whether *text* is an enhanced status code."""
    return _STATUS.fullmatch(text) is not None


def status_in(answer: str) -> str:
    """The first enhanced status code that a mail server's *answer* names; ``5.0.0`` or ``4.0.0``
    after a plain code; empty if there is neither."""
    if found := _CODES.search(answer):
        return f"{found['class']}.{found['rest']}"
    if found := _BASIC.search(answer):
        return f"{found['class']}.0.0"
    return ""


def judge(status: str, words: str) -> Bounce:
    """What a final refusal with *status* (may be empty) and *words* says about its address."""
    group, _, detail = status.partition(".")
    if group == "4":
        return Bounce.SOFT
    if detail in _VAGUE:
        if _FULL.search(words):
            return Bounce.SOFT
        if _NOBODY_THERE.search(words):
            return Bounce.HARD
    if detail in _HARD:
        return Bounce.HARD
    if detail in _OURS or detail.split(".")[0] in ("5", "6", "7"):
        return Bounce.REFUSED
    return Bounce.SOFT


def said(status: str) -> Wording:
    """What *status* (may be empty) means, for an editor."""
    group, _, detail = status.partition(".")
    sentence = _SAID.get(detail) or _ROUGHLY.get(detail.split(".")[0])
    return Wording(sentence or (_FOR_NOW if group == "4" else _FOR_GOOD))
