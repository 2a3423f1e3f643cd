"""Connecting pages in the browser, against a server that answers as it likes."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from syndicator.channels.base import (
    Account,
    ChannelError,
    Choice,
    TryLater,
    Unauthorised,
)
from syndicator.channels.facebook.channel import FacebookChannel
from syndicator.channels.facebook.sign_in import FacebookSignIn
from tests.channels.conftest import answer, drop
from tests.channels.facebook.graph import AMPLE, APP_ID, APP_SECRET, graph_error, proof_of

if TYPE_CHECKING:
    from tests.channels.conftest import Reply, ScriptedServer

BACK = "https://desk.example/connect/facebook?step=2"
APP = {"app_id": APP_ID, "app_secret": APP_SECRET}
CODE, SHORT, LONG = "AQcode-1234", "EAAshort-1234", "EAAlong-1234"
SIGN_IN = FacebookSignIn()


def begin(base_url: str) -> str:
    url, kept = SIGN_IN.begin(Account(base_url, APP), redirect_uri=BACK, state="s1")
    assert kept == {}
    return url


def finish(
    server: ScriptedServer, *replies: Reply, returned: dict[str, str] | None = None
) -> Sequence[Choice]:
    server.replies += replies
    return SIGN_IN.finish(
        Account(server.url, APP, allow_private_addresses=True),
        redirect_uri=BACK,
        kept={},
        answer={"code": CODE, "state": "s1"} if returned is None else returned,
        deadline=AMPLE,
    )


def token(value: str) -> Reply:
    return answer(200, {"access_token": value, "token_type": "bearer", "expires_in": 5_000_000})


def page(number: int, **changed: Any) -> dict[str, Any]:
    about = {"id": str(number), "name": f"Seite {number}", "access_token": f"EAApage{number}"}
    return {**about, **changed}


def pages(*listed: Any, after: str = "") -> Reply:
    body: dict[str, Any] = {"data": list(listed)}
    if after:
        body["paging"] = {"cursors": {"after": after}, "next": "http://127.0.0.1:1/steal"}
    return answer(200, body)


def choice(number: int) -> Choice:
    found = {"page_id": str(number), "page_access_token": f"EAApage{number}"}
    return Choice(f"Seite {number}", {**APP, **found})


@pytest.mark.parametrize(
    ("base_url", "dialog"),
    [
        ("https://graph.facebook.com", "https://www.facebook.com/v26.0/dialog/oauth"),
        ("https://graph.facebook.com/", "https://www.facebook.com/v26.0/dialog/oauth"),
        ("http://127.0.0.1:8025/facebook", "http://127.0.0.1:8025/facebook/v26.0/dialog/oauth"),
    ],
)
def test_where_the_browser_is_sent(base_url: str, dialog: str) -> None:
    address, _, query = begin(base_url).partition("?")
    assert address == dialog
    assert parse_qs(query) == {
        "client_id": [APP_ID],
        "redirect_uri": [BACK],
        "state": ["s1"],
        "scope": [
            "pages_show_list,pages_read_engagement,pages_manage_posts,pages_manage_engagement"
        ],
        "response_type": ["code"],
    }
    assert APP_SECRET not in query


def test_a_code_becomes_pages_to_choose_from(server: ScriptedServer) -> None:
    listed = [pages(page(1), page(2), after="c1"), pages(page(3))]
    found = finish(server, token(SHORT), token(LONG), *listed)
    assert found == [choice(1), choice(2), choice(3)]

    first, second, *lists = server.received
    assert first.target == second.target == "/v26.0/oauth/access_token"
    keys = {"client_id": [APP_ID], "client_secret": [APP_SECRET]}
    asked = {**keys, "redirect_uri": [BACK], "code": [CODE]}
    assert parse_qs(first.body.decode()) == asked
    assert parse_qs(second.body.decode()) == {
        **keys,
        "grant_type": ["fb_exchange_token"],
        "fb_exchange_token": [SHORT],
    }
    for request in lists:
        parts = urlsplit(request.target)
        assert parts.path == "/v26.0/me/accounts"
        assert request.headers["authorization"] == f"Bearer {LONG}"
        assert parse_qs(parts.query)["appsecret_proof"] == [proof_of(LONG)]
    assert "after=c1" in lists[1].target


def test_pages_without_a_token_are_left_out(server: ScriptedServer) -> None:
    odd = ["garbage", page(2, access_token=""), page(3, name=None), page(4, id="../x")]
    assert finish(server, token(SHORT), token(LONG), pages(*odd, page(1))) == [choice(1)]
    with pytest.raises(Unauthorised, match="names no page"):
        finish(server, token(SHORT), token(LONG), pages(*odd))


def test_a_person_who_says_no(server: ScriptedServer) -> None:
    declined = {"error": "access_denied", "error_reason": "user_denied"}
    with pytest.raises(Unauthorised, match="was not allowed"):
        finish(server, returned=declined)
    assert server.received == []


@pytest.mark.parametrize(
    ("replies", "outcome", "says"),
    [
        ([graph_error(100, 36009, message="Code used")], Unauthorised, "sign-in: Code used"),
        ([graph_error(1, message="Bad secret")], Unauthorised, "sign-in: Bad secret"),
        ([graph_error(101, message="No app")], Unauthorised, "sign-in: No app"),
        ([graph_error(190, message="No token")], Unauthorised, "sign-in: No token"),
        ([graph_error(4)], TryLater, "asks to wait"),
        ([answer(500)], TryLater, "cannot be understood"),
        ([answer(200, {})], TryLater, "cannot be understood"),
        ([answer(200, {"access_token": 7})], TryLater, "cannot be understood"),
        ([answer(400, b"<html>")], TryLater, "cannot be understood"),
        ([drop(reset=True)], TryLater, "no clear answer"),
        ([token(SHORT), graph_error(190, message="Old")], Unauthorised, "sign-in: Old"),
        ([token(SHORT), token(LONG), graph_error(190)], Unauthorised, "access token"),
        ([token(SHORT), token(LONG), answer(500)], TryLater, "no clear answer"),
        ([token(SHORT), token(LONG), answer(200, {})], TryLater, "no clear answer"),
        ([token(SHORT), token("a\r\nb")], TryLater, "no clear answer"),
    ],
)
def test_what_stops_it(
    server: ScriptedServer, replies: list[Reply], outcome: type[ChannelError], says: str
) -> None:
    with pytest.raises(ChannelError, match=says) as refused:
        finish(server, *replies)
    assert type(refused.value) is outcome


def test_no_secret_is_logged_or_kept(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "urllib3.connectionpool")
    finish(server, token(SHORT), token(LONG), pages(page(1)))
    said = f"{CODE} {SHORT} {LONG} {APP_SECRET} {proof_of(LONG)}"
    with pytest.raises(ChannelError) as refused:
        finish(server, token(SHORT), token(LONG), graph_error(190, message=said))
    for secret in (CODE, SHORT, LONG, APP_SECRET, proof_of(LONG)):
        assert secret not in caplog.text
        assert secret not in refused.value.answer
        assert secret not in str(refused.value.reason.to_json())
    assert "appsecret_proof=[hidden]" in caplog.text
    assert "EAApage1" not in repr(choice(1))


def test_what_a_person_enters_first_are_settings_of_the_channel() -> None:
    assert isinstance(FacebookChannel.sign_in, FacebookSignIn)
    assert set(FacebookSignIn.needs) <= {one.name for one in FacebookChannel.settings}
