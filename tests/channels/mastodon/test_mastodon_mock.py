"""The client against a server that others wrote: PyPI's `mastodon-mock`, as a process.

It does not count links as 23, keeps pictures when a post is edited and knows no permissions.
"""

from __future__ import annotations

import contextlib
import importlib.util
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from syndicator.channels.base import (
    Account,
    ChannelError,
    LookUp,
    Message,
    Outcome,
    Rejected,
    TryLater,
    Unauthorised,
)
from syndicator.channels.mastodon.channel import MastodonChannel
from syndicator.channels.mastodon.client import MastodonClient
from syndicator.channels.mastodon.sign_in import MastodonSignIn
from syndicator.content import Picture

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("mastodon_mock") is None,
    reason="mastodon-mock is not installed: make .venv/ready-dev",
)

AMPLE = timedelta(seconds=30)
GIF = b"GIF89a\x01\x00\x01\x00\x00\xff\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x00;"
PICTURE = Picture("cd" * 32, "image/png", len(GIF), 1, 1, alt="Ein Tisch")


@pytest.fixture(scope="module")
def mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server's address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder: Path = tmp_path_factory.mktemp("mastodon-mock")
    log = folder / "log"
    command = [sys.executable, "-m", "mastodon_mock", "serve", "--in-memory"]
    with log.open("wb") as written:
        process = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"],
            cwd=folder,
            stdout=written,
            stderr=subprocess.STDOUT,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            with contextlib.suppress(requests.ConnectionError):
                requests.get(f"{url}/api/v2/instance", timeout=10).raise_for_status()
                break
            assert process.poll() is None, log.read_text()
            time.sleep(0.1)
        yield url
    finally:
        process.kill()  # it would wait for the request that hangs on purpose
        process.wait(10)


@pytest.fixture
def server(mock: str) -> Iterator[str]:
    yield mock
    requests.delete(f"{mock}/api/v1/_mock/faults", timeout=10)


def client(server: str, **changed: str) -> MastodonClient:
    settings = {"handle": "@testuser", "access_token": "mock_token", **changed}
    return MastodonChannel().client(
        Account(server, settings, allow_private_addresses=True, open_picture=lambda picture: GIF)
    )


def message(name: str, *pictures: Picture) -> Message:
    link = f"https://zeitung.de/live?a=1&b=2#{name}"
    return Message(f"Grüße & mehr\n\n{link}", link, language="de", pictures=pictures)


def look_up(server: str, name: str) -> LookUp:
    since = datetime.now(UTC) - timedelta(hours=1)
    return client(server).look_up(message(name), key="key", since=since, deadline=AMPLE)


def fail(server: str, path: str, *, methods: str = "POST", **effect: Any) -> None:
    rule = {"match": {"methods": [methods], "path": path}, "effect": effect, "count": 1}
    requests.post(f"{server}/api/v1/_mock/faults", json=rule, timeout=10).raise_for_status()


def test_sent_once_under_its_key_and_found(server: str) -> None:
    names = {
        client(server).send(message("once"), key="once", deadline=AMPLE).remote_id for _ in "ab"
    }
    found = look_up(server, "once")
    assert found.receipt is not None
    assert {found.receipt.remote_id} == names
    assert found.receipt.url.startswith(("http://", "https://"))


def test_absent_among_many(server: str) -> None:
    for number in range(45):
        client(server).send(message(f"many-{number}"), key=f"many-{number}", deadline=AMPLE)
    assert look_up(server, "many-0").receipt is not None
    absent = look_up(server, "many-")
    assert (absent.receipt, absent.complete) == (None, True)


