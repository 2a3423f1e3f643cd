"""The real client against a real server on loopback: answers as a PDS's, or worse."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from syndicator.channels.base import (
    Account,
    Card,
    ChannelError,
    Exchange,
    LookUp,
    Message,
    Receipt,
    Rejected,
    TryLater,
    Unauthorised,
    Unknown,
)
from syndicator.channels.bluesky.channel import BlueskyChannel
from syndicator.channels.bluesky.sessions import Session, keep
from syndicator.channels.bluesky.tids import record_key
from syndicator.content import Picture
from tests.channels.conftest import Reply, ScriptedServer, answer, drip, drop

CHANNEL = BlueskyChannel()
AMPLE, SHORT = timedelta(seconds=20), timedelta(milliseconds=300)
DID = "did:plc:abcdefghijklmnopqrstuvwx"
PERMALINK = "https://zeitung.example/live#eintrag-7"
MESSAGE = Message(
    "Text", PERMALINK, link=PERMALINK, card=Card("T"), published_at="2026-05-03T12:00:00Z"
)
KEY = "syndicator-1-0123456789abcdef"
RKEY = record_key(KEY, MESSAGE.published_at)
URI = f"at://{DID}/app.bsky.feed.post/{RKEY}"
CID = "bafyreico6tlyobrtgc5oa4tmi3v5tkq3da5rbp76pda3n3zfhlu2e2k4je"
PASSWORD, ACCESS, REFRESH = "abcd-efgh-ijkl-mnop", "access.jwt.one", "refresh.jwt.one"
SECRETS = (PASSWORD, ACCESS, REFRESH, "access.jwt.two", "refresh.jwt.two")
LOGIN = {"handle": "@Zeitung.bsky.social", "app_password": PASSWORD}
PICTURE = Picture("1" * 64, "image/png", 7, 10, 10, "Ein Saal")
SINCE = datetime(2026, 5, 3, tzinfo=UTC)


def signed_in(access: str = ACCESS, refresh: str = REFRESH) -> dict[str, str]:
    return keep(Session(DID, access, refresh), LOGIN)


def account(url: str, settings: Mapping[str, str] | None = None, **more: Any) -> Account:
    settings = signed_in() if settings is None else settings
    return Account(url, settings, allow_private_addresses=True, **more)


def send(url: str, deadline: timedelta = AMPLE, message: Message = MESSAGE, **more: Any) -> Receipt:
    return CHANNEL.client(account(url, **more)).send(message, key=KEY, deadline=deadline)


def session(number: str, did: str = DID) -> Reply:
    tokens = {"accessJwt": f"access.jwt.{number}", "refreshJwt": f"refresh.jwt.{number}"}
    return answer(200, {"did": did, "handle": "zeitung.bsky.social", **tokens})


def accepted(uri: str = URI, **headers: str) -> Reply:
    return answer(200, {"uri": uri, "cid": CID, "validationStatus": "valid"}, headers)


def xrpc(status: int, name: str, message: str = "", **headers: str) -> Reply:
    return answer(status, {"error": name, "message": message}, headers)


def stored(link: str = PERMALINK, **fields: Any) -> Reply:
    facets = [{"index": {}, "features": [{"$type": "…#link", "uri": link}]}]
    value = {"text": "Text", "createdAt": "2026-05-03T12:00:00.000Z", "facets": facets, **fields}
    return answer(200, {"uri": URI, "cid": CID, "value": value})


ABSENT = xrpc(400, "RecordNotFound", "Could not locate record")


def calls(server: ScriptedServer) -> list[str]:
    return [one.target.partition("?")[0].removeprefix("/xrpc/") for one in server.received]


def test_what_is_sent(server: ScriptedServer) -> None:
    server.replies.append(accepted())
    receipt = send(server.url)
    assert (receipt.remote_id, receipt.status) == (URI, 200)
    assert receipt.url == f"https://bsky.app/profile/{DID}/post/{RKEY}"
    (call,) = server.received
    assert (call.method, call.target) == ("POST", "/xrpc/com.atproto.repo.putRecord")
    assert call.headers["authorization"] == f"Bearer {ACCESS}"
    body = json.loads(call.body)
    created = datetime.fromisoformat(body["record"].pop("createdAt"))
    assert abs(datetime.now(UTC) - created) < timedelta(minutes=1)
    external = {"uri": PERMALINK, "title": "T", "description": ""}
    assert body == {
        "repo": DID,
        "collection": "app.bsky.feed.post",
        "rkey": RKEY,
        "swapRecord": None,
        "record": {
            "$type": "app.bsky.feed.post",
            "text": "Text",
            "embed": {"$type": "app.bsky.embed.external", "external": external},
        },
    }


REFUSALS = [
    (xrpc(400, "InvalidRequest", "too big"), Rejected),
    (xrpc(400, "BlobNotFound"), Rejected),
    (xrpc(400, "BlobTooLarge"), Rejected),
    (xrpc(413, "PayloadTooLarge"), Rejected),
    (answer(413, b"<html>"), Rejected),
    (xrpc(401, "AuthMissing"), Unauthorised),
    (xrpc(401, "AccountTakedown"), Unauthorised),
    (xrpc(401, "AccountDeactivated"), Unauthorised),
    (xrpc(400, "RepoDeactivated"), Unauthorised),
    (xrpc(403, "AccountNotFound"), Unauthorised),
    (xrpc(501, "MethodNotImplemented"), Unauthorised),
    (xrpc(429, "RateLimitExceeded"), TryLater),
    (answer(429, b""), TryLater),
    (answer(400, b"<html>"), Unknown),
    (answer(403, b"<html>"), Unknown),
    (answer(404, b"<html>"), Unknown),
    (xrpc(500, "InternalServerError"), Unknown),
    (xrpc(502, "UpstreamFailure"), Unknown),
    (xrpc(503, "NotEnoughResources", **{"Retry-After": "5"}), Unknown),
    (xrpc(500, "ExpiredToken"), Unknown),
    (answer(302, b"", {"Location": "/"}), Unknown),
    (answer(200, b"<html>"), Unknown),
    (answer(200, {}), Unknown),
    (answer(200, {"uri": URI}), Unknown),
    (answer(200, {"uri": URI + "x", "cid": CID}), Unknown),
    (answer(200, [URI, CID]), Unknown),
    (answer(200, {"uri": URI, "cid": CID}, length=900), Unknown),
    (drop(), Unknown),
    (drop(reset=True), Unknown),
]


@pytest.mark.parametrize(("reply", "outcome"), REFUSALS)
def test_what_an_answer_to_a_post_means(
    server: ScriptedServer, reply: Reply, outcome: type[ChannelError]
) -> None:
    server.replies.append(reply)
    with pytest.raises(outcome) as refused:
        send(server.url)
    assert type(refused.value) is outcome
    assert calls(server) == ["com.atproto.repo.putRecord"]


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (xrpc(401, "AuthenticationRequired", "Invalid identifier or password"), Unauthorised),
        (xrpc(401, "AuthFactorTokenRequired"), Unauthorised),
        (xrpc(401, "AccountTakedown"), Unauthorised),
        (xrpc(400, "InvalidToken"), Unauthorised),
        (answer(404, b"<html>"), Unauthorised),
        (xrpc(501, "MethodNotImplemented"), Unauthorised),
        (xrpc(429, "RateLimitExceeded"), TryLater),
        (xrpc(500, "InternalServerError"), TryLater),
        (answer(302, b"", {"Location": "/"}), TryLater),
        (answer(200, b"<html>"), TryLater),
        (answer(200, {"did": DID}), TryLater),
        (session("a b"), TryLater),
        (session("two", "did:x"), TryLater),
        (drop(reset=True), TryLater),
    ],
)
def test_a_login_that_fails_has_posted_nothing(
    server: ScriptedServer, reply: Reply, outcome: type[ChannelError]
) -> None:
    server.replies.append(reply)
    with pytest.raises(outcome):
        send(server.url, settings=LOGIN)
    assert calls(server) == ["com.atproto.server.createSession"]
    body = json.loads(server.received[0].body)
    assert body == {"identifier": "zeitung.bsky.social", "password": PASSWORD}


class TestOnce:
    def test_what_stands_there_already_is_the_post(self, server: ScriptedServer) -> None:
        server.replies += [xrpc(400, "InvalidSwap", "Record was at bafy"), stored()]
        receipt = send(server.url)
        assert receipt.remote_id == URI
        assert receipt.url == f"https://bsky.app/profile/{DID}/post/{RKEY}"

    @pytest.mark.parametrize(
        "reply",
        [
            ABSENT,
            stored("https://zeitung.example/live#eintrag-8"),
            xrpc(500, "InternalServerError"),
            xrpc(429, "RateLimitExceeded"),
            xrpc(401, "AuthMissing"),
            answer(200, {"uri": URI, "cid": CID, "value": 7}),
            answer(200, {"uri": "at://x", "cid": CID, "value": {}}),
            drop(reset=True),
        ],
    )
    def test_what_stands_there_and_cannot_be_told_is_unclear(
        self, server: ScriptedServer, reply: Reply
    ) -> None:
        server.replies += [xrpc(400, "InvalidSwap"), reply]
        with pytest.raises(Unknown):
            send(server.url)

    def test_the_key_is_the_same_at_every_try(self, server: ScriptedServer) -> None:
        server.replies += [accepted(), accepted()]
        for _ in range(2):
            send(server.url)
        first, second = (json.loads(one.body)["rkey"] for one in server.received)
        assert first == second == RKEY

    def test_a_record_without_its_permalink_does_not_leave(self, server: ScriptedServer) -> None:
        with pytest.raises(Rejected, match="permalink"):
            send(server.url, message=Message("Text", PERMALINK))
        assert server.received == []


class TestPictures:
    message = Message(f"Text {PERMALINK}", PERMALINK, pictures=(PICTURE,), published_at="x")
    blob = {"$type": "blob", "ref": {"$link": "bafk"}, "mimeType": "image/png", "size": 7}

    def test_they_are_uploaded_first(self, server: ScriptedServer) -> None:
        rkey = record_key(KEY, "x")
        uri = f"at://{DID}/app.bsky.feed.post/{rkey}"
        server.replies += [answer(200, {"blob": self.blob}), accepted(uri)]
        send(server.url, message=self.message, open_picture=lambda picture: b"content")
        upload, put = server.received
        assert upload.target == "/xrpc/com.atproto.repo.uploadBlob"
        assert (upload.headers["content-type"], upload.body) == ("image/png", b"content")
        assert json.loads(put.body)["record"]["embed"]["images"] == [
            {
                "image": self.blob,
                "alt": "Ein Saal",
                "aspectRatio": {"width": 10, "height": 10},
            }
        ]

    @pytest.mark.parametrize(
        ("reply", "outcome"),
        [
            (xrpc(413, "PayloadTooLarge"), Rejected),
            (xrpc(400, "InvalidMimeType", "no"), Rejected),
            (xrpc(429, "RateLimitExceeded"), TryLater),
            (xrpc(500, "InternalServerError"), TryLater),
            (answer(200, {"blob": "x"}), TryLater),
            (answer(200, b"<html>"), TryLater),
            (drop(reset=True), TryLater),
        ],
    )
    def test_an_upload_that_fails_has_posted_nothing(
        self, server: ScriptedServer, reply: Reply, outcome: type[ChannelError]
    ) -> None:
        server.replies.append(reply)
        with pytest.raises(outcome):
            send(server.url, message=self.message, open_picture=lambda picture: b"content")
        assert calls(server) == ["com.atproto.repo.uploadBlob"]

    def test_one_that_is_gone(self, server: ScriptedServer) -> None:
        with pytest.raises(Rejected, match="no longer stored"):
            send(server.url, message=self.message)


class TestSessions:
    """With ``renew`` as a destination that is stored has it."""

    def renewing(self, settings: Mapping[str, str]) -> tuple[list[Mapping[str, str]], Any]:
        kept: list[Mapping[str, str]] = [settings]

        def renew(exchange: Exchange) -> Mapping[str, str]:
            kept.append(exchange(kept[-1]))
            return kept[-1]

        return kept, renew

    @pytest.mark.parametrize("name", ["ExpiredToken", "InvalidToken"])
    def test_a_token_that_is_over_is_renewed_once(self, server: ScriptedServer, name: str) -> None:
        kept, renew = self.renewing(signed_in())
        server.replies += [xrpc(400, name), session("two"), accepted()]
        send(server.url, renew=renew)
        assert calls(server) == [
            "com.atproto.repo.putRecord",
            "com.atproto.server.refreshSession",
            "com.atproto.repo.putRecord",
        ]
        assert [one.headers["authorization"] for one in server.received] == [
            f"Bearer {ACCESS}",
            f"Bearer {REFRESH}",
            "Bearer access.jwt.two",
        ]
        assert kept[-1] == signed_in("access.jwt.two", "refresh.jwt.two")

    def test_and_not_twice(self, server: ScriptedServer) -> None:
        server.replies += [xrpc(400, "ExpiredToken"), session("two"), xrpc(400, "ExpiredToken")]
        with pytest.raises(Unauthorised):
            send(server.url)

    def test_a_refresh_token_that_is_over_leads_to_a_login(self, server: ScriptedServer) -> None:
        server.replies += [
            xrpc(400, "ExpiredToken"),
            xrpc(400, "ExpiredToken"),
            session("two"),
            accepted(),
        ]
        send(server.url)
        assert calls(server)[1:3] == [
            "com.atproto.server.refreshSession",
            "com.atproto.server.createSession",
        ]

    def test_a_renewal_that_fails_costs_no_login(self, server: ScriptedServer) -> None:
        server.replies += [xrpc(400, "ExpiredToken"), xrpc(500, "InternalServerError")]
        with pytest.raises(TryLater):
            send(server.url)
        assert len(server.received) == 2

    def test_what_another_worker_renewed_is_used(self, server: ScriptedServer) -> None:
        server.replies += [xrpc(400, "ExpiredToken"), accepted()]
        theirs = signed_in("access.jwt.two", "refresh.jwt.two")
        send(server.url, renew=lambda exchange: theirs)
        assert server.received[1].headers["authorization"] == "Bearer access.jwt.two"

    def test_another_password_in_the_meantime(self, server: ScriptedServer) -> None:
        server.replies.append(xrpc(400, "ExpiredToken"))
        theirs = {**signed_in(), "app_password": "neu"}
        with pytest.raises(TryLater):
            send(server.url, renew=lambda exchange: theirs)

    @pytest.mark.parametrize(
        "kept", ["", "{", "[]", "{}", '{"did": 7}', "null", json.dumps({"login": "x"})]
    )
    def test_a_session_that_is_none(self, server: ScriptedServer, kept: str) -> None:
        server.replies += [session("two"), accepted()]
        send(server.url, settings={**LOGIN, "session": kept})
        assert calls(server)[0] == "com.atproto.server.createSession"

    def test_another_logins_session_is_not_used(self, server: ScriptedServer) -> None:
        server.replies += [session("two"), accepted()]
        send(server.url, settings={**signed_in(), "app_password": "neu"})
        assert calls(server)[0] == "com.atproto.server.createSession"


def limit(total: int, remaining: int, reset: int, **more: str) -> dict[str, str]:
    numbers = {"Limit": total, "Remaining": remaining, "Reset": reset}
    return {f"RateLimit-{name}": str(number) for name, number in numbers.items()} | more


NOW = int(datetime(2026, 5, 3, 12, tzinfo=UTC).timestamp())
DATE = {"Date": "Sun, 03 May 2026 12:00:00 GMT"}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        (limit(5000, 4998, NOW + 3600), 0),
        (limit(5000, 1000, NOW + 3600), 0),
        (limit(5000, 900, NOW + 3599), 12),
        (limit(5000, 30, NOW + 3599), 60),
        (limit(5000, 3, NOW + 29), 30),
        (limit(5000, 2, NOW + 299), 300),
        (limit(5000, 0, NOW + 3599), 3600),
        (limit(5000, 0, NOW + 10**9), 25 * 3600),
        ({"RateLimit-Remaining": "0"}, 0),
        ({"RateLimit-Remaining": "x", "RateLimit-Reset": "y"}, 0),
    ],
)
def test_the_pace_after_an_accepted_post(
    server: ScriptedServer, headers: dict[str, str], seconds: int
) -> None:
    """https://docs.bsky.app/docs/advanced-guides/rate-limits"""
    server.replies.append(accepted(**headers, **DATE))
    assert send(server.url).wait == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 300),
        (limit(30, 0, NOW + 120), 121),
        ({"Retry-After": "90"}, 90),
        (limit(30, 0, NOW + 60, **{"Retry-After": "90"}), 90),
        ({"RateLimit-Reset": "soon"}, 300),
    ],
)
def test_how_long_to_wait_after_a_refusal(
    server: ScriptedServer, headers: dict[str, str], seconds: int
) -> None:
    server.replies.append(xrpc(429, "RateLimitExceeded", **headers, **DATE))
    with pytest.raises(TryLater) as refused:
        send(server.url)
    assert refused.value.retry_after == timedelta(seconds=seconds)


