"""The real client against a real server on loopback that answers as X does, or worse."""

from __future__ import annotations

import base64
import json
import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from oauthlib.oauth1 import RequestValidator, SignatureOnlyEndpoint

from syndicator.channels.base import (
    ALSO,
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
from syndicator.channels.x import media
from syndicator.channels.x.client import XClient
from syndicator.channels.x.prices import READ_OWN_POST
from syndicator.content import Picture
from tests.channels.conftest import answer, drip, drop

if TYPE_CHECKING:
    from tests.channels.conftest import Reply, ScriptedServer

KEYS = {
    "consumer_key": "consumer-key-1234",
    "consumer_secret": "consumer-secret-1234",
    "access_token": "4711-access-token-1234",
    "access_token_secret": "access-secret-1234",
}
PERMALINK = "https://zeitung.example/live#eintrag-7"
MESSAGE = Message(f"Grüße „hier“ & dort 👍🏽\n\n{PERMALINK}", PERMALINK)
AMPLE = timedelta(seconds=30)
SHORT = timedelta(milliseconds=300)
SINCE = datetime(2026, 5, 3, 12, 0, 5, 999_999, tzinfo=UTC)
NOON = int(datetime(2026, 5, 3, 12, tzinfo=UTC).timestamp())
PROBLEMS = "https://api.twitter.com/2/problems"


def client(base_url: str, *, private: bool = True, **changed: str) -> XClient:
    return XClient(Account(base_url, {**KEYS, **changed}, allow_private_addresses=private))


def send(base_url: str, deadline: timedelta = AMPLE, **changed: Any) -> Receipt:
    return client(base_url, **changed).send(MESSAGE, key="key", deadline=deadline)


def look_up(server: ScriptedServer, *replies: Reply) -> LookUp:
    server.replies += replies
    return client(server.url).look_up(MESSAGE, key="key", since=SINCE, deadline=AMPLE)


def refusal(server: ScriptedServer, reply: Reply, deadline: timedelta = AMPLE) -> ChannelError:
    server.replies.append(reply)
    with pytest.raises(ChannelError) as refused:
        send(server.url, deadline)
    return refused.value


def created(remote_id: object = "1790000000000000001") -> Reply:
    return answer(201, {"data": {"id": remote_id, "text": "…", "edit_history_tweet_ids": []}})


def problem(status: int, kind: str = "about:blank", detail: str = "", **headers: str) -> Reply:
    body = {"title": "T", "type": kind, "status": status, "detail": detail}
    return answer(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


class TestSending:
    @pytest.mark.parametrize("history", ["edit_history_tweet_ids", "edit_history_post_ids"])
    def test_either_name_of_the_history_is_taken(
        self, server: ScriptedServer, history: str
    ) -> None:
        server.replies.append(answer(201, {"data": {"id": "17", "text": "…", history: ["17"]}}))
        assert send(server.url).remote_id == "17"

    def test_an_accepted_post_is_named(self, server: ScriptedServer) -> None:
        server.replies.append(created())
        receipt = send(server.url)
        assert receipt.remote_id == "1790000000000000001"
        assert receipt.url == "https://x.com/i/web/status/1790000000000000001"
        assert receipt.status == 201

    def test_the_text_arrives_as_it_was_approved(self, server: ScriptedServer) -> None:
        server.replies.append(created())
        send(server.url)
        (request,) = server.received
        assert (request.method, request.target) == ("POST", "/2/tweets")
        assert json.loads(request.body) == {"text": MESSAGE.text}

    def test_lines_end_as_x_wants_them(self, server: ScriptedServer) -> None:
        server.replies.append(created())
        client(server.url).send(
            MESSAGE.with_text(f"a\r\nb\r\n{PERMALINK}"), key="key", deadline=AMPLE
        )
        assert json.loads(server.received[0].body) == {"text": f"a\nb\n{PERMALINK}"}

    def test_the_signature_is_made_over_the_real_target(self, server: ScriptedServer) -> None:
        server.replies.append(created())
        send(server.url + "/behind/a/prefix/")
        (request,) = server.received
        assert request.target == "/behind/a/prefix/2/tweets"
        endpoint = SignatureOnlyEndpoint(_Keys())

        def is_valid(url: str) -> bool:
            valid, _ = endpoint.validate_request(
                url, "POST", headers={"Authorization": request.headers["authorization"]}
            )
            return bool(valid)

        assert is_valid(server.url + request.target)
        assert not is_valid("https://api.twitter.com/2/tweets")


class TestPicturesThatOnlyJsonBrings:
    """As X's own stand-in for tests answers: no form is taken, and no picture in one call."""

    invalid = problem(400, f"{PROBLEMS}/invalid-request", "invalid JSON")
    named = answer(200, {"data": {"id": "17", "media_key": "3_17"}})
    working = answer(
        200, {"data": {"id": "17", "processing_info": {"state": "processing", "progress": 50}}}
    )
    picture = Picture("a", "image/png", 3, 1, 1, "", "")

    def send(self, server: ScriptedServer, *replies: Reply) -> Receipt:
        server.replies += replies
        account = Account(
            server.url, KEYS, allow_private_addresses=True, open_picture=lambda one: b"png"
        )
        message = replace(MESSAGE, pictures=(self.picture,))
        return XClient(account).send(message, key="key", deadline=AMPLE)

    def test_they_go_out(self, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(media, "ASK_AGAIN", 0.001)
        taken = answer(204, b"")
        uploaded = (self.invalid, self.named, self.invalid, taken, self.working, self.named)
        assert self.send(server, *uploaded, created("18")).remote_id == "18"
        routes = [one.target.partition("?")[0] for one in server.received]
        upload = "/2/media/upload"
        appended = f"{upload}/17/append"
        assert routes[:4] == [upload, f"{upload}/initialize", appended, appended]
        assert routes[4:] == [f"{upload}/17/finalize", upload, "/2/tweets"]
        encoded = base64.b64encode(b"png").decode()
        assert json.loads(server.received[3].body) == {"media": encoded, "segment_index": 0}
        assert json.loads(server.received[-1].body)["media"] == {"media_ids": ["17"]}

    @pytest.mark.parametrize(
        "replies",
        [
            (invalid, invalid),
            (invalid, named, invalid, invalid),
            (invalid, named, invalid, answer(204, b""), invalid),
        ],
    )
    def test_what_is_refused_in_both_forms_is_refused(
        self, server: ScriptedServer, replies: tuple[Reply, ...]
    ) -> None:
        with pytest.raises(Rejected, match="refused the picture"):
            self.send(server, *replies)
        assert len(server.received) == len(replies)


class _Keys(RequestValidator):  # type: ignore[misc]
    enforce_ssl = False
    allowed_signature_methods = ("HMAC-SHA1",)
    client_key_length = access_token_length = nonce_length = (1, 99)
    dummy_client = dummy_access_token = "dummy"

    def check_client_key(self, client_key: str) -> bool:
        return True

    def check_access_token(self, request_token: str) -> bool:
        return True

    def validate_client_key(self, client_key: str, request: Any) -> bool:
        return client_key == KEYS["consumer_key"]

    def validate_timestamp_and_nonce(self, *args: Any, **kwargs: Any) -> bool:
        return True

    def get_client_secret(self, client_key: str, request: Any) -> str:
        return KEYS["consumer_secret"]

    def get_access_token_secret(self, client_key: str, token: str, request: Any) -> str:
        return KEYS["access_token_secret"]


@pytest.mark.parametrize(
    ("reply", "outcome", "says"),
    [
        (problem(400, f"{PROBLEMS}/invalid-request", "Too long."), Rejected, "Too long."),
        (problem(403, detail="Your Tweet text is too long."), Rejected, "too long"),
        (answer(400, b"<html>a proxy's own words</html>"), Unknown, "whether the post is out"),
        (answer(403, b"<html>a proxy's own words</html>"), Unknown, "whether the post is out"),
        (answer(400, {"title": "Invalid Request"}), Rejected, "Invalid Request"),
        (problem(401, detail="Unauthorized"), Unauthorised, "access keys"),
        (answer(401, b"<html>"), Unauthorised, "access keys"),
        (problem(402, "https://api.x.com/2/problems/credits"), Unauthorised, "credits"),
        (problem(402, "https://api.x.com/credits-depleted"), Unauthorised, "credits"),
        (answer(402, b""), Unauthorised, "credits"),
        (
            problem(403, detail="You are not allowed to create a Tweet with duplicate content."),
            Duplicate,
            "already posted",
        ),
        (problem(403, f"{PROBLEMS}/oauth1-permissions"), Unauthorised, "permission"),
        (
            problem(403, "https://api.x.com/2/problems/client-forbidden", "Enrol."),
            Unauthorised,
            "developer portal",
        ),
        (problem(403, detail="Quotes are not allowed."), Rejected, "Quotes are not allowed."),
        (problem(429, f"{PROBLEMS}/usage-capped"), Unauthorised, "spending limit"),
        (problem(429), TryLater, "asks to wait"),
        (problem(500), Unknown, "whether the post is out"),
        (problem(502), Unknown, "whether the post is out"),
        (problem(503), Unknown, "whether the post is out"),
        (problem(504), Unknown, "whether the post is out"),
        (problem(404), Unknown, "whether the post is out"),
        (problem(409), Unknown, "whether the post is out"),
        (answer(301, b"", {"Location": "/elsewhere"}), Unknown, "whether the post is out"),
        (answer(307, b"", {"Location": "/2/tweets"}), Unknown, "whether the post is out"),
        (answer(200, {"data": {"id": "1"}}), Unknown, "whether the post is out"),
        (answer(201, {"data": {"text": "…"}}), Unknown, "whether the post is out"),
        (answer(201, {"data": []}), Unknown, "whether the post is out"),
        (answer(201, ["garbage"]), Unknown, "whether the post is out"),
        (answer(201, b"<html>"), Unknown, "whether the post is out"),
        (answer(201, b""), Unknown, "whether the post is out"),
        (created("../../etc"), Unknown, "whether the post is out"),
        (created(17), Unknown, "whether the post is out"),
        (created("1" * 20), Unknown, "whether the post is out"),
        (answer(201, b'{"data": {"id": "1"}}', length=500), Unknown, "whether the post is out"),
        (drop(), Unknown, "whether the post is out"),
        (drop(reset=True), Unknown, "whether the post is out"),
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
        drip(b"HTTP/1.1 201 Created\r\n", b"X-Slow: " + b"y" * 900),
        drip(b"HTTP/1.1 201 Created\r\n\r\n", b'{"data": {"id": "1"}}' + b" " * 900),
        drip(b"", b"HTTP/1.1 201 Created" + b" " * 900),
    ],
)
def test_a_server_that_drips_leaves_it_unknown(server: ScriptedServer, reply: Reply) -> None:
    assert isinstance(refusal(server, reply, SHORT), Unknown)


@pytest.mark.parametrize(
    "body",
    [
        ["list"],
        {"errors": {"code": 1}},
        {"errors": [{"message": None}]},
        {"detail": ["a"]},
        {"detail": None, "type": 7},
        {"error": "x", "errors": 5},
    ],
)
@pytest.mark.parametrize("status", [400, 401, 403, 500])
def test_hostile_bodies_change_nothing(server: ScriptedServer, status: int, body: Any) -> None:
    outcome = {400: Unknown, 401: Unauthorised, 403: Unknown, 500: Unknown}[status]
    assert type(refusal(server, answer(status, body))) is outcome


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

    @pytest.mark.parametrize("base_url", ["", "api.x.com", "http://[::1", "ftp://x.com"])
    def test_an_address_that_is_none(self, base_url: str) -> None:
        with pytest.raises(Unauthorised):
            send(base_url)

    def test_an_account_without_keys(self, server: ScriptedServer) -> None:
        server.replies.append(problem(401))
        with pytest.raises(Unauthorised):
            XClient(Account(server.url, {}, allow_private_addresses=True)).send(
                MESSAGE, key="key", deadline=AMPLE
            )


class TestWaiting:
    def wait(self, server: ScriptedServer, **headers: str) -> timedelta:
        refused = refusal(server, problem(429, **headers))
        assert isinstance(refused, TryLater)
        assert refused.retry_after is not None
        return refused.retry_after

    def test_the_latest_reset_of_the_limits_that_are_used_up(self, server: ScriptedServer) -> None:
        now = int(time.time())
        wait = self.wait(
            server,
            x_rate_limit_remaining="0",
            x_rate_limit_reset=str(now + 100),
            x_user_limit_24hour_remaining="0",
            x_user_limit_24hour_reset=str(now + 5000),
            x_app_limit_24hour_remaining="17",
            x_app_limit_24hour_reset=str(now + 90_000),
        )
        assert timedelta(seconds=4900) < wait <= timedelta(seconds=5001)

    @pytest.mark.parametrize(
        ("reset", "shortest", "longest"),
        [
            ("1", timedelta(seconds=1), timedelta(seconds=1)),
            ("9" * 30, timedelta(hours=25), timedelta(hours=25)),
            ("soon", timedelta(minutes=15), timedelta(minutes=15)),
            ("-5", timedelta(minutes=15), timedelta(minutes=15)),
        ],
    )
    def test_a_reset_that_makes_no_sense(
        self, server: ScriptedServer, reset: str, shortest: timedelta, longest: timedelta
    ) -> None:
        wait = self.wait(server, x_rate_limit_remaining="0", x_rate_limit_reset=reset)
        assert shortest <= wait <= longest

    def test_no_header_at_all(self, server: ScriptedServer) -> None:
        assert self.wait(server) == timedelta(minutes=15)

    def test_a_reset_counts_on_the_clock_of_x(self, server: ScriptedServer) -> None:
        wait = self.wait(
            server,
            Date="Sun, 03 May 2026 12:00:00 GMT",
            x_rate_limit_remaining="0",
            x_rate_limit_reset=str(NOON + 100),
        )
        assert wait == timedelta(seconds=101)

    @pytest.mark.parametrize(("asked", "seconds"), [("30", 101), ("300", 300)])
    def test_retry_after_may_make_it_longer(
        self, server: ScriptedServer, asked: str, seconds: int
    ) -> None:
        wait = self.wait(
            server,
            Date="Sun, 03 May 2026 12:00:00 GMT",
            Retry_After=asked,
            x_rate_limit_remaining="0",
            x_rate_limit_reset=str(NOON + 100),
        )
        assert wait == timedelta(seconds=seconds)

    def test_retry_after_alone(self, server: ScriptedServer) -> None:
        assert self.wait(server, Retry_After="30") == timedelta(seconds=30)
        assert self.wait(server, Retry_After="0") == timedelta(seconds=1)

    def test_retry_after_does_not_make_a_server_error_safe(self, server: ScriptedServer) -> None:
        assert isinstance(refusal(server, problem(503, Retry_After="30")), Unknown)


def limit(name: str, total: object, remaining: object, left: int) -> dict[str, str]:
    """The headers of one limit, whose window ends *left* seconds after noon."""
    values = {"limit": total, "remaining": remaining, "reset": NOON + left}
    return {f"{name}-{what}": str(value) for what, value in values.items()}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        (limit("x-rate-limit", 100, 99, 900), 0),
        (limit("x-rate-limit", 100, 20, 900), 0),
        (limit("x-rate-limit", 100, 19, 759), 40),
        (limit("x-rate-limit", 100, 1, 39), 40),
        (limit("x-rate-limit", 100, 1, 800), 60),
        (limit("x-rate-limit", 100, 0, 800), 801),
        (limit("x-user-limit-24hour", 17, 3, 80_000), 60),
        (limit("x-user-limit-24hour", 17, 0, 80_000), 80_001),
        (limit("x-rate-limit", 100, 10, 99) | limit("x-app-limit-24hour", 10_000, 500, 9_999), 20),
        (limit("x-rate-limit", 100, 0, 99) | limit("x-app-limit-24hour", 10_000, 0, 999), 1000),
        (limit("x-rate-limit", "many", 5, 900), 0),
        (limit("x-rate-limit", "many", 0, 900), 901),
        (limit("x-rate-limit", 100, -1, 900), 0),
        (limit("x-rate-limit", 100, "few", 900), 0),
        ({"x-rate-limit-limit": "100", "x-rate-limit-remaining": "0"}, 0),
        (limit("x-rate-limit", 100, 0, 10**40), 25 * 3600),
    ],
)
def test_the_pace_after_an_accepted_post(
    server: ScriptedServer, headers: Mapping[str, str], seconds: int
) -> None:
    """https://docs.x.com/x-api/fundamentals/rate-limits; noon is what X's own clock shows."""
    date = {"Date": "Sun, 03 May 2026 12:00:00 GMT"}
    server.replies.append(answer(201, {"data": {"id": "17"}}, {**date, **headers}))
    assert send(server.url).wait == timedelta(seconds=seconds)


def post(remote_id: str, *urls: Mapping[str, str]) -> dict[str, Any]:
    return {"id": remote_id, "text": "… https://t.co/a", "entities": {"urls": list(urls)}}


def page(*posts: Any, next_token: str | None = None, **headers: str) -> Reply:
    meta: dict[str, Any] = {"result_count": len(posts)}
    if next_token:
        meta["next_token"] = next_token
    return answer(200, {"meta": meta, **({"data": list(posts)} if posts else {})}, headers)


OTHER = post("5", {"expanded_url": PERMALINK + "8"})
OURS = post("7", {"expanded_url": "https://a.example"}, {"expanded_url": PERMALINK})


class TestLookingUp:
    def test_what_is_asked(self, server: ScriptedServer) -> None:
        look_up(server, page())
        (request,) = server.received
        path, _, query = request.target.partition("?")
        assert path == "/2/users/4711/tweets"
        assert "start_time=2026-05-03T12%3A00%3A05Z" in query
        assert "max_results=100" in query
        fields = "conversation_id%2Ccreated_at%2Centities%2Creferenced_tweets"
        assert f"tweet.fields={fields}" in query
        assert request.headers["authorization"].startswith("OAuth ")

    def test_found_by_its_link(self, server: ScriptedServer) -> None:
        found = look_up(server, page(OTHER, OURS))
        assert found.receipt == Receipt("7", url="https://x.com/i/web/status/7")

    def test_found_by_where_its_link_leads(self, server: ScriptedServer) -> None:
        unwound = post("8", {"expanded_url": "https://short.example", "unwound_url": PERMALINK})
        assert look_up(server, page(unwound)).receipt is not None

    @pytest.mark.parametrize(
        "entities",
        [
            None,
            {"urls": None, "hashtags": None},
            {"urls": [{"start": 7, "end": 50, "url": "https://zeitung.example/live?a=1"}]},
            {"urls": [{"url": "https://zeitung.example/live?a=1", "expanded_url": ""}]},
        ],
    )
    def test_found_where_its_link_was_not_shortened(
        self, server: ScriptedServer, entities: object
    ) -> None:
        """What stands in for X may keep the text as it is, but for the entities of HTML."""
        permalink = "https://zeitung.example/live?a=1&b=2#eintrag-7"
        escaped = permalink.replace("&", "&amp;")
        plain = {"id": "9", "text": f"Grüße\n\n{escaped}", "entities": entities}
        server.replies.append(page({"id": "8", "text": f"über {permalink}0"}, plain))
        found = client(server.url).look_up(
            Message(permalink, permalink), key="key", since=SINCE, deadline=AMPLE
        )
        assert found.receipt == Receipt("9", url="https://x.com/i/web/status/9")

    def test_an_answer_that_says_the_link_as_well_is_not_the_post(
        self, server: ScriptedServer
    ) -> None:
        """Where only an answer has it, that is what is out."""
        answering = {**OURS, "id": "9", "referenced_tweets": [{"type": "replied_to", "id": "7"}]}
        pages = [page(answering, next_token="n1"), page(OTHER, OURS)]
        for found, expected in [(pages, "7"), ([page(answering), page(OTHER)], "9")]:
            looked = look_up(server, *found)
            assert looked.receipt is not None
            assert looked.receipt.remote_id == expected
            server.replies.clear()

    def test_a_repost_is_never_the_post(self, server: ScriptedServer) -> None:
        """Deleting it would leave the post; and its text is cut within the link."""
        repost = {**OURS, "id": "9", "referenced_tweets": [{"type": "retweeted", "id": "7"}]}
        cut = {
            "id": "8",
            "text": "RT @a: … https://t.co/ab…",
            "referenced_tweets": repost["referenced_tweets"],
        }
        found = look_up(server, page(repost, cut, OURS))
        assert found.receipt is not None
        assert found.receipt.remote_id == "7"
        assert look_up(server, page(repost, cut)) == LookUp(None, True, cost=2 * READ_OWN_POST)

    def test_a_thread_is_found_with_its_answers(self, server: ScriptedServer) -> None:
        """As many as went out; what somebody answered by hand afterwards is not ours."""

        def answering(remote_id: str, conversation: object) -> dict[str, Any]:
            referenced = [{"type": "replied_to", "id": "7"}]
            return {
                "id": remote_id,
                "text": "Teil.",
                "conversation_id": conversation,
                "referenced_tweets": referenced,
            }

        replies = [answering("30", "7"), answering("11", "7"), answering("9", "7")]
        server.replies.append(page(answering("40", "5"), *replies, answering("8", None), OURS))
        found = client(server.url).look_up(
            replace(MESSAGE, thread=("Eins.", "Zwei.")), key="key", since=SINCE, deadline=AMPLE
        )
        assert found.receipt is not None
        assert found.receipt.remote_id == ALSO.join(("7", "9", "11"))
        assert found.receipt.note is None

    def test_the_time_on_the_clock_of_x(self, server: ScriptedServer) -> None:
        """The first answer's: “since” meant something when it was asked."""
        dates = [f"Sun, 03 May 2026 12:00:0{second} GMT" for second in (1, 3)]
        pages = [page(OTHER, next_token="n1", Date=dates[0]), page(OTHER, Date=dates[1])]
        told = datetime(2026, 5, 3, 12, 0, 1, tzinfo=UTC)
        assert look_up(server, *pages) == LookUp(None, True, told, 2 * READ_OWN_POST)
        assert look_up(server, page(OURS, Date=dates[0])).platform_time == told
        assert look_up(server, page(OURS)).platform_time is None

    def test_absent_if_all_pages_were_seen(self, server: ScriptedServer) -> None:
        found = look_up(server, page(OTHER, next_token="n1"), page(OTHER))
        assert found == LookUp(None, complete=True, cost=2 * READ_OWN_POST)
        assert "pagination_token=n1" in server.received[1].target

    def test_found_on_a_later_page(self, server: ScriptedServer) -> None:
        found = look_up(server, page(next_token="n1"), page(OTHER, OURS, next_token="n2"))
        assert found.receipt is not None
        assert not found.complete

    def test_pages_without_end_prove_nothing(self, server: ScriptedServer) -> None:
        found = look_up(server, *[page(OTHER, next_token="again")] * 32)
        assert found == LookUp(None, complete=False, cost=32 * READ_OWN_POST)

    @pytest.mark.parametrize(
        ("reply", "outcome"),
        [
            (problem(503), Unknown),
            (problem(429), TryLater),
            (problem(401), Unauthorised),
            (answer(302, b"", {"Location": "/"}), Unknown),
            (answer(200, b"<html>"), Unknown),
            (answer(200, {"data": []}), Unknown),
            (answer(200, {"meta": {"result_count": 3}}), Unknown),
            (answer(200, {"meta": {"result_count": 0}, "errors": [{}]}), Unknown),
            (answer(200, {"meta": {}, "data": {"id": "1"}}), Unknown),
            (page("garbage"), Unknown),
            (page({"text": "no id"}), Unknown),
            (page(post("5", {"url": "https://t.co/a"})), Unknown),
            (page(post("5", {"url": "https://t.co/a", "expanded_url": 7})), Unknown),
            (page(post("5", {"url": "https://t.co/a", "expanded_url": ""})), Unknown),
            (answer(200, {"meta": {"result_count": 0}}, length=900), Unknown),
            (drop(reset=True), Unknown),
        ],
    )
    def test_one_that_fails_on_any_page_proves_nothing(
        self, server: ScriptedServer, reply: Reply, outcome: type[ChannelError]
    ) -> None:
        with pytest.raises(outcome):
            look_up(server, page(OTHER, next_token="n1"), reply)


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (answer(200, {"data": {"deleted": True}}), Receipt),
        (problem(404, f"{PROBLEMS}/resource-not-found"), Receipt),
        (answer(200, {"errors": [{"type": f"{PROBLEMS}/resource-not-found"}]}), Receipt),
        (answer(200, {"errors": [{"type": f"{PROBLEMS}/disallowed-resource"}]}), Unknown),
        (answer(500, {"errors": [{"type": f"{PROBLEMS}/resource-not-found"}]}), Unknown),
        (answer(200, {"data": {"deleted": False}}), Unknown),
        (answer(200, b""), Unknown),
        (problem(401), Unauthorised),
        (problem(403), Rejected),
        (problem(429), TryLater),
        (problem(503), Unknown),
        (drop(reset=True), Unknown),
    ],
)
def test_what_an_answer_to_a_deletion_means(
    server: ScriptedServer, reply: Reply, outcome: type[Receipt] | type[ChannelError]
) -> None:
    server.replies.append(reply)
    try:
        result: object = client(server.url).delete("17", key="key", deadline=AMPLE)
    except ChannelError as refused:
        result = refused
    assert type(result) is outcome
    assert (server.received[0].method, server.received[0].target) == ("DELETE", "/2/tweets/17")


