"""What comes back: bounces, delays, automatic replies and complaints, read from their bytes.

Nothing in a returned mail is believed but what is signed, and that is for the caller to check:
anybody can send one. It is read shallowly, without recursion, and only so much of it.

Sources: RFC 3464 (delivery status), RFC 5965 (complaints), RFC 3834 (automatic replies). Bounces
without a report in them are read as far as their sender and a status code in their text show what
they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import compat32

from syndicator.channels.email.delivery_status import is_status, status_in
from syndicator.content import clean_text

#: What is read of a mail: reports come first, the mail they are about behind them.
MOST_BYTES = 1_000_000
#: Parts of a mail that are looked at, in all; and how deep they may be nested.
MOST_PARTS = 20
DEEPEST = 3
#: Octets of one part's headers, and of a text, that are read.
LARGEST_HEAD = 64_000
LARGEST_TEXT = 20_000
#: Recipients that one report is read for. By a return path of its own, a mail has one.
MOST_RECIPIENTS = 20
WORDS_KEPT = 500


@dataclass(frozen=True, slots=True)
class Failed:
    """The mail was not delivered and will not be. *status* is an enhanced code or empty, *words*
    the remote's, on one line."""

    status: str
    words: str


@dataclass(frozen=True, slots=True)
class Delayed:
    """It is still being tried."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """It arrived, or went on to where nobody hears of it any more."""


@dataclass(frozen=True, slots=True)
class AutoReply:
    """A program answered for a person who is away, or has read it."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """A reader told their provider that the mail is spam. All but *kind* may be empty: what the
    report says of the mail itself."""

    kind: str
    return_path: str
    message_id: str
    unsubscribe_url: str


@dataclass(frozen=True, slots=True)
class Unrecognised:
    """Anything else, mail from people included."""


Report = Failed | Delayed | Delivered | AutoReply | Complaint | Unrecognised


@dataclass(frozen=True, slots=True)
class Returned:
    """A mail that came back. *addressed_to* are the addresses it was sent to by its headers."""

    report: Report
    addressed_to: tuple[str, ...] = ()


def read(mail: bytes) -> Returned:
    """What *mail* is. It never fails: what cannot be made out is `Unrecognised`."""
    top = _Part(mail[:MOST_BYTES])
    return Returned(_report(top), tuple(_addressed_to(top)))


#: Whom transports and mail servers name as the one it was for, the envelope's recipient first.
_ADDRESSED_TO = ("X-Original-To", "Delivered-To", "Envelope-To", "X-Envelope-To", "To")
_COMPLAINTS = frozenset({"abuse", "fraud", "virus", "other", "opt-out", "opt-out-list"})
_ROBOT = re.compile(r"mailer-?daemon|postmaster|mail delivery|mail administrator", re.IGNORECASE)
_STILL_TRYING = re.compile(
    r"will (?:keep|continue|be) (?:trying|retried|to try)|still trying|has been delayed"
    r"|delivery (?:temporarily |is )?delayed|no action is required|warning message only"
    r"|wird weiter versucht|weitere zustellversuche",
    re.IGNORECASE,
)
_AWAY = re.compile(
    r"\b(?:out of (?:the )?office|auto(?:matic)?[- ]?(?:reply|response)|automatische antwort"
    r"|abwesenheit\w*|abwesend)\b",
    re.IGNORECASE,
)
_URL = re.compile(r"<\s*(https?://[^\s<>]{1,2000})\s*>", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"@]{1,64}@[^\s<>()\[\],;:\"@]{1,255}")
_MARKUP = re.compile(r"<[^<>]{0,2000}>")


class _Part:
    """One part of a mail: its headers, and its body as it stands."""

    def __init__(self, octets: bytes) -> None:
        octets = octets.replace(b"\r\n", b"\n")
        head, _, self.body = octets.partition(b"\n\n")
        if octets.startswith(b"\n"):  # a part without headers
            head, self.body = b"", octets[1:]
        self._headers: Message = _HEADERS.parsebytes(head[:LARGEST_HEAD] + b"\n\n")

    @property
    def type(self) -> str:
        return self._headers.get_content_type()

    def header(self, name: str) -> str:
        return next(self.headers(name), "")

    def headers(self, name: str) -> Iterator[str]:
        """Every value of that name, each on one line."""
        return (clean_text(str(value)) for value in self._headers.get_all(name, ()))

    def parameter(self, name: str) -> str:
        """One of the content type's."""
        found = re.search(
            rf'(?i);\s*{name}\s*=\s*(?:"([^"]{{0,200}})"|([^\s;"]{{1,200}}))',
            self.header("Content-Type"),
        )
        return (found[1] or found[2] or "") if found else ""

    def parts(self) -> list[_Part]:
        """What a multipart is made of; nothing for anything else."""
        boundary = self.parameter("boundary")
        if not (self.type.startswith("multipart/") and boundary):
            return []
        lines = re.compile(rb"(?m)^--" + re.escape(boundary.encode()) + rb"(--)?[ \t]*$\n?")
        pieces: list[bytes] = []
        start = None
        for found in lines.finditer(self.body):
            if start is not None:
                pieces.append(self.body[start : found.start()])
            start = found.end()
            if found[1] or len(pieces) == MOST_PARTS:
                return [_Part(piece) for piece in pieces]
        # Cut off, by us or on the way: the last part is as long as there is of it.
        if start is not None:
            pieces.append(self.body[start:])
        return [_Part(piece) for piece in pieces]

    def text(self) -> str:
        """The decoded body, or its beginning."""
        coded = Message()
        coded["Content-Transfer-Encoding"] = self.header("Content-Transfer-Encoding")
        # A whole number of base64 lines' groups does not matter: what is cut off is padded.
        coded.set_payload(self.body[: 2 * LARGEST_TEXT].decode("ascii", "surrogateescape"))
        octets = coded.get_payload(decode=True)
        assert isinstance(octets, bytes), "it is no multipart"
        return octets[:LARGEST_TEXT].decode("utf-8", "replace")


