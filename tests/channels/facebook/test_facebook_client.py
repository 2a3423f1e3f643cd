"""The real client against a real server on loopback: answers as the Graph API's, or worse."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest

from syndicator.channels.base import (
    Account,
    ChannelError,
    Duplicate,
    LookUp,
    Message,
    Receipt,
    Rejected,
    TryLater,
    Unauthorised,
    Unknown,
)
from syndicator.channels.facebook.client import MAX_PAGES, FacebookClient
from tests.channels.conftest import answer, drip, drop

if TYPE_CHECKING:
    from tests.channels.conftest import Reply, ScriptedServer

TOKEN = "EAApage-access-token-1234"
APP_SECRET = "app-secret-1234"
PROOF = hmac.new(APP_SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()
PERMALINK = "https://zeitung.example/live#eintrag-7"
MESSAGE = Message("Grüße „hier“ & dort 👍🏽\n\nZwei", PERMALINK, link=PERMALINK)
AMPLE = timedelta(seconds=30)
SHORT = timedelta(milliseconds=300)
SINCE = datetime(2026, 5, 3, 12, 0, 5, 999_999, tzinfo=UTC)
UNCLEAR = "whether the post is out"


def client(base_url: str, *, private: bool = True, **changed: str) -> FacebookClient:
    settings = {"page_id": "42", "page_access_token": TOKEN, **changed}
    return FacebookClient(Account(base_url, settings, allow_private_addresses=private))


def send(base_url: str, deadline: timedelta = AMPLE, **changed: Any) -> Receipt:
    return client(base_url, **changed).send(MESSAGE, key="key", deadline=deadline)


def look_up(server: ScriptedServer, *replies: Reply, message: Message = MESSAGE) -> LookUp:
    server.replies += replies
    return client(server.url).look_up(message, key="key", since=SINCE, deadline=AMPLE)


def refusal(server: ScriptedServer, reply: Reply, deadline: timedelta = AMPLE) -> ChannelError:
    server.replies.append(reply)
    with pytest.raises(ChannelError) as refused:
        send(server.url, deadline)
    return refused.value


def graph_error(
    code: int, subcode: int | None = None, status: int = 400, usage: Any = None, **more: Any
) -> Reply:
    error = {"message": "M", "type": "OAuthException", "code": code, **more}
    if subcode is not None:
        error["error_subcode"] = subcode
    headers = {} if usage is None else {"X-Business-Use-Case-Usage": json.dumps(usage)}
    return answer(status, {"error": error}, headers)


class TestSending:
    def test_an_accepted_post_is_named(self, server: ScriptedServer) -> None:
        server.replies.append(answer(200, {"id": "42_4711"}))
        receipt = send(server.url)
        assert receipt.remote_id == "42_4711"
        assert receipt.url == "https://www.facebook.com/42_4711"
        assert receipt.status == 200

    def test_what_arrives(self, server: ScriptedServer) -> None:
        server.replies.append(answer(200, {"id": "42_4711"}))
        send(server.url, app_secret=APP_SECRET)
        (request,) = server.received
        assert (request.method, request.target) == ("POST", "/v26.0/42/feed")
        assert parse_qs(request.body.decode()) == {
            "message": [MESSAGE.text],
            "link": [PERMALINK],
            "appsecret_proof": [PROOF],
        }

    def test_the_token_is_in_no_address(self, server: ScriptedServer) -> None:
        server.replies += [answer(200, {"id": "42_4711"}), page()]
        send(server.url)
        look_up(server)
        for request in server.received:
            assert TOKEN not in request.target
            assert request.headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    ("reply", "outcome", "says"),
    [
        *((graph_error(190, sub), Unauthorised, "access token") for sub in (None, 458, 459, 460)),
        *((graph_error(190, sub), Unauthorised, "access token") for sub in (463, 464, 467, 492)),
        (graph_error(102), Unauthorised, "access token"),
        (graph_error(190, status=401), Unauthorised, "access token"),
        *((graph_error(code), Unauthorised, "may not post") for code in (3, 10, 200, 210, 299)),
        *((graph_error(code), TryLater, "asks to wait") for code in (4, 17, 32, 341, 613, 80001)),
        (graph_error(368, 1390008), TryLater, "posts too much"),
        (graph_error(368, 4854002), Unauthorised, "identity check"),
        (graph_error(368, 1404082), Duplicate, "already"),
        (graph_error(368), Unknown, UNCLEAR),
        (graph_error(506), Duplicate, "already"),
        (graph_error(100, message="Invalid parameter"), Rejected, "Invalid parameter"),
        (graph_error(100, error_user_msg="Zu lang."), Rejected, "Zu lang."),
        (graph_error(100, 1609005), TryLater, "could not read the linked page"),
        (graph_error(1), Unknown, UNCLEAR),
        (graph_error(2, is_transient=True), Unknown, UNCLEAR),
        (graph_error(999), Unknown, UNCLEAR),
        (graph_error(0), Unknown, UNCLEAR),
        (graph_error(190, status=500), Unknown, UNCLEAR),
        (graph_error(4, status=503), Unknown, UNCLEAR),
        (graph_error(100, status=302), Unknown, UNCLEAR),
        (answer(500), Unknown, UNCLEAR),
        (answer(502, b"<html>"), Unknown, UNCLEAR),
        (answer(400, b"<html>"), Unknown, UNCLEAR),
        (answer(400, {"error": "text"}), Unknown, UNCLEAR),
        (answer(400, {"error": {"code": "190"}}), Unknown, UNCLEAR),
        (answer(400, ["error"]), Unknown, UNCLEAR),
        (answer(404), Unknown, UNCLEAR),
        (answer(301, b"", {"Location": "/elsewhere"}), Unknown, UNCLEAR),
        (answer(307, b"", {"Location": "/v26.0/42/feed"}), Unknown, UNCLEAR),
        (answer(200, {}), Unknown, UNCLEAR),
        (answer(200, {"id": 7}), Unknown, UNCLEAR),
        (answer(200, {"id": ""}), Unknown, UNCLEAR),
        (answer(200, {"id": "../x"}), Unknown, UNCLEAR),
        (answer(200, {"success": True}), Unknown, UNCLEAR),
        (answer(200, b"<html>"), Unknown, UNCLEAR),
        (answer(200, b""), Unknown, UNCLEAR),
        (answer(200, b'{"id": "42_1"}', length=500), Unknown, UNCLEAR),
        (drop(), Unknown, UNCLEAR),
        (drop(reset=True), Unknown, UNCLEAR),
    ],
    ids=lambda value: None,
)
def test_what_an_answer_means(
    server: ScriptedServer, reply: Reply, outcome: type[ChannelError], says: str
) -> None:
    refused = refusal(server, reply)
    assert type(refused) is outcome
    assert says in str(refused.reason)
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


BACK_IN_19 = {"42": [{"type": "pages", "estimated_time_to_regain_access": 19}]}


def usage(count: object, time: object = 0, cpu: object = 0) -> dict[str, object]:
    return {"call_count": count, "total_time": time, "total_cputime": cpu}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"X-App-Usage": usage(0)}, 0),
        ({"X-App-Usage": usage(79)}, 0),
        ({"X-App-Usage": usage(79.9)}, 0),
        ({"X-App-Usage": usage(80)}, 5),
        ({"X-App-Usage": usage(12, 90, 3)}, 55),
        ({"X-Page-Usage": usage(12, 3, 99)}, 100),
        ({"X-App-Usage": usage(85), "X-Page-Usage": usage(81)}, 30),
        ({"X-App-Usage": usage(100)}, 15 * 60),
        ({"X-Business-Use-Case-Usage": {"42": [usage(80), usage(84)], "43": []}}, 25),
        ({"X-Business-Use-Case-Usage": BACK_IN_19}, 19 * 60),
        ({"X-App-Usage": usage(120), "X-Business-Use-Case-Usage": BACK_IN_19}, 19 * 60),
        ({"X-App-Usage": usage("99", True, None)}, 0),
        ({"X-App-Usage": usage(float("nan"), -100)}, 0),
        ({"X-App-Usage": usage(float("inf"))}, 15 * 60),
        ({"X-App-Usage": usage(10**400)}, 15 * 60),
        ({"X-App-Usage": [99], "X-Page-Usage": 99}, 0),
        ({"X-Business-Use-Case-Usage": {"42": [99], "43": 99}}, 0),
    ],
)
def test_the_pace_after_an_accepted_post(
    server: ScriptedServer, headers: dict[str, object], seconds: int
) -> None:
    """https://developers.facebook.com/docs/graph-api/overview/rate-limiting"""
    told = {name: json.dumps(value) for name, value in headers.items()}
    server.replies.append(answer(200, {"id": "42_4711"}, told))
    assert send(server.url).wait == timedelta(seconds=seconds)


