"""The real client on the sandbox: every fault, renewed sessions, and the page that readers see."""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from syndicator.channels.base import (
    Account,
    Card,
    ChannelError,
    LookUp,
    Message,
    Outcome,
    Receipt,
    TryLater,
    Unauthorised,
)
from syndicator.channels.bluesky.channel import BlueskyChannel
from syndicator.channels.bluesky.sandbox import DID, SANDBOX_CREDENTIALS, BlueskySandbox
from syndicator.channels.bluesky.sandbox_cids import blob_cid, record_cid
from syndicator.channels.bluesky.sandbox_page import Linked, pieces
from syndicator.channels.email.sandbox import EmailSandbox
from syndicator.channels.sandbox.faults import Call, Fault
from syndicator.channels.sandbox.http_faults import LOOK_UP_FAULTS
from syndicator.channels.sandbox.server import SandboxServer
from syndicator.content import Picture

CHANNEL = BlueskyChannel()
AMPLE, SHORT = timedelta(seconds=30), timedelta(milliseconds=300)
PERMALINK = "https://www.zeitung.example/live/gipfel-in-genf-mit-laengerem-pfad#eintrag-7"
PUBLISHED = "2026-05-03T12:00:00+00:00"
PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 20
PICTURE = Picture("1" * 64, "image/png", len(PNG), 1200, 800, 'Ein "Saal" <b>', "Agentur")
MESSAGE = Message(
    "Größe 👩‍👩‍👧‍👦 #Genf",
    PERMALINK,
    link=PERMALINK,
    card=Card("Gipfel", "Die Runde."),
    language="de",
)


class Newsroom:
    """The account on a sandbox; its session is kept."""

    def __init__(self, sandbox: SandboxServer) -> None:
        self.sandbox = sandbox
        self.settings: Mapping[str, str] = dict(SANDBOX_CREDENTIALS)

    def account(self) -> Account:
        def renew(exchange: Any) -> Mapping[str, str]:
            self.settings = exchange(self.settings)
            return self.settings

        return Account(
            f"{self.sandbox.http_url}/bluesky",
            self.settings,
            allow_private_addresses=True,
            open_picture=lambda picture: PNG,
            renew=renew,
        )

    def send(
        self, message: Message = MESSAGE, key: str = "key", deadline: timedelta = AMPLE
    ) -> Receipt:
        client = CHANNEL.client(self.account())
        return client.send(message, key=key, deadline=deadline)

    def look_up(self, deadline: timedelta = AMPLE) -> LookUp:
        client = CHANNEL.client(self.account())
        since = datetime.now(UTC) - timedelta(hours=1)
        return client.look_up(MESSAGE, key="key", since=since, deadline=deadline)

    def fail(self, name: str, **options: Any) -> None:
        self.sandbox.faults.switch_on("bluesky", Fault(name, **options))

    def accepted(self) -> int:
        return len(self.sandbox.store.accepted("bluesky"))

    def page(self) -> str:
        return requests.get(f"{self.sandbox.http_url}/bluesky/", timeout=10).text


@pytest.fixture
def newsroom(sandbox: SandboxServer) -> Newsroom:
    return Newsroom(sandbox)


#: Every fault: what sending comes to, and how many posts the platform then has.
FAULTS: Mapping[str, tuple[Outcome | None, int]] = {
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
    "401": (None, 1),  # a new session is made
    "takedown": (Outcome.UNAUTHORISED, 0),
    "duplicate": (Outcome.UNKNOWN, 0),
    "redirect": (Outcome.UNKNOWN, 0),
    "reset-before-body": (Outcome.UNKNOWN, 0),
    "reset-in-body": (Outcome.UNKNOWN, 0),
    "reset-before": (Outcome.UNKNOWN, 0),
}
SLOW = ("hang", "slow-body", "slow-loris")


@pytest.mark.parametrize("fault", sorted(set(BlueskySandbox.fault_labels) - LOOK_UP_FAULTS))
def test_what_sending_comes_to_and_that_a_repetition_makes_one_post(
    newsroom: Newsroom, fault: str
) -> None:
    newsroom.send(key="before")  # signed in
    newsroom.fail(fault, seconds=60)
    outcome, accepted = FAULTS[fault]
    came_to = None
    try:
        newsroom.send(deadline=SHORT if fault in SLOW else AMPLE)
    except ChannelError as error:
        came_to = error.outcome
    assert came_to is outcome
    assert newsroom.accepted() == 1 + accepted
    assert (newsroom.look_up().receipt is not None) is bool(accepted)
    newsroom.send()
    newsroom.send()
    assert newsroom.accepted() == 2


@pytest.mark.parametrize(
    "fault",
    sorted(
        set(BlueskySandbox.fault_labels) - LOOK_UP_FAULTS - {"duplicate", "accept-then-500", "401"}
    ),
)
def test_a_look_up_that_fails_proves_nothing(newsroom: Newsroom, fault: str) -> None:
    newsroom.send()
    newsroom.fail(fault, on=Call.LOOK_UP, seconds=60)
    with pytest.raises(ChannelError):
        newsroom.look_up(deadline=SHORT if fault in SLOW else AMPLE)
    assert newsroom.look_up().receipt is not None


