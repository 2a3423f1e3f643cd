"""Posts with pictures: what arrives, and that none goes out without all of them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest

from syndicator.channels.base import (
    ChannelError,
    Duplicate,
    Message,
    Receipt,
    Rejected,
    TryLater,
    Unauthorised,
    Unknown,
)
from syndicator.content import Picture
from tests.channels.conftest import answer, drip, drop
from tests.channels.facebook.graph import (
    AMPLE,
    APP_SECRET,
    BLUE,
    GREEN,
    PERMALINK,
    PICTURES,
    PROOF,
    RED,
    SHORT,
    TOKEN,
    client,
    fields,
    files,
    graph_error,
    parts,
    with_pictures,
)

if TYPE_CHECKING:
    from tests.channels.conftest import Reply, ScriptedServer

POSTED = answer(200, {"id": "42_4711"})
SINGLE = answer(200, {"id": "815", "post_id": "42_4711"})


def uploaded(photo: str) -> Reply:
    return answer(200, {"id": photo})


def send(
    server: ScriptedServer, message: Message, *replies: Reply, deadline: timedelta = AMPLE
) -> Receipt:
    server.replies += replies
    facebook = client(server.url, app_secret=APP_SECRET)
    return facebook.send(message, key="key", deadline=deadline)


class TestOnePicture:
    def test_it_is_posted_by_its_upload(self, server: ScriptedServer) -> None:
        receipt = send(server, with_pictures(RED), SINGLE)
        assert (receipt.remote_id, receipt.url) == ("42_4711", "https://www.facebook.com/42_4711")
        (request,) = server.received
        assert (request.method, request.target) == ("POST", "/v26.0/42/photos")
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        assert fields(request) == {
            "message": f"Grüße\n\n{PERMALINK}",
            "alt_text_custom": "Ein roter Saal",
            "appsecret_proof": PROOF,
        }
        assert files(request) == {"source": PICTURES[RED]}
        (file,) = [part for part in parts(request) if part.file_name]
        assert file.media_type == "image/png"
        assert file.file_name == f"{RED.digest[:16]}.png"

    def test_without_a_description_none_is_sent(self, server: ScriptedServer) -> None:
        send(server, with_pictures(GREEN), SINGLE)
        assert "alt_text_custom" not in fields(server.received[0])

    @pytest.mark.parametrize(
        ("reply", "outcome"),
        [
            (answer(200, {"id": "815"}), Unknown),
            (answer(200, {"id": "815", "post_id": 7}), Unknown),
            (answer(500), Unknown),
            (graph_error(1), Unknown),
            (graph_error(2), Unknown),
            (drop(reset=True), Unknown),
            (answer(302, b"", {"Location": "/"}), Unknown),
            (graph_error(100, 1366046), Rejected),
            (graph_error(324), Rejected),
            (graph_error(100), Rejected),
            (graph_error(506), Duplicate),
            (graph_error(200), Unauthorised),
            (graph_error(32), TryLater),
        ],
    )
    def test_it_decides_like_any_post(
        self, server: ScriptedServer, reply: Reply, outcome: type[ChannelError]
    ) -> None:
        with pytest.raises(ChannelError) as refused:
            send(server, with_pictures(RED), reply)
        assert type(refused.value) is outcome
        assert len(server.received) == 1


class TestSeveralPictures:
    def test_each_is_uploaded_and_then_attached(self, server: ScriptedServer) -> None:
        message = with_pictures(RED, GREEN, BLUE)
        replies = [uploaded("1"), uploaded("2"), uploaded("3"), POSTED]
        assert send(server, message, *replies).remote_id == "42_4711"
        *uploads, post = server.received
        assert [request.target for request in uploads] == ["/v26.0/42/photos"] * 3
        hidden = {"published": "false", "appsecret_proof": PROOF}
        assert [fields(request) for request in uploads] == [
            {**hidden, "alt_text_custom": RED.alt, "message": "Foto: Agentur Öhm"},
            hidden,
            {**hidden, "alt_text_custom": BLUE.alt, "message": "Foto: dpa"},
        ]
        assert [files(request)["source"] for request in uploads] == list(PICTURES.values())
        assert post.target == "/v26.0/42/feed"
        said = parse_qs(post.body.decode())
        assert json.loads(said.pop("attached_media")[0]) == [
            {"media_fbid": "1"},
            {"media_fbid": "2"},
            {"media_fbid": "3"},
        ]
        assert said == {"message": [message.text], "appsecret_proof": [PROOF]}

    @pytest.mark.parametrize(
        ("reply", "outcome", "says"),
        [
            (answer(500), TryLater, "no clear answer"),
            (answer(502, b"<html>"), TryLater, "no clear answer"),
            (graph_error(1), TryLater, "no clear answer"),
            (graph_error(2), TryLater, "no clear answer"),
            (graph_error(368), TryLater, "no clear answer"),
            (graph_error(506), TryLater, "no clear answer"),
            (drop(), TryLater, "no clear answer"),
            (drop(reset=True), TryLater, "no clear answer"),
            (answer(302, b"", {"Location": "/"}), TryLater, "no clear answer"),
            (answer(200, b'{"id": "2"', length=99), TryLater, "no clear answer"),
            (answer(200, {}), TryLater, "no clear answer"),
            (answer(200, {"id": "../2"}), TryLater, "no clear answer"),
            (graph_error(4), TryLater, "asks to wait"),
            (graph_error(100, 1366046, error_user_msg="Zu groß."), Rejected, "picture .*Zu groß"),
            (graph_error(324, message="No image"), Rejected, "picture .*No image"),
            (graph_error(100, message="Bad"), Rejected, "picture .*Bad"),
            (graph_error(100, 33), Unauthorised, "does not find the page"),
            (graph_error(190, 460), Unauthorised, "access token"),
            (graph_error(200), Unauthorised, "may not post"),
        ],
    )
    def test_a_failed_upload_never_leads_to_a_post(
        self, server: ScriptedServer, reply: Reply, outcome: type[ChannelError], says: str
    ) -> None:
        with pytest.raises(ChannelError, match=says) as refused:
            send(server, with_pictures(RED, GREEN), uploaded("1"), reply)
        assert type(refused.value) is outcome
        assert [request.target for request in server.received] == ["/v26.0/42/photos"] * 2

    def test_time_that_runs_out_between_uploads(self, server: ScriptedServer) -> None:
        slow = drip(b"HTTP/1.1 200 OK\r\n", b"X-Slow: " + b"y" * 900)
        with pytest.raises(TryLater):
            send(server, with_pictures(RED, GREEN), uploaded("1"), slow, deadline=SHORT)
        assert len(server.received) == 2

    @pytest.mark.parametrize(
        ("reply", "outcome"),
        [
            (answer(500), Unknown),
            (graph_error(1), Unknown),
            (graph_error(2), Unknown),
            (answer(200, {}), Unknown),
            (drop(reset=True), Unknown),
            (graph_error(506), Duplicate),
            (graph_error(100), Rejected),
            (graph_error(4), TryLater),
        ],
    )
    def test_the_last_call_decides(
        self, server: ScriptedServer, reply: Reply, outcome: type[ChannelError]
    ) -> None:
        with pytest.raises(ChannelError) as refused:
            send(server, with_pictures(RED, GREEN), uploaded("1"), uploaded("2"), reply)
        assert type(refused.value) is outcome


def test_a_picture_that_is_gone_stops_the_post(server: ScriptedServer) -> None:
    lost = Picture("f" * 64, "image/png", 3, 1, 1)
    for pictures in ((lost,), (RED, lost)):
        with pytest.raises(Rejected, match="no longer stored"):
            send(server, with_pictures(*pictures))
    assert server.received == []


def test_a_card_and_pictures_are_not_sent_together(server: ScriptedServer) -> None:
    both = replace(with_pictures(RED), link=PERMALINK)
    with pytest.raises(Rejected, match="link card or pictures"):
        send(server, both)
    assert server.received == []


def test_secrets_are_in_nothing_that_is_kept(server: ScriptedServer) -> None:
    reply = graph_error(324, message=f"{TOKEN} {APP_SECRET} {PROOF}")
    for pictures, before in (((RED,), ()), ((RED, GREEN), (uploaded("1"),))):
        with pytest.raises(Rejected) as refused:
            send(server, with_pictures(*pictures), *before, reply)
        for secret in (TOKEN, APP_SECRET, PROOF):
            assert secret not in refused.value.answer
            assert secret not in str(refused.value.reason.to_json())