_HEADERS = BytesHeaderParser(policy=compat32)


def _report(top: _Part) -> Report:
    parts = list(_leaves(top))
    if top.type == "multipart/report":
        if status := _first(parts, "message/delivery-status", "message/global-delivery-status"):
            return _delivery(status, parts)
        if feedback := _first(parts, "message/feedback-report"):
            return _complaint(feedback, parts)
        if _first(parts, "message/disposition-notification"):
            return AutoReply()
    return _without_report(top, parts)


def _leaves(top: _Part) -> Iterator[_Part]:
    """The parts that are no multiparts, in order; `MOST_PARTS` of them at most."""
    waiting, seen = [(top, 0)], 0
    while waiting and seen < MOST_PARTS:
        part, depth = waiting.pop(0)
        within = part.parts() if depth < DEEPEST else []
        if within:
            waiting = [(one, depth + 1) for one in within] + waiting
        else:
            seen += 1
            yield part


def _first(parts: list[_Part], *types: str) -> _Part | None:
    return next((part for part in parts if part.type in types), None)


def _delivery(status: _Part, parts: list[_Part]) -> Report:
    """By RFC 3464: a block of fields about the mail, then one for each recipient."""
    blocks = [block for block in re.split(r"\n[ \t]*\n", _unix(status.text())) if block.strip()]
    recipients = [_fields(block) for block in blocks[: MOST_RECIPIENTS + 1]]
    told = [fields for fields in recipients if fields.header("Action")]
    actions = {_action(fields) for fields in told}
    if not actions.isdisjoint({"delivered", "relayed", "expanded"}):
        return Delivered()
    for fields in told:
        if _action(fields) == "failed":
            return _failed(fields, parts)
    return Delayed() if "delayed" in actions else Unrecognised()


