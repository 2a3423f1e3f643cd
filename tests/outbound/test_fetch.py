from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from syndicator.outbound.fetch import FetchRefused, fetch_document
from tests.channels.conftest import answer, drip, drop

if TYPE_CHECKING:
    from tests.channels.conftest import Reply, ScriptedServer


def refusal(url: str, *, private: bool = True, seconds: float = 20) -> str:
    with pytest.raises(FetchRefused) as refused:
        fetch_document(
            url,
            allow_private_addresses=private,
            total_time=timedelta(seconds=seconds),
            largest=1024 * 1024,
        )
    return str(refused.value)


def test_a_page_comes_through_redirects(server: ScriptedServer) -> None:
    server.replies += [
        answer(301, b"", {"Location": "/second"}),
        answer(302, b"", {"Location": f"{server.url}/third?a=b"}),
        answer(200, b"<html>\xe4</html>"),
    ]
    assert fetch_document(server.url + "/", allow_private_addresses=True) == b"<html>\xe4</html>"
    assert [request.target for request in server.received] == ["/", "/second", "/third?a=b"]


def test_five_redirects_are_enough(server: ScriptedServer) -> None:
    server.replies += [answer(302, b"", {"Location": "/again"})] * 6
    assert "more than 5 times" in refusal(server.url)
    assert len(server.received) == 6


def test_a_redirect_may_not_lead_elsewhere_than_to_the_web(server: ScriptedServer) -> None:
    server.replies.append(answer(302, b"", {"Location": "file:///etc/passwd"}))
    assert "not a web address" in refusal(server.url)


def test_private_addresses_are_refused(server: ScriptedServer) -> None:
    assert "private network" in refusal(server.url, private=False)
    assert server.received == []


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://example.org/", "not a web address"),
        ("example.org/live", "not a web address"),
        ("", "not a web address"),
        ("http://[::1", "not a web address"),
        ("https://", "not a web address"),
        ("https://editor:secret@example.org/", "user name or password"),
        ("http://nobody.invalid/", "no server called nobody.invalid"),
    ],
)
def test_addresses_that_cannot_be_fetched(url: str, why: str) -> None:
    said = refusal(url)
    assert why in said
    assert "secret" not in said


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (answer(404), "status 404"),
        (answer(304), "status 304"),
        (answer(200, b"x" * (1024 * 1024 + 1)), "larger than 1 MB"),
        (answer(200, b"x", length=99), "broke the transfer off"),
        (drop(reset=True), "broke the transfer off"),
        (drip(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 500), "did not arrive within"),
    ],
    ids=["404", "304", "too large", "short", "reset", "slow"],
)
def test_pages_that_do_not_come(server: ScriptedServer, reply: Reply, why: str) -> None:
    server.replies.append(reply)
    assert why in refusal(server.url, seconds=1)


def test_a_closed_port_is_named(closed_port: int) -> None:
    assert "No connection to 127.0.0.1" in refusal(f"http://127.0.0.1:{closed_port}/")
