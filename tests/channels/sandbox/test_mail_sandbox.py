from __future__ import annotations

import smtplib
from email.message import EmailMessage

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicator.channels.email.sandbox_message import read_mail
from syndicator.channels.sandbox.server import SandboxServer

SENDER = "redaktion@zeitung.example"


def mail(to: str = "leser@mail.example", subject: str = "Der Abend") -> EmailMessage:
    message = EmailMessage()
    message["From"] = f"Zeitung <{SENDER}>"
    message["To"] = to
    message["Subject"] = subject
    message["Message-ID"] = "<eins@zeitung.example>"
    message.set_content("Züge fahren wieder.\nhttps://zeitung.example/live#e-1\n")
    message.add_alternative("<p>Züge <b>fahren</b> wieder.</p>", subtype="html")
    return message


def test_a_mail_is_kept_as_it_came(sandbox: SandboxServer, smtp: smtplib.SMTP) -> None:
    message = mail(subject="Überblick über den Abend")
    sent = message.as_bytes().replace(b"\n", b"\r\n")

    smtp.send_message(message)

    [accepted] = sandbox.store.accepted("email")
    assert accepted.text == "Züge fahren wieder.\nhttps://zeitung.example/live#e-1\n"
    assert accepted.link == "https://zeitung.example/live#e-1"
    assert accepted.request == {
        "envelope_from": SENDER,
        "recipients": ["leser@mail.example"],
        "from": f"Zeitung <{SENDER}>",
        "subject": "Überblick über den Abend",
        "message_id": "<eins@zeitung.example>",
    }
    assert sandbox.store.raw("email", accepted.remote_id) == sent


def test_each_recipient_gets_an_own_answer(sandbox: SandboxServer, smtp: smtplib.SMTP) -> None:
    everyone = ["leser@mail.example", "Bounce.1@mail.example", "later@mail.example"]

    refused = smtp.sendmail(SENDER, everyone, b"Subject: Eins\r\n\r\nText\r\n")

    assert {address: code for address, (code, _) in refused.items()} == {
        "Bounce.1@mail.example": 550,
        "later@mail.example": 451,
    }
    assert sandbox.store.accepted("email")[0].request["recipients"] == ["leser@mail.example"]


def test_later_means_the_second_time_and_always_later_never(smtp: smtplib.SMTP) -> None:
    def code(address: str) -> int:
        smtp.ehlo_or_helo_if_needed()
        smtp.rset()
        smtp.mail(SENDER)
        return smtp.rcpt(address)[0]

    assert [code("later@a.example") for _ in range(3)] == [451, 250, 250]
    assert [code("later@b.example") for _ in range(2)] == [451, 250]
    assert [code("always-later@a.example") for _ in range(3)] == [451, 451, 451]


def test_eight_bit_and_dots_arrive_unchanged(sandbox: SandboxServer, smtp: smtplib.SMTP) -> None:
    body = "Größe: 5 €\r\n.\r\n..zwei\r\n".encode()
    raw = b"Content-Type: text/plain; charset=utf-8\r\nSubject: \xc3\x9cber\r\n\r\n" + body

    smtp.sendmail(SENDER, ["leser@mail.example"], raw, mail_options=["BODY=8BITMIME"])

    [accepted] = sandbox.store.accepted("email")
    assert sandbox.store.raw("email", accepted.remote_id) == raw
    assert accepted.text == "Größe: 5 €\n.\n..zwei\n"


def test_an_address_in_utf_8_is_accepted(sandbox: SandboxServer, smtp: smtplib.SMTP) -> None:
    smtp.sendmail(SENDER, ["jörg@köln.example"], b"\r\n", mail_options=["SMTPUTF8"])
    assert sandbox.store.accepted("email")[0].request["recipients"] == ["jörg@köln.example"]


def test_a_line_of_998_octets_is_the_longest(sandbox: SandboxServer, smtp: smtplib.SMTP) -> None:
    smtp.sendmail(SENDER, ["leser@mail.example"], b"\r\n" + b"a" * 998 + b"\r\n")
    with pytest.raises(smtplib.SMTPDataError) as refusal:
        smtp.sendmail(SENDER, ["leser@mail.example"], b"\r\n" + b"a" * 1001 + b"\r\n")

    assert refusal.value.smtp_code == 500
    assert len(sandbox.store.accepted("email")) == 1


def test_many_mails_over_one_connection_all_arrive_in_order(
    sandbox: SandboxServer, smtp: smtplib.SMTP
) -> None:
    subjects = [f"Mail {number}" for number in range(30)]
    for subject in subjects:
        smtp.send_message(mail(subject=subject))

    accepted = sandbox.store.accepted("email")
    assert [act.request["subject"] for act in accepted] == subjects
    assert len({act.remote_id for act in accepted}) == 30


def test_the_inbox_and_the_mail_can_be_read(smtp: smtplib.SMTP, web: requests.Session) -> None:
    smtp.send_message(mail(subject="<b>Neu</b>"))

    inbox = web.get("/mail/").text
    page = web.get("/mail/1").text

    assert "&lt;b&gt;Neu&lt;/b&gt;" in inbox
    assert "<b>Neu" not in inbox + page
    assert '<iframe sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    assert "Züge fahren wieder." in page
    assert web.get("/mail/1/raw").content.startswith(b"From: Zeitung")
    assert web.get("/mail/2").status_code == 404
    assert web.get("/mail/2/html").status_code == 404


def test_the_html_of_a_mail_can_do_nothing(smtp: smtplib.SMTP, web: requests.Session) -> None:
    message = mail()
    message.clear_content()
    message.set_content("<head></head><script>alert(1)</script>", subtype="html")
    smtp.send_message(message)

    answer = web.get("/mail/1/html")

    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-popups")
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy
    assert answer.text.startswith('<head><base target="_blank">')


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_can_be_read_as_a_mail(raw: bytes) -> None:
    read_mail(raw)


@settings(deadline=None)
@given(
    st.sampled_from(["From", "Subject", "Message-ID", "Content-Type"]),
    st.sampled_from(
        ["=?utf-8?q?=FF?=", "=?nope?b?!!?=", "<", "text/plain; charset=nope", "=?utf-8?b?4pyT", "ä"]
    ),
    st.binary(max_size=40),
)
def test_any_header_can_be_read_and_stored(name: str, value: str, rest: bytes) -> None:
    found = read_mail(f"{name}: {value}".encode() + rest + b"\r\n\r\nText")

    for header, content in found.headers:
        (header + content).encode()
