"""The whole table of Facebook's answers, each given to the real client by a server on loopback."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from syndicator.channels.base import (
    ChannelError,
    Duplicate,
    Rejected,
    TryLater,
    Unauthorised,
    Unknown,
)
from tests.channels.conftest import answer, drip, drop
from tests.channels.facebook.graph import AMPLE, MESSAGE, SHORT, client, graph_error

if TYPE_CHECKING:
    from tests.channels.conftest import Reply, ScriptedServer

UNCLEAR = "whether the post is out"
TOKEN_SUBCODES = (None, 458, 459, 460, 463, 464, 467, 492, 1)
#: Facebook answers most errors with 400; the code counts with any of these.
REFUSALS = (400, 401, 403, 404, 429)
#: Nothing in these answers is a refusal, whatever code stands in them.
NO_REFUSALS = (200, 302, 500, 503)


def refusal(server: ScriptedServer, reply: Reply, deadline: timedelta = AMPLE) -> ChannelError:
    server.replies.append(reply)
    with pytest.raises(ChannelError) as refused:
        client(server.url).send(MESSAGE, key="key", deadline=deadline)
    return refused.value


#: code, subcode, further fields, what it is, what an editor reads
TABLE: list[tuple[int, int | None, dict[str, Any], type[ChannelError], str]] = [
    *((190, sub, {}, Unauthorised, "access token") for sub in TOKEN_SUBCODES),
    *((102, sub, {}, Unauthorised, "access token") for sub in TOKEN_SUBCODES),
    *((code, None, {}, Unauthorised, "may not post") for code in (3, 10, *range(200, 300))),
    *((code, None, {}, TryLater, "asks to wait") for code in (4, 17, 32, 341, 613, 80001)),
    (4, 2446079, {}, TryLater, "asks to wait"),
    (368, 1390008, {}, TryLater, "posts too much"),
    (368, 4854002, {}, Unauthorised, "identity check"),
    (368, 1404082, {}, Duplicate, "already"),
    (368, None, {}, Unknown, UNCLEAR),
    (368, 1, {}, Unknown, UNCLEAR),
    (506, None, {}, Duplicate, "already"),
    (506, 1455006, {}, Duplicate, "already"),
    (100, None, {"message": "Invalid parameter"}, Rejected, "post: Invalid parameter"),
    (100, 1500, {"error_user_msg": "Zu lang."}, Rejected, "post: Zu lang."),
    (100, 33, {}, Unauthorised, "does not find the page"),
    (100, None, {"message": "Invalid appsecret_proof provided"}, Unauthorised, "app secret"),
    (100, 1609005, {}, TryLater, "could not read the linked page"),
    (100, 1366046, {"error_user_msg": "Kein Bild."}, Rejected, "picture of the post: Kein Bild."),
    (324, None, {"message": "Missing file"}, Rejected, "picture of the post: Missing file"),
    (1, None, {}, Unknown, UNCLEAR),
    (1, 99, {}, Unknown, UNCLEAR),
    (2, None, {"is_transient": True}, Unknown, UNCLEAR),
    (104, None, {}, Unknown, UNCLEAR),
    (300, None, {}, Unknown, UNCLEAR),
    (2500, None, {}, Unknown, UNCLEAR),
    (999, None, {}, Unknown, UNCLEAR),
    (0, None, {}, Unknown, UNCLEAR),
    (-190, None, {}, Unknown, UNCLEAR),
]


def test_what_a_code_means(server: ScriptedServer, subtests: pytest.Subtests) -> None:
    for code, subcode, more, outcome, says in TABLE:
        # The range of permissions is long: its ends with every status, the others with one.
        few = code in range(202, 299)
        for status in REFUSALS[:1] if few else REFUSALS:
            with subtests.test(code=code, subcode=subcode, status=status):
                refused = refusal(server, graph_error(code, subcode, status, **more))
                assert type(refused) is outcome
                assert says in str(refused.reason)
                assert refused.status == status
        for status in () if few else NO_REFUSALS:
            with subtests.test(code=code, subcode=subcode, status=status):
                refused = refusal(server, graph_error(code, subcode, status, **more))
                assert type(refused) is Unknown
                assert UNCLEAR in str(refused.reason)


@pytest.mark.parametrize(
    "reply",
    [
        answer(500),
        answer(502, b"<html>"),
        answer(503, {"error": {"code": 4}}, {"Retry-After": "30"}),
        answer(400, b"<html>"),
        answer(400, {"error": "text"}),
        answer(400, {"error": {"code": "190"}}),
        answer(400, {"error": {"code": True}}),
        answer(400, {"error": [190]}),
        answer(400, ["error"]),
        answer(400, b"[" * 100_000),
        answer(404),
        answer(413, b"<html>"),
        answer(301, b"", {"Location": "/elsewhere"}),
        answer(307, b"", {"Location": "/v26.0/42/feed"}),
        answer(200, {}),
        answer(200, {"id": 7}),
        answer(200, {"id": ""}),
        answer(200, {"id": "../x"}),
        answer(200, {"post_id": "42_1"}),
        answer(200, {"success": True}),
        answer(200, b"<html>"),
        answer(200, b""),
        answer(200, b'{"id": "42_1"}', length=500),
        answer(201, {"id": "42_1"}),
        answer(202, {"id": "42_1"}),
        drop(),
        drop(reset=True),
    ],
    ids=lambda value: None,
)
def test_anything_else_is_unknown(server: ScriptedServer, reply: Reply) -> None:
    refused = refusal(server, reply)
    assert type(refused) is Unknown
    assert UNCLEAR in str(refused.reason)
    assert len(server.received) == 1


@pytest.mark.parametrize(
    "reply",
    [
        drip(b"HTTP/1.1 200 OK\r\n", b"X-Slow: " + b"y" * 900),
        drip(b"HTTP/1.1 200 OK\r\n\r\n", b'{"id": "42_1"}' + b" " * 900),
    ],
)
def test_a_server_that_drips_leaves_it_unknown(server: ScriptedServer, reply: Reply) -> None:
    assert isinstance(refusal(server, reply, SHORT), Unknown)


def in_minutes(told: Any) -> dict[str, Any]:
    return {"estimated_time_to_regain_access": told}


class TestWaiting:
    def wait(self, server: ScriptedServer, reply: Reply) -> timedelta | None:
        refused = refusal(server, reply)
        assert isinstance(refused, TryLater)
        return refused.retry_after

    def test_the_longest_of_a_pages_calls(self, server: ScriptedServer) -> None:
        usage = {
            "42": [
                {"type": "pages", "call_count": 100, **in_minutes(7)},
                {"type": "pages", "call_count": 100, **in_minutes(19)},
                {"type": "ads_management", "call_count": 100, **in_minutes(600)},
            ],
            "43": [{"type": "ads"}],
        }
        assert self.wait(server, graph_error(80001, usage=usage)) == timedelta(minutes=19)

    @pytest.mark.parametrize(
        "more", [in_minutes(19), {"error_data": in_minutes(19)}, {"error_data": '{"a": 1}'}]
    )
    def test_the_body_tells_as_well(self, server: ScriptedServer, more: dict[str, Any]) -> None:
        told = timedelta(minutes=19 if "19" in str(more) else 15)
        assert self.wait(server, graph_error(80001, **more)) == told
        assert self.wait(server, graph_error(32, status=403, **more)) == told

    def test_the_body_as_text(self, server: ScriptedServer) -> None:
        reply = graph_error(80001, error_data=json.dumps(in_minutes(3)))
        assert self.wait(server, reply) == timedelta(minutes=3)

    def test_body_and_headers_agree_on_the_longer(self, server: ScriptedServer) -> None:
        for header, body in ((7, 19), (19, 7)):
            usage = {"42": [in_minutes(header)]}
            reply = graph_error(80001, usage=usage, **in_minutes(body))
            assert self.wait(server, reply) == timedelta(minutes=19)

    @pytest.mark.parametrize(
        "usage",
        [
            None,
            {},
            [],
            {"42": {}},
            {"42": None},
            {"42": [in_minutes("soon")]},
            {"42": [in_minutes(0)]},
            {"42": [in_minutes(-5)]},
            {"42": [in_minutes(True)]},
            {"42": [in_minutes(float("nan"))]},
        ],
    )
    def test_no_time_named(self, server: ScriptedServer, usage: Any) -> None:
        assert self.wait(server, graph_error(80001, usage=usage)) == timedelta(minutes=15)

    @pytest.mark.parametrize("told", [float("inf"), 10**400, 10**9])
    def test_a_time_that_makes_no_sense(self, server: ScriptedServer, told: float) -> None:
        reply = graph_error(4, usage={"42": [in_minutes(told)]})
        assert self.wait(server, reply) == timedelta(hours=25)

    def test_a_time_from_retry_after(self, server: ScriptedServer) -> None:
        back_in_19 = {"42": [in_minutes(19)]}
        for asked, usage, minutes in (("120", None, 2), ("120", back_in_19, 19), ("7200", {}, 120)):
            told = {} if usage is None else {"X-Business-Use-Case-Usage": json.dumps(usage)}
            reply = answer(403, {"error": {"code": 4}}, {**told, "Retry-After": asked})
            assert self.wait(server, reply) == timedelta(minutes=minutes)

    def test_hours_after_a_block(self, server: ScriptedServer) -> None:
        assert self.wait(server, graph_error(368, 1390008)) == timedelta(hours=3)
        reply = graph_error(368, 1390008, **in_minutes(240))
        assert self.wait(server, reply) == timedelta(hours=4)

    def test_a_link_that_cannot_be_read_is_tried_once_more(self, server: ScriptedServer) -> None:
        refused = refusal(server, graph_error(100, 1609005))
        assert isinstance(refused, TryLater)
        assert (refused.tries, refused.retry_after) == (2, None)
