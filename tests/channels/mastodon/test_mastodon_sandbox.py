"""The Mastodon sandbox as any client meets it, and ours against it: every fault."""

from __future__ import annotations

import functools
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from syndicator.channels.base import (
    Account,
    ChannelError,
    LookUp,
    Message,
    Outcome,
    Receipt,
    Rejected,
    TryLater,
    Unauthorised,
)
from syndicator.channels.email.sandbox import EmailSandbox
from syndicator.channels.mastodon.channel import MastodonChannel
from syndicator.channels.mastodon.client import MastodonClient
from syndicator.channels.mastodon.sandbox import SANDBOX_CREDENTIALS, MastodonSandbox
from syndicator.channels.sandbox.base import PlatformFactory
from syndicator.channels.sandbox.faults import Call, Fault
from syndicator.channels.sandbox.http_faults import LOOK_UP_FAULTS
from syndicator.channels.sandbox.server import SandboxServer
from syndicator.channels.sandbox.store import Action
from syndicator.content import Picture

AMPLE = timedelta(seconds=30)
SHORT = timedelta(milliseconds=300)
CHANNEL = MastodonChannel()


def jpeg(width: int = 60, height: int = 40, colour: str = "teal") -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(content, "JPEG")
    return content.getvalue()


def picture(content: bytes, alt: str = "Ein Tisch") -> Picture:
    digest = sha256(content).hexdigest()
    return Picture(digest, "image/jpeg", len(content), 60, 40, alt=alt, credit="Doe/dpa")


@dataclass
class Newsroom:
    """One account on the sandbox."""

    sandbox: SandboxServer
    pictures: Mapping[str, bytes]

    @property
    def client(self) -> MastodonClient:
        url = f"{self.sandbox.http_url}/mastodon"
        return CHANNEL.client(
            Account(
                url,
                SANDBOX_CREDENTIALS,
                allow_private_addresses=True,
                open_picture=lambda picture: self.pictures[picture.digest],
            )
        )

    def message(self, number: int = 0, *pictures: Picture) -> Message:
        link = f"https://zeitung.de/live#eintrag-{number}"
        return Message(f"Eintrag {number}\n\n{link}", link, language="de", pictures=pictures)

    def send(
        self, number: int = 0, *pictures: Picture, key: str = "", deadline: timedelta = AMPLE
    ) -> Receipt:
        message = self.message(number, *pictures)
        return self.client.send(message, key=key or f"key-{number}", deadline=deadline)

    def look_up(self, number: int = 0, deadline: timedelta = AMPLE) -> LookUp:
        since = datetime.now(UTC) - timedelta(hours=1)
        return self.client.look_up(self.message(number), key="key", since=since, deadline=deadline)

    def fail(self, name: str, **options: Any) -> None:
        self.sandbox.faults.switch_on("mastodon", Fault(name, **options))

    def accepted(self, action: Action = Action.PUBLISH) -> int:
        return len(self.sandbox.store.accepted("mastodon", action))

    def get(self, path: str) -> requests.Response:
        return requests.get(self.sandbox.http_url + path, timeout=10)


TEAL, NAVY = jpeg(), jpeg(colour="navy")
PICTURES = {sha256(content).hexdigest(): content for content in (TEAL, NAVY, b"no picture")}


def serve(folder: Path, make: PlatformFactory = MastodonSandbox) -> Iterator[Newsroom]:
    sandbox = SandboxServer(folder, [make, EmailSandbox])
    sandbox.start()
    yield Newsroom(sandbox, PICTURES)
    sandbox.stop()


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[Newsroom]:
    yield from serve(tmp_path)


