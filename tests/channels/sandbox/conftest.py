"""Sessions signed in to the platforms of a test's sandbox."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from requests_oauthlib import OAuth1

from syndicator.channels.facebook import sandbox as facebook_sandbox
from syndicator.channels.sandbox.server import SandboxServer
from syndicator.channels.x import sandbox as x_sandbox

TIMEOUT = 10


class RootedSession(requests.Session):
    """A session whose URLs are paths below *root*."""

    def __init__(self, root: str) -> None:
        super().__init__()
        self.root = root

    def request(  # type: ignore[override]
        self, method: str, url: str, **options: Any
    ) -> requests.Response:
        options.setdefault("timeout", TIMEOUT)
        return super().request(method, self.root + url, **options)


def x_signature() -> OAuth1:
    account = x_sandbox.SANDBOX_CREDENTIALS
    return OAuth1(
        account["consumer_key"],
        account["consumer_secret"],
        account["access_token"],
        account["access_token_secret"],
    )


@pytest.fixture
def web(sandbox: SandboxServer) -> Iterator[requests.Session]:
    """A browser without any account."""
    with RootedSession(sandbox.http_url) as session:
        yield session


@pytest.fixture
def x(sandbox: SandboxServer) -> Iterator[requests.Session]:
    """The X API's root, every request signed with OAuth 1.0a."""
    with RootedSession(f"{sandbox.http_url}/x") as session:
        session.auth = x_signature()
        yield session


@pytest.fixture
def facebook(sandbox: SandboxServer) -> Iterator[requests.Session]:
    """The Graph API's version root, every request with the Page's token."""
    token = facebook_sandbox.SANDBOX_CREDENTIALS["page_access_token"]
    with RootedSession(f"{sandbox.http_url}/facebook/v26.0") as session:
        session.headers["Authorization"] = f"Bearer {token}"
        yield session


@pytest.fixture
def smtp(sandbox: SandboxServer) -> Iterator[smtplib.SMTP]:
    client = smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=TIMEOUT)
    yield client
    client.close()