class TestDeletingAThread:
    names = ALSO.join(("17", "18", "19"))
    deleted = answer(200, {"data": {"deleted": True}})
    gone = problem(404, f"{PROBLEMS}/resource-not-found")

    def test_all_of_it_goes_and_the_first_post_first(self, server: ScriptedServer) -> None:
        server.replies += [self.deleted] * 3
        receipt = client(server.url).delete(self.names, key="key", deadline=AMPLE)
        assert receipt.remote_id == self.names
        assert [one.target for one in server.received] == [f"/2/tweets/{n}" for n in (17, 18, 19)]

    @pytest.mark.parametrize(
        ("reply", "outcome"), [(drop(reset=True), Unknown), (problem(429), TryLater)]
    )
    def test_an_interrupted_one_is_finished_by_repeating_it(
        self, server: ScriptedServer, reply: Reply, outcome: type[ChannelError]
    ) -> None:
        server.replies += [self.deleted, reply]
        with pytest.raises(outcome):
            client(server.url).delete(self.names, key="key", deadline=AMPLE)
        server.replies += [self.gone, self.deleted, self.deleted]
        client(server.url).delete(self.names, key="key", deadline=AMPLE)
        assert server.received[-1].target == "/2/tweets/19"


class TestSecrets:
    @pytest.mark.parametrize("status", [201, 400, 403, 500])
    def test_none_is_in_what_is_kept(self, server: ScriptedServer, status: int) -> None:
        echo = " ".join(KEYS.values())
        refused = refusal(server, answer(status, {"detail": echo}))
        for secret in KEYS.values():
            assert secret not in refused.answer
            assert secret not in str(refused.reason.to_json())
            assert secret not in repr(refused)

    def test_answers_are_cut(self, server: ScriptedServer) -> None:
        refused = refusal(server, answer(400, {"detail": "x" * 10_000}))
        assert len(refused.answer) <= 2000
        assert len(str(refused.reason)) < 400

    def test_none_is_logged(self, server: ScriptedServer, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        server.replies.append(created())
        send(server.url)
        for secret in ("consumer_secret", "access_token_secret"):
            assert KEYS[secret] not in caplog.text