#: Every fault: what sending comes to, and how many posts the platform then has.
FAULTS: Mapping[str, tuple[Outcome, int]] = {
    "accept-then-500": (Outcome.UNKNOWN, 1),
    "reset-after-accept": (Outcome.UNKNOWN, 1),
    "hang": (Outcome.UNKNOWN, 1),
    "garbage-json": (Outcome.UNKNOWN, 1),
    "short-body": (Outcome.UNKNOWN, 1),
    "slow-body": (Outcome.UNKNOWN, 1),
    "slow-loris": (Outcome.UNKNOWN, 1),
    "500": (Outcome.UNKNOWN, 0),
    "429": (Outcome.TRY_LATER, 0),
    "429-without-reset": (Outcome.TRY_LATER, 0),
    "401": (Outcome.UNAUTHORISED, 0),
    "403": (Outcome.UNAUTHORISED, 0),
    "duplicate": (Outcome.DUPLICATE, 0),
    "redirect": (Outcome.UNKNOWN, 0),
    "reset-before-body": (Outcome.UNKNOWN, 0),
    "reset-in-body": (Outcome.UNKNOWN, 0),
    "reset-before": (Outcome.UNKNOWN, 0),
}
OF_LOOK_UPS = [name for name in FAULTS if name not in ("duplicate", "accept-then-500")]

#: One of each kind, for calls that publish nothing.
OF_EACH_KIND = ["500", "429", "401", "garbage-json", "redirect", "reset-before", "slow-loris"]


def a_time_for(fault: str) -> timedelta:
    """What never answers is ended by the deadline."""
    return SHORT if fault in ("hang", "slow-body", "slow-loris") else AMPLE


def test_every_fault_is_tried() -> None:
    assert FAULTS.keys() | LOOK_UP_FAULTS | {"media-processing"} == set(
        MastodonSandbox.fault_labels
    )


@pytest.mark.parametrize("fault", FAULTS)
def test_what_sending_comes_to(newsroom: Newsroom, fault: str) -> None:
    newsroom.fail(fault, seconds=60)
    with pytest.raises(ChannelError) as failed:
        newsroom.send(deadline=a_time_for(fault))
    assert (failed.value.outcome, newsroom.accepted()) == FAULTS[fault]
    if newsroom.accepted():
        assert newsroom.look_up().receipt is not None


@pytest.mark.parametrize("fault", OF_LOOK_UPS)
def test_a_look_up_that_fails_proves_nothing(newsroom: Newsroom, fault: str) -> None:
    newsroom.send()
    newsroom.fail(fault, on=Call.LOOK_UP, seconds=60)
    with pytest.raises(ChannelError):
        newsroom.look_up(deadline=a_time_for(fault))
    assert newsroom.look_up().receipt is not None


@pytest.mark.parametrize("fault", OF_EACH_KIND)
def test_with_pictures_on_the_way_nothing_is_out(newsroom: Newsroom, fault: str) -> None:
    newsroom.fail(fault, on=Call.OTHER, seconds=60)
    with pytest.raises(ChannelError) as failed:
        newsroom.send(0, picture(TEAL), deadline=a_time_for(fault))
    assert failed.value.outcome is not Outcome.UNKNOWN
    assert newsroom.accepted() == 0


def test_a_limit_says_when_to_come_back(newsroom: Newsroom) -> None:
    newsroom.fail("429", seconds=120)
    newsroom.fail("429-without-reset")
    waits = []
    for _ in range(2):
        with pytest.raises(TryLater) as refused:
            newsroom.send()
        waits.append(refused.value.retry_after)
    assert timedelta(seconds=120) <= waits[0] <= timedelta(seconds=123)
    assert waits[1] == timedelta(minutes=5)


def test_the_pace_that_the_server_tells(tmp_path: Path) -> None:
    for newsroom in serve(tmp_path, functools.partial(MastodonSandbox, post_limit=6)):
        told = [newsroom.send(number).wait for number in range(6)]
        with pytest.raises(TryLater) as refused:
            newsroom.send(6)
        assert told[:5] == [timedelta(0)] * 4 + [timedelta(minutes=1)]
        assert timedelta(minutes=179) < told[5] <= timedelta(hours=3, seconds=2)
        assert refused.value.retry_after is not None
        assert refused.value.retry_after > timedelta(minutes=179)