def test_a_usage_header_that_is_no_json_changes_nothing(server: ScriptedServer) -> None:
    server.replies.append(answer(200, {"id": "42_4711"}, {"X-App-Usage": "{" * 50_000}))
    assert send(server.url).wait == timedelta(0)


class TestWaiting:
    def wait(self, server: ScriptedServer, usage: Any, code: int = 80001) -> timedelta | None:
        refused = refusal(server, graph_error(code, usage=usage))
        assert isinstance(refused, TryLater)
        return refused.retry_after

    def test_the_longest_wait_in_minutes(self, server: ScriptedServer) -> None:
        usage = {
            "42": [
                {"type": "pages", "call_count": 100, "estimated_time_to_regain_access": 7},
                {"type": "pages", "call_count": 100, "estimated_time_to_regain_access": 19},
            ],
            "43": [{"type": "ads"}],
        }
        assert self.wait(server, usage) == timedelta(minutes=19)

    @pytest.mark.parametrize(
        "usage",
        [
            None,
            {},
            [],
            {"42": {}},
            {"42": None},
            {"42": [{"estimated_time_to_regain_access": "soon"}]},
            {"42": [{"estimated_time_to_regain_access": 0}]},
            {"42": [{"estimated_time_to_regain_access": float("nan")}]},
        ],
    )
    def test_no_time_named(self, server: ScriptedServer, usage: Any) -> None:
        assert self.wait(server, usage) == timedelta(minutes=15)

    def test_a_time_that_makes_no_sense(self, server: ScriptedServer) -> None:
        usage = {"42": [{"estimated_time_to_regain_access": float("inf")}]}
        assert self.wait(server, usage) == timedelta(hours=25)

    def test_a_time_from_retry_after(self, server: ScriptedServer) -> None:
        for asked, usage, minutes in (("120", None, 2), ("120", BACK_IN_19, 19), ("7200", {}, 120)):
            told = {} if usage is None else {"X-Business-Use-Case-Usage": json.dumps(usage)}
            reply = answer(403, {"error": {"code": 4}}, {**told, "Retry-After": asked})
            refused = refusal(server, reply)
            assert isinstance(refused, TryLater)
            assert refused.retry_after == timedelta(minutes=minutes)

    def test_retry_after_does_not_make_a_server_error_safe(self, server: ScriptedServer) -> None:
        reply = answer(503, {"error": {"code": 4}}, {"Retry-After": "30"})
        assert isinstance(refusal(server, reply), Unknown)

    def test_hours_after_a_block(self, server: ScriptedServer) -> None:
        refused = refusal(server, graph_error(368, 1390008))
        assert isinstance(refused, TryLater)
        assert refused.retry_after is not None
        assert refused.retry_after >= timedelta(hours=1)

    def test_a_link_that_cannot_be_read_is_tried_once_more(self, server: ScriptedServer) -> None:
        refused = refusal(server, graph_error(100, 1609005))
        assert isinstance(refused, TryLater)
        assert (refused.tries, refused.retry_after) == (2, None)


