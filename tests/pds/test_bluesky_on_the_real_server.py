"""The real client on the real Bluesky server, `@atproto/pds`."""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from syndicator.channels.base import (
    Card,
    Channel,
    Message,
    Receipt,
    Rejected,
    TryLater,
    Unauthorised,
    Unknown,
)
from syndicator.channels.bluesky.channel import BlueskyChannel
from syndicator.channels.bluesky.rich_text import MOST_GRAPHEMES
from syndicator.channels.bluesky.tids import TID
from syndicator.content import Picture
from tests.pds.conftest import PICTURES, Kept, Owner, Proxy, Server

pytestmark = pytest.mark.pds

CHANNEL = BlueskyChannel()
AMPLE = timedelta(seconds=20)
PERMALINK = "https://zeitung.example/politik/live/gipfel-in-genf-1234.html#eintrag-7"
PUBLISHED = "2026-05-03T12:00:00+02:00"
TEXT = "Gipfel 🏳️‍🌈 in Genf: Öl, Gas 👩‍👩‍👧 #Größe https://zeitung.example/andere-seite/mit-langem-pfad."
MESSAGE = Message(
    TEXT,
    PERMALINK,
    link=PERMALINK,
    language="de",
    card=Card("Gipfel in Genf", "Die Runde hat begonnen."),
    published_at=PUBLISHED,
)


