"""The same calls to the real server and to our sandbox: the same answers, word for word."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from syndicator.channels.bluesky import sandbox as bluesky
from syndicator.channels.sandbox.server import SandboxServer
from syndicator.channels.sandboxes import start_all
from tests.pds.conftest import Server

pytestmark = pytest.mark.pds

PNG = b"\x89PNG\r\n\x1a\n"
KEY = "3jzfcijpj2z2a"
OTHER_KEY = "3jzfcijpj2z2b"
ABSENT_CID = "bafyreico6tlyobrtgc5oa4tmi3v5tkq3da5rbp76pda3n3zfhlu2e2k4je"
ABSENT_BLOB = "bafkreico6tlyobrtgc5oa4tmi3v5tkq3da5rbp76pda3n3zfhlu2e2k4je"
POST = {
    "$type": "app.bsky.feed.post",
    "text": "Größe 👩‍👩‍👧‍👦",
    "createdAt": "2026-05-03T12:00:00.000Z",
}


class Side:
    """One of both servers, and an account on it."""

    def __init__(self, url: str, did: str, handle: str, password: str) -> None:
        self.url, self.did, self.handle, self.password = url, did, handle, password
        self.token = self.refresh = ""

    def call(
        self, method: str, name: str, token: str | None = None, **what: Any
    ) -> tuple[int, Any]:
        bearer = self.token if token is None else token
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        answer = requests.request(
            method,
            f"{self.url}/xrpc/{name}",
            headers={**headers, **what.pop("headers", {})},
            timeout=20,
            **what,
        )
        return answer.status_code, self.plain(answer.json() if answer.content else {})

    def plain(self, said: Any) -> Any:
        """*said* without what cannot be the same."""
        match said:
            case dict():
                left_out = ("commit", "email", "emailConfirmed", "didDoc", "cursor")
                return {k: self.plain(v) for k, v in said.items() if k not in left_out}
            case list():
                return [self.plain(one) for one in said]
            case str():
                said = said.replace(self.did, "did:plc:ours").replace(self.handle, "handle")
                return re.sub(r"^eyJ[\w.-]+$", "a token", said)
        return said

    def put(self, record: Any, rkey: str = KEY, **more: Any) -> tuple[int, Any]:
        body = {"repo": self.did, "collection": "app.bsky.feed.post", "rkey": rkey}
        body |= {"record": record, **more}
        return self.call("POST", "com.atproto.repo.putRecord", json=body)

    def upload(self, content: bytes, kind: str = "image/png") -> tuple[int, Any]:
        headers = {"Content-Type": kind} if kind else {}
        return self.call("POST", "com.atproto.repo.uploadBlob", data=content, headers=headers)

    def log_in(self) -> None:
        body = {"identifier": self.handle, "password": self.password}
        answer = requests.post(
            f"{self.url}/xrpc/com.atproto.server.createSession", json=body, timeout=20
        ).json()
        self.token, self.refresh = answer["accessJwt"], answer["refreshJwt"]


@pytest.fixture(scope="module")
def sandbox_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    server = start_all(tmp_path_factory.mktemp("sandbox"), accounts=len(CASES))
    yield server
    server.stop()


@pytest.fixture
def both(
    pds: Server, sandbox_server: SandboxServer, request: pytest.FixtureRequest
) -> tuple[Side, Side]:
    owner = pds.account()
    number = CASES.index(request.node.callspec.params["case"]) + 1
    account = "bluesky" if number == 1 else f"bluesky-{number}"
    ours = bluesky.SANDBOX_CREDENTIALS
    sides = (
        Side(pds.url, owner.did, owner.handle, owner.app_password),
        Side(
            f"{sandbox_server.http_url}/{account}",
            bluesky.DID,
            ours["handle"],
            ours["app_password"],
        ),
    )
    for side in sides:
        side.log_in()
    return sides


def external(**fields: Any) -> dict[str, Any]:
    card = {"uri": "https://zeitung.example/1", "title": "T", "description": "", **fields}
    return {**POST, "embed": {"$type": "app.bsky.embed.external", "external": card}}


def images(*shown: Any) -> dict[str, Any]:
    return {**POST, "embed": {"$type": "app.bsky.embed.images", "images": list(shown)}}


def facet(feature: Any, **index: Any) -> dict[str, Any]:
    index = index or {"byteStart": 0, "byteEnd": 3}
    return {**POST, "facets": [{"index": index, "features": [feature]}]}


def kind(name: str, **fields: Any) -> dict[str, Any]:
    return {"$type": f"app.bsky.richtext.facet#{name}", **fields}


def put_once_and_again(side: Side) -> list[Any]:
    edited = {**POST, "text": "Neu"}
    first = side.put(POST, swapRecord=None)
    return [
        first,
        side.put(POST),
        side.put(POST, swapRecord=None),
        side.put(edited, swapRecord=None),
        side.put(edited, swapRecord=ABSENT_CID),
        side.put(edited, swapRecord="bafy"),
        side.put(edited, swapRecord=first[1]["cid"]),
        side.put(POST, rkey=OTHER_KEY, swapRecord=ABSENT_CID),
    ]


def read_and_delete(side: Side) -> list[Any]:
    named = {"repo": side.did, "collection": "app.bsky.feed.post", "rkey": KEY}

    def read(**asked: Any) -> tuple[int, Any]:
        return side.call("GET", "com.atproto.repo.getRecord", "", params=asked)

    def remove() -> tuple[int, Any]:
        return side.call("POST", "com.atproto.repo.deleteRecord", json=named)

    listed = {"repo": side.did, "collection": "app.bsky.feed.post"}
    return [
        read(**named),
        side.put(POST),
        side.put({**POST, "text": "2"}, rkey=OTHER_KEY),
        read(**named),
        read(**{**named, "repo": side.handle}),
        read(**{**named, "repo": "niemand.test"}),
        read(repo=side.did),
        side.call("GET", "com.atproto.repo.listRecords", "", params=listed),
        side.call("GET", "com.atproto.repo.listRecords", "", params={**listed, "limit": 1}),
        remove(),
        remove(),
        read(**named),
        side.put(POST, swapRecord=None),
        read(**named),
    ]


def refused_records(side: Side) -> list[Any]:
    wrong: list[Any] = [
        {**POST, "text": "a" * 301},
        {**POST, "text": "e\u0301" * 1001},
        {**POST, "text": "👩‍👩‍👧‍👦" * 121},
        {**POST, "createdAt": "gestern"},
        {**POST, "createdAt": "2026"},
        {**POST, "langs": ["!!"]},
        {**POST, "langs": ["de", "en", "fr", "es"]},
        {**POST, "$type": "x.y.z"},
        {name: value for name, value in POST.items() if name != "text"},
        {name: value for name, value in POST.items() if name != "createdAt"},
        facet(kind("link", uri="kein uri")),
        facet(kind("tag", tag="a" * 65)),
        facet(kind("mention", did="x")),
        facet(kind("tag", tag="a"), byteStart=0, byteEnd=-1),
        facet(kind("tag", tag="a"), byteStart=0),
        external(uri="kein uri"),
        {**POST, "embed": {"$type": "app.bsky.embed.external", "external": {"uri": "https://x.y"}}},
        external(thumb={"$link": "x"}),
    ]
    return [side.put(record) for record in wrong]


def accepted_records(side: Side) -> list[Any]:
    right: list[Any] = [
        POST,
        {**POST, "text": "👩‍👩‍👧‍👦" * 120},
        {**POST, "text": ""},
        {**POST, "langs": ["de-AT", "en"]},
        {**POST, "createdAt": "2026-05-03T12:00:00+02:00"},
        facet(kind("link", uri="https://müller.example/ä#b"), byteStart=0, byteEnd=9999),
        facet(kind("tag", tag="ä" * 64)),
        external(),
        external(uri="https://zeitung.example/" + "a" * 2000, title="", description="ö" * 3000),
    ]
    return [
        side.put(record, swapRecord=None, rkey=KEY[:-1] + chr(97 + i))
        for i, record in enumerate(right)
    ]


def pictures(side: Side) -> list[Any]:
    small = side.upload(PNG + b"x" * 100)
    large = side.upload(PNG + b"x" * 2_100_000)
    text = side.upload(b"hallo welt", "text/plain")
    blob, thumb = small[1]["blob"], large[1]["blob"]
    image = {"image": blob, "alt": "Ein Bild"}
    shaped = {**image, "aspectRatio": {"width": 3, "height": 2}}
    absent = {
        **blob,
        "ref": {"$link": ABSENT_BLOB},
    }
    return [
        small,
        large,
        text,
        side.upload(b"x" * (6 * 1024 * 1024)),
        side.upload(b"hallo", ""),
        side.put(images(shaped, *[image] * 3)),
        side.put(external(thumb=blob), rkey=OTHER_KEY),
        side.put(images(*[image] * 5)),
        side.put(images({**image, "image": thumb})),
        side.put(external(thumb=thumb)),
        side.put(images({**image, "image": absent})),
        side.put(images({**image, "image": {"$link": "x"}})),
        side.put(images({**image, "image": text[1]["blob"]})),
        side.put(images({"image": blob})),
        side.put(images({**image, "aspectRatio": {"width": 0, "height": 1}})),
    ]


def writes_that_are_wrong(side: Side) -> list[Any]:
    named = {"repo": side.did, "collection": "app.bsky.feed.post", "rkey": KEY, "record": POST}
    put = "com.atproto.repo.putRecord"
    return [
        side.put(POST, rkey="hallo"),
        side.put(POST, rkey="zaaaaaaaaaaaa"),
        side.call("POST", put, "", json=named),
        side.call("POST", put, side.token[:-4] + "AAAA", json=named),
        side.call("POST", put, side.refresh, json=named),
        side.call("POST", put, json={}),
        side.call("POST", put, json={**named, "repo": "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"}),
        side.call("GET", "com.atproto.repo.getNothing"),
    ]


def sessions(side: Side) -> list[Any]:
    login, renew = "com.atproto.server.createSession", "com.atproto.server.refreshSession"
    end = "com.atproto.server.deleteSession"

    def log_in(**body: Any) -> tuple[int, Any]:
        return side.call("POST", login, "", json=body)

    return [
        log_in(identifier=side.handle, password=side.password),
        log_in(identifier=side.did, password=side.password),
        log_in(identifier=side.handle.upper(), password=side.password),
        log_in(identifier=side.handle, password="falsch"),
        log_in(identifier="niemand.test", password=side.password),
        log_in(identifier=side.handle),
        side.call("GET", "com.atproto.server.getSession"),
        side.call("GET", "com.atproto.server.getSession", ""),
        side.call("GET", "com.atproto.server.getSession", "x"),
        side.call("POST", renew, side.refresh),
        side.call("POST", renew, side.refresh),
        side.call("POST", renew, side.token),
        side.call("POST", renew, ""),
        side.call("POST", end, side.refresh),
        side.call("POST", renew, side.refresh),
    ]


CASES = [
    put_once_and_again,
    read_and_delete,
    refused_records,
    accepted_records,
    pictures,
    writes_that_are_wrong,
    sessions,
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_alike(both: tuple[Side, Side], case: Callable[[Side], list[Any]]) -> None:
    real, ours = both
    for expected, found in zip(case(real), case(ours), strict=True):
        assert found == expected