class TestKeys:
    def test_one_that_is_known_makes_no_second_post(self, newsroom: Newsroom) -> None:
        first, again = newsroom.send(0, key="same"), newsroom.send(1, key="same")
        assert first.remote_id == again.remote_id
        assert newsroom.accepted() == 1

    def test_nor_after_a_restart(self, tmp_path: Path) -> None:
        names = set()
        for _ in range(2):
            for newsroom in serve(tmp_path):
                names.add(newsroom.send(key="same").remote_id)
        assert len(names) == 1

    def test_but_there_are_servers_that_forget_it(self, tmp_path: Path) -> None:
        for newsroom in serve(tmp_path, functools.partial(MastodonSandbox, forgets_keys=True)):
            assert newsroom.send().remote_id != newsroom.send().remote_id


class TestPictures:
    def test_with_their_descriptions(self, newsroom: Newsroom) -> None:
        newsroom.send(0, picture(TEAL), picture(NAVY, alt="Das Meer"))
        page = newsroom.get("/mastodon/").text
        assert re.findall(r'<img src="/mastodon/media/\d+" alt="([^"]*)"', page) == [
            "Ein Tisch (Foto: Doe/dpa)",
            "Das Meer (Foto: Doe/dpa)",
        ]
        shown = re.findall(r"/mastodon/media/\d+", page)
        assert [newsroom.get(address).content for address in shown] == [TEAL, NAVY]

    @pytest.mark.parametrize("on", [Call.PUBLISH, Call.OTHER])
    def test_one_that_is_worked_on_is_waited_for(self, newsroom: Newsroom, on: Call) -> None:
        newsroom.fail("media-processing", seconds=0.1, on=on)
        newsroom.send(0, picture(TEAL))
        assert newsroom.accepted() == 1

    def test_but_not_for_ever(self, newsroom: Newsroom) -> None:
        newsroom.fail("media-processing", seconds=60)
        with pytest.raises(TryLater, match="still working"):
            newsroom.send(0, picture(TEAL), deadline=timedelta(seconds=5.2))
        assert newsroom.accepted() == 0
        newsroom.send(0)

    def test_a_post_without_any_is_not_held_up(self, newsroom: Newsroom) -> None:
        newsroom.fail("media-processing", seconds=60)
        newsroom.send(0)
        assert newsroom.accepted() == 1

    def test_what_is_none(self, newsroom: Newsroom) -> None:
        with pytest.raises(Rejected, match="File content type is invalid"):
            newsroom.send(0, picture(b"no picture"))
        assert newsroom.accepted() == 0


class TestEditing:
    def edit(self, newsroom: Newsroom, remote_id: str, *pictures: Picture) -> Receipt:
        message = newsroom.message(0, *pictures).with_text(
            "Neu\n\nhttps://zeitung.de/live#eintrag-0"
        )
        return newsroom.client.edit(remote_id, message, key="key", deadline=AMPLE)

    def test_twice_changes_it_once(self, newsroom: Newsroom) -> None:
        sent = newsroom.send(0, picture(TEAL))
        for _ in range(2):
            assert self.edit(newsroom, sent.remote_id, picture(TEAL)).remote_id == sent.remote_id
        assert newsroom.accepted(Action.EDIT) == 1
        assert len(newsroom.sandbox.store.accepted("mastodon/media")) == 1
        page = newsroom.get("/mastodon/").text
        assert "Edited" in page
        assert "Eintrag 0" not in page
        assert page.count("<figure>") == 1

    def test_pictures_come_and_go(self, newsroom: Newsroom) -> None:
        sent = newsroom.send(0, picture(TEAL))
        self.edit(newsroom, sent.remote_id, picture(NAVY, alt="Das Meer"))
        assert "Das Meer" in newsroom.get("/mastodon/").text
        self.edit(newsroom, sent.remote_id)
        assert "<figure>" not in newsroom.get("/mastodon/").text

    def test_it_is_found_afterwards(self, newsroom: Newsroom) -> None:
        sent = newsroom.send()
        self.edit(newsroom, sent.remote_id)
        found = newsroom.look_up()
        assert found.receipt is not None
        assert found.receipt.remote_id == sent.remote_id

    def test_deleted_twice(self, newsroom: Newsroom) -> None:
        sent = newsroom.send()
        for _ in range(2):
            newsroom.client.delete(sent.remote_id, key="key", deadline=AMPLE)
        assert newsroom.accepted(Action.DELETE) == 1
        assert newsroom.look_up().receipt is None
        with pytest.raises(Rejected, match="no longer on Mastodon"):
            self.edit(newsroom, sent.remote_id)


