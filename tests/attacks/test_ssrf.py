"""Nobody gets this machine to ask inside a private network, however the address is spelled.

A server on loopback is the canary: it must never be reached, and is when it may be. There is no
public internet in tests, so a connection to one public address is led to a second server; that,
and the answers of the name service, are all that is not real here.
"""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Address
from typing import Any
from urllib.parse import urlsplit

import pytest

from syndicator.outbound.addresses import is_public
from syndicator.outbound.fetch import FetchRefused, fetch
from tests.attacks.ssrf import (
    addresses,
    carriers,
    private_addresses,
    private_addresses_6,
    spellings,
)
from tests.channels.conftest import Reply, ScriptedServer, answer, serving

SEED = 20261130
PUBLIC = "93.184.216.34"
PUBLIC_6 = "2606:2800:21f:cb07:6820:80da:af6b:8b2c"


@dataclass
class Internet:
    """What a test has of the world: *page* is what answers at public addresses."""

    page: ScriptedServer
    canary: ScriptedServer
    #: Addresses by name, one answer of the name service after the other; the last one stays.
    names: dict[str, list[list[str]]] = field(default_factory=dict)
    called: list[str] = field(default_factory=list)

    @property
    def canary_port(self) -> int:
        return urlsplit(self.canary.url).port or 0

    def resolve(self, host: str) -> list[str] | None:
        answers = self.names.get(host.rstrip(".").lower())
        if not answers:
            return None
        return answers.pop(0) if len(answers) > 1 else answers[0]


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> Iterator[Internet]:
    with serving() as page, serving() as canary:
        world = Internet(page, canary)
        page_at = ("127.0.0.1", urlsplit(page.url).port)
        connect, ask = socket.socket.connect, socket.getaddrinfo

        def led(sock: socket.socket, address: Any) -> None:
            world.called.append(str(address[0]))
            if address[0] == PUBLIC:
                address = page_at
            connect(sock, address)

        def resolve(host: str, port: int, **options: Any) -> Any:
            if (known := world.resolve(host)) is not None:
                return [info for one in known for info in ask(one, port, **options)]
            if host.lower().rstrip(".").endswith(("example.org", "example")):
                raise socket.gaierror(socket.EAI_NONAME, "no such name")
            return ask(host, port, **options)

        monkeypatch.setattr(socket.socket, "connect", led)
        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        yield world


def get(url: str, *, private: bool = False) -> bytes | None:
    """What stands there; None if it is refused, which may be in no other way."""
    try:
        fetched = fetch(url, allow_private_addresses=private, total_time=timedelta(seconds=5))
    except FetchRefused:
        return None
    return fetched.content


def private_urls(port: int, count: int) -> Iterator[str]:
    chance = random.Random(SEED)
    hosts = [
        *(one for ip in private_addresses(chance, count) for one in spellings(ip, chance)),
        *(f"[{one}]" for one in private_addresses_6(chance, 5 * count)),
        *("localhost", "LOCALHOST.", "localhost.localdomain", "ip6-localhost"),
    ]
    for host in hosts:
        yield from addresses(host, port, chance)


def four_byte_spellings(address: str) -> list[str]:
    """Those that need no gateway to IPv6."""
    hosts = spellings(IPv4Address(address), random.Random(SEED))
    return [host for host in hosts if not host.startswith("[")]


def test_no_spelling_of_a_private_address_is_connected_to(internet: Internet) -> None:
    urls = list(private_urls(internet.canary_port, 20))
    assert len(urls) > 1500
    for url in urls:
        assert get(url) is None, url
    assert internet.canary.received == []
    assert internet.called == []


def test_the_canary_is_reached_where_private_addresses_are_allowed(internet: Internet) -> None:
    reached = 0
    for host in four_byte_spellings("127.0.0.1"):
        internet.canary.replies[:] = [answer(200, b"inside")]
        reached += get(f"http://{host}:{internet.canary_port}/", private=True) == b"inside"
    assert reached >= 12
    assert len(internet.canary.received) == reached


def test_public_addresses_in_the_same_spellings_are_fetched(internet: Internet) -> None:
    reached = 0
    for host in four_byte_spellings(PUBLIC):
        internet.page.replies[:] = [answer(200, b"outside")]
        reached += get(f"http://{host}/") == b"outside"
    assert reached >= 12


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_leads_inside(internet: Internet, status: int) -> None:
    chance = random.Random(SEED + status)
    urls = list(private_urls(internet.canary_port, 4))
    for url in chance.sample(urls, 100):
        internet.page.received.clear()
        internet.page.replies[:] = [
            answer(status, b"", {"Location": f"http://{PUBLIC}/next"}),
            redirect(status, url),
            *[answer(404)] * 4,
        ]
        assert get(f"http://{PUBLIC}/") is None, url
        assert len(internet.page.received) >= 2, url
    assert internet.canary.received == []
    assert set(internet.called) == {PUBLIC}


def redirect(status: int, location: str) -> Reply:
    """Whatever is in *location*, line breaks included, as a server with a hole sends it."""
    head = f"HTTP/1.1 {status} Found\r\nLocation: {location}\r\n"
    end = "Content-Length: 0\r\nConnection: close\r\n\r\n"
    return Reply(((head + end).encode(),))


@pytest.mark.parametrize("private", ["127.0.0.1", "10.0.0.1", "::1", "169.254.169.254"])
def test_a_name_is_judged_by_each_of_its_addresses(internet: Internet, private: str) -> None:
    internet.names["both.example"] = [[private, PUBLIC]]
    internet.names["inside.example"] = [[private]]
    internet.page.replies[:] = [answer(200, b"outside")]
    assert get("http://both.example/") == b"outside"
    assert get(f"http://inside.example:{internet.canary_port}/") is None
    assert internet.called == [PUBLIC]


def test_what_a_name_meant_when_it_was_judged_is_what_is_called(internet: Internet) -> None:
    internet.names["changing.example"] = [[PUBLIC], ["127.0.0.1"]]
    port = internet.canary_port
    internet.page.replies[:] = [
        answer(302, b"", {"Location": f"http://changing.example:{port}/", "Connection": "close"})
    ]
    assert get(f"http://changing.example:{port}/") is None
    assert internet.called == [PUBLIC]
    assert internet.canary.received == []


def test_thousands_of_addresses_are_judged_by_what_they_carry() -> None:
    chance = random.Random(SEED)
    for address in private_addresses(chance, 3000):
        assert not is_public(str(address))
        assert not any(map(is_public, carriers(address))), address
    for address in private_addresses_6(chance, 3000):
        assert not is_public(address.replace("%25", "%")), address
    for _ in range(3000):
        first = chance.choice([1, 8, 23, 45, 62, 77, 93, 104, 139, 185, 217])
        public = IPv4Address((first << 24) | chance.randrange(1 << 24))
        assert is_public(str(public))
        assert all(is_public(one) for one in (f"::ffff:{public}", f"64:ff9b::{public}"))
    assert is_public(PUBLIC_6)
