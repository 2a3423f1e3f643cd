"""The platform behind the tests: the channel's sandbox, or a few lines of its author's."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol
from urllib.parse import urlsplit

from syndicator.channels.sandbox.base import PlatformFactory, on_account
from syndicator.channels.sandbox.server import SandboxServer

#: Set by the tests' own server, or of one connection only (RFC 9110, 7.6.1).
_OF_THE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length"}

#: How many times the platform's own a sandbox's limits are: the tests send hundreds of posts.
_GENEROSITY = 100_000


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sent. *target* is the path with its query; header names are lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a platform answers; Content-Length and Connection are added."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, status: int, said: Any, headers: Mapping[str, str] | None = None) -> Answer:
        fields = {"Content-Type": "application/json", **(headers or {})}
        return cls(status, json.dumps(said).encode(), fields)


class Platform(Protocol):
    """A server that behaves well: it accepts what is right and refuses what is not.

    One is made for each test. Several threads may ask it, one after another. If it has a method
    ``close``, that is called at the end.
    """

    def answer(self, request: Request) -> Answer: ...

    def posts(self) -> Sequence[str]:
        """The texts that readers of the account see now."""


class SandboxedPlatform:
    """A sandbox of `syndicator.channels.sandbox` as that platform.

    *prefix* is what its paths begin with: an account's `base_url` ends with it.
    """

    def __init__(self, make: PlatformFactory) -> None:
        self._folder = TemporaryDirectory()
        generous = on_account(make, 1, generosity=_GENEROSITY)
        self._server = SandboxServer(Path(self._folder.name), [generous])
        self._server.start()
        [self._platform] = self._server.platforms
        self.prefix = self._platform.prefix
        address = urlsplit(self._server.http_url)
        self._connect: Callable[[], HTTPConnection] = lambda: HTTPConnection(
            str(address.hostname), address.port or 80, timeout=30
        )

    def answer(self, request: Request) -> Answer:
        connection = self._connect()
        try:
            connection.putrequest(
                request.method, request.target, skip_host=True, skip_accept_encoding=True
            )
            for name, value in request.headers.items():
                if name not in _OF_THE_CONNECTION:
                    connection.putheader(name, value)
            connection.putheader("Connection", "close")
            connection.putheader("Content-Length", str(len(request.body)))
            connection.endheaders(request.body)
            said = connection.getresponse()
            headers = {
                name: value
                for name, value in said.getheaders()
                if name.lower() not in _OF_THE_CONNECTION
            }
            return Answer(said.status, said.read(), headers)
        finally:
            connection.close()

    def posts(self) -> Sequence[str]:
        return [post.text for post in self._server.store.posts(self._platform.name)]

    def close(self) -> None:
        self._server.stop()
        self._folder.cleanup()
