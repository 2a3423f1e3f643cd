"""The real Bluesky server, with accounts on it, and a proxy before it that can lose answers."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from syndicator.channels.base import Account, Exchange
from syndicator.content import Picture

HERE = Path(__file__).parent
TIMEOUT = 20


@dataclass
class Server:
    """A running PDS; `account` makes one on it."""

    url: str
    _names: Iterator[int] = field(default_factory=lambda: count(1))

    def call(self, method: str, name: str, token: str = "", **what: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = f"{self.url}/xrpc/{name}"
        return requests.request(method, url, headers=headers, timeout=TIMEOUT, **what)

    def account(self) -> Owner:
        handle = f"redaktion{next(self._names)}.test"
        made = self.call(
            "POST",
            "com.atproto.server.createAccount",
            json={"handle": handle, "email": f"{handle}@example.org", "password": "haupt-passwort"},
        ).json()
        given = self.call(
            "POST",
            "com.atproto.server.createAppPassword",
            made["accessJwt"],
            json={"name": "syndicator"},
        ).json()
        return Owner(self, handle, made["did"], made["accessJwt"], given["password"])


@dataclass
class Owner:
    """An account as its owner sees it, apart from our client."""

    server: Server
    handle: str
    did: str
    token: str
    app_password: str

    def call(self, method: str, name: str, **what: Any) -> requests.Response:
        return self.server.call(method, name, self.token, **what)

    def record(self, uri: str) -> dict[str, Any]:
        repo, collection, rkey = uri.removeprefix("at://").split("/")
        asked = {"repo": repo, "collection": collection, "rkey": rkey}
        answer = self.server.call("GET", "com.atproto.repo.getRecord", params=asked)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def records(self) -> list[dict[str, Any]]:
        asked = {"repo": self.did, "collection": "app.bsky.feed.post"}
        answer = self.server.call("GET", "com.atproto.repo.listRecords", params=asked)
        found: list[dict[str, Any]] = answer.json()["records"]
        return found

    def latest_commit(self) -> dict[str, str]:
        asked = {"did": self.did}
        answer = self.server.call("GET", "com.atproto.sync.getLatestCommit", params=asked)
        found: dict[str, str] = answer.json()
        return found

    def blob(self, cid: str) -> bytes:
        asked = {"did": self.did, "cid": cid}
        return self.server.call("GET", "com.atproto.sync.getBlob", params=asked).content

    def settings(self) -> dict[str, str]:
        return {"handle": self.handle, "app_password": self.app_password}

    def connected(self, url: str = "", **settings: str) -> Account:
        """As a destination that cannot keep a session."""
        return Account(
            url or self.server.url,
            {**self.settings(), **settings},
            allow_private_addresses=True,
            open_picture=PICTURES.__getitem__,
        )


class Kept:
    """A destination whose settings are kept, as the database does."""

    def __init__(self, owner: Owner, url: str = "", **settings: str) -> None:
        self.settings: Mapping[str, str] = {**owner.settings(), **settings}
        self._url = url or owner.server.url
        self._lock = threading.Lock()

    def account(self) -> Account:
        known = dict(self.settings)

        def renew(exchange: Exchange) -> Mapping[str, str]:
            with self._lock:
                if dict(self.settings) == known:
                    self.settings = exchange(known)
                return self.settings

        return Account(
            self._url,
            known,
            allow_private_addresses=True,
            open_picture=PICTURES.__getitem__,
            renew=renew,
        )


#: What is stored of the pictures that the tests post.
PICTURES: dict[Picture, bytes] = {}


@pytest.fixture(scope="session")
def installed() -> Path:
    folder = Path(os.environ.get("SYNDICATOR_TEST_PDS", ".pds")).resolve()
    if not (folder / "ready").exists():
        pytest.skip("the Bluesky server is not installed: make pds")
    return folder


def run(installed: Path, data: Path, *options: str) -> Iterator[Server]:
    command = [installed / "venv/bin/node", HERE / "server.mjs", data, *options]
    process = subprocess.Popen(
        command,
        cwd=installed / "node",
        env={"PATH": os.defpath, "LOG_ENABLED": "0"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    with process.stdin, process.stdout:
        yield Server(json.loads(process.stdout.readline())["url"])
    assert process.wait(TIMEOUT) == 0


@pytest.fixture(scope="session")
def pds(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from run(installed, tmp_path_factory.mktemp("pds"))


@pytest.fixture(scope="session")
def limited_pds(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that keeps to Bluesky's limits."""
    yield from run(installed, tmp_path_factory.mktemp("limited"), "--limits")


@pytest.fixture
def owner(pds: Server) -> Owner:
    return pds.account()


@dataclass
class Proxy:
    """Passes calls on. *before* is run before each is; answers to *lost* are not passed back."""

    url: str
    names: list[str] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)
    before: Callable[[str], None] = lambda name: None


@pytest.fixture
def proxy(pds: Server) -> Iterator[Proxy]:
    target = urlsplit(pds.url).netloc

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            name = urlsplit(self.path).path.rpartition("/")[2]
            passing.names.append(name)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            passing.before(name)
            onward = http.client.HTTPConnection(target, timeout=TIMEOUT)
            headers = {**self.headers, "Host": target}
            onward.request(self.command, self.path, body or None, headers)
            answer = onward.getresponse()
            content = answer.read()
            onward.close()
            if name in passing.lost:
                self.close_connection = True
                return
            self.send_response(answer.status)
            for header, value in answer.getheaders():
                if header.lower() not in ("transfer-encoding", "content-length", "connection"):
                    self.send_header(header, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST  # noqa: N815 - the base class looks for this name

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        passing = Proxy(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield passing
        server.shutdown()
        thread.join()
