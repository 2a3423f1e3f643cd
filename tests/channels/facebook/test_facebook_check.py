"""What Facebook says about a page and its token, as a person reads it when connecting."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from syndicator.channels.base import (
    AccountCheck,
    ChannelError,
    TryLater,
    Unauthorised,
)
from tests.channels.conftest import answer, drop
from tests.channels.facebook.graph import (
    AMPLE,
    APP_ID,
    APP_SECRET,
    PICTURES,
    PROOF,
    RED,
    TOKEN,
    client,
    graph_error,
    proof_of,
)

if TYPE_CHECKING:
    from tests.channels.conftest import Reply, ScriptedServer

APP_TOKEN = f"{APP_ID}|{APP_SECRET}"
SCOPES = [
    "pages_show_list",
    "pages_read_engagement",
    "pages_manage_posts",
    "pages_manage_engagement",
]
IMAGE = answer(200, PICTURES[RED])
AUTUMN, SPRING = 1_790_000_000, 1_800_000_000


def page(server: ScriptedServer, **changed: Any) -> Reply:
    about = {
        "id": "42",
        "name": "Zeitung",
        "link": "https://www.facebook.com/zeitung",
        "picture": {"data": {"url": f"{server.url}/me.png"}},
    }
    return answer(200, {**about, **changed})


def token(**changed: Any) -> Reply:
    about: dict[str, Any] = {
        "app_id": APP_ID,
        "type": "PAGE",
        "is_valid": True,
        "profile_id": "42",
        "expires_at": 0,
        "scopes": SCOPES,
    }
    return answer(200, {"data": {**about, **changed}})


def check(server: ScriptedServer, *replies: Reply, keys: bool = True) -> AccountCheck:
    server.replies += replies
    settings = {"app_id": APP_ID, "app_secret": APP_SECRET} if keys else {}
    return client(server.url, **settings).check(deadline=AMPLE)


def test_the_name_the_picture_and_that_nothing_is_missing(server: ScriptedServer) -> None:
    assert check(server, page(server), token(), IMAGE) == AccountCheck(
        "Zeitung", url="https://www.facebook.com/zeitung", picture=PICTURES[RED]
    )


def test_what_is_asked_and_with_whose_token(server: ScriptedServer) -> None:
    check(server, page(server), token(), IMAGE)
    about_page, about_token, image = server.received
    assert about_page.headers["authorization"] == f"Bearer {TOKEN}"
    assert urlsplit(about_page.target).path == "/v26.0/42"
    assert parse_qs(urlsplit(about_page.target).query)["appsecret_proof"] == [PROOF]
    assert about_token.headers["authorization"] == f"Bearer {APP_TOKEN}"
    assert parse_qs(urlsplit(about_token.target).query) == {
        "input_token": [TOKEN],
        "appsecret_proof": [proof_of(APP_TOKEN)],
    }
    # The picture is on some other host.
    assert image.target == "/me.png"
    assert "authorization" not in image.headers


@pytest.mark.parametrize(
    ("scopes", "says"),
    [
        (SCOPES[:2], ["Posting on the page is not allowed"]),
        (SCOPES[::2], ["Reading the page's posts is not allowed"]),
        ([], ["Posting", "Reading"]),
        (None, ["Posting", "Reading"]),
        ("pages_manage_posts", ["Posting", "Reading"]),
    ],
)
def test_a_missing_permission_is_named(
    server: ScriptedServer, scopes: object, says: list[str]
) -> None:
    missing = check(server, page(server), token(scopes=scopes), IMAGE).missing
    assert len(missing) == len(says)
    assert all(words in str(one) for words, one in zip(says, missing, strict=True))


@pytest.mark.parametrize(
    ("granular", "is_missing"),
    [
        ([{"scope": "pages_manage_posts", "target_ids": ["41", "42"]}], False),
        ([{"scope": "pages_manage_posts", "target_ids": ["41"]}], True),
        ([{"scope": "pages_manage_posts", "target_ids": []}], False),
        ([{"scope": "pages_manage_posts"}], False),
        (["garbage", {"scope": 7}], False),
        ("garbage", False),
    ],
)
def test_a_permission_for_other_pages_only(
    server: ScriptedServer, granular: object, is_missing: bool
) -> None:
    missing = check(server, page(server), token(granular_scopes=granular), IMAGE).missing
    assert bool(missing) is is_missing


@pytest.mark.parametrize(
    ("ends", "when"),
    [
        ({}, None),
        ({"expires_at": SPRING}, SPRING),
        ({"data_access_expires_at": AUTUMN}, AUTUMN),
        ({"expires_at": SPRING, "data_access_expires_at": AUTUMN}, AUTUMN),
        ({"expires_at": "soon"}, None),
        ({"expires_at": True}, None),
        ({"expires_at": 10**20}, None),
        ({"expires_at": -5, "data_access_expires_at": 0}, None),
    ],
)
def test_when_somebody_has_to_connect_it_anew(
    server: ScriptedServer, ends: dict[str, Any], when: int | None
) -> None:
    told = check(server, page(server), token(**ends), IMAGE).ends_at
    assert told == (None if when is None else datetime.fromtimestamp(when, UTC))


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"is_valid": False}, "no longer accepts"),
        ({"type": "USER"}, "of a person"),
        ({"profile_id": "43"}, "another page"),
    ],
)
def test_a_token_that_is_not_the_pages(
    server: ScriptedServer, changed: dict[str, Any], says: str
) -> None:
    with pytest.raises(Unauthorised, match=says):
        check(server, page(server), token(**changed))


@pytest.mark.parametrize("code", [100, 190])
def test_keys_that_are_not_the_apps(server: ScriptedServer, code: int) -> None:
    """Posting works without them, so that the check goes on; but somebody should know."""
    replies = [page(server), graph_error(code), token(scopes=SCOPES[:2]), IMAGE]
    found = check(server, *replies)
    assert [str(one).partition(".")[0] for one in found.missing] == [
        "The app id and the app secret do not fit the access token",
        "Posting on the page is not allowed",
    ]
    assert server.received[2].headers["authorization"] == f"Bearer {TOKEN}"


class TestWithoutTheAppsKeys:
    def test_the_token_inspects_itself(self, server: ScriptedServer) -> None:
        found = check(server, page(server), token(scopes=SCOPES[:2]), IMAGE, keys=False)
        assert len(found.missing) == 1
        assert server.received[1].headers["authorization"] == f"Bearer {TOKEN}"

    def test_else_what_it_can_read_tells(self, server: ScriptedServer) -> None:
        refused, posts = graph_error(100), answer(200, {"data": []})
        assert check(server, page(server), refused, posts, IMAGE, keys=False).missing == ()
        assert check(server, page(server), refused, graph_error(10), IMAGE, keys=False).missing
        with pytest.raises(TryLater):
            check(server, page(server), refused, answer(500), keys=False)


@pytest.mark.parametrize(
    ("replies", "outcome", "says"),
    [
        ([answer(500)], TryLater, "no clear answer"),
        ([drop(reset=True)], TryLater, "no clear answer"),
        ([graph_error(1)], TryLater, "no clear answer"),
        ([answer(200, {})], TryLater, "no clear answer"),
        ([answer(200, b"<html>")], TryLater, "no clear answer"),
        ([answer(200, {"id": "42", "name": 7})], TryLater, "no clear answer"),
        ([graph_error(100, 33)], Unauthorised, "does not find the page"),
        ([graph_error(190, 463)], Unauthorised, "access token"),
        ([graph_error(100, message="Invalid appsecret_proof")], Unauthorised, "app secret"),
        ([graph_error(4)], TryLater, "asks to wait"),
        ([None, answer(500)], TryLater, "no clear answer"),
        ([None, answer(200, {"data": []})], TryLater, "no clear answer"),
    ],
)
def test_what_stops_a_check(
    server: ScriptedServer, replies: list[Reply | None], outcome: type[ChannelError], says: str
) -> None:
    with pytest.raises(ChannelError, match=says) as refused:
        check(server, *(reply or page(server) for reply in replies))
    assert type(refused.value) is outcome


@pytest.mark.parametrize(
    ("picture", "reply"),
    [
        (None, None),
        ({"data": {"url": "file:///etc/passwd"}}, None),
        ({"data": {"url": "http://[::1"}}, None),
        ({"data": {"url": 7}}, None),
        ({"data": []}, None),
        ("garbage", None),
        (..., answer(404)),
        (..., answer(200, b"<svg onload=alert(1)>")),
        (..., answer(302, b"", {"Location": "/elsewhere"})),
        (..., answer(200, PICTURES[RED] + bytes(2 * 1024 * 1024))),
        (..., drop(reset=True)),
    ],
)
def test_a_picture_that_cannot_be_had_is_no_reason_to_fail(
    server: ScriptedServer, picture: object, reply: Reply | None
) -> None:
    about = page(server) if picture is ... else page(server, picture=picture)
    found = check(server, about, token(), *([reply] if reply else []))
    assert (found.name, found.picture) == ("Zeitung", b"")


def test_no_secret_is_logged_or_kept(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "urllib3.connectionpool")
    check(server, page(server), token(), IMAGE)
    said = f"{TOKEN} {APP_TOKEN} {APP_SECRET} {PROOF} {proof_of(APP_TOKEN)}"
    with pytest.raises(ChannelError) as refused:
        check(server, page(server), graph_error(4, message=said))
    for secret in said.split():
        assert secret not in caplog.text
        assert secret not in refused.value.answer
    assert "input_token=[hidden]" in caplog.text
