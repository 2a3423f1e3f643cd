from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from syndicator.outbound.connecting import (
    CouldNotConnect,
    NameNotResolved,
    PrivateAddressRefused,
    connect,
)
from syndicator.outbound.deadline import Deadline, DeadlinePassed
from syndicator.outbound.http import (
    AnswerTooLarge,
    NotSent,
    OutboundSession,
    did_not_act,
    make_session,
    tls_context,
)
from syndicator.steps import Step, strike_with
from tests.channels.conftest import answer, drip, drop
from tests.channels.email.scripted_relay import make_certificate

if TYPE_CHECKING:
    from tests.channels.conftest import ScriptedServer

AMPLE = timedelta(seconds=30)
SHORT = timedelta(milliseconds=300)


@contextmanager
def session(
    total: timedelta = AMPLE, *, private: bool = True, largest: int = 10_000
) -> Iterator[OutboundSession]:
    with (
        Deadline(total) as deadline,
        make_session(deadline, allow_private_addresses=private, largest_answer=largest) as made,
    ):
        yield made


def test_an_answer_arrives_whole(server: ScriptedServer) -> None:
    server.replies.append(answer(200, {"ok": True}, {"X-Test": "1"}))
    with session() as made:
        response = made.post(server.url + "/p?q=1", data=b"body")
    assert (response.status_code, response.json(), response.headers["x-test"]) == (
        200,
        {"ok": True},
        "1",
    )
    assert (server.received[0].target, server.received[0].body) == ("/p?q=1", b"body")


def test_a_redirect_is_an_answer_and_not_followed(server: ScriptedServer) -> None:
    server.replies += [answer(302, b"", {"Location": server.url + "/elsewhere"})]
    with session() as made:
        assert made.get(server.url, allow_redirects=True).status_code == 302
    assert len(server.received) == 1


def test_nothing_is_retried(server: ScriptedServer) -> None:
    server.replies += [answer(503, b"", {"Retry-After": "0"})]
    with session() as made:
        assert made.get(server.url).status_code == 503
    assert len(server.received) == 1


def test_proxies_of_the_environment_are_ignored(
    server: ScriptedServer, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port}")
    server.replies.append(answer(200))
    with session() as made:
        assert made.get(server.url).status_code == 200


def test_private_addresses_are_refused_before_a_connection_is_made(server: ScriptedServer) -> None:
    for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"):
        with session(private=False) as made, pytest.raises(NotSent) as refusal:
            made.get(f"http://{host}:{server.port}/")
        assert isinstance(refusal.value.cause, PrivateAddressRefused)
        assert did_not_act(refusal.value)
    assert server.received == []


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_refused_connection_did_not_act(scheme: str, closed_port: int) -> None:
    with session() as made, pytest.raises(NotSent) as failure:
        made.post(f"{scheme}://127.0.0.1:{closed_port}/", data=b"x")
    assert did_not_act(failure.value)


def test_a_name_that_does_not_resolve_did_not_act() -> None:
    with session() as made, pytest.raises(NotSent) as failure:
        made.post("http://nobody.invalid/", data=b"x")
    assert isinstance(failure.value.cause, NameNotResolved)
    assert did_not_act(failure.value)


def test_a_failed_tls_handshake_did_not_act(server: ScriptedServer) -> None:
    with session() as made, pytest.raises(NotSent) as failure:
        made.post(server.url.replace("http:", "https:"), data=b"x")
    assert did_not_act(failure.value)
    assert server.received == []


def test_a_tls_handshake_that_hangs_ends_with_the_deadline_and_did_not_act() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        session(SHORT) as made,
        pytest.raises(DeadlinePassed) as failure,
    ):
        made.post(f"https://127.0.0.1:{silent.getsockname()[1]}/", data=b"x")
    assert did_not_act(failure.value)


def test_a_deadline_that_is_over_sends_nothing(server: ScriptedServer) -> None:
    with session(timedelta(0)) as made, pytest.raises(DeadlinePassed) as failure:
        made.post(server.url, data=b"x")
    assert did_not_act(failure.value)
    assert server.received == []


