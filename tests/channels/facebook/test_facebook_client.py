"""The real client against a real server on loopback: answers as the Graph API's, or worse."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest

from syndicator.channels.base import (
    ChannelError,
    LookUp,
    Message,
    Receipt,
    TryLater,
    Unauthorised,
    Unknown,
)
from syndicator.channels.facebook.client import MAX_PAGES
from tests.channels.conftest import answer, drop
from tests.channels.facebook.graph import (
    AMPLE,
    APP_SECRET,
    MESSAGE,
    PERMALINK,
    PROOF,
    TOKEN,
    client,
    graph_error,
)

if TYPE_CHECKING:
    from tests.channels.conftest import Reply, ScriptedServer

SINCE = datetime(2026, 5, 3, 12, 0, 5, 999_999, tzinfo=UTC)


def send(base_url: str, deadline: timedelta = AMPLE, **changed: Any) -> Receipt:
    return client(base_url, **changed).send(MESSAGE, key="key", deadline=deadline)


def look_up(server: ScriptedServer, *replies: Reply, message: Message = MESSAGE) -> LookUp:
    server.replies += replies
    return client(server.url).look_up(message, key="key", since=SINCE, deadline=AMPLE)


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
            post("7", message=f"Mehr:\n\n{PERMALINK.replace('zeitung', 'Zeitung')}"),
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
            {"id": "42_5", "attachments": {"data": [{"media_type": "photo"}]}},
            post("5", message="https://zeitung.example/live"),
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

    def test_found_beside_what_is_not_understood(self, server: ScriptedServer) -> None:
        assert look_up(server, page("garbage", OURS)).receipt is not None

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
            (page({"id": "42_5", "message": 7}), Unknown),
            (page({"id": "42_5", "attachments": []}), Unknown),
            (page({"id": "42_5", "attachments": {"data": ["garbage"]}}), Unknown),
            (page({"id": "42_5", "attachments": {"data": [{"unshimmed_url": 7}]}}), Unknown),
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
