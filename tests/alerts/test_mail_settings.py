"""What ``SYNDICATOR_MAIL_URL`` and its like may hold."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config import environment
from config.environment import MisconfiguredEnvironment


@pytest.fixture(autouse=True)
def _sender(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNDICATOR_MAIL_FROM", "Desk <desk@paper.example>")


@pytest.mark.parametrize(
    ("url", "host", "port", "starttls", "tls"),
    [
        ("smtp://mail.paper.example", "mail.paper.example", 25, False, False),
        ("smtp://mail.paper.example:2525/", "mail.paper.example", 2525, False, False),
        ("smtp://u:p@mail.paper.example:587", "mail.paper.example", 587, True, False),
        ("smtp://u:p@127.0.0.1", "127.0.0.1", 25, False, False),
        ("smtp://u:p@[::1]:26", "::1", 26, False, False),
        ("smtp+starttls://mail.paper.example", "mail.paper.example", 587, True, False),
        ("smtps://u:p@mail.paper.example", "mail.paper.example", 465, False, True),
    ],
)
def test_urls(
    monkeypatch: pytest.MonkeyPatch, url: str, host: str, port: int, starttls: bool, tls: bool
) -> None:
    monkeypatch.setenv("SYNDICATOR_MAIL_URL", url)
    server = environment.mail_server()
    assert server
    assert (server.host, server.port, server.starttls, server.tls) == (host, port, starttls, tls)
    assert server.sender == "Desk <desk@paper.example>"


def test_no_url_is_no_server() -> None:
    assert environment.mail_server() is None


def test_user_and_password_are_unquoted_and_the_password_is_in_no_repr(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SYNDICATOR_MAIL_URL", "smtps://desk%40paper:s%2Fe%3Acret@mx.example")
    server = environment.mail_server()
    assert server
    assert (server.username, server.password) == ("desk@paper", "s/e:cret")
    assert "s/e:cret" not in repr(server)


@pytest.mark.parametrize(
    "url",
    [
        "mail.paper.example",
        "https://u:hush@mail.paper.example",
        "smtp://",
        "smtp://u:hush/x@mail.paper.example",
        "smtp://u:1#hush@mail.paper.example",
        "smtp://u:1?hush@mail.paper.example",
        "smtp://u:hush@mail.paper.example:port",
        "smtp://u:hush@mail.paper.example/inbox",
        "smtp://:hush@mail.paper.example",
        "smtp://hush@mail.paper.example",
        "smtp://u:hüsh@mail.paper.example",
        "smtp://u:hush@[mail",
    ],
)
def test_what_cannot_be_used_is_said_without_the_password(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("SYNDICATOR_MAIL_URL", url)
    with pytest.raises(MisconfiguredEnvironment, match="SYNDICATOR_MAIL_URL") as caught:
        environment.mail_server()
    assert "hush" not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("sender", ["", "desk", "Desk <desk>"])
def test_a_server_needs_a_sender(monkeypatch: pytest.MonkeyPatch, sender: str) -> None:
    monkeypatch.setenv("SYNDICATOR_MAIL_URL", "smtp://mail.paper.example")
    monkeypatch.setenv("SYNDICATOR_MAIL_FROM", sender)
    with pytest.raises(MisconfiguredEnvironment, match="SYNDICATOR_MAIL_FROM"):
        environment.mail_server()


def test_addresses_and_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNDICATOR_ALERT_ADDRESSES", "a@paper.example, b@paper.example,")
    assert environment.alert_addresses() == ["a@paper.example", "b@paper.example"]
    monkeypatch.setenv("SYNDICATOR_ALERT_ADDRESSES", "a@paper.example, b")
    with pytest.raises(MisconfiguredEnvironment, match="SYNDICATOR_ALERT_ADDRESSES"):
        environment.alert_addresses()
    assert environment.alert_language(["en", "de"]) == "en"
    monkeypatch.setenv("SYNDICATOR_ALERT_LANGUAGE", "fr")
    with pytest.raises(MisconfiguredEnvironment, match="SYNDICATOR_ALERT_LANGUAGE"):
        environment.alert_language(["en", "de"])


SAY = """
from django.conf import settings as s
print(s.EMAIL_HOST, s.EMAIL_PORT, s.EMAIL_HOST_USER, s.EMAIL_HOST_PASSWORD, s.EMAIL_USE_TLS)
print(s.EMAIL_USE_SSL, s.EMAIL_TIMEOUT, s.DEFAULT_FROM_EMAIL, s.ALERT_ADDRESSES, s.ALERT_LANGUAGE)
"""


def test_the_settings_take_it_over(tmp_path: Path) -> None:
    said = subprocess.run(
        [
            sys.executable,
            "-c",
            SAY,
        ],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "SYNDICATOR_DATA": str(tmp_path),
            "SYNDICATOR_MAIL_URL": "smtp://u:p@mx.example:587",
            "SYNDICATOR_MAIL_FROM": "desk@paper.example",
            "SYNDICATOR_ALERT_ADDRESSES": "a@paper.example",
            "SYNDICATOR_ALERT_LANGUAGE": "de",
        },
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said.split() == [
        *("mx.example", "587", "u", "p", "True", "False"),
        *("10", "desk@paper.example", "['a@paper.example']", "de"),
    ]
