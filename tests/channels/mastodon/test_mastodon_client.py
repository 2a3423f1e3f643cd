"""The real client against a real server on loopback that answers as Mastodon does, or worse."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

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
from syndicator.channels.mastodon.client import MastodonClient
from syndicator.content import Picture
from tests.channels.conftest import answer, drip, drop

if TYPE_CHECKING:
    from tests.channels.conftest import Reply, ScriptedServer

TOKEN = "token-geheim-1234"
SETTINGS = {"handle": "@redaktion@zeitung.social", "access_token": TOKEN, "limit": "500"}
PERMALINK = "https://zeitung.de/live#eintrag-7"
MESSAGE = Message(f"Grüße „hier“ & dort 👍🏽\n\n{PERMALINK}", PERMALINK, language="de-AT")
PICTURE = Picture("ab" * 32, "image/jpeg", 3, 1200, 800, alt="Ein Tisch", credit="Doe/dpa")
PICTURED = Message(MESSAGE.text, PERMALINK, language="de", pictures=(PICTURE,))
AMPLE = timedelta(seconds=30)
SHORT = timedelta(milliseconds=300)
SINCE = datetime(2026, 5, 3, 12, 0, 5, tzinfo=UTC)
ID = "113400000000000001"
URL = f"https://zeitung.social/@redaktion/{ID}"


def client(base_url: str, *, private: bool = True, **changed: str) -> MastodonClient:
    return MastodonClient(
        Account(
            base_url,
            {**SETTINGS, **changed},
            allow_private_addresses=private,
            open_picture=lambda picture: b"jpg",
        )
    )


def send(
    base_url: str, deadline: timedelta = AMPLE, message: Message = MESSAGE, **changed: Any
) -> Receipt:
    return client(base_url, **changed).send(message, key="key-1", deadline=deadline)


def refusal(
    server: ScriptedServer,
    *replies: Reply,
    deadline: timedelta = AMPLE,
    message: Message = MESSAGE,
) -> ChannelError:
    server.replies += replies
    with pytest.raises(ChannelError) as refused:
        send(server.url, deadline, message)
    return refused.value


def posted(remote_id: object = ID, url: object = URL, **headers: str) -> Reply:
    body = {"id": remote_id, "url": url, "content": "…", "created_at": "2026-05-03T12:00:00.000Z"}
    return answer(200, body, _named(headers))


def says(status: int, error: object, **headers: str) -> Reply:
    return answer(status, {"error": error}, _named(headers))


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


class TestSending:
    def test_an_accepted_post_is_named(self, server: ScriptedServer) -> None:
        server.replies.append(posted())
        receipt = send(server.url)
        assert (receipt.remote_id, receipt.url, receipt.status) == (ID, URL, 200)

    def test_what_arrives(self, server: ScriptedServer) -> None:
        server.replies.append(posted())
        send(server.url + "/behind/a/prefix/", visibility="unlisted")
        (request,) = server.received
        assert (request.method, request.target) == ("POST", "/behind/a/prefix/api/v1/statuses")
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        assert request.headers["idempotency-key"] == "key-1"
        assert json.loads(request.body) == {
            "status": MESSAGE.text,
            "media_ids": [],
            "visibility": "unlisted",
            "language": "de",
        }

    def test_lines_end_with_one_character(self, server: ScriptedServer) -> None:
        server.replies.append(posted())
        send(server.url, message=MESSAGE.with_text(f"a\r\nb\r\n{PERMALINK}"))
        assert json.loads(server.received[0].body)["status"] == f"a\nb\n{PERMALINK}"

    @pytest.mark.parametrize("visibility", ["direct", "öffentlich", "public\nx"])
    def test_a_visibility_that_is_none(self, server: ScriptedServer, visibility: str) -> None:
        with pytest.raises(Unauthorised, match="visibility"):
            send(server.url, visibility=visibility)
        assert server.received == []

    @pytest.mark.parametrize(
        "url",
        ["javascript:alert(1)", "", None, 7, "https://", "http://[", "https://a b", "x" * 9999],
    )
    def test_an_address_that_is_none_is_not_shown(self, server: ScriptedServer, url: Any) -> None:
        server.replies.append(posted(url=url))
        assert send(server.url).url == ""

    @pytest.mark.parametrize("remote_id", ["01J9ZC5N3K8Y2V7QW4T6X1R0AB", "AqLbf3uJ4rP2aYxQ1s"])
    def test_names_of_others_that_speak_this_api(
        self, server: ScriptedServer, remote_id: str
    ) -> None:
        server.replies.append(posted(remote_id))
        assert send(server.url).remote_id == remote_id


UNCLEAR = "whether the post is out"


@pytest.mark.parametrize(
    ("reply", "outcome", "told"),
    [
        (says(401, "The access token is invalid"), Unauthorised, "access token"),
        (says(401, "The access token was revoked"), Unauthorised, "access token"),
        (answer(401, b"<html>"), Unauthorised, "access token"),
        (says(403, "This action is outside the authorized scopes"), Unauthorised, "permission"),
        (says(403, "Your login is currently disabled"), Unauthorised, "currently disabled"),
        (says(403, "This action is not allowed"), Unauthorised, "not allowed"),
        (answer(403, b"<html>blocked"), Unknown, UNCLEAR),
        (says(404, "Record not found"), Unauthorised, "no Mastodon server"),
        (answer(404, b"<html>"), Unknown, UNCLEAR),
        (says(410, "Gone"), Unauthorised, "no longer exists"),
        (answer(410, b""), Unknown, UNCLEAR),
        (says(422, "Validation failed: Text character limit of 500 exceeded"), Rejected, "500"),
        (says(422, "Validation failed: Text can't be blank"), Rejected, "blank"),
        (says(422, "Duplicate record"), Duplicate, "already"),
        (says(422, "This method requires an authenticated user"), Unauthorised, "access token"),
        (answer(422, b"<html>"), Unknown, UNCLEAR),
        (says(400, "Error occurred while parsing request parameters"), Rejected, "parsing"),
        (answer(400, b"<html>"), Unknown, UNCLEAR),
        (answer(413, b"<html>"), Unknown, UNCLEAR),
        (says(429, "Too many requests"), TryLater, "asks to wait"),
        (answer(429, b"<html>"), TryLater, "asks to wait"),
        (says(500, "x"), Unknown, UNCLEAR),
        (answer(502, b"<html>"), Unknown, UNCLEAR),
        (says(503, "There was a temporary problem serving your request"), Unknown, UNCLEAR),
        (answer(504, b""), Unknown, UNCLEAR),
        (says(409, "x"), Unknown, UNCLEAR),
        (says(451, "x"), Unknown, UNCLEAR),
        (answer(301, b"", {"Location": "/elsewhere"}), Unknown, UNCLEAR),
        (answer(307, b"", {"Location": "/api/v1/statuses"}), Unknown, UNCLEAR),
        (answer(201, {"id": ID}), Unknown, UNCLEAR),
        (answer(202, {"id": ID}), Unknown, UNCLEAR),
        (answer(200, {"content": "without an id"}), Unknown, UNCLEAR),
        (posted(None), Unknown, UNCLEAR),
        (posted(17), Unknown, UNCLEAR),
        (posted("../../etc"), Unknown, UNCLEAR),
        (posted("1" * 65), Unknown, UNCLEAR),
        (answer(200, ["garbage"]), Unknown, UNCLEAR),
        (answer(200, b"<html>"), Unknown, UNCLEAR),
        (answer(200, b""), Unknown, UNCLEAR),
        (answer(200, b'{"id": "1"}', length=500), Unknown, UNCLEAR),
        (drop(), Unknown, UNCLEAR),
        (drop(reset=True), Unknown, UNCLEAR),
    ],
    ids=lambda value: None,
)
def test_what_an_answer_means(
    server: ScriptedServer, reply: Reply, outcome: type[ChannelError], told: str
) -> None:
    refused = refusal(server, reply)
    assert type(refused) is outcome
    assert told in str(refused.reason)
    assert len(server.received) == 1


@pytest.mark.parametrize(
    "reply",
    [
        drip(b"HTTP/1.1 200 OK\r\n", b"X-Slow: " + b"y" * 900),
        drip(b"HTTP/1.1 200 OK\r\n\r\n", b'{"id": "1"}' + b" " * 900),
        drip(b"", b"HTTP/1.1 200 OK" + b" " * 900),
    ],
)
def test_a_server_that_drips_leaves_it_unknown(server: ScriptedServer, reply: Reply) -> None:
    assert isinstance(refusal(server, reply, deadline=SHORT), Unknown)


@pytest.mark.parametrize("body", [["list"], {"error": {"a": 1}}, {"error": None}, {"error": 7}, 7])
@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422, 500])
def test_bodies_that_mastodon_does_not_send_prove_nothing(
    server: ScriptedServer, status: int, body: Any
) -> None:
    outcome = Unauthorised if status == 401 else Unknown
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

    @pytest.mark.parametrize("base_url", ["", "zeitung.social", "http://[::1", "ftp://a.de"])
    def test_an_address_that_is_none(self, base_url: str) -> None:
        with pytest.raises(Unauthorised):
            send(base_url)

    @pytest.mark.parametrize("token", ["neue\nZeile", "„Gänsefüßchen“"])
    def test_a_token_that_fits_into_no_header(self, server: ScriptedServer, token: str) -> None:
        with pytest.raises(Unauthorised):
            send(server.url, access_token=token)
        assert server.received == []


NOON = {"Date": "Sun, 03 May 2026 12:00:00 GMT"}


def limit(total: object, remaining: object, reset: str) -> dict[str, str]:
    """The limit as Mastodon tells it; noon is what its own clock shows."""
    values = {"Limit": total, "Remaining": remaining, "Reset": reset}
    return NOON | {f"X-RateLimit-{what}": str(value) for what, value in values.items()}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        (limit(300, 299, "2026-05-03T12:05:00.000000Z"), 0),
        (limit(300, 60, "2026-05-03T12:05:00.000000Z"), 0),
        (limit(300, 59, "2026-05-03T12:09:49.000000Z"), 10),
        (limit(300, 1, "2026-05-03T15:00:00.000000Z"), 60),
        (limit(300, 0, "2026-05-03T15:00:00.000000Z"), 3 * 3600 + 1),
        (limit(300, 0, "1777809900"), 301),
        (limit("viele", 5, "2026-05-03T12:05:00.000000Z"), 0),
        (limit(300, -1, "2026-05-03T12:05:00.000000Z"), 0),
        (limit(300, 0, "bald"), 0),
        (NOON | {"X-RateLimit-Remaining": "0"}, 0),
    ],
)
def test_the_pace_after_an_accepted_post(
    server: ScriptedServer, headers: Mapping[str, str], seconds: int
) -> None:
    server.replies.append(posted(**{name.replace("-", "_"): v for name, v in headers.items()}))
    assert send(server.url).wait == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 300),
        (limit(300, 0, "2026-05-03T12:03:20.000000Z"), 201),
        (limit(300, 0, "2026-05-03T12:03:20.000000Z") | {"Retry-After": "300"}, 300),
        ({"Retry-After": "30"}, 30),
        (limit(300, 0, "bald"), 300),
    ],
)
def test_the_wait_after_too_many_calls(
    server: ScriptedServer, headers: Mapping[str, str], seconds: int
) -> None:
    refused = refusal(server, answer(429, {"error": "Too many requests"}, headers))
    assert isinstance(refused, TryLater)
    assert refused.retry_after == timedelta(seconds=seconds)


@pytest.mark.parametrize("reset", ["9999-12-31T23:59:59Z", "9" * 40, "2026-05-03T12:00:00+99:99"])
def test_a_reset_that_makes_no_sense(server: ScriptedServer, reset: str) -> None:
    refused = refusal(server, answer(429, {"error": "x"}, limit(300, 0, reset)))
    assert isinstance(refused, TryLater)
    assert refused.retry_after is not None
    assert timedelta(seconds=1) <= refused.retry_after <= timedelta(hours=6)


def media(status: int = 200, media_id: object = "21") -> Reply:
    return answer(status, {"id": media_id, "type": "image", "url": None})


class TestPictures:
    def test_they_are_handed_over_first_and_then_attached(self, server: ScriptedServer) -> None:
        server.replies += [media(), posted()]
        send(server.url, message=PICTURED)
        upload, post = server.received
        assert (upload.method, upload.target) == ("POST", "/api/v2/media")
        assert upload.headers["content-type"].startswith("multipart/form-data")
        assert b'name="file"; filename="abababababababab.jpg"' in upload.body
        assert b"Content-Type: image/jpeg\r\n\r\njpg\r\n" in upload.body
        assert b"Ein Tisch (Foto: Doe/dpa)" in upload.body
        assert json.loads(post.body)["media_ids"] == ["21"]

    def test_one_that_is_worked_on_is_waited_for(self, server: ScriptedServer) -> None:
        server.replies += [media(202), media(206), media(200), posted()]
        assert send(server.url, message=PICTURED).remote_id == ID
        assert [one.target for one in server.received[1:3]] == ["/api/v1/media/21"] * 2

    def test_but_not_beyond_the_deadline(self, server: ScriptedServer) -> None:
        replies = [media(202), *[media(206)] * 100]
        refused = refusal(server, *replies, deadline=timedelta(seconds=5.2), message=PICTURED)
        assert type(refused) is TryLater
        assert "still working" in str(refused.reason)
        assert len(server.received) > 2
        assert all(one.target != "/api/v1/statuses" for one in server.received)

    @pytest.mark.parametrize(
        ("replies", "outcome"),
        [
            ([says(401, "The access token is invalid")], Unauthorised),
            ([says(403, "This action is outside the authorized scopes")], Unauthorised),
            ([says(422, "Validation failed: File content type is invalid")], Rejected),
            ([answer(413, b"<html>too large")], Rejected),
            ([says(429, "Too many requests")], TryLater),
            ([says(500, "Error processing thumbnail for uploaded media")], TryLater),
            ([answer(502, b"<html>")], TryLater),
            ([answer(302, b"", {"Location": "/"})], TryLater),
            ([answer(200, b"<html>")], TryLater),
            ([media(200, "../1")], TryLater),
            ([drop(reset=True)], TryLater),
            ([media(202), says(422, "Validation failed: File is invalid")], Rejected),
            ([media(202), answer(503, b"")], TryLater),
            ([media(202), drop()], TryLater),
        ],
        ids=lambda value: None,
    )
    def test_whatever_goes_wrong_with_them_nothing_is_out(
        self, server: ScriptedServer, replies: list[Reply], outcome: type[ChannelError]
    ) -> None:
        assert type(refusal(server, *replies, message=PICTURED)) is outcome
        assert len(server.received) == len(replies)

    def test_a_slow_upload_is_not_out_either(self, server: ScriptedServer) -> None:
        slow = drip(b"HTTP/1.1 200 OK\r\n", b"X-Slow: " + b"y" * 900)
        assert type(refusal(server, slow, deadline=SHORT, message=PICTURED)) is TryLater

    def test_but_the_post_after_them_may_be(self, server: ScriptedServer) -> None:
        assert type(refusal(server, media(), drop(), message=PICTURED)) is Unknown

    def test_one_that_is_no_longer_stored(self, server: ScriptedServer) -> None:
        account = Account(server.url, SETTINGS, allow_private_addresses=True)
        with pytest.raises(Rejected, match="no longer stored"):
            MastodonClient(account).send(PICTURED, key="key", deadline=AMPLE)
        assert server.received == []


def attached(description: object = "Ein Tisch (Foto: Doe/dpa)", width: object = 600) -> Reply:
    one = {
        "id": "5",
        "description": description,
        "meta": {"original": {"width": width, "height": 400}},
    }
    return answer(200, {"id": ID, "media_attachments": [one]})


class TestEditing:
    def edit(self, server: ScriptedServer, *replies: Reply, message: Message = MESSAGE) -> Receipt:
        server.replies += replies
        return client(server.url).edit(ID, message, key="key", deadline=AMPLE)

    def test_the_text_is_put(self, server: ScriptedServer) -> None:
        assert self.edit(server, posted()).url == URL
        (request,) = server.received
        assert (request.method, request.target) == ("PUT", f"/api/v1/statuses/{ID}")
        fields = {"status": MESSAGE.text, "media_ids": [], "language": "de"}
        assert json.loads(request.body) == fields

    def test_pictures_that_stay_are_kept(self, server: ScriptedServer) -> None:
        self.edit(server, attached(), posted(), message=PICTURED)
        assert [one.method for one in server.received] == ["GET", "PUT"]
        assert json.loads(server.received[1].body)["media_ids"] == ["5"]

    @pytest.mark.parametrize(
        "other",
        [
            attached("Ein Stuhl"),
            attached(width=400),
            attached(width=0),
            attached(width="600"),
            answer(200, {"id": ID, "media_attachments": []}),
            answer(200, {"id": ID, "media_attachments": ["x"]}),
            answer(200, {"id": ID}),
        ],
        ids=lambda value: None,
    )
    def test_other_ones_are_handed_over_anew(self, server: ScriptedServer, other: Reply) -> None:
        self.edit(server, other, media(media_id="22"), posted(), message=PICTURED)
        assert json.loads(server.received[2].body)["media_ids"] == ["22"]

    def test_one_without_words_could_be_any(self, server: ScriptedServer) -> None:
        wordless = replace(PICTURED, pictures=(replace(PICTURE, alt=""),))
        others = attached("(Foto: Doe/dpa)"), media(media_id="22"), posted()
        self.edit(server, *others, message=wordless)
        assert json.loads(server.received[2].body)["media_ids"] == ["22"]

    @pytest.mark.parametrize("status", [404, 410])
    def test_a_post_that_is_gone(self, server: ScriptedServer, status: int) -> None:
        for message in (MESSAGE, PICTURED):
            with pytest.raises(Rejected, match="no longer on Mastodon"):
                self.edit(server, says(status, "Record not found"), message=message)

    @pytest.mark.parametrize("reply", [answer(404, b"<html>"), posted("8"), drop(), says(503, "x")])
    def test_what_proves_nothing(self, server: ScriptedServer, reply: Reply) -> None:
        with pytest.raises(Unknown):
            self.edit(server, reply)

    def test_a_name_that_no_server_gives(self, server: ScriptedServer) -> None:
        with pytest.raises(Rejected):
            client(server.url).edit("../1", MESSAGE, key="key", deadline=AMPLE)
        with pytest.raises(Rejected):
            client(server.url).delete("", key="key", deadline=AMPLE)
        assert server.received == []


class TestDeleting:
    def delete(self, server: ScriptedServer, reply: Reply) -> Receipt:
        server.replies.append(reply)
        return client(server.url).delete(ID, key="key", deadline=AMPLE)

    @pytest.mark.parametrize(
        "reply",
        [posted(), says(404, "Record not found"), says(410, "Gone")],
        ids=lambda value: None,
    )
    def test_a_post_that_is_gone_is_deleted(self, server: ScriptedServer, reply: Reply) -> None:
        receipt = self.delete(server, reply)
        assert (receipt.remote_id, receipt.url) == (ID, "")
        (request,) = server.received
        assert (request.method, request.target) == ("DELETE", f"/api/v1/statuses/{ID}")

    @pytest.mark.parametrize(
        ("reply", "outcome"),
        [
            (answer(404, b"<html>"), Unknown),
            (posted("8"), Unknown),
            (says(403, "This action is outside the authorized scopes"), Unauthorised),
            (says(429, "Too many requests"), TryLater),
            (drop(), Unknown),
        ],
        ids=lambda value: None,
    )
    def test_anything_else_is_not(
        self, server: ScriptedServer, reply: Reply, outcome: type[ChannelError]
    ) -> None:
        with pytest.raises(outcome):
            self.delete(server, reply)


WHO = answer(200, {"id": "110", "username": "Redaktion"}, NOON)


def link(url: str) -> str:
    return f'<p>Text</p><p><a href="{url}" rel="nofollow"><span>https://</span>…</a></p>'


def post(remote_id: str, content: str, second: int = 30, **others: Any) -> dict[str, Any]:
    created = f"2026-05-03T12:00:{second:02}.000Z"
    return {"id": remote_id, "content": content, "created_at": created, "url": URL, **others}


OURS = post("7", link(PERMALINK))
OTHER = post("5", link(PERMALINK + "8"))
OLD = post("4", link("https://zeitung.de/"), second=1)


def page(*posts: Any) -> Reply:
    return answer(200, list(posts), NOON)


class TestLookingUp:
    def look_up(self, server: ScriptedServer, *replies: Reply) -> LookUp:
        server.replies += replies
        return client(server.url).look_up(MESSAGE, key="key", since=SINCE, deadline=AMPLE)

    def test_what_is_asked(self, server: ScriptedServer) -> None:
        self.look_up(server, WHO, page(OTHER), page(OLD))
        who, first, second = (one.target for one in server.received)
        assert who == "/api/v1/accounts/verify_credentials"
        assert first == "/api/v1/accounts/110/statuses?limit=40&exclude_reblogs=true"
        assert second == first + "&max_id=5"

    def test_found_by_its_link(self, server: ScriptedServer) -> None:
        found = self.look_up(server, WHO, page(OTHER, OURS, OLD))
        assert found.receipt == Receipt("7", url=URL)
        assert found.platform_time == datetime(2026, 5, 3, 12, tzinfo=UTC)

    @pytest.mark.parametrize(
        "content",
        [
            link(PERMALINK),
            link(PERMALINK.replace("#", "&#35;")),
            link("https://zeitung.de/live/?fbclid=x#eintrag-7"),
            f"<p>Text<br>{PERMALINK}</p>",
            f"<p>Text</p><p>{PERMALINK}</p>",
            "<p><span>https://</span><span>zeitung.de/l</span><span>ive#eintrag-7</span></p>",
        ],
    )
    def test_however_it_is_spelt(self, server: ScriptedServer, content: str) -> None:
        assert self.look_up(server, WHO, page(post("7", content), OLD)).receipt is not None

    @pytest.mark.parametrize(
        "other",
        [
            OTHER,
            post("7", link("https://zeitung.de/live")),
            post("7", link("https://zeitung.de/live#eintrag-")),
            post("7", "<a href>x</a><a href=''>"),
            post("7", "<p>zeitung.de/live#eintrag-7</p>"),
            post("7", "<" * 1000),
            post("7", link(PERMALINK), reblog={"id": "9"}),
        ],
        ids=lambda value: None,
    )
    def test_what_is_another_post(self, server: ScriptedServer, other: Any) -> None:
        assert self.look_up(server, WHO, page(other, OLD)).receipt is None

    @pytest.mark.parametrize(
        "pages",
        [
            [page()],
            [page(OTHER), page()],
            [page(OLD)],
            # An old one that is pinned stands above the others on some servers.
            [page(OLD, OTHER), page(OLD)],
        ],
        ids=lambda value: None,
    )
    def test_absent_once_all_pages_were_seen(
        self, server: ScriptedServer, pages: list[Reply]
    ) -> None:
        found = self.look_up(server, WHO, *pages)
        assert (found.receipt, found.complete) == (None, True)
        assert len(server.received) == 1 + len(pages)

    def test_found_on_a_later_page(self, server: ScriptedServer) -> None:
        found = self.look_up(server, WHO, page(OTHER), page(OURS))
        assert found.receipt is not None
        assert not found.complete

    def test_pages_without_end_prove_nothing(self, server: ScriptedServer) -> None:
        pages = [page(post(str(1000 - number), "x")) for number in range(100)]
        assert not self.look_up(server, WHO, *pages).complete

    @pytest.mark.parametrize(
        ("reply", "outcome"),
        [
            (says(503, "x"), Unknown),
            (says(429, "Too many requests"), TryLater),
            (says(401, "The access token is invalid"), Unauthorised),
            (says(403, "This action is outside the authorized scopes"), Unauthorised),
            (answer(302, b"", {"Location": "/"}), Unknown),
            (answer(200, b"<html>"), Unknown),
            (answer(200, {"statuses": []}), Unknown),
            (answer(206, []), Unknown),
            (page("garbage"), Unknown),
            (page({"content": "no id", "created_at": "2026-05-03T12:00:00Z"}), Unknown),
            (page({"id": "6", "content": "no time"}), Unknown),
            (page({"id": "6", "created_at": "2026-05-03T12:00:00Z"}), Unknown),
            (page(OTHER), Unknown),  # the same page once more
            (answer(200, [], length=900), Unknown),
            (drop(reset=True), Unknown),
        ],
        ids=lambda value: None,
    )
    def test_one_that_fails_on_any_page_proves_nothing(
        self, server: ScriptedServer, reply: Reply, outcome: type[ChannelError]
    ) -> None:
        with pytest.raises(outcome):
            self.look_up(server, WHO, page(OTHER), reply)

    @pytest.mark.parametrize(
        ("who", "outcome"),
        [
            # The list of a suspended account is empty: it must not be asked for.
            (says(403, "Your login is currently disabled"), Unauthorised),
            (answer(200, {"id": "110", "username": "someone"}), Unauthorised),
            (answer(200, {"username": "redaktion"}), Unknown),
            (drop(), Unknown),
        ],
        ids=lambda value: None,
    )
    def test_nothing_is_proved_where_the_account_is_not_the_right_one(
        self, server: ScriptedServer, who: Reply, outcome: type[ChannelError]
    ) -> None:
        with pytest.raises(outcome):
            self.look_up(server, who, page())
        assert len(server.received) == 1


class TestSecrets:
    @pytest.mark.parametrize("status", [200, 400, 403, 422, 500])
    def test_none_is_in_what_is_kept(self, server: ScriptedServer, status: int) -> None:
        refused = refusal(server, says(status, f"echo {TOKEN}"))
        assert TOKEN not in refused.answer
        assert TOKEN not in str(refused.reason.to_json())
        assert TOKEN not in repr(refused)

    def test_none_is_in_a_receipt_or_a_client(self, server: ScriptedServer) -> None:
        server.replies.append(answer(200, {"id": ID, "content": TOKEN}))
        assert TOKEN not in repr(send(server.url))
        assert TOKEN not in repr(vars(client(server.url)))

    def test_answers_are_cut(self, server: ScriptedServer) -> None:
        refused = refusal(server, says(422, "x" * 10_000))
        assert len(refused.answer) <= 2000
        assert len(str(refused.reason)) < 400

    def test_none_is_logged(self, server: ScriptedServer, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        server.replies.append(posted())
        send(server.url)
        assert TOKEN not in caplog.text