def test_changed_and_deleted(server: str) -> None:
    sent = client(server).send(message("edit"), key="edit", deadline=AMPLE)
    edited = message("edit").with_text(f"Neu\n\n{message('edit').permalink}")
    for _ in range(2):
        client(server).edit(sent.remote_id, edited, key="edit", deadline=AMPLE)
    status = requests.get(f"{server}/api/v1/statuses/{sent.remote_id}", timeout=10).json()
    assert "Neu" in status["content"]
    assert status["edited_at"]
    for _ in range(2):
        client(server).delete(sent.remote_id, key="edit", deadline=AMPLE)
    assert look_up(server, "edit").receipt is None
    with pytest.raises(Rejected, match="no longer on Mastodon"):
        client(server).edit(sent.remote_id, edited, key="edit", deadline=AMPLE)


def test_pictures_with_their_descriptions(server: str) -> None:
    sent = client(server).send(message("picture", PICTURE), key="picture", deadline=AMPLE)
    status = requests.get(f"{server}/api/v1/statuses/{sent.remote_id}", timeout=10).json()
    (attached,) = status["media_attachments"]
    assert attached["description"] == "Ein Tisch"
    assert requests.get(attached["url"], timeout=10).content == GIF
    assert status["language"] == "de"


def test_the_account_is_checked(server: str) -> None:
    told = client(server).check(deadline=AMPLE)
    assert told.name.startswith("Test User (@testuser@")
    assert told.missing == ()
    with pytest.raises(Unauthorised):
        client(server, access_token="wrong").check(deadline=AMPLE)


def test_too_long_for_it(server: str) -> None:
    with pytest.raises(Rejected, match="too long"):
        client(server).send(message("long").with_text("a" * 501), key="long", deadline=AMPLE)


@pytest.mark.parametrize(
    ("effect", "outcome"),
    [
        ({"type": "status", "status": 401}, Outcome.UNAUTHORISED),
        ({"type": "status", "status": 403}, Outcome.UNAUTHORISED),
        ({"type": "status", "status": 422}, Outcome.REJECTED),
        ({"type": "status", "status": 500}, Outcome.UNKNOWN),
        ({"type": "status", "status": 503}, Outcome.UNKNOWN),
        ({"type": "malformed"}, Outcome.UNKNOWN),
        ({"type": "timeout"}, Outcome.UNKNOWN),
    ],
    ids=lambda value: None,
)
def test_what_its_faults_mean(server: str, effect: dict[str, Any], outcome: Outcome) -> None:
    fail(server, "/api/v1/statuses", **effect)
    deadline = timedelta(seconds=0.5) if effect["type"] == "timeout" else AMPLE
    with pytest.raises(ChannelError) as refused:
        client(server).send(message("fault"), key="fault", deadline=deadline)
    assert refused.value.outcome is outcome


def test_its_limit(server: str) -> None:
    fail(server, "/api/v1/statuses", type="ratelimit")
    with pytest.raises(TryLater) as refused:
        client(server).send(message("limit"), key="limit", deadline=AMPLE)
    assert refused.value.retry_after is not None
    assert timedelta(minutes=4) < refused.value.retry_after < timedelta(minutes=6)


def test_pictures_it_fails_on(server: str) -> None:
    fail(server, "/api/v2/media", type="status", status=500)
    with pytest.raises(TryLater):
        client(server).send(message("lost", PICTURE), key="lost", deadline=AMPLE)
    assert look_up(server, "lost").receipt is None


def test_an_account_is_connected(server: str) -> None:
    account = Account(server, allow_private_addresses=True)
    back = "http://127.0.0.1:8000/back"
    page, kept = MastodonSignIn().begin(account, redirect_uri=back, state="s")
    query = dict(parse_qsl(urlsplit(page).query))
    pressed = requests.post(
        page.partition("?")[0], {**query, "username": "testuser"}, allow_redirects=False, timeout=10
    )
    answer = dict(parse_qsl(urlsplit(pressed.headers["Location"]).query))
    (choice,) = MastodonSignIn().finish(
        account, redirect_uri=back, kept=kept, answer=answer, deadline=AMPLE
    )
    assert choice.settings["handle"].startswith("@testuser")
    sent = client(server, **choice.settings).send(message("own"), key="own", deadline=AMPLE)
    assert sent.remote_id
