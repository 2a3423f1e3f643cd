"""The SMTP client against a real relay on loopback, well-behaved and not."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from syndicator.channels.base import (
    Account,
    ChannelError,
    Rejected,
    TryLater,
    Unauthorised,
    Unknown,
)
from syndicator.channels.email.mime import build
from syndicator.channels.email.relay import Relay, Security
from syndicator.channels.email.smtp import Connection
from tests.channels.email.scripted_relay import (
    PASSWORD,
    USERNAME,
    ScriptedRelay,
    make_certificate,
    serving,
)
from tests.channels.email.stories import PICTURE, make_message
from tests.channels.email.test_email_mime import ENVELOPE, FILES

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

SOON = timedelta(seconds=5)
MAIL = b"Subject: x\r\n\r\nHello\r\n.hidden\r\n.\r\n..\r\nBye\r\n"


def account(url: str, **settings: str) -> Account:
    return Account(url, {"from_address": "news@paper.example", **settings})


@contextmanager
def connected(url: str, **settings: str) -> Iterator[Connection]:
    with Connection(Relay.from_account(account(url, **settings))) as connection:
        connection.ready(SOON)
        yield connection


def test_an_accepted_mail_arrives_byte_for_byte_and_keeps_the_relays_words(
    relay: ScriptedRelay,
) -> None:
    with connected(relay.url) as connection:
        assert connection.send("anna@reader.example", MAIL, SOON) == "250 2.0.0 Ok: queued as 4F3A"
    assert relay.accepted == [("anna@reader.example", MAIL)]


def test_a_relay_without_any_extension_can_take_every_mail(relay: ScriptedRelay) -> None:
    relay.is_plain = True
    message = make_message(
        language="ar", headline="مجلس المدينة", author="Ö" * 300, pictures=(PICTURE,)
    )
    mail = build(message, replace(ENVELOPE, from_name="الجريدة " * 20), FILES)
    with connected(relay.url) as connection:
        connection.send("anna@reader.example", mail, SOON)
    assert relay.accepted == [("anna@reader.example", mail)]
    assert relay.parameters == []
    assert mail.isascii()
    assert max(map(len, mail.split(b"\r\n"))) <= 998


def test_a_mail_without_a_last_line_end_is_ended(relay: ScriptedRelay) -> None:
    with connected(relay.url) as connection:
        connection.send("anna@reader.example", b"Subject: x\r\n\r\nBye", SOON)
    assert relay.accepted == [("anna@reader.example", b"Subject: x\r\n\r\nBye\r\n")]


@pytest.mark.parametrize(
    ("recipient", "outcome", "status"),
    [
        ("bounce@reader.example", Rejected, 550),
        ("spam@reader.example", Rejected, 554),
        ("later@reader.example", TryLater, 451),
        ("drop@reader.example", Unknown, None),
        ("mumble@reader.example", Unknown, -1),
    ],
)
def test_each_failure_is_what_it_proves(
    relay: ScriptedRelay, recipient: str, outcome: type[ChannelError], status: int | None
) -> None:
    with connected(relay.url) as connection:
        with pytest.raises(outcome) as caught:
            connection.send(recipient, MAIL, SOON)
        assert caught.value.status == status
        # and the next mail is not harmed by it
        connection.ready(SOON)
        connection.send("anna@reader.example", MAIL, SOON)
    assert relay.mails_to("anna@reader.example") == [MAIL]


def test_a_connection_that_breaks_before_the_final_dot_proves_that_nothing_was_sent(
    relay: ScriptedRelay,
) -> None:
    # Large, so that the client is still writing when the connection goes.
    large = b"Subject: x\r\n\r\n" + b"All work and no play\r\n" * 500_000
    with connected(relay.url) as connection:
        with pytest.raises(TryLater):
            connection.send("cut@reader.example", large, SOON)
        connection.ready(SOON)
        connection.send("anna@reader.example", MAIL, SOON)
    assert relay.accepted == [("anna@reader.example", MAIL)]


def test_no_answer_after_the_final_dot_is_unknown_when_the_deadline_passes(
    relay: ScriptedRelay,
) -> None:
    with connected(relay.url) as connection, pytest.raises(Unknown):
        connection.send("hang@reader.example", MAIL, timedelta(seconds=0.3))
    assert relay.mails_to("hang@reader.example") == [MAIL]


def test_a_deadline_that_passed_before_the_mail_was_out_proves_that_it_is_not(
    relay: ScriptedRelay,
) -> None:
    with connected(relay.url) as connection, pytest.raises(TryLater):
        connection.send("anna@reader.example", MAIL, timedelta(0))
    assert relay.accepted == []


def test_the_connection_is_kept_for_the_next_mail(relay: ScriptedRelay) -> None:
    with connected(relay.url) as connection:
        for number in range(3):
            connection.ready(SOON)
            connection.send(f"reader-{number}@reader.example", MAIL, SOON)
    assert len(relay.accepted) == 3
    assert relay.connections == 1


def test_a_sender_who_is_refused_is_the_accounts_trouble(relay: ScriptedRelay) -> None:
    relay.refused_senders.add("news@paper.example")
    with connected(relay.url) as connection, pytest.raises(Unauthorised) as caught:
        connection.send("anna@reader.example", MAIL, SOON)
    assert "You may not send as this address" in str(caught.value)


def test_nobody_listening_is_try_later(closed_port: int) -> None:
    with pytest.raises(TryLater), connected(f"smtp://127.0.0.1:{closed_port}"):
        pass


def test_sending_needs_a_connection() -> None:
    connection = Connection(Relay.from_account(account("smtp://127.0.0.1")))
    with pytest.raises(RuntimeError):
        connection.send("anna@reader.example", MAIL, SOON)


@contextmanager
def answering(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that is not much of a relay: *talk* has the connection, once."""

    def serve() -> None:
        client, _ = listener.accept()
        with client:
            talk(client)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"smtp://127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