@pytest.mark.parametrize("reset", [True, False])
def test_a_connection_that_breaks_after_the_request_proves_nothing(
    server: ScriptedServer, reset: bool
) -> None:
    server.replies.append(drop(reset=reset))
    with session() as made, pytest.raises(requests.RequestException) as failure:
        made.post(server.url, data=b"x")
    assert not did_not_act(failure.value)


def test_a_short_body_is_no_answer(server: ScriptedServer) -> None:
    server.replies.append(answer(201, b'{"id": "1"}', length=500))
    with session() as made, pytest.raises(requests.RequestException) as failure:
        made.post(server.url, data=b"x")
    assert not did_not_act(failure.value)


@pytest.mark.parametrize(
    "reply",
    [
        drip(b"HTTP/1.1 201 Created\r\n", b"X-Slow: " + b"y" * 500),
        drip(b"HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n", b"y" * 500),
        # Without a length the end of the connection is the end of the body.
        drip(b"HTTP/1.1 201 Created\r\n\r\n", b'{"id": "1"}' + b" " * 500),
        drip(b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\ny\r\n" * 99),
    ],
    ids=["headers", "body", "body without length", "chunked body"],
)
def test_a_server_that_drips_does_not_outlive_the_deadline(
    server: ScriptedServer, reply: object
) -> None:
    server.replies.append(reply)  # type: ignore[arg-type]
    with session(SHORT) as made, pytest.raises(DeadlinePassed) as failure:
        made.post(server.url, data=b"x")
    assert not did_not_act(failure.value)


def test_a_body_is_read_up_to_the_limit(server: ScriptedServer) -> None:
    server.replies += [answer(200, b"x" * 10_000), answer(200, b"x" * 10_001)]
    with session() as made:
        assert len(made.get(server.url).content) == 10_000
        with pytest.raises(AnswerTooLarge) as failure:
            made.get(server.url)
    assert not did_not_act(failure.value)


def test_a_redirect_with_an_endless_body_is_cut_too(server: ScriptedServer) -> None:
    server.replies.append(answer(302, b"x" * 20_000, {"Location": "/"}))
    with session() as made, pytest.raises(AnswerTooLarge):
        made.get(server.url)


def test_whether_anything_was_sent_is_asked_for_each_request(
    server: ScriptedServer, closed_port: int
) -> None:
    server.replies.append(answer(200))
    with session() as made:
        made.get(server.url)
        with pytest.raises(NotSent):
            made.get(f"http://127.0.0.1:{closed_port}/")


def test_a_bad_url_is_not_mistaken_for_a_network_that_is_down() -> None:
    with session() as made:
        for url in ("http://", "http://[::1", "ftp://example.org/", "no scheme"):
            with pytest.raises(requests.RequestException) as failure:
                made.get(url)
            assert not did_not_act(failure.value)


def test_a_name_service_that_never_answers_ends_with_the_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The real name service cannot be made to hang from here.
    hang = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: hang.wait(10))
    with session(SHORT) as made, pytest.raises(DeadlinePassed) as failure:
        made.get("http://example.org/")
    hang.set()
    assert did_not_act(failure.value)


