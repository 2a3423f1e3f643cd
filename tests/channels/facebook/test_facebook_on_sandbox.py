"""The channel and its sandbox together: what an editor does, and what a reader then sees."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from syndicator.channels.base import (
    Account,
    ChannelError,
    Message,
    Outcome,
    Receipt,
    Rejected,
    TryLater,
    Unauthorised,
)
from syndicator.channels.facebook.channel import FacebookChannel
from syndicator.channels.facebook.sandbox import SANDBOX_CREDENTIALS
from syndicator.channels.sandbox.faults import Call, Fault
from syndicator.channels.sandbox.server import SandboxServer
from tests.channels.facebook.graph import (
    AMPLE,
    BLUE,
    GREEN,
    MESSAGE,
    PERMALINK,
    PICTURES,
    RED,
    with_pictures,
)

FACEBOOK = FacebookChannel()
BACK = "http://127.0.0.1:1/back"


class Desk:
    """One page, as the desk and the workers have it."""

    def __init__(self, sandbox: SandboxServer, **changed: str) -> None:
        stored = {picture.digest: data for picture, data in PICTURES.items()}
        self.sandbox = sandbox
        self.account = Account(
            f"{sandbox.http_url}/facebook",
            {**SANDBOX_CREDENTIALS, **changed},
            allow_private_addresses=True,
            open_picture=lambda picture: stored[picture.digest],
        )
        self.client = FACEBOOK.client(self.account)

    def send(self, message: Message) -> Receipt:
        return self.client.send(message, key="key", deadline=AMPLE)

    def edit(self, sent: Receipt, message: Message) -> Receipt:
        return self.client.edit(sent.remote_id, message, key="key", deadline=AMPLE)

    def delete(self, sent: Receipt) -> Receipt:
        return self.client.delete(sent.remote_id, key="key", deadline=AMPLE)

    def found(self, message: Message) -> Receipt | None:
        since = datetime.now(UTC) - timedelta(hours=1)
        looked = self.client.look_up(message, key="key", since=since, deadline=AMPLE)
        assert looked.complete
        return looked.receipt

    def fail(self, name: str, **options: Any) -> None:
        self.sandbox.faults.switch_on("facebook", Fault(name, **options))

    def timeline(self) -> str:
        return requests.get(f"{self.account.base_url}/", timeout=10).text

    def posts(self) -> int:
        return len(self.sandbox.store.accepted("facebook"))


@pytest.fixture
def desk(sandbox: SandboxServer) -> Desk:
    return Desk(sandbox)


@pytest.mark.parametrize("message", [MESSAGE, with_pictures(RED), with_pictures(RED, GREEN, BLUE)])
def test_what_is_sent_is_found_edited_and_deleted(desk: Desk, message: Message) -> None:
    assert desk.found(message) is None
    sent = desk.send(message)
    found = desk.found(message)
    assert found is not None
    assert found.remote_id == sent.remote_id
    page = desk.timeline()
    assert page.count("<img") == len(message.pictures)
    assert all(f'alt="{picture.alt}"' in page for picture in message.pictures if picture.alt)
    assert ('class="card"' in page) is bool(message.link)
    assert page.count(PERMALINK) >= 1

    changed = replace(message, text=f"Berichtigt\n\n{PERMALINK}")
    for _ in range(2):
        assert desk.edit(sent, changed).remote_id == sent.remote_id
    assert "Berichtigt" in desk.timeline()
    assert "Edited" in desk.timeline()
    assert desk.found(changed) is not None

    for _ in range(2):
        assert desk.delete(sent).remote_id == sent.remote_id
    assert desk.found(changed) is None
    with pytest.raises(Rejected, match="does not find the post"):
        desk.edit(sent, changed)
    assert desk.posts() == 1


def test_an_edit_does_not_change_a_link(desk: Desk) -> None:
    sent = desk.send(MESSAGE)
    with pytest.raises(Rejected, match="link"):
        desk.edit(sent, replace(MESSAGE, link="https://zeitung.example/other"))
    with pytest.raises(Rejected, match="pictures"):
        desk.edit(sent, with_pictures(RED))
    assert "Edited" not in desk.timeline()


@pytest.mark.parametrize("fault", ["500", "accept-then-500", "reset-before", "garbage-json"])
def test_an_upload_that_fails_posts_nothing(desk: Desk, fault: str) -> None:
    desk.fail(fault)
    with pytest.raises(TryLater):
        desk.send(with_pictures(RED, GREEN))
    assert desk.posts() == 0
    desk.send(with_pictures(RED, GREEN))
    assert desk.posts() == 1


@pytest.mark.parametrize(("fault", "posts"), [("500", 0), ("accept-then-500", 1)])
def test_a_single_picture_may_be_out(desk: Desk, fault: str, posts: int) -> None:
    desk.fail(fault)
    with pytest.raises(ChannelError) as failed:
        desk.send(with_pictures(RED))
    assert failed.value.outcome is Outcome.UNKNOWN
    assert (desk.posts(), desk.found(with_pictures(RED)) is not None) == (posts, bool(posts))


def test_a_picture_that_facebook_refuses(desk: Desk) -> None:
    desk.fail("unreadable-picture")
    with pytest.raises(Rejected, match="refused a picture"):
        desk.send(with_pictures(RED, GREEN))
    assert desk.posts() == 0


class TestChecking:
    def test_all_is_well(self, desk: Desk) -> None:
        found = desk.client.check(deadline=AMPLE)
        assert (found.name, found.missing) == ("Sandbox Newsroom", ())
        assert found.url == f"{desk.account.base_url}/"
        assert found.picture.startswith(b"\x89PNG")
        assert found.ends_at is not None
        assert found.ends_at > datetime.now(UTC) + timedelta(days=80)

    def test_a_permission_that_was_taken_away(self, desk: Desk) -> None:
        desk.fail("permission", times=None, on=Call.ANY)
        [missing] = desk.client.check(deadline=AMPLE).missing
        assert "Posting on the page is not allowed" in str(missing)
        with pytest.raises(Unauthorised, match="may not post"):
            desk.send(MESSAGE)

    def test_without_the_apps_keys(self, sandbox: SandboxServer) -> None:
        assert Desk(sandbox, app_id="", app_secret="").client.check(deadline=AMPLE).missing == ()

    def test_another_apps_id(self, sandbox: SandboxServer) -> None:
        [missing] = Desk(sandbox, app_id="1").client.check(deadline=AMPLE).missing
        assert "do not fit" in str(missing)

    @pytest.mark.parametrize(
        ("changed", "says"),
        [
            ({"page_access_token": "EAAwrong"}, "no longer accepts"),
            ({"app_secret": "wrong"}, "app secret"),
            ({"page_id": "999"}, "does not find the page"),
        ],
    )
    def test_what_was_entered_wrongly(
        self, sandbox: SandboxServer, changed: dict[str, str], says: str
    ) -> None:
        with pytest.raises(Unauthorised, match=says):
            Desk(sandbox, **changed).client.check(deadline=AMPLE)


class TestSigningIn:
    def choose(self, desk: Desk, button: str) -> dict[str, str]:
        """What the browser brings back after a click on *button*."""
        sign_in = FACEBOOK.sign_in
        assert sign_in is not None
        url, _ = sign_in.begin(desk.account, redirect_uri=BACK, state="s1")
        page = requests.get(url, timeout=10).text
        found = re.search(rf'href="([^"]+)">{button}</a>', page)
        assert found is not None
        return dict(parse_qsl(urlsplit(unescape(found[1])).query))

    def finish(self, desk: Desk, answer: dict[str, str]) -> Any:
        sign_in = FACEBOOK.sign_in
        assert sign_in is not None
        return sign_in.finish(
            desk.account, redirect_uri=BACK, kept={}, answer=answer, deadline=AMPLE
        )

    def test_a_page_is_connected_and_posted_on(self, sandbox: SandboxServer) -> None:
        desk = Desk(sandbox, page_id="", page_access_token="")
        answer = self.choose(desk, "Allow")
        assert answer["state"] == "s1"
        [choice] = self.finish(desk, answer)
        assert choice.label == "Sandbox Newsroom"
        assert choice.settings == SANDBOX_CREDENTIALS
        Desk(sandbox, **choice.settings).send(MESSAGE)
        with pytest.raises(Unauthorised, match="sign-in"):
            self.finish(desk, answer)

    def test_a_person_who_cancels(self, desk: Desk) -> None:
        with pytest.raises(Unauthorised, match="not allowed"):
            self.finish(desk, self.choose(desk, "Cancel"))