def test_a_token_is_revoked_until_it_is_given_again(newsroom: Newsroom) -> None:
    newsroom.fail("401", times=None, on=Call.ANY)
    for _ in range(2):
        with pytest.raises(Unauthorised):
            newsroom.send()
    newsroom.sandbox.faults.clear("bluesky")
    newsroom.send()
    assert newsroom.accepted() == 1


def test_a_lagging_index_hides_posts_for_a_while(newsroom: Newsroom) -> None:
    newsroom.send()
    newsroom.fail("index-lag", on=Call.LOOK_UP, seconds=3600)
    hidden, shown = newsroom.look_up(), newsroom.look_up()
    assert (hidden.receipt, hidden.complete) == (None, True)
    assert shown.receipt is not None


class TestLife:
    def test_of_a_post(self, newsroom: Newsroom) -> None:
        receipt = newsroom.send()
        client = CHANNEL.client(newsroom.account())
        edited = MESSAGE.with_text("Neu")
        for _ in range(2):
            client.edit(receipt.remote_id, edited, key="edit", deadline=AMPLE)
        assert newsroom.send().remote_id == receipt.remote_id
        assert "Neu" in newsroom.page()
        assert "#Genf" not in newsroom.page()
        for _ in range(2):
            client.delete(receipt.remote_id, key="delete", deadline=AMPLE)
        assert "No posts yet" in newsroom.page()
        assert newsroom.look_up().receipt is None

    def test_of_an_account(self, newsroom: Newsroom) -> None:
        known = CHANNEL.client(newsroom.account()).check(deadline=AMPLE)
        assert known.name == "Sandbox Newsroom"
        assert known.picture.startswith(b"\x89PNG")

    def test_everything_is_there_after_a_restart(self, tmp_path: Path) -> None:
        pages = []
        settings: Mapping[str, str] = {}
        for start in range(2):
            server = SandboxServer(tmp_path, [BlueskySandbox, EmailSandbox])
            server.start()
            try:
                newsroom = Newsroom(server)
                newsroom.settings = settings or newsroom.settings
                if start == 0:
                    pictures = replace(
                        MESSAGE, text=PERMALINK, link="", card=None, pictures=(PICTURE,)
                    )
                    first = newsroom.send(pictures, "pictures")
                    newsroom.send()
                    gone = newsroom.send(key="gone").remote_id
                    client = CHANNEL.client(newsroom.account())
                    client.delete(gone, key="delete", deadline=AMPLE)
                    settings = newsroom.settings
                assert newsroom.send(pictures, "pictures").remote_id == first.remote_id
                pages.append(re.sub(r"\?\d+", "", newsroom.page()))
                picture = requests.get(
                    f"{server.http_url}/bluesky/blob/{blob_cid(PNG)}", timeout=10
                )
                assert (picture.status_code, picture.content) == (200, PNG)
            finally:
                server.stop()
        assert pages[0] == pages[1]
        assert pages[0].count("<article") == 2


def limited(tmp_path: Path, **options: Any) -> Iterator[Newsroom]:
    make = functools.partial(BlueskySandbox, **options)
    server = SandboxServer(tmp_path, [make, EmailSandbox])
    server.start()
    yield Newsroom(server)
    server.stop()


class TestSessions:
    @pytest.fixture
    def newsroom(self, tmp_path: Path) -> Iterator[Newsroom]:
        """Whose access tokens are over at once."""
        yield from limited(tmp_path, access_seconds=-1)

    def test_a_token_that_is_over_is_renewed_and_then_given_up(self, newsroom: Newsroom) -> None:
        with pytest.raises(Unauthorised):
            newsroom.send()
        assert newsroom.accepted() == 0
        # A login, and one renewal.
        assert '"did": "' + DID in newsroom.settings["session"]


class TestPace:
    @pytest.fixture
    def newsroom(self, tmp_path: Path) -> Iterator[Newsroom]:
        yield from limited(tmp_path, write_points=20)

    def test_posts_are_spread_and_then_stopped(self, newsroom: Newsroom) -> None:
        waits = [newsroom.send(key=f"key-{number}").wait for number in range(10)]
        assert waits[:8] == [timedelta(0)] * 8
        assert timedelta(minutes=59) < waits[9] <= timedelta(minutes=60, seconds=2)
        with pytest.raises(TryLater) as refused:
            newsroom.send(key="key-10")
        assert refused.value.retry_after is not None
        assert refused.value.retry_after > timedelta(minutes=59)