def test_connect_serves_other_protocols_too(closed_port: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, Deadline(SHORT) as deadline:
        port = listening.getsockname()[1]
        with connect(
            "127.0.0.1", port, deadline=deadline, allow_private_addresses=True, time_limit=5
        ) as sock:
            assert sock.recv(1) == b""  # nobody says anything until the deadline
        assert deadline.expired
    with Deadline(AMPLE) as deadline, pytest.raises(CouldNotConnect) as failure:
        connect(
            "127.0.0.1",
            closed_port,
            deadline=deadline,
            allow_private_addresses=True,
            time_limit=5,
        )
    assert did_not_act(failure.value)


def test_errors_of_later_stages_prove_nothing() -> None:
    for error in (
        ConnectionResetError(),
        TimeoutError(),
        requests.ReadTimeout(),
        OSError(),
        ValueError(),
    ):
        assert not did_not_act(error)
    assert not did_not_act(DeadlinePassed(sent=True))


@pytest.fixture
def steps_reached() -> Iterator[list[Step]]:
    reached: list[Step] = []
    strike_with(reached.append)
    yield reached
    strike_with(None)


def test_the_steps_of_each_call_are_reached_once(
    server: ScriptedServer, steps_reached: list[Step]
) -> None:
    server.replies += [answer(200), answer(500), drop()]
    with session() as made:
        made.post(server.url, data=b"x" * 100_000)
        assert steps_reached == [Step.SEND_CONNECTED, Step.SEND_REQUESTED]
        made.get(server.url)
        assert steps_reached == [Step.SEND_CONNECTED, Step.SEND_REQUESTED] * 2
        with pytest.raises(requests.RequestException):
            made.post(server.url, data=b"x")
    assert steps_reached == [Step.SEND_CONNECTED, Step.SEND_REQUESTED] * 3


def test_connected_is_between_the_connection_and_the_first_byte() -> None:
    """What dies at that step has connected, and the other side has not got a byte."""
    with socket.create_server(("127.0.0.1", 0)) as listening, session() as made:

        def die(step: Step) -> None:
            raise KeyboardInterrupt(step)

        strike_with(die)
        try:
            with pytest.raises(KeyboardInterrupt, match=Step.SEND_CONNECTED):
                made.post(f"http://127.0.0.1:{listening.getsockname()[1]}/", data=b"x")
        finally:
            strike_with(None)
        assert made.deadline.sent
        accepted, _ = listening.accept()
        accepted.setblocking(False)
        with accepted, pytest.raises(BlockingIOError):
            accepted.recv(1)


def test_requested_is_after_the_last_byte_and_before_the_answer(server: ScriptedServer) -> None:
    arrived: list[bytes] = []

    def look(step: Step) -> None:
        if step is Step.SEND_REQUESTED:
            while not server.received:
                time.sleep(0.001)
            arrived.append(server.received[0].body)

    server.replies.append(answer(200))
    strike_with(look)
    try:
        with session() as made:
            made.post(server.url, data=b"whole")
    finally:
        strike_with(None)
    assert arrived == [b"whole"]


@pytest.mark.parametrize("total", [timedelta(0), AMPLE])
def test_without_a_connection_no_step_is_reached(
    closed_port: int, steps_reached: list[Step], total: timedelta
) -> None:
    with session(total) as made, pytest.raises((NotSent, DeadlinePassed)):
        made.post(f"http://127.0.0.1:{closed_port}/", data=b"x")
    assert steps_reached == []


@contextmanager
def tls_server(context: ssl.SSLContext) -> Iterator[int]:
    """Answers each connection with 200 and nothing; the port."""

    def answer_all() -> None:
        while True:
            try:
                plain, _ = listening.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), context.wrap_socket(plain, True) as sock:
                sock.recv(10_000)
                sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=answer_all)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.fixture
def fresh_tls() -> Iterator[None]:
    tls_context.cache_clear()
    yield
    tls_context.cache_clear()


def test_tls_trusts_the_known_authorities_only(fresh_tls: None, tmp_path: Path) -> None:
    _, context = make_certificate(tmp_path, "127.0.0.1")
    with tls_server(context) as port, session() as made, pytest.raises(NotSent) as failure:
        made.get(f"https://127.0.0.1:{port}/", verify=False)
    assert "certificate" in str(failure.value)
    assert did_not_act(failure.value)


@pytest.mark.parametrize(("named", "trusted"), [("127.0.0.1", True), ("127.0.0.2", False)])
def test_tls_asks_for_the_right_name_and_prepares_once(
    fresh_tls: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    steps_reached: list[Step],
    named: str,
    trusted: bool,
) -> None:
    chain, context = make_certificate(tmp_path, named)
    monkeypatch.setattr("syndicator.outbound.http.AUTHORITIES", str(chain))
    with tls_server(context) as port:
        for _ in range(2):
            with session() as made:
                if trusted:
                    assert made.get(f"https://127.0.0.1:{port}/").status_code == 200
                else:
                    with pytest.raises(NotSent, match="mismatch"):
                        made.get(f"https://127.0.0.1:{port}/")
    assert steps_reached == [Step.SEND_CONNECTED, Step.SEND_REQUESTED] * 2 * trusted
    assert tls_context.cache_info().misses == 1