def test_a_post_is_found_behind_many_others(tmp_path: Path) -> None:
    wide = functools.partial(MastodonSandbox, post_limit=1000)
    for newsroom in serve(tmp_path, wide):
        first, *_ = [newsroom.send(number) for number in range(85)]
        found, absent = newsroom.look_up(0), newsroom.look_up(85)
        assert found.receipt is not None
        assert found.receipt.remote_id == first.remote_id
        assert (absent.receipt, absent.complete) == (None, True)


def test_a_lagging_index_hides_posts_for_a_while(newsroom: Newsroom) -> None:
    newsroom.send()
    newsroom.fail("index-lag", on=Call.LOOK_UP, seconds=3600)
    hidden, shown = newsroom.look_up(), newsroom.look_up()
    assert (hidden.receipt, hidden.complete) == (None, True)
    assert shown.receipt is not None


class TestTheApi:
    """Without our client: bodies, headers and refusals."""

    def call(self, newsroom: Newsroom, method: str, path: str, **what: Any) -> requests.Response:
        token = what.pop("token", SANDBOX_CREDENTIALS["access_token"])
        return requests.request(
            method,
            f"{newsroom.sandbox.http_url}/mastodon{path}",
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=10,
            **what,
        )

    def post(self, newsroom: Newsroom, **fields: Any) -> requests.Response:
        return self.call(newsroom, "POST", "/api/v1/statuses", json=fields)

    def test_a_status(self, newsroom: Newsroom) -> None:
        answer = self.post(newsroom, status="a & b\nc\n\nhttps://www.zeitung.de/" + "x" * 40)
        status = answer.json()
        assert answer.status_code == 200
        assert status["content"] == (
            "<p>a &amp; b<br />c</p>"
            f'<p><a href="https://www.zeitung.de/{"x" * 40}" target="_blank"'
            ' rel="nofollow noopener noreferrer" translate="no">'
            '<span class="invisible">https://www.</span>'
            f'<span class="ellipsis">zeitung.de/{"x" * 19}</span>'
            f'<span class="invisible">{"x" * 21}</span></a></p>'
        )
        assert status["card"]["url"] == f"https://www.zeitung.de/{'x' * 40}"
        assert self.call(newsroom, "GET", f"/api/v1/statuses/{status['id']}").json() == status
        assert answer.headers["X-RateLimit-Limit"] == "300"
        assert answer.headers["X-RateLimit-Remaining"] == "299"
        assert datetime.fromisoformat(answer.headers["X-RateLimit-Reset"]).tzinfo is not None

    def test_a_form_will_do(self, newsroom: Newsroom) -> None:
        answer = self.call(newsroom, "POST", "/api/v1/statuses", data={"status": "a"})
        assert answer.json()["content"] == "<p>a</p>"

    @pytest.mark.parametrize(
        ("fields", "error"),
        [
            ({}, "Text can't be blank"),
            ({"status": " \n"}, "Text can't be blank"),
            ({"status": "a" * 501}, "Text character limit of 500 exceeded"),
            ({"status": "a " * 240 + "https://zeitung.de/x"}, "limit of 500 exceeded"),
            ({"status": "a", "media_ids": ["1"]}, "Media 1 not found"),
            ({"status": "a", "media_ids": list("12345")}, "more than 4 files"),
            ({"status": "a", "visibility": "all"}, "Visibility is not included"),
        ],
        ids=lambda value: None,
    )
    def test_what_is_refused(
        self, newsroom: Newsroom, fields: Mapping[str, Any], error: str
    ) -> None:
        answer = self.post(newsroom, **fields)
        assert answer.status_code == 422
        assert error in answer.json()["error"]
        assert newsroom.accepted() == 0

    @pytest.mark.parametrize("body", [b"{", b"[]", b"[" * 100_000])
    def test_bodies_that_cannot_be_read(self, newsroom: Newsroom, body: bytes) -> None:
        url = f"{newsroom.sandbox.http_url}/mastodon/api/v1/statuses"
        token = f"Bearer {SANDBOX_CREDENTIALS['access_token']}"
        headers = {"Authorization": token, "Content-Type": "application/json"}
        assert requests.post(url, body, headers=headers, timeout=10).status_code == 400

    def test_a_link_counts_23(self, newsroom: Newsroom) -> None:
        text = "a" * 476 + " https://zeitung.de/" + "x" * 200
        assert self.post(newsroom, status=text).status_code == 200

    @pytest.mark.parametrize("token", ["", "wrong"])
    def test_without_a_token(self, newsroom: Newsroom, token: str) -> None:
        answer = self.call(newsroom, "GET", "/api/v1/statuses/1", token=token)
        assert answer.status_code == 401
        assert answer.json() == {"error": "The access token is invalid"}

    def test_pages_of_posts(self, newsroom: Newsroom) -> None:
        ids = [self.post(newsroom, status=f"{number}").json()["id"] for number in range(5)]
        account = self.call(newsroom, "GET", "/api/v1/accounts/verify_credentials").json()
        route = f"/api/v1/accounts/{account['id']}/statuses"
        first = self.call(newsroom, "GET", f"{route}?limit=2")
        assert [one["id"] for one in first.json()] == ids[:2:-1]
        following = first.links["next"]["url"].partition("/mastodon")[2]
        second = self.call(newsroom, "GET", following)
        assert [one["id"] for one in second.json()] == ids[2:0:-1]
        last = self.call(newsroom, "GET", f"{route}?max_id={ids[0]}")
        assert (last.json(), last.links) == ([], {})
        assert self.call(newsroom, "GET", "/api/v1/accounts/1/statuses").status_code == 404

    def test_a_picture_belongs_to_one_post(self, newsroom: Newsroom) -> None:
        files = {"file": ("a.jpg", TEAL, "image/jpeg")}
        media = self.call(newsroom, "POST", "/api/v2/media", files=files).json()
        size = media["meta"]["original"]
        assert (size["width"], size["height"]) == (60, 40)
        described = self.call(
            newsroom, "PUT", f"/api/v1/media/{media['id']}", data={"description": "Ein Tisch"}
        )
        assert described.json()["description"] == "Ein Tisch"
        status = self.post(newsroom, media_ids=[media["id"]]).json()
        (attached,) = status["media_attachments"]
        assert attached["description"] == "Ein Tisch"
        assert self.post(newsroom, status="a", media_ids=[media["id"]]).status_code == 422
        long = {"description": "a" * 1501}
        assert (
            self.call(newsroom, "PUT", f"/api/v1/media/{media['id']}", data=long).status_code == 422
        )

    def test_all_calls_have_a_limit(self, newsroom: Newsroom) -> None:
        answers = [self.call(newsroom, "GET", "/api/v2/instance") for _ in range(301)]
        assert [one.status_code for one in answers[-2:]] == [200, 429]
        assert answers[-1].json() == {"error": "Too many requests"}

    def test_what_does_not_exist(self, newsroom: Newsroom) -> None:
        for path in ("/api/v1/nothing", "/api/v1/statuses/1", "/api/v1/media/1", "/media/1"):
            assert self.call(newsroom, "GET", path).status_code in (404, 405)


