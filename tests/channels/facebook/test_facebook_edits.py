"""Editing and deleting posts that are out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest

from syndicator.channels.base import (
    ChannelError,
    Message,
    Receipt,
    Rejected,
    TryLater,
    Unauthorised,
    Unknown,
)
from tests.channels.conftest import answer, drop
from tests.channels.facebook.graph import (
    AMPLE,
    APP_SECRET,
    MESSAGE,
    PERMALINK,
    PROOF,
    RED,
    TOKEN,
    client,
    graph_error,
    with_pictures,
)

if TYPE_CHECKING:
    from tests.channels.conftest import Reply, ScriptedServer

POST = "42_4711"
DONE = answer(200, {"success": True})
GONE = graph_error(100, 33, type="GraphMethodException")


def as_it_is(*attached: dict[str, Any], **more: Any) -> Reply:
    return answer(200, {"id": POST, "message": "Alt", "attachments": {"data": attached}, **more})


CARD = {"media_type": "link", "unshimmed_url": PERMALINK}
PHOTO = {"media_type": "photo", "unshimmed_url": "https://www.facebook.com/photo?fbid=1"}
ALBUM = {"media_type": "album"}


def edit(server: ScriptedServer, *replies: Reply, message: Message = MESSAGE) -> Receipt:
    server.replies += replies
    facebook = client(server.url, app_secret=APP_SECRET)
    return facebook.edit(POST, message, key="key", deadline=AMPLE)


def delete(server: ScriptedServer, *replies: Reply) -> Receipt:
    server.replies += replies
    return client(server.url, app_secret=APP_SECRET).delete(POST, key="key", deadline=AMPLE)


class TestEditing:
    def test_what_arrives(self, server: ScriptedServer) -> None:
        receipt = edit(server, as_it_is(CARD), DONE)
        assert (receipt.remote_id, receipt.url) == (POST, f"https://www.facebook.com/{POST}")
        look, change = server.received
        assert (look.method, look.target.partition("?")[0]) == ("GET", f"/v26.0/{POST}")
        assert (change.method, change.target) == ("POST", f"/v26.0/{POST}")
        # The link cannot be changed, so it is not sent.
        assert parse_qs(change.body.decode()) == {
            "message": [MESSAGE.text],
            "appsecret_proof": [PROOF],
        }

    @pytest.mark.parametrize(
        "link",
        [
            PERMALINK,
            PERMALINK.partition("#")[0],
            PERMALINK.replace("#", "/?fbclid=abc#"),
        ],
    )
    def test_the_same_link_however_it_is_spelt(self, server: ScriptedServer, link: str) -> None:
        assert edit(server, as_it_is({**CARD, "unshimmed_url": link}), DONE).remote_id == POST

    @pytest.mark.parametrize(
        "attached",
        [
            [{**CARD, "unshimmed_url": PERMALINK + "8"}],
            [{**CARD, "unshimmed_url": "https://zeitung.example/other#eintrag-7"}],
            [PHOTO],
            [],
        ],
    )
    def test_a_link_that_would_change_is_refused(
        self, server: ScriptedServer, attached: list[dict[str, Any]]
    ) -> None:
        with pytest.raises(Rejected, match="does not change the link"):
            edit(server, as_it_is(*attached))
        assert len(server.received) == 1

    @pytest.mark.parametrize("shown", [PHOTO, ALBUM])
    def test_the_words_under_pictures(self, server: ScriptedServer, shown: dict[str, Any]) -> None:
        message = with_pictures(RED)
        assert edit(server, as_it_is(shown), DONE, message=message).remote_id == POST
        assert parse_qs(server.received[1].body.decode())["message"] == [message.text]

    def test_pictures_that_the_post_has_not(self, server: ScriptedServer) -> None:
        with pytest.raises(Rejected, match="does not change the pictures"):
            edit(server, as_it_is(CARD), message=with_pictures(RED))
        assert len(server.received) == 1

    def test_a_permalink_in_the_words_needs_no_card(self, server: ScriptedServer) -> None:
        message = replace(MESSAGE, link="", text=f"Neu {PERMALINK}")
        assert edit(server, as_it_is(), DONE, message=message).remote_id == POST

    @pytest.mark.parametrize("replies", [(GONE,), (as_it_is(CARD), GONE)])
    def test_a_post_that_is_gone(self, server: ScriptedServer, replies: tuple[Reply, ...]) -> None:
        with pytest.raises(Rejected, match="does not find the post"):
            edit(server, *replies)

    @pytest.mark.parametrize(
        ("reply", "outcome"),
        [
            (answer(500), TryLater),
            (graph_error(1), TryLater),
            (drop(reset=True), TryLater),
            (answer(200, b"<html>"), TryLater),
            (answer(200, {"id": POST, "attachments": {"data": ["garbage"]}}), TryLater),
            (graph_error(4), TryLater),
            (graph_error(190), Unauthorised),
            (graph_error(10), Unauthorised),
        ],
    )
    def test_without_knowing_the_post_nothing_is_changed(
        self, server: ScriptedServer, reply: Reply, outcome: type[ChannelError]
    ) -> None:
        with pytest.raises(ChannelError) as refused:
            edit(server, reply)
        assert type(refused.value) is outcome
        assert [request.method for request in server.received] == ["GET"]

    @pytest.mark.parametrize(
        ("reply", "outcome"),
        [
            (answer(500), Unknown),
            (graph_error(1), Unknown),
            (drop(reset=True), Unknown),
            (answer(200, {"success": False}), Unknown),
            (answer(200, {"success": "true"}), Unknown),
            (answer(200, {"id": POST}), Unknown),
            (answer(302, b"", {"Location": "/"}), Unknown),
            (graph_error(100, message="Not yours"), Rejected),
            (graph_error(200), Unauthorised),
            (graph_error(32), TryLater),
        ],
    )
    def test_what_the_answer_means(
        self, server: ScriptedServer, reply: Reply, outcome: type[ChannelError]
    ) -> None:
        with pytest.raises(ChannelError) as refused:
            edit(server, as_it_is(CARD), reply)
        assert type(refused.value) is outcome


class TestDeleting:
    def test_what_arrives(self, server: ScriptedServer) -> None:
        assert delete(server, DONE).remote_id == POST
        (request,) = server.received
        assert (request.method, request.body) == ("DELETE", b"")
        assert request.target == f"/v26.0/{POST}?appsecret_proof={PROOF}"

    def test_a_post_that_is_gone_counts_as_deleted(self, server: ScriptedServer) -> None:
        assert delete(server, GONE).remote_id == POST

    @pytest.mark.parametrize(
        ("reply", "outcome"),
        [
            (answer(404), Unknown),
            (graph_error(100, 33, status=500), Unknown),
            (answer(500), Unknown),
            (graph_error(2), Unknown),
            (drop(reset=True), Unknown),
            (answer(200, {}), Unknown),
            (answer(200, {"success": False}), Unknown),
            (graph_error(100), Rejected),
            (graph_error(190), Unauthorised),
            (graph_error(200), Unauthorised),
            (graph_error(4), TryLater),
        ],
    )
    def test_what_the_answer_means(
        self, server: ScriptedServer, reply: Reply, outcome: type[ChannelError]
    ) -> None:
        with pytest.raises(ChannelError) as refused:
            delete(server, reply)
        assert type(refused.value) is outcome


def test_an_id_cannot_lead_elsewhere(server: ScriptedServer) -> None:
    server.replies.append(DONE)
    client(server.url).delete("../me?x=", key="key", deadline=AMPLE)
    assert server.received[0].target == "/v26.0/..%2Fme%3Fx%3D"


def test_the_token_is_in_no_address(server: ScriptedServer) -> None:
    edit(server, as_it_is(CARD), DONE)
    delete(server, DONE)
    assert all(TOKEN not in request.target for request in server.received)
