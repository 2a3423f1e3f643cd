"""What no client may let out: its account's secrets, and anything made of them."""

from __future__ import annotations

import base64
import itertools
import json
import re
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, quote_plus

from syndicator.channels.base import (
    Capability,
    ChannelError,
    Client,
    LookUpStrength,
    Message,
    Receipt,
)
from syndicator.channels.conformance.calls import Calls, Came, Work, report
from syndicator.channels.conformance.misdeeds import Misdeed, instead
from syndicator.channels.conformance.platform import Answer, Request

_STATUSES = (200, 400, 401, 403, 429, 500)
#: What in an Authorization header is long enough to be a secret, or made of one: OAuth 1.0a's
#: quoted values (RFC 5849, 3.5.1), or the one behind the scheme (RFC 9110, 11.4).
_TOKEN = re.compile(r'="([^"]{16,})"|^\w+ ([A-Za-z0-9+/=._~-]{16,})$')
_FIELDS = ("message", "error", "detail", "title", "description", "error_description")


class SecrecyRules(Calls):
    def test_no_secret_gets_out_where_a_platform_repeats_the_request(self) -> None:
        """Errors echo requests; what comes of a call is stored, shown and logged."""
        broken = []
        for what, _, work in self._calls():
            self.proxy.begin()
            self.call(work)
            places = range(len(self.proxy.received))
            for place, echo in itertools.product(places, _ECHOES):
                self.proxy.strike(place, echo)
                came = self.call(work)
                broken += [f"{what}: {echo}, and a secret is in {one}" for one in self._leaks(came)]
        report(broken)

    def test_no_secret_gets_out_where_no_answer_comes(self) -> None:
        """Libraries put addresses into their exceptions and logs, and tokens stand in some."""
        broken = []
        for what, message, work in self._calls():
            prepared = (message, work)
            for spoilt in self.spoil(lambda: prepared, whole=False, endless=False):  # noqa: B023
                broken += [
                    f"{what}: {spoilt.case}, and a secret is in {where}"
                    for where in self._leaks(spoilt.came)
                ]
        report(broken)

    def _calls(self) -> Iterator[tuple[str, Message, Work]]:
        message = self.message()
        yield "Sending", message, self.send(message)
        out = self.message()
        receipt = self.sent(out)
        yield from _others(self.channel.look_up_strength, self.channel.capabilities, out, receipt)
        if type(self.of_account.client(self.account())).check is not Client.check:
            yield "Checking", out, lambda client, deadline: client.check(deadline=deadline)

    def _leaks(self, came: Came) -> list[str]:
        secrets = self._secrets()
        return [where for where, text in _places(came) if any(one in text for one in secrets)]

    def _secrets(self) -> set[str]:
        """The account's secrets as they may be spelt, and what was signed with them."""
        names = {one.name for one in self.channel.settings if one.secret}
        values = {self.settings[name] for name in names if self.settings.get(name)}
        found = {spelling for value in values if len(value) > 5 for spelling in _spellings(value)}
        for request in self.proxy.received:
            for token in _TOKEN.finditer(request.headers.get("authorization", "")):
                found.add(token[1] or token[2])
        return found


def _others(
    strength: LookUpStrength, capabilities: frozenset[Capability], out: Message, receipt: Receipt
) -> Iterator[tuple[str, Message, Work]]:
    key, since = "syndicator-secret", datetime.now(UTC) - timedelta(hours=1)
    if strength is not LookUpStrength.NONE:
        yield (
            "Looking up",
            out,
            lambda client, deadline: client.look_up(out, key=key, since=since, deadline=deadline),
        )
    if Capability.EDIT in capabilities:
        yield (
            "Editing",
            out,
            lambda client, deadline: client.edit(
                receipt.remote_id, out, key=key, deadline=deadline
            ),
        )
    if Capability.DELETE in capabilities:
        yield (
            "Deleting",
            out,
            lambda client, deadline: client.delete(receipt.remote_id, key=key, deadline=deadline),
        )


@dataclass(frozen=True, slots=True)
class _Echo:
    """Answers with everything that the request said."""

    status: int
    in_json: bool

    def __str__(self) -> str:
        form = "JSON" if self.in_json else "text"
        return f"the platform repeated the request ({self.status}, {form})"

    def __call__(self, request: Request) -> Misdeed:
        said = _said(request)
        headers = {"X-Request": said.replace("\n", " ")[:4000]}
        if not self.in_json:
            return instead("repeated it", Answer(self.status, said.encode(), headers))
        fields = dict.fromkeys(_FIELDS, said)
        body = {
            **fields,
            "ok": False,
            "error": {**fields, "code": 1, "type": said},
            "errors": [fields],
            "data": fields,
        }
        return instead("repeated it", Answer.json(self.status, body, headers))


_ECHOES = [_Echo(status, in_json) for status in _STATUSES for in_json in (True, False)]


def _said(request: Request) -> str:
    headers = "\n".join(f"{name}: {value}" for name, value in request.headers.items())
    body = request.body[:20_000].decode("latin-1")
    return f"{request.method} {request.target}\n{headers}\n\n{body}"


def _spellings(secret: str) -> Sequence[str]:
    return [
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        base64.b64encode(secret.encode()).decode().rstrip("="),
    ]


def _places(came: Came) -> Iterator[tuple[str, str]]:
    """Every text that a call leaves behind, and where."""
    yield "the log", came.log
    yield "what it returned", repr(came.value)
    seen: set[int] = set()
    waiting = [came.error]
    while waiting:
        error = waiting.pop()
        if error is None or id(error) in seen:
            continue
        seen.add(id(error))
        yield f"{type(error).__name__}", repr(error) + str(error) + repr(_attributes(error))
        if isinstance(error, ChannelError):
            yield "the reason", str(error.reason) + repr(error.reason)
            yield "the answer that is kept", error.answer
        yield "the traceback", "".join(traceback.format_exception(error, chain=False))
        waiting += [error.__cause__, error.__context__]


def _attributes(error: BaseException) -> Mapping[str, object]:
    return {name: value for name, value in vars(error).items() if not name.startswith("__")}
