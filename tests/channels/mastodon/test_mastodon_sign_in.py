"""Connecting a Mastodon account: in the sandbox's browser pages, and with servers that lie."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests

from syndicator.channels.base import (
    Account,
    ChannelError,
    Rejected,
    TryLater,
    Unauthorised,
    Unknown,
)
from syndicator.channels.email.sandbox import EmailSandbox
from syndicator.channels.mastodon.channel import MastodonChannel
from syndicator.channels.mastodon.sandbox import MastodonSandbox
from syndicator.channels.mastodon.sign_in import MastodonSignIn
from syndicator.channels.sandbox.server import SandboxServer
from tests.channels.conftest import answer, drop

if TYPE_CHECKING:
    from tests.channels.conftest import Reply, ScriptedServer

AMPLE = timedelta(seconds=30)
BACK = "http://127.0.0.1:8000/destinations/connected?from=mastodon"
SIGN_IN = MastodonSignIn()


@pytest.fixture
def base_url(tmp_path: Path) -> Iterator[str]:
    sandbox = SandboxServer(tmp_path, [MastodonSandbox, EmailSandbox])
    sandbox.start()
    yield f"{sandbox.http_url}/mastodon"
    sandbox.stop()


def account(base_url: str, **settings: str) -> Account:
    return Account(base_url, settings, allow_private_addresses=True)


def begin(base_url: str) -> tuple[str, Mapping[str, str]]:
    return SIGN_IN.begin(account(base_url), redirect_uri=BACK, state="state-1")


def finish(base_url: str, kept: Mapping[str, str], said: Mapping[str, str]) -> Any:
    return SIGN_IN.finish(
        account(base_url), redirect_uri=BACK, kept=kept, answer=said, deadline=AMPLE
    )


def press(page: str, button: str) -> dict[str, str]:
    """What the browser is sent back with after a press on *button* of *page*."""
    shown = requests.get(page, timeout=10)
    origin = "http://127.0.0.1:8000"
    assert f"form-action 'self' {origin};" in shown.headers["Content-Security-Policy"]
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', shown.text)
    form = {name: html.unescape(value) for name, value in fields}
    pressed = requests.post(
        page.partition("?")[0],
        {**form, "answer": button},
        allow_redirects=False,
        timeout=10,
    )
    assert pressed.status_code == 303
    to = pressed.headers["Location"]
    assert to.startswith(BACK)
    return dict(parse_qsl(urlsplit(to).query))


def test_all_the_way(base_url: str) -> None:
    page, kept = begin(base_url)
    assert page.startswith(f"{base_url}/oauth/authorize?")
    said = press(page, "authorise")
    assert (said["state"], said["from"]) == ("state-1", "mastodon")
    (choice,) = finish(base_url, kept, said)
    assert choice.label.startswith("Sandbox Newsroom (@sandbox_newsroom@127.0.0.1")
    assert choice.settings.keys() == {"handle", "access_token", "limit"}
    assert choice.settings["limit"] == "500"
    assert choice.settings.keys() <= {one.name for one in MastodonChannel.settings}
    told = MastodonChannel().client(account(base_url, **choice.settings)).check(deadline=AMPLE)
    assert told.missing == ()


def test_the_owner_says_no(base_url: str) -> None:
    page, kept = begin(base_url)
    said = press(page, "deny")
    assert (said["error"], said["state"]) == ("access_denied", "state-1")
    with pytest.raises(Unauthorised, match="told not to connect"):
        finish(base_url, kept, said)


@pytest.mark.parametrize("wrong", ["client_id", "client_secret", "verifier"])
def test_who_did_not_begin_cannot_finish(base_url: str, wrong: str) -> None:
    page, kept = begin(base_url)
    said = press(page, "authorise")
    with pytest.raises(Unauthorised, match="Begin again"):
        finish(base_url, {**kept, wrong: "guessed"}, said)


def test_a_code_is_good_once(base_url: str) -> None:
    page, kept = begin(base_url)
    said = press(page, "authorise")
    finish(base_url, kept, said)
    with pytest.raises(Unauthorised, match="Begin again"):
        finish(base_url, kept, said)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"client_id": "x"}, "invalid_client"),
        ({"redirect_uri": "http://evil.example/"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "admin:read"}, "invalid_scope"),
        ({"code_challenge_method": "plain"}, "invalid_code_challenge_method"),
    ],
    ids=lambda value: None,
)
def test_pages_that_are_not_shown(base_url: str, change: Mapping[str, str], error: str) -> None:
    page, _ = begin(base_url)
    query = {name: values[0] for name, values in parse_qs(urlsplit(page).query).items()}
    shown = requests.get(page.partition("?")[0], {**query, **change}, timeout=10)
    assert shown.status_code in (400, 401)
    assert shown.json()["error"] == error


@pytest.mark.parametrize(
    ("scopes", "missing"),
    [
        ("read:accounts", ["read:statuses", "write:statuses", "write:media"]),
        ("read write:statuses", ["write:media"]),
        ("read write:media", ["write:statuses"]),
        ("read:accounts write", ["read:statuses"]),
        ("read write", []),
    ],
)
def test_a_token_that_lacks_permissions(base_url: str, scopes: str, missing: list[str]) -> None:
    client = MastodonChannel().client(account(base_url, access_token=token(base_url, scopes)))
    told = client.check(deadline=AMPLE)
    assert [one.gaps["scope"] for one in told.missing] == missing


def test_a_token_that_cannot_even_name_its_account(base_url: str) -> None:
    client = MastodonChannel().client(account(base_url, access_token=token(base_url, "write")))
    with pytest.raises(Unauthorised, match="read:accounts"):
        client.check(deadline=AMPLE)


def token(base_url: str, scopes: str) -> str:
    """One with *scopes* and nothing else."""
    app = requests.post(
        f"{base_url}/api/v1/apps",
        json={"client_name": "Test", "redirect_uris": [BACK], "scopes": scopes},
        timeout=10,
    ).json()
    page = requests.Request(
        "GET",
        f"{base_url}/oauth/authorize",
        params={
            "response_type": "code",
            "client_id": app["client_id"],
            "redirect_uri": BACK,
            "scope": scopes,
        },
    )
    fields = {
        "grant_type": "authorization_code",
        "code": press(str(page.prepare().url), "authorise")["code"],
        "redirect_uri": BACK,
        "client_id": app["client_id"],
        "client_secret": app["client_secret"],
    }
    given = requests.post(f"{base_url}/oauth/token", fields, timeout=10)
    return str(given.json()["access_token"])


APP = answer(200, {"client_id": "id-1", "client_secret": "secret-1234"})
KEPT = {"client_id": "id-1", "client_secret": "secret-1234", "verifier": "verifier-1234"}
TOKEN = answer(200, {"access_token": "token-1234", "token_type": "Bearer"})
WHO = answer(200, {"id": "1", "username": "a", "display_name": "", "url": "https://b.social/@a"})


class TestServersThatLie:
    @pytest.mark.parametrize(
        ("reply", "outcome"),
        [
            (answer(200, {"client_id": "id-1"}), Unknown),
            (answer(200, {"client_id": "id\n1", "client_secret": "x"}), Unknown),
            (answer(200, {"client_id": 1, "client_secret": []}), Unknown),
            (answer(200, b"<html>"), Unknown),
            (answer(404, {"error": "Not Found"}), Unauthorised),
            (answer(422, {"error": "Validation failed: Redirect URI"}), Rejected),
            (answer(429, {"error": "x"}), TryLater),
            (drop(), Unknown),
        ],
        ids=lambda value: None,
    )
    def test_no_application(
        self, server: ScriptedServer, reply: Reply, outcome: type[ChannelError]
    ) -> None:
        server.replies.append(reply)
        with pytest.raises(outcome) as refused:
            begin(server.url)
        assert "whether the post is out" not in str(refused.value.reason)

    @pytest.mark.parametrize(
        ("replies", "outcome"),
        [
            ([answer(400, {"error": "invalid_grant"})], Unauthorised),
            ([answer(401, {"error": "invalid_client"})], Unauthorised),
            ([answer(200, {"access_token": ""})], Unknown),
            ([answer(200, {"access_token": "a\r\nb"})], Unknown),
            ([answer(200, {"access_token": "x" * 9999})], Unknown),
            ([answer(500, b"")], Unknown),
            ([TOKEN, answer(403, {"error": "Your login is currently disabled"})], Unauthorised),
            ([TOKEN, answer(200, {"username": "a"})], Unknown),
        ],
        ids=lambda value: None,
    )
    def test_no_token(
        self, server: ScriptedServer, replies: list[Reply], outcome: type[ChannelError]
    ) -> None:
        server.replies += replies
        with pytest.raises(outcome) as refused:
            finish(server.url, KEPT, {"code": "code-1234"})
        assert "whether the post is out" not in str(refused.value.reason)

    @pytest.mark.parametrize(
        ("instance", "limit"),
        [
            ([answer(200, {"configuration": {"statuses": {"max_characters": 900}}})], "900"),
            ([answer(404, {"error": "x"}), answer(200, {"max_toot_chars": 5000})], "5000"),
            ([answer(200, {"configuration": {"statuses": {"max_characters": -1}}})], None),
            ([answer(200, {"configuration": {"statuses": {"max_characters": True}}})], None),
            ([answer(200, {"configuration": []})], None),
            ([answer(500, b""), answer(200, b"<html>")], None),
        ],
        ids=lambda value: None,
    )
    def test_whatever_limit_they_tell(
        self, server: ScriptedServer, instance: list[Reply], limit: str | None
    ) -> None:
        server.replies += [TOKEN, WHO, *instance]
        (choice,) = finish(server.url, KEPT, {"code": "code-1234"})
        assert choice.label == "a (@a@b.social)"
        assert choice.settings.get("limit") == limit

    def test_secrets_are_in_no_error(self, server: ScriptedServer) -> None:
        server.replies.append(answer(400, {"error": " ".join(["code-1234", *KEPT.values()])}))
        with pytest.raises(Unauthorised) as refused:
            finish(server.url, KEPT, {"code": "code-1234"})
        for secret in ("code-1234", "secret-1234", "verifier-1234"):
            assert secret not in refused.value.answer
