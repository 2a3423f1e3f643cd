"""A whole sandbox on free ports, fresh for each test, and callers as a client would be one."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from requests_oauthlib import OAuth1

from syndicator.channels.facebook.sandbox import SANDBOX_CREDENTIALS as FACEBOOK_ACCOUNT
from syndicator.channels.sandbox.server import SandboxServer
from syndicator.channels.sandboxes import start_all
from syndicator.channels.x.sandbox import SANDBOX_CREDENTIALS as X_ACCOUNT
from syndicator.channels.x.sandbox import USER_ID

TIMEOUT = 10


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxServer]:
    server = start_all(tmp_path / "sandbox")
    yield server
    server.stop()


@dataclass
class XCaller:
    """Speaks to the X sandbox at *root* with a properly signed request each time."""

    root: str
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.session.auth = OAuth1(
            X_ACCOUNT["consumer_key"],
            X_ACCOUNT["consumer_secret"],
            X_ACCOUNT["access_token"],
            X_ACCOUNT["access_token_secret"],
        )

    def post(self, text: str, **more: Any) -> requests.Response:
        return self.session.post(
            f"{self.root}/2/tweets", json={"text": text, **more}, timeout=TIMEOUT
        )

    def timeline(self, **query: str | int) -> requests.Response:
        return self.session.get(
            f"{self.root}/2/users/{USER_ID}/tweets", params=query, timeout=TIMEOUT
        )

    def delete(self, tweet: str) -> requests.Response:
        return self.session.delete(f"{self.root}/2/tweets/{tweet}", timeout=TIMEOUT)


@dataclass
class FacebookCaller:
    """Speaks to the Facebook sandbox at *root* with the Page's token in the body or query."""

    root: str
    token: str = FACEBOOK_ACCOUNT["page_access_token"]
    page: str = FACEBOOK_ACCOUNT["page_id"]
    session: requests.Session = field(default_factory=requests.Session)

    def post(self, message: str, **more: str) -> requests.Response:
        fields = {"message": message, "access_token": self.token, **more}
        return self.session.post(self.url(f"{self.page}/feed"), data=fields, timeout=TIMEOUT)

    def published(self, **query: str | int) -> requests.Response:
        return self.get(f"{self.page}/published_posts", **query)

    def get(self, path: str, **query: str | int) -> requests.Response:
        fields = {"access_token": self.token, **query}
        return self.session.get(self.url(path), params=fields, timeout=TIMEOUT)

    def url(self, path: str) -> str:
        return f"{self.root}/v26.0/{path}"


@pytest.fixture
def x(sandbox: SandboxServer) -> Iterator[XCaller]:
    caller = XCaller(f"{sandbox.http_url}/x")
    with caller.session:
        yield caller


@pytest.fixture
def facebook(sandbox: SandboxServer) -> Iterator[FacebookCaller]:
    caller = FacebookCaller(f"{sandbox.http_url}/facebook")
    with caller.session:
        yield caller


@pytest.fixture
def smtp(sandbox: SandboxServer) -> Iterator[smtplib.SMTP]:
    client = smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=TIMEOUT)
    yield client
    client.close()