class TestTimeline:
    def test_facets_are_links(self, newsroom: Newsroom) -> None:
        newsroom.send(replace(MESSAGE, text=f"Größe 👩‍👩‍👧‍👦 #Genf und {PERMALINK}."))
        page = html.unescape(newsroom.page())
        assert 'href="https://bsky.app/hashtag/Genf"' in page
        assert ">#Genf</a> und" in page
        assert f'href="{PERMALINK}."' not in page
        assert ">www.zeitung.example/live/gipfel-…</a>." in page
        assert 'lang="de"' in page

    def test_a_card_with_its_picture(self, newsroom: Newsroom) -> None:
        card = Card("Der <Gipfel>", "Die Runde & mehr.", PICTURE)
        newsroom.send(replace(MESSAGE, card=card))
        page = newsroom.page()
        assert f'class="card" href="{html.escape(PERMALINK)}"' in page
        assert "Der &lt;Gipfel&gt;" in page
        assert "Die Runde &amp; mehr." in page
        assert ">zeitung.example</span>" in page
        (source,) = re.findall(r'<img src="(/bluesky/blob/[^"]+)" alt="">', page)
        shown = requests.get(newsroom.sandbox.http_url + source, timeout=10)
        assert (shown.content, shown.headers["Content-Type"]) == (PNG, "image/png")

    def test_pictures_with_their_descriptions(self, newsroom: Newsroom) -> None:
        message = Message(f"Bild {PERMALINK}", PERMALINK, pictures=(PICTURE,) * 3)
        newsroom.send(message)
        page = newsroom.page()
        assert (
            page.count(f'alt="{html.escape(PICTURE.alt, quote=True)}"'.replace("&quot;", "&#34;"))
            == 3
        )
        assert 'width="1200" height="800"' in page
        assert "count-3" in page

    def test_the_pages_are_locked_down(self, newsroom: Newsroom) -> None:
        for path in ("/bluesky/", "/bluesky/bluesky.css", "/bluesky/avatar.png"):
            answer = requests.get(newsroom.sandbox.http_url + path, timeout=10)
            assert answer.status_code == 200
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert "unsafe" not in answer.headers["Content-Security-Policy"]
            assert answer.headers["X-Content-Type-Options"] == "nosniff"

    def test_what_is_no_picture_is_not_shown(self, newsroom: Newsroom) -> None:
        newsroom.send()
        access = re.findall(r'"accessJwt": "([^"]+)"', newsroom.settings["session"])[0]
        headers = {"Authorization": f"Bearer {access}", "Content-Type": "image/svg+xml"}
        content = b"<svg onload='alert(1)'>"
        root = f"{newsroom.sandbox.http_url}/bluesky"
        url = f"{root}/xrpc/com.atproto.repo.uploadBlob"
        assert requests.post(url, data=content, headers=headers, timeout=10).ok
        assert requests.get(f"{root}/blob/{blob_cid(content)}", timeout=10).status_code == 404

    def test_a_posts_own_address_leads_to_it(self, newsroom: Newsroom) -> None:
        rkey = newsroom.send().remote_id.rpartition("/")[2]
        url = f"{newsroom.sandbox.http_url}/bluesky/profile/{DID}/post/{rkey}"
        answer = requests.get(url, timeout=10)
        assert answer.url.endswith(f"/bluesky/#post-{rkey}")
        assert f'id="post-{rkey}"' in answer.text


def facet(start: int, end: int, uri: str) -> dict[str, Any]:
    feature = {"$type": "app.bsky.richtext.facet#link", "uri": uri}
    return {"index": {"byteStart": start, "byteEnd": end}, "features": [feature]}


@pytest.mark.parametrize(
    ("facets", "shown"),
    [
        ([facet(3, 5, "https://a.example")], ["ä ", Linked("bc", "https://a.example"), " d"]),
        # Half of a letter: what a reader would see of a range that is counted in characters.
        (
            [facet(1, 4, "https://a.example")],
            ["\ufffd", Linked("\ufffd b", "https://a.example"), "c d"],
        ),
        ([facet(0, 99, "https://a.example")], ["ä bc d"]),
        ([facet(4, 4, "https://a.example")], ["ä bc d"]),
        (
            [facet(3, 5, "https://b.example"), facet(0, 4, "https://a.example")],
            ["", Linked("ä b", "https://a.example"), "c d"],
        ),
        ([facet(3, 5, "javascript:alert(1)")], ["ä ", Linked("bc", ""), " d"]),
    ],
)
def test_how_a_reader_sees_facets(facets: list[Any], shown: list[str | Linked]) -> None:
    assert list(pieces({"text": "ä bc d", "facets": facets})) == shown


def test_the_names_of_records_and_blobs() -> None:
    """As the real server gave them; `make pds` compares many more."""
    record = {
        "$type": "app.bsky.feed.post",
        "text": "hallo",
        "createdAt": "2026-05-03T12:00:00.000Z",
    }
    assert record_cid(record) == "bafyreih5zknzfl6t6aaiq6rwcojtcxwcblklrjs7xonlamonxihzwhzfb4"
    assert blob_cid(b"hallo") == "bafkreigtouoth6onkbe4jlzliyttkrl6ju526eylzo4h6oe6gsp3v2zaxe"