class TestChecking:
    def check(self, newsroom: Newsroom, **settings: str) -> Any:
        account = Account(
            f"{newsroom.sandbox.http_url}/mastodon",
            {**SANDBOX_CREDENTIALS, **settings},
            allow_private_addresses=True,
        )
        return CHANNEL.client(account).check(deadline=AMPLE)

    def test_an_account_in_order(self, newsroom: Newsroom) -> None:
        told = self.check(newsroom)
        assert told.name.startswith("Sandbox Newsroom (@sandbox_newsroom@127.0.0.1")
        assert told.url.endswith("/mastodon/@sandbox_newsroom")
        assert Image.open(io.BytesIO(told.picture)).size == (40, 40)
        assert (told.missing, told.notes, told.ends_at) == ((), (), None)
        assert (newsroom.accepted(), newsroom.accepted(Action.EDIT)) == (0, 0)

    def test_a_server_that_takes_less(self, newsroom: Newsroom) -> None:
        (missing,) = self.check(newsroom, limit="5000").missing
        assert "500 characters" in str(missing)

    def test_a_server_that_takes_more(self, tmp_path: Path) -> None:
        for newsroom in serve(tmp_path, functools.partial(MastodonSandbox, longest_text=5000)):
            told = self.check(newsroom)
            assert told.missing == ()
            assert "5000 characters" in str(told.notes[0])

    @pytest.mark.parametrize(
        ("version", "old"),
        [
            ("3.4.10", True),
            ("3.5.0", False),
            ("2.7.2 (compatible; Pleroma 2.6.0)", False),
            ("x", 0),
        ],
    )
    def test_a_server_that_is_too_old_to_edit(
        self, tmp_path: Path, version: str, old: bool
    ) -> None:
        for newsroom in serve(tmp_path, functools.partial(MastodonSandbox, version=version)):
            assert bool(self.check(newsroom).notes) == old

    def test_a_token_of_somebody_else(self, newsroom: Newsroom) -> None:
        with pytest.raises(Unauthorised, match="@sandbox_newsroom"):
            self.check(newsroom, handle="@redaktion@zeitung.social")

    def test_a_token_that_is_none(self, newsroom: Newsroom) -> None:
        with pytest.raises(Unauthorised, match="access token"):
            self.check(newsroom, access_token="wrong")

    @pytest.mark.parametrize("fault", OF_EACH_KIND)
    def test_whatever_fails_an_error_says_so(self, newsroom: Newsroom, fault: str) -> None:
        newsroom.fail(fault, on=Call.OTHER, seconds=60)
        with pytest.raises(ChannelError) as refused:
            self.check_within(newsroom, a_time_for(fault))
        assert "whether the post is out" not in str(refused.value.reason)

    def check_within(self, newsroom: Newsroom, deadline: timedelta) -> None:
        newsroom.client.check(deadline=deadline)