class TestNothingSent:
    def test_a_refused_connection(self, closed_port: int) -> None:
        with pytest.raises(TryLater, match="could not be reached"):
            send(f"http://127.0.0.1:{closed_port}")

    def test_a_name_that_does_not_resolve(self) -> None:
        with pytest.raises(TryLater):
            send("https://nobody.invalid")

    def test_a_failed_tls_handshake(self, server: ScriptedServer) -> None:
        with pytest.raises(TryLater):
            send(server.url.replace("http:", "https:"))

    def test_a_private_address(self, server: ScriptedServer) -> None:
        with pytest.raises(TryLater):
            send(server.url, private=False)
        assert server.received == []

    def test_a_deadline_that_is_over(self, server: ScriptedServer) -> None:
        with pytest.raises(TryLater):
            send(server.url, timedelta(0))
        assert server.received == []

    @pytest.mark.parametrize("base_url", ["", "graph.facebook.com", "http://[::1", "ftp://x.y"])
    def test_an_address_that_is_none(self, base_url: str) -> None:
        with pytest.raises(Unauthorised):
            send(base_url)

    @pytest.mark.parametrize("token", ["a\r\nb", "日本", "a\nX-Other: 1"])
    def test_a_token_that_is_none(self, server: ScriptedServer, token: str) -> None:
        with pytest.raises(Unauthorised):
            send(server.url, page_access_token=token)
        assert server.received == []