class TestNothingSent:
    def test_a_refused_connection(self, closed_port: int) -> None:
        with pytest.raises(TryLater, match="could not be reached"):
            send(f"http://127.0.0.1:{closed_port}")

    def test_a_failed_tls_handshake(self, server: ScriptedServer) -> None:
        with pytest.raises(TryLater):
            send(server.url.replace("http:", "https:"))

    def test_a_private_address(self, server: ScriptedServer) -> None:
        client = CHANNEL.client(Account(server.url, signed_in()))
        with pytest.raises(TryLater):
            client.send(MESSAGE, key=KEY, deadline=AMPLE)
        assert server.received == []

    def test_a_deadline_that_is_over(self, server: ScriptedServer) -> None:
        with pytest.raises(TryLater):
            send(server.url, timedelta(0))
        assert server.received == []

    @pytest.mark.parametrize("base_url", ["", "bsky.social", "http://[::1", "ftp://x.y"])
    def test_an_address_that_is_none(self, base_url: str) -> None:
        with pytest.raises(Unauthorised, match="no Bluesky server"):
            send(base_url)


def test_an_answer_that_never_ends(server: ScriptedServer) -> None:
    server.replies.append(drip(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", b" " * 900))
    with pytest.raises(Unknown):
        send(server.url, SHORT)


def look_up(server: ScriptedServer, *replies: Reply, **more: Any) -> LookUp:
    server.replies += replies
    client = CHANNEL.client(account(server.url, **more))
    return client.look_up(MESSAGE, key=KEY, since=SINCE, deadline=AMPLE)


class TestLookingUp:
    def test_by_our_own_key(self, server: ScriptedServer) -> None:
        found = look_up(server, stored())
        assert found.complete
        assert found.receipt is not None
        assert found.receipt.remote_id == URI
        query = server.received[0].target.partition("?")[2]
        assert f"rkey={RKEY}" in query

    def test_absent(self, server: ScriptedServer) -> None:
        reply = xrpc(400, "RecordNotFound", **DATE)
        told = datetime(2026, 5, 3, 12, tzinfo=UTC)
        assert look_up(server, reply) == LookUp(None, complete=True, platform_time=told)

    def test_with_the_permalink_in_the_text_or_the_card(self, server: ScriptedServer) -> None:
        text = stored("https://a.example", text=f"Mehr {PERMALINK}")
        card = stored("https://a.example", embed={"external": {"uri": PERMALINK}})
        for reply in (text, card):
            assert look_up(server, reply).receipt is not None

    @pytest.mark.parametrize(
        ("reply", "outcome"),
        [
            (stored("https://zeitung.example/live#eintrag-8"), Unknown),
            (stored(facets=7, embed=[], text=None), Unknown),
            (stored(facets=[7, {"features": [7]}, {}], embed={"external": 7}), Unknown),
            (xrpc(400, "InvalidRequest", "Could not locate record"), Rejected),
            (xrpc(404, "RecordNotFound"), Unauthorised),
            (xrpc(500, "RecordNotFound"), TryLater),
            (xrpc(429, "RateLimitExceeded"), TryLater),
            (answer(400, b"RecordNotFound"), TryLater),
            (answer(302, b"", {"Location": "/"}), TryLater),
            (answer(200, b"<html>"), TryLater),
            (answer(200, {}), TryLater),
            (answer(200, {"uri": URI, "cid": CID, "value": {}}, length=900), TryLater),
            (drop(reset=True), TryLater),
        ],
    )
    def test_one_that_fails_proves_nothing(
        self, server: ScriptedServer, reply: Reply, outcome: type[ChannelError]
    ) -> None:
        with pytest.raises(outcome):
            look_up(server, reply)


class TestChanging:
    def edit(self, server: ScriptedServer, *replies: Reply, remote_id: str = URI) -> Receipt:
        server.replies += replies
        client = CHANNEL.client(account(server.url))
        return client.edit(remote_id, MESSAGE.with_text("Neu"), key="edit", deadline=AMPLE)

    def delete(self, server: ScriptedServer, *replies: Reply, remote_id: str = URI) -> Receipt:
        server.replies += replies
        client = CHANNEL.client(account(server.url))
        return client.delete(remote_id, key="delete", deadline=AMPLE)

    def test_an_edit_replaces_what_was_read(self, server: ScriptedServer) -> None:
        receipt = self.edit(server, stored(), accepted())
        assert receipt.remote_id == URI
        assert receipt.note is not None
        body = json.loads(server.received[1].body)
        assert (body["rkey"], body["swapRecord"]) == (RKEY, CID)
        assert body["record"]["createdAt"] == "2026-05-03T12:00:00.000Z"
        assert body["record"]["text"] == "Neu"

    def test_an_edit_that_is_done_writes_nothing(self, server: ScriptedServer) -> None:
        self.edit(server, stored(), accepted())
        record = json.loads(server.received[1].body)["record"]
        self.edit(server, answer(200, {"uri": URI, "cid": CID, "value": record}))
        assert len(server.received) == 3

    @pytest.mark.parametrize(
        ("replies", "outcome"),
        [
            ((ABSENT,), Rejected),
            ((stored(createdAt=7),), Rejected),
            ((xrpc(500, "InternalServerError"),), TryLater),
            ((stored(), xrpc(400, "InvalidSwap")), TryLater),
            ((stored(), xrpc(500, "InternalServerError")), Unknown),
            ((stored(), answer(200, {})), Unknown),
            ((stored(), drop()), Unknown),
        ],
    )
    def test_an_edit_that_fails(
        self, server: ScriptedServer, replies: tuple[Reply, ...], outcome: type[ChannelError]
    ) -> None:
        with pytest.raises(outcome):
            self.edit(server, *replies)

    @pytest.mark.parametrize("body", [{}, {"commit": {"cid": CID, "rev": "3"}}])
    def test_a_deletion(self, server: ScriptedServer, body: dict[str, Any]) -> None:
        assert self.delete(server, answer(200, body)).remote_id == URI
        assert json.loads(server.received[0].body) == {
            "repo": DID,
            "collection": "app.bsky.feed.post",
            "rkey": RKEY,
        }

    @pytest.mark.parametrize(
        ("reply", "outcome"),
        [
            (answer(200, b"<html>"), Unknown),
            (answer(200, b""), Unknown),
            (xrpc(500, "InternalServerError"), Unknown),
            (drop(), Unknown),
            (xrpc(429, "RateLimitExceeded"), TryLater),
            (xrpc(401, "AccountTakedown"), Unauthorised),
        ],
    )
    def test_a_deletion_that_fails(
        self, server: ScriptedServer, reply: Reply, outcome: type[ChannelError]
    ) -> None:
        with pytest.raises(outcome):
            self.delete(server, reply)

    @pytest.mark.parametrize(
        "remote_id", ["", "x", URI.replace("abc", "xyz"), URI.replace("feed.post", "feed.like")]
    )
    def test_what_is_not_ours_is_left_alone(self, server: ScriptedServer, remote_id: str) -> None:
        for act in (self.edit, self.delete):
            with pytest.raises(Rejected):
                act(server, remote_id=remote_id)
        assert server.received == []


class TestTheAccount:
    ours = answer(200, {"did": DID, "handle": "zeitung.bsky.social", "active": True})

    def test_its_name_and_picture(self, server: ScriptedServer) -> None:
        profile = {"displayName": "Zeitung", "avatar": f"{server.url}/avatar.png"}
        server.replies += [self.ours, answer(200, profile), answer(200, b"PNG")]
        known = CHANNEL.client(account(server.url)).check(deadline=AMPLE)
        assert (known.name, known.picture) == ("Zeitung", b"PNG")
        assert known.url == "https://bsky.app/profile/zeitung.bsky.social"
        assert (known.missing, known.ends_at) == ((), None)
        # The picture's server is told nothing.
        assert "authorization" not in server.received[2].headers

    @pytest.mark.parametrize("picture", [answer(404), drop(reset=True)])
    def test_a_picture_that_cannot_be_had(self, server: ScriptedServer, picture: Reply) -> None:
        server.replies += [self.ours, answer(200, {"avatar": f"{server.url}/x"}), picture]
        known = CHANNEL.client(account(server.url)).check(deadline=AMPLE)
        assert (known.name, known.picture) == ("zeitung.bsky.social", b"")

    def test_one_that_is_switched_off(self, server: ScriptedServer) -> None:
        server.replies.append(answer(200, {"did": DID, "active": False, "status": "deactivated"}))
        with pytest.raises(Unauthorised, match="switched off"):
            CHANNEL.client(account(server.url)).check(deadline=AMPLE)


class TestSecrets:
    @pytest.mark.parametrize(("status", "name"), [(400, "X"), (401, "X"), (429, "X"), (500, "X")])
    def test_none_is_in_what_is_kept(self, server: ScriptedServer, status: int, name: str) -> None:
        server.replies.append(xrpc(status, name, " ".join(SECRETS[:3])))
        with pytest.raises(ChannelError) as refused:
            send(server.url)
        for secret in SECRETS:
            assert secret not in refused.value.answer
            assert secret not in str(refused.value.reason.to_json())

    def test_new_ones_neither(self, server: ScriptedServer) -> None:
        told = xrpc(400, "InvalidRequest", " ".join(SECRETS))
        server.replies += [xrpc(400, "ExpiredToken"), session("two"), told]
        with pytest.raises(Rejected) as refused:
            send(server.url)
        for secret in SECRETS:
            assert secret not in refused.value.answer
            assert secret not in str(refused.value.reason.to_json())

    def test_none_is_logged(self, server: ScriptedServer, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        server.replies += [xrpc(400, "ExpiredToken"), session("two"), accepted()]
        client = CHANNEL.client(account(server.url))
        client.send(replace(MESSAGE), key=KEY, deadline=AMPLE)
        for secret in SECRETS:
            assert secret not in caplog.text + repr(client)