class TestThePage:
    def test_a_post_as_readers_see_it(self, newsroom: Newsroom) -> None:
        message = replace(
            newsroom.message(1), text="<b>Neu</b>\n\nhttps://zeitung.de/live#eintrag-1"
        )
        sent = newsroom.client.send(message, key="key", deadline=AMPLE)
        page = newsroom.get("/mastodon/").text
        assert "&lt;b&gt;Neu&lt;/b&gt;" in page
        assert 'class="card" href="https://zeitung.de/live#eintrag-1"' in page
        assert 'lang="de"' in page
        assert f'id="post-{sent.remote_id}"' in page
        led_to = requests.get(sent.url, timeout=10)
        assert (led_to.status_code, led_to.text) == (200, page)

    def test_without_posts(self, newsroom: Newsroom) -> None:
        assert "No posts yet" in newsroom.get("/mastodon/").text
        assert newsroom.get("/mastodon/style.css").headers["Content-Type"].startswith("text/css")

    def test_who_sees_it_is_told_where_not_all_do(self, newsroom: Newsroom) -> None:
        account = Account(
            f"{newsroom.sandbox.http_url}/mastodon",
            {**SANDBOX_CREDENTIALS, "visibility": "unlisted"},
            allow_private_addresses=True,
        )
        CHANNEL.client(account).send(newsroom.message(), key="key", deadline=AMPLE)
        assert "Quiet public" in newsroom.get("/mastodon/").text