def png(width: int, height: int, alt: str = "", padding: int = 0) -> Picture:
    """A picture that is stored, its file *padding* bytes longer than it would have to be."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + bytes([len(alt) % 256]) * width) * height)
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    content += chunk(b"tEXt", b"pad\0" + b"x" * padding) + chunk(b"IDAT", rows)
    content += chunk(b"IEND", b"")
    digest = hashlib.sha256(content).hexdigest()
    picture = Picture(digest, "image/png", len(content), width, height, alt)
    PICTURES[picture] = content
    return picture


def send(owner: Owner, message: Message = MESSAGE, key: str = "key-1", **options: Any) -> Receipt:
    return CHANNEL.client(owner.connected(**options)).send(message, key=key, deadline=AMPLE)


def slices(value: dict[str, Any]) -> list[tuple[str, str]]:
    """What each facet covers, and what it says of it."""
    text = value["text"].encode()
    found = []
    for facet in value.get("facets", []):
        index, (feature,) = facet["index"], facet["features"]
        covered = text[index["byteStart"] : index["byteEnd"]].decode()
        found.append((covered, feature.get("uri") or feature.get("tag")))
    return found


def test_a_post_with_a_card_and_facets_behind_emoji(owner: Owner) -> None:
    thumb = png(300, 200)
    message = replace(MESSAGE, card=Card("Gipfel", "Die Runde.", thumb))
    receipt = send(owner, message)
    stored = owner.record(receipt.remote_id)
    value = stored["value"]
    assert TID.fullmatch(receipt.remote_id.rpartition("/")[2])
    assert receipt.url.startswith(f"https://bsky.app/profile/{owner.did}/post/")
    assert slices(value) == [
        ("#Größe", "Größe"),
        ("zeitung.example/andere-seite…", "https://zeitung.example/andere-seite/mit-langem-pfad"),
    ]
    external = value["embed"]["external"]
    assert external["uri"] == PERMALINK
    assert (external["title"], external["description"]) == ("Gipfel", "Die Runde.")
    assert owner.blob(external["thumb"]["ref"]["$link"]) == PICTURES[thumb]
    assert value["langs"] == ["de"]
    created = datetime.fromisoformat(value["createdAt"])
    assert abs(datetime.now(UTC) - created) < timedelta(minutes=1)


def test_pictures_with_their_descriptions_and_shapes(owner: Owner) -> None:
    pictures = tuple(png(40 + i, 30, f"Bild {i} – „Größe“ 👍🏽") for i in range(4))
    message = Message(
        f"Vier Bilder\n\n{PERMALINK}", PERMALINK, pictures=pictures, published_at=PUBLISHED
    )
    assert CHANNEL.problems(message) == []
    value = owner.record(send(owner, message).remote_id)["value"]
    shown = value["embed"]["images"]
    assert [image["alt"] for image in shown] == [picture.alt for picture in pictures]
    assert [image["aspectRatio"] for image in shown] == [
        {"width": 40 + i, "height": 30} for i in range(4)
    ]
    assert [owner.blob(image["image"]["ref"]["$link"]) for image in shown] == [
        PICTURES[picture] for picture in pictures
    ]
    assert slices(value) == [("zeitung.example/politik/live…", PERMALINK)]


class TestOnce:
    def test_a_repetition_changes_nothing(self, owner: Owner) -> None:
        first = send(owner)
        before = owner.record(first.remote_id), owner.latest_commit()
        # Later: the time in the record would be another.
        again = [send(owner) for _ in range(3)]
        assert {receipt.remote_id for receipt in again} == {first.remote_id}
        assert (owner.record(first.remote_id), owner.latest_commit()) == before
        assert len(owner.records()) == 1

    def test_another_key_is_another_post(self, owner: Owner) -> None:
        posts = {send(owner, key=f"key-{i}").remote_id for i in range(3)}
        assert len(posts) == len(owner.records()) == 3

    def test_an_answer_that_is_lost(self, owner: Owner, proxy: Proxy) -> None:
        proxy.lost.add("com.atproto.repo.putRecord")
        with pytest.raises(Unknown):
            send(owner, url=proxy.url)
        proxy.lost.clear()
        client = CHANNEL.client(owner.connected(proxy.url))
        found = client.look_up(MESSAGE, key="key-1", since=datetime.now(UTC), deadline=AMPLE)
        assert found.receipt is not None
        assert send(owner, url=proxy.url).remote_id == found.receipt.remote_id
        assert len(owner.records()) == 1

    def test_many_at_once(self, owner: Owner) -> None:
        with ThreadPoolExecutor(8) as pool:
            posts = set(pool.map(lambda _: send(owner).remote_id, range(8)))
        assert len(posts) == len(owner.records()) == 1

    def test_one_that_arrives_late_does_not_undo_an_edit(self, owner: Owner) -> None:
        first = send(owner)
        client = CHANNEL.client(owner.connected())
        edited = MESSAGE.with_text("Richtiggestellt")
        client.edit(first.remote_id, edited, key="edit", deadline=AMPLE)
        assert send(owner).remote_id == first.remote_id
        assert owner.record(first.remote_id)["value"]["text"] == "Richtiggestellt"

    def test_a_stranger_at_our_key_is_not_taken_for_ours(self, owner: Owner) -> None:
        stranger = replace(
            MESSAGE, permalink="https://zeitung.example/9", link="https://zeitung.example/9"
        )
        send(owner, stranger)
        with pytest.raises(Unknown, match="Another post stands"):
            send(owner)
        client = CHANNEL.client(owner.connected())
        with pytest.raises(Unknown, match="Another post stands"):
            client.look_up(MESSAGE, key="key-1", since=datetime.now(UTC), deadline=AMPLE)


class TestLookingUp:
    def test_what_is_there_and_what_is_not(self, owner: Owner) -> None:
        client = CHANNEL.client(owner.connected())
        since = datetime.now(UTC)
        absent = client.look_up(MESSAGE, key="key-1", since=since, deadline=AMPLE)
        assert (absent.receipt, absent.complete) == (None, True)
        assert absent.platform_time is not None
        receipt = send(owner)
        found = client.look_up(MESSAGE, key="key-1", since=since, deadline=AMPLE)
        assert found.receipt is not None
        assert (found.receipt.remote_id, found.receipt.url) == (receipt.remote_id, receipt.url)


class TestChanging:
    def test_an_edit_keeps_the_time_and_is_made_once(self, owner: Owner) -> None:
        first = send(owner)
        before = owner.record(first.remote_id)["value"]
        edited = MESSAGE.with_text("Neu: 17 Staaten. #Genf")
        for _ in range(2):
            client = CHANNEL.client(owner.connected())
            receipt = client.edit(first.remote_id, edited, key="edit", deadline=AMPLE)
            commit = owner.latest_commit()
            assert receipt.remote_id == first.remote_id
            assert receipt.note is not None
        value = owner.record(first.remote_id)["value"]
        assert value["createdAt"] == before["createdAt"]
        assert slices(value) == [("#Genf", "Genf")]
        assert value["embed"]["external"]["uri"] == PERMALINK
        client.edit(first.remote_id, edited, key="edit", deadline=AMPLE)
        assert owner.latest_commit() == commit

    def test_a_change_in_between_is_not_overwritten(self, owner: Owner, proxy: Proxy) -> None:
        first = send(owner)
        theirs = {**owner.record(first.remote_id)["value"], "text": "Von jemand anderem"}

        def change(name: str) -> None:
            if name == "com.atproto.repo.putRecord":
                _, _, repo, collection, rkey = first.remote_id.split("/")
                body = {"repo": repo, "collection": collection, "rkey": rkey, "record": theirs}
                assert owner.call("POST", name, json=body).ok

        proxy.before = change
        client = CHANNEL.client(owner.connected(proxy.url))
        with pytest.raises(TryLater):
            client.edit(first.remote_id, MESSAGE.with_text("X"), key="edit", deadline=AMPLE)
        assert owner.record(first.remote_id)["value"]["text"] == "Von jemand anderem"

    def test_a_deletion_is_done_once_and_may_be_repeated(self, owner: Owner) -> None:
        first = send(owner)
        client = CHANNEL.client(owner.connected())
        for _ in range(2):
            receipt = client.delete(first.remote_id, key="delete", deadline=AMPLE)
            assert receipt.remote_id == first.remote_id
        assert owner.records() == []
        with pytest.raises(Rejected, match="no longer on Bluesky"):
            client.edit(first.remote_id, MESSAGE, key="edit", deadline=AMPLE)

    def test_another_accounts_post_is_left_alone(self, owner: Owner, pds: Server) -> None:
        first = send(owner)
        other = CHANNEL.client(pds.account().connected())
        with pytest.raises(Rejected, match="another Bluesky account"):
            other.delete(first.remote_id, key="delete", deadline=AMPLE)
        assert len(owner.records()) == 1


class TestSessions:
    def test_one_is_kept_from_post_to_post(self, owner: Owner, proxy: Proxy) -> None:
        kept = Kept(owner, proxy.url)
        for number in range(3):
            client = CHANNEL.client(kept.account())
            client.send(MESSAGE, key=f"key-{number}", deadline=AMPLE)
        assert proxy.names == [
            "com.atproto.server.createSession",
            *["com.atproto.repo.putRecord"] * 3,
        ]

    def test_one_that_is_over_is_renewed(self, owner: Owner, proxy: Proxy) -> None:
        kept = Kept(owner, proxy.url)
        CHANNEL.client(kept.account()).send(MESSAGE, key="key-1", deadline=AMPLE)
        before = json.loads(kept.settings["session"])
        ruined = {**before, "accessJwt": before["accessJwt"][:-4] + "AAAA"}
        kept.settings = {**kept.settings, "session": json.dumps(ruined)}
        proxy.names.clear()
        CHANNEL.client(kept.account()).send(MESSAGE, key="key-2", deadline=AMPLE)
        after = json.loads(kept.settings["session"])
        assert proxy.names == [
            "com.atproto.repo.putRecord",
            "com.atproto.server.refreshSession",
            "com.atproto.repo.putRecord",
        ]
        assert after["refreshJwt"] != before["refreshJwt"]
        assert len(owner.records()) == 2

    def test_one_that_was_ended_is_begun_anew(self, owner: Owner, proxy: Proxy) -> None:
        kept = Kept(owner, proxy.url)
        CHANNEL.client(kept.account()).send(MESSAGE, key="key-1", deadline=AMPLE)
        session = json.loads(kept.settings["session"])
        ended = owner.server.call("POST", "com.atproto.server.deleteSession", session["refreshJwt"])
        assert ended.ok
        ruined = {**session, "accessJwt": session["accessJwt"][:-4] + "AAAA"}
        kept.settings = {**kept.settings, "session": json.dumps(ruined)}
        CHANNEL.client(kept.account()).send(MESSAGE, key="key-2", deadline=AMPLE)
        assert len(owner.records()) == 2

    def test_a_new_password_leaves_the_old_session_aside(self, owner: Owner) -> None:
        kept = Kept(owner)
        CHANNEL.client(kept.account()).send(MESSAGE, key="key-1", deadline=AMPLE)
        kept.settings = {**kept.settings, "app_password": "falsch"}
        with pytest.raises(Unauthorised):
            CHANNEL.client(kept.account()).send(MESSAGE, key="key-2", deadline=AMPLE)

    def test_a_wrong_password(self, owner: Owner) -> None:
        with pytest.raises(Unauthorised, match="app password") as refused:
            send(owner, app_password="falsch-1234")
        assert "falsch-1234" not in refused.value.answer
        assert owner.records() == []

    def test_a_password_that_was_revoked(self, owner: Owner) -> None:
        revoke = {"name": "syndicator"}
        assert owner.call("POST", "com.atproto.server.revokeAppPassword", json=revoke).ok
        with pytest.raises(Unauthorised):
            send(owner)

    def test_an_account_that_is_switched_off(self, owner: Owner) -> None:
        kept = Kept(owner)
        CHANNEL.client(kept.account()).send(MESSAGE, key="key-1", deadline=AMPLE)
        assert owner.call("POST", "com.atproto.server.deactivateAccount", json={}).ok
        client = CHANNEL.client(kept.account())
        with pytest.raises(Unauthorised, match="switched off"):
            client.send(MESSAGE, key="key-2", deadline=AMPLE)
        with pytest.raises(Unauthorised, match="switched off"):
            client.check(deadline=AMPLE)


class TestTheAccount:
    def test_its_name_and_picture(self, owner: Owner) -> None:
        client = CHANNEL.client(owner.connected())
        bare = client.check(deadline=AMPLE)
        assert (bare.name, bare.picture, bare.missing) == (owner.handle, b"", ())
        assert bare.url == f"https://bsky.app/profile/{owner.handle}"
        content = PICTURES[png(8, 8)]
        headers = {"Authorization": f"Bearer {owner.token}", "Content-Type": "image/png"}
        import requests

        blob = requests.post(
            f"{owner.server.url}/xrpc/com.atproto.repo.uploadBlob",
            data=content,
            headers=headers,
            timeout=20,
        ).json()["blob"]
        profile = {
            "$type": "app.bsky.actor.profile",
            "displayName": "Morgenblatt",
            "avatar": blob,
        }
        body = {
            "repo": owner.did,
            "collection": "app.bsky.actor.profile",
            "rkey": "self",
            "record": profile,
        }
        assert owner.call("POST", "com.atproto.repo.putRecord", json=body).ok
        known = client.check(deadline=AMPLE)
        assert (known.name, known.picture) == ("Morgenblatt", content)


class TestTooMuch:
    def test_pictures(self, owner: Owner) -> None:
        huge = png(10, 10, "Groß", padding=6 * 1024 * 1024)
        large = png(10, 10, "Groß", padding=2_000_000)
        whole = png(10, 10, "Gerade noch", padding=2_000_000 - 1000)
        for picture in (huge, large):
            message = Message(f"Bild {PERMALINK}", PERMALINK, pictures=(picture,))
            assert len(CHANNEL.problems(message)) == 1
            with pytest.raises(Rejected):
                send(owner, message)
        message = Message(f"Bild {PERMALINK}", PERMALINK, pictures=(whole,))
        assert CHANNEL.problems(message) == []
        send(owner, message)
        assert len(owner.records()) == 1

    def test_thumbs(self, owner: Owner) -> None:
        for padding, problems in ((999_000, 0), (1_000_000, 1)):
            thumb = png(10, 10, padding=padding)
            message = replace(MESSAGE, card=Card("Titel", "", thumb))
            assert len(CHANNEL.problems(message)) == problems
        with pytest.raises(Rejected):
            send(owner, message)

    @pytest.mark.parametrize(
        "piece", ["ä", "👩‍👩‍👧‍👦", "🏳️‍🌈", "e\u0301\u0323", "\r\n", "क्षि", "각", "🇩🇪", "a\u200d"]
    )
    def test_the_longest_text_is_taken_and_no_longer(self, owner: Owner, piece: str) -> None:
        times = 0
        while CHANNEL.length("." + piece * (times + 1) + ".") <= MOST_GRAPHEMES:
            times += 1
        for text, fits in (("." + piece * times + ".", True), ("." + piece * 301 + ".", False)):
            message = replace(MESSAGE, text=text)
            assert (CHANNEL.problems(message) == []) is fits
            if fits:
                stored = owner.record(send(owner, message, key=text).remote_id)
                assert stored["value"]["text"] == text.replace("\r\n", "\n")
            else:
                with pytest.raises(Rejected, match="Bluesky refused the post"):
                    send(owner, message, key=text)


@pytest.mark.parametrize(
    "permalink",
    [
        "https://zeitung.example/ä/ö?x=ü#ß",
        "https://müller.example/live#a",
        "https://zeitung.example/a_(b)",
        "https://zeitung.example/live!",
        "https://zeitung.example/live#!/eintrag/7?utm_source=a&b=c%20d",
        "http://127.0.0.1:8000/live#1",
        "https://zeitung.example/" + "a" * 1500,
    ],
)
def test_permalinks_arrive_exactly(owner: Owner, permalink: str) -> None:
    card = Message("Text", permalink, link=permalink, card=Card("Titel"))
    image = Message(f"Text {permalink}", permalink, pictures=(png(9, 9, "x"),))
    assert CHANNEL.problems(card) == CHANNEL.problems(image) == []
    value = owner.record(send(owner, card, key="card").remote_id)["value"]
    assert value["embed"]["external"]["uri"] == permalink
    value = owner.record(send(owner, image, key="image").remote_id)["value"]
    assert [uri for _, uri in slices(value)] == [permalink]


class TestLimits:
    def test_too_many_logins(self, limited_pds: Server) -> None:
        owner = limited_pds.account()
        for number in range(30):
            send(owner, key=f"key-{number}")
        with pytest.raises(TryLater) as refused:
            send(owner, key="key-30")
        assert len(owner.records()) == 30
        assert refused.value.retry_after is not None
        assert timedelta(0) < refused.value.retry_after <= timedelta(minutes=5, seconds=2)

    def test_the_headers_are_understood(self, limited_pds: Server) -> None:
        owner = limited_pds.account()
        kept = Kept(owner)
        receipt = CHANNEL.client(kept.account()).send(MESSAGE, key="key-1", deadline=AMPLE)
        assert receipt.wait == timedelta(0)


def test_every_channel_setting_is_named() -> None:
    channel: Channel = CHANNEL
    assert [(one.name, one.secret, one.required, one.kept) for one in channel.settings] == [
        ("handle", False, True, False),
        ("app_password", True, True, False),
        ("session", True, False, True),
    ]