@pytest.mark.parametrize(
    ("greeting", "outcome"),
    [
        (b"554 5.3.2 Not for you\r\n", Unauthorised),
        (b"421 4.3.2 Too busy\r\n", TryLater),
        (b"HTTP/1.1 400 Bad Request\r\n", TryLater),
        (b"", TryLater),
    ],
)
def test_a_greeting_decides_whether_there_is_a_relay(
    greeting: bytes, outcome: type[ChannelError]
) -> None:
    with (
        answering(lambda client: client.sendall(greeting)) as url,
        pytest.raises(outcome),
        connected(url),
    ):
        pass


def test_a_relay_that_never_greets_is_given_up_at_the_deadline() -> None:
    def say_nothing(client: socket.socket) -> None:
        client.recv(1)

    with answering(say_nothing) as url:
        connection = Connection(Relay.from_account(account(url)))
        with pytest.raises(TryLater):
            connection.ready(timedelta(seconds=0.2))


def test_a_login_opens_the_relay() -> None:
    with serving(login=True) as relay:
        with connected(relay.url, username=USERNAME, password=PASSWORD) as connection:
            connection.send("anna@reader.example", MAIL, SOON)
        assert len(relay.accepted) == 1


def test_a_wrong_password_is_unauthorised_and_never_repeated_to_anybody() -> None:
    with (
        serving(login=True) as relay,
        pytest.raises(Unauthorised) as caught,
        connected(relay.url, username=USERNAME, password="wrong-but-secret"),
    ):
        pass
    assert caught.value.status == 535
    shown = f"{caught.value}{caught.value.answer}{caught.value!r}"
    assert "wrong-but-secret" not in shown


def test_a_relay_that_wants_a_login_says_so_to_who_has_none() -> None:
    with (
        serving(login=True) as relay,
        connected(relay.url) as connection,
        pytest.raises(Unauthorised) as caught,
    ):
        connection.send("anna@reader.example", MAIL, SOON)
    assert caught.value.status == 530


def test_a_relay_without_login_is_said_to_have_none(relay: ScriptedRelay) -> None:
    with (
        pytest.raises(Unauthorised, match="no way to log in"),
        connected(relay.url, username=USERNAME, password=PASSWORD),
    ):
        pass


def test_starttls_and_tls_encrypt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chain, context = make_certificate(tmp_path, "127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(chain))
    with serving(login=True, starttls=context) as relay:
        url = f"smtp+starttls://127.0.0.1:{relay.port}"
        with connected(url, username=USERNAME, password=PASSWORD) as connection:
            connection.send("anna@reader.example", MAIL, SOON)
        assert relay.accepted
    with serving(tls=context) as relay:
        with connected(f"smtps://127.0.0.1:{relay.port}") as connection:
            connection.send("anna@reader.example", MAIL, SOON)
            with pytest.raises(Unknown):
                connection.send("drop@reader.example", MAIL, SOON)
        assert len(relay.accepted) == 2


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
def test_a_certificate_nobody_vouches_for_stops_the_account(tmp_path: Path, scheme: str) -> None:
    _, context = make_certificate(tmp_path, "127.0.0.1")
    with (
        serving(
            tls=context if scheme == "smtps" else None,
            starttls=context if scheme != "smtps" else None,
        ) as relay,
        pytest.raises(Unauthorised, match="certificate"),
        connected(f"{scheme}://127.0.0.1:{relay.port}"),
    ):
        pass


def test_encryption_that_was_asked_for_is_not_done_without(relay: ScriptedRelay) -> None:
    with (
        pytest.raises(Unauthorised, match="does not offer encryption"),
        connected(f"smtp+starttls://127.0.0.1:{relay.port}"),
    ):
        pass


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example", ("mail.example", 25, Security.NONE)),
        ("smtp+starttls://mail.example", ("mail.example", 587, Security.STARTTLS)),
        ("smtps://[::1]:4650", ("::1", 4650, Security.TLS)),
    ],
)
def test_a_relays_address(url: str, expected: tuple[str, int, Security]) -> None:
    relay = Relay.from_account(account(url))
    assert (relay.host, relay.port, relay.security) == expected


@pytest.mark.parametrize(
    ("url", "settings"),
    [
        ("https://mail.example", {}),
        ("smtp://", {}),
        ("smtp://mail.example:99999", {}),
        ("smtp://me:secret@mail.example", {}),
        ("smtp://mail.example/path", {}),
        ("smtp://mail.example", {"from_address": "Paper <news@paper.example>"}),
        ("smtp://mail.example", {"from_address": ""}),
        ("smtp://mail.example", {"username": "me", "password": "secret"}),
        ("smtps://mail.example", {"username": "me", "password": "geheimnüs"}),
    ],
)
def test_settings_that_cannot_work_are_refused_in_words(url: str, settings: dict[str, str]) -> None:
    with pytest.raises(Unauthorised) as caught:
        Relay.from_account(account(url, **settings))
    assert "secret" not in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_a_relay_does_not_show_its_password() -> None:
    relay = Relay.from_account(account("smtps://mail.example", username="me", password="secret"))
    assert "secret" not in repr(relay)