def post(remote_id: str, link: str = "", message: str = "") -> dict[str, Any]:
    return {
        "id": f"42_{remote_id}",
        "message": message,
        "attachments": {"data": [{"unshimmed_url": link}]},
    }


def page(*posts: Any, after: str | None = None, **headers: str) -> Reply:
    body: dict[str, Any] = {"data": list(posts)}
    if after:
        # A hostile address: only the cursor may be used.
        body["paging"] = {
            "cursors": {"before": "b", "after": after},
            "next": "http://127.0.0.1:1/steal?access_token=" + TOKEN,
        }
    return answer(200, body, headers)


OTHER = post("5", PERMALINK + "8")
OURS = post("7", PERMALINK)


class TestLookingUp:
    def test_what_is_asked(self, server: ScriptedServer) -> None:
        look_up(server, page())
        path, _, query = server.received[0].target.partition("?")
        assert path == "/v26.0/42/published_posts"
        asked = parse_qs(query)
        assert asked["since"] == [str(int(SINCE.timestamp()))]
        assert asked["fields"] == [
            "id,message,created_time,permalink_url,attachments{unshimmed_url}"
        ]

    @pytest.mark.parametrize(
        "ours",
        [
            OURS,
            post("7", message=f"Mehr: {PERMALINK} dort"),
            post("7", PERMALINK.replace("#", "/?fbclid=abc#")),
            post("7", PERMALINK.replace("/live", "/%6Cive")),
            post("7", PERMALINK.replace("zeitung.example", "ZEITUNG.example")),
            post("7", PERMALINK.partition("#")[0], MESSAGE.text.replace("\n\n", "\n")),
        ],
    )
    def test_found_however_facebook_spells_it(
        self, server: ScriptedServer, ours: dict[str, Any]
    ) -> None:
        found = look_up(server, page(OTHER, ours))
        assert found.receipt == Receipt("42_7", url="https://www.facebook.com/42_7")

    @pytest.mark.parametrize(
        "other",
        [
            OTHER,
            post("5", PERMALINK.partition("#")[0]),
            post("5", PERMALINK.partition("#")[0], "Another entry of the same live blog"),
            post("5", "https://other.example/live#eintrag-7"),
            post("5", PERMALINK.replace("live", "live2")),
            post("5", PERMALINK.replace("#", "?page=2#")),
            post("5", message=f"({PERMALINK}8)"),
            post("5", "http://[", MESSAGE.text),
            {"id": "42_5"},
            {"id": "42_5", "attachments": {"data": ["garbage", {"unshimmed_url": 7}]}},
        ],
    )
    def test_other_posts_are_not_ours(self, server: ScriptedServer, other: dict[str, Any]) -> None:
        assert look_up(server, page(other)) == LookUp(None, complete=True)

    def test_an_umlaut_domain_may_come_back_in_punycode(self, server: ScriptedServer) -> None:
        message = Message("Text", "https://müller.example/ä", link="https://müller.example/ä")
        ours = post("7", "https://xn--mller-kva.example/%C3%A4")
        assert look_up(server, page(ours), message=message).receipt is not None

    def test_pages_are_followed_by_their_cursor_only(self, server: ScriptedServer) -> None:
        found = look_up(server, page(OTHER, after="c1"), page(OURS))
        assert found.receipt is not None
        assert found.complete
        assert "after=c1" in server.received[1].target

    def test_the_time_on_the_clock_of_facebook(self, server: ScriptedServer) -> None:
        """The first answer's: “since” meant something when it was asked."""
        dates = [f"Sun, 03 May 2026 12:00:0{second} GMT" for second in (1, 3)]
        pages = [page(OTHER, after="a1", Date=dates[0]), page(OTHER, Date=dates[1])]
        told = datetime(2026, 5, 3, 12, 0, 1, tzinfo=UTC)
        assert look_up(server, *pages) == LookUp(None, complete=True, platform_time=told)
        assert look_up(server, page(OURS, Date=dates[0])).platform_time == told
        assert look_up(server, page(OURS)).platform_time is None

    def test_absent_if_all_pages_were_seen(self, server: ScriptedServer) -> None:
        assert look_up(server, page(OTHER, after="c1"), page()) == LookUp(None, complete=True)

    def test_pages_without_end_prove_nothing(self, server: ScriptedServer) -> None:
        found = look_up(server, *[page(OTHER, after="again")] * MAX_PAGES)
        assert found == LookUp(None, complete=False)

    @pytest.mark.parametrize(
        ("reply", "outcome"),
        [
            (answer(500), Unknown),
            (graph_error(1), Unknown),
            (graph_error(190), Unauthorised),
            (graph_error(4), TryLater),
            (answer(302, b"", {"Location": "/"}), Unknown),
            (answer(200, b"<html>"), Unknown),
            (answer(200, {}), Unknown),
            (answer(200, {"data": {}}), Unknown),
            (answer(200, {"data": [], "error": {"code": 1}}), Unknown),
            (answer(200, {"data": [], "paging": {"next": "https://x"}}), Unknown),
            (page("garbage"), Unknown),
            (page({"message": "no id"}), Unknown),
            (answer(200, {"data": []}, length=900), Unknown),
            (drop(reset=True), Unknown),
        ],
    )
    def test_one_that_fails_on_any_page_proves_nothing(
        self, server: ScriptedServer, reply: Reply, outcome: type[ChannelError]
    ) -> None:
        with pytest.raises(outcome):
            look_up(server, page(OTHER, after="c1"), reply)


class TestSecrets:
    @pytest.mark.parametrize("code", [1, 100, 190])
    def test_none_is_in_what_is_kept(self, server: ScriptedServer, code: int) -> None:
        server.replies.append(graph_error(code, message=f"{TOKEN} {APP_SECRET} {PROOF}"))
        with pytest.raises(ChannelError) as refused:
            send(server.url, app_secret=APP_SECRET)
        for secret in (TOKEN, APP_SECRET, PROOF):
            assert secret not in refused.value.answer
            assert secret not in str(refused.value.reason.to_json())

    def test_none_is_logged(self, server: ScriptedServer, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        server.replies.append(answer(200, {"id": "42_1"}))
        send(server.url, app_secret=APP_SECRET)
        assert TOKEN not in caplog.text
        assert APP_SECRET not in caplog.text