def _failed(fields: _Part, parts: list[_Part]) -> Failed:
    diagnostic = fields.header("Diagnostic-Code")
    kind, semicolon, said = diagnostic.partition(";")
    words = said.strip() if semicolon and " " not in kind.strip() else diagnostic
    status = fields.header("Status").split(" ")[0]
    if not is_status(status) or status.endswith(".0.0"):
        # Some servers fill in 5.0.0 and leave what they mean to the words.
        named = status_in(words)
        if named and not (named.endswith(".0.0") and is_status(status)):
            status = named
    if not words:
        words = _sentence_with_status(parts)
    return Failed(status if is_status(status) else "", words[:WORDS_KEPT])


def _action(fields: _Part) -> str:
    return fields.header("Action").split(" ")[0].split(";")[0].lower()


def _complaint(feedback: _Part, parts: list[_Part]) -> Report:
    fields = _fields(feedback.text())
    kind = fields.header("Feedback-Type").lower()
    if kind not in _COMPLAINTS:
        return Unrecognised()
    original = _first(parts, "message/rfc822", "text/rfc822-headers", "message/rfc822-headers")
    about = _fields(original.text()) if original else _Part(b"")
    path = fields.header("Original-Mail-From") or about.header("Return-Path")
    link = _URL.search(about.header("List-Unsubscribe"))
    return Complaint(
        kind=kind,
        return_path=path.strip("<> "),
        message_id=about.header("Message-ID"),
        unsubscribe_url=link[1] if link else "",
    )


def _without_report(top: _Part, parts: list[_Part]) -> Report:
    from_robot = top.header("Return-Path") == "<>" or bool(_ROBOT.search(top.header("From")))
    if from_robot and not _AWAY.search(top.header("Subject")):
        if _STILL_TRYING.search(_told(parts)):
            return Delayed()
        words = _sentence_with_status(parts)
        if status := status_in(words):
            return Failed(status, words)
    automatic = top.header("Auto-Submitted").lower()
    if (
        automatic.startswith("auto-replied")
        or top.header("X-Autoreply")
        or top.header("X-Autorespond")
        or top.header("Precedence").lower() == "auto_reply"
        or _AWAY.search(top.header("Subject"))
    ):
        return AutoReply()
    return Unrecognised()


def _sentence_with_status(parts: list[_Part]) -> str:
    """The line of the text that names a status code, with what follows it; empty if none does."""
    lines = _told(parts).split("\n")
    # An enhanced code says more than the number that may be one, and is less often something else.
    for certain in (True, False):
        for number, line in enumerate(lines):
            status = status_in(line)
            if status and not (certain and status.endswith(".0.0")):
                return clean_text(" ".join(lines[number : number + 3]))[:WORDS_KEPT]
    return ""


def _told(parts: list[_Part]) -> str:
    """The text before the mail that came back; of HTML what is not markup."""
    told = []
    for part in parts:
        if part.type == "text/plain":
            told.append(_unix(part.text()))
        elif part.type == "text/html":
            told.append(_MARKUP.sub(" ", _unix(part.text())))
        else:
            break
    text = "\n".join(told)
    # Where the mail that came back is not a part of its own, its headers follow.
    return re.split(r"(?im)^(?:-+ ?(?:below|original message|this is a copy)|received: )", text)[0]


def _fields(text: str) -> _Part:
    """The headers that *text* is made of, or begins with."""
    return _Part(_unix(text).strip("\n").encode("utf-8", "replace") + b"\n\n")


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _addressed_to(top: _Part) -> Iterator[str]:
    named = [value[:2000] for name in _ADDRESSED_TO for value in list(top.headers(name))[:5]]
    found = dict.fromkeys(address for value in named for address in _ADDRESS.findall(value))
    return iter(list(found)[:MOST_RECIPIENTS])
