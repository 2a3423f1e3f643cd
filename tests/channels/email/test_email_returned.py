"""What comes back, read from samples in the forms of big mail servers, and from rubbish."""

from __future__ import annotations

from pathlib import Path
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicator.channels.email.delivery_status import Bounce, judge, said, status_in
from syndicator.channels.email.returned import (
    MOST_BYTES,
    AutoReply,
    Complaint,
    Delayed,
    Delivered,
    Failed,
    Report,
    Returned,
    Unrecognised,
    read,
)
from tests.machine_speed import here

SAMPLES = Path(__file__).parent / "returned"
PATH = "bounces+7-fx.abcdefghijklmnopqrstuvwx@paper.example"


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.eml").read_bytes()


@pytest.mark.parametrize(
    ("name", "status", "sort", "words"),
    [
        ("postfix", "5.1.1", Bounce.HARD, "User unknown in virtual mailbox table"),
        ("microsoft-365", "5.4.1", Bounce.HARD, "Recipient address rejected: Access denied."),
        ("full-mailbox", "5.2.2", Bounce.SOFT, "over quota"),
        ("vague-code", "5.0.0", Bounce.HARD, "mailbox unavailable"),
        ("spam-refused", "5.7.1", Bounce.REFUSED, "rejected as spam"),
        ("qmail", "5.1.1", Bounce.HARD, "no mailbox here by that name"),
        ("web-mail-provider", "5.0.0", Bounce.HARD, "550 Requested action not taken"),
    ],
)
def test_a_bounce_says_why_and_whose(name: str, status: str, sort: Bounce, words: str) -> None:
    returned = read(sample(name))

    assert isinstance(returned.report, Failed)
    assert returned.report.status == status
    assert words in returned.report.words
    assert judge(returned.report.status, returned.report.words) == sort
    assert PATH in returned.addressed_to


@pytest.mark.parametrize(
    ("name", "report"),
    [
        ("postfix-delayed", Delayed()),
        ("arrived", Delivered()),
        ("out-of-office", AutoReply()),
        ("out-of-office-unmarked", AutoReply()),
        ("read-receipt", AutoReply()),
        ("not-spam", Unrecognised()),
        ("letter", Unrecognised()),
        (
            "complaint",
            Complaint(
                kind="abuse",
                return_path=PATH,
                message_id="<aa.1@paper.example>",
                unsubscribe_url="https://desk.paper.example/newsletter/unsubscribe/7.sig/",
            ),
        ),
    ],
)
def test_what_is_no_bounce_is_not_taken_for_one(name: str, report: Report) -> None:
    assert read(sample(name)).report == report
    # As it comes over a wire.
    assert read(sample(name).replace(b"\n", b"\r\n")).report == report


def test_one_that_arrived_at_a_part_of_its_recipients_did_arrive() -> None:
    mail = sample("postfix")
    one = mail[mail.index(b"Final-Recipient") : mail.index(b"\n--4A1B", mail.index(b"Final-R"))]
    both = mail.replace(one, one + b"\n" + one.replace(b"failed", b"expanded"))

    assert read(both).report == Delivered()


MAILS = st.sampled_from([path.read_bytes() for path in sorted(SAMPLES.glob("*.eml"))])


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A sample with pieces cut out, doubled, or replaced by anything."""
    mail = draw(MAILS)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(mail)))
        end = draw(st.integers(start, min(len(mail), start + 400)))
        put = draw(st.binary(max_size=40) | st.just(mail[start:end] * 3) | HOSTILE)
        mail = mail[:start] + put + mail[end:]
    return mail


HOSTILE = st.sampled_from(
    [
        b"\0",
        b"Content-Type: multipart/report; boundary=\n",
        b"Content-Type: multipart/mixed; boundary*0*=utf-8''%ff; charset=\xff\n\n",
        b"Content-Transfer-Encoding: base64\n\n=====",
        b"=?utf-8?b?////?=",
        b"\n\n",
        b"To: " + b"(" * 3000 + b"\n",
    ]
)


@given(mail=damaged() | st.binary(max_size=2000))
@settings(max_examples=100, deadline=None)
def test_rubbish_is_read_without_failing(mail: bytes) -> None:
    returned = read(mail)

    assert isinstance(returned, Returned)
    match returned.report:
        case Failed(status, words):
            assert len(words) <= 500
            assert "\n" not in words
            judge(status, words)
            said(status)
        case Complaint(kind=kind):
            assert kind


def _nested(depth: int) -> bytes:
    heads = (
        f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n'.encode() for n in range(depth)
    )
    return b"From: mailer-daemon@x\n" + b"".join(heads) + b"\n550 5.1.1 no such user\n"


@pytest.mark.parametrize(
    "mail",
    [
        _nested(20_000),
        b"Content-Type: message/rfc822\n\n" * 100_000,
        b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n\n" * 500_000,
        b"From: mailer-daemon@x\n" + b"X: y\n" * 500_000,
        b"From: mailer-daemon@x\n\n" + b"5.1." * 500_000,
        b"From: mailer-daemon@x\nContent-Type: text/html\n\n" + b"<" * 3_000_000,
        b"To: " + b"a@b, " * 500_000,
        b"Content-Type: text/plain; " + b'boundary="' * 50_000,
        b"=" * 3_000_000,
    ],
    ids=lambda mail: repr(mail[:30]),
)
def test_no_mail_is_large_or_deep_enough_to_be_a_burden(mail: bytes) -> None:
    began = process_time()

    read(mail)

    assert process_time() - began < here(2)
    assert len(mail) > MOST_BYTES / 3


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ("550 5.1.1 <a@b>: User unknown", "5.1.1"),
        ("550-5.1.1 The email account", "5.1.1"),
        ("450 4.2.2 Mailbox full", "4.2.2"),
        ("5.7.26 unauthenticated", "5.7.26"),
        ("550 Requested action not taken", "5.0.0"),
        ("(#5.1.1)", "5.1.1"),
        ("host 5.1.1.7 said nothing", ""),
        ("version 15.1.1", ""),
        ("250 2.0.0 Ok", ""),
        ("", ""),
    ],
)
def test_the_status_in_an_answer_is_found(answer: str, status: str) -> None:
    assert status_in(answer) == status


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("5.1.1", "The address does not exist."),
        ("4.2.2", "The mailbox is full."),
        ("5.7.99", "The recipient's mail server refused the mail by its rules."),
        ("5.99.1", "The mail could not be delivered."),
        ("", "The mail could not be delivered."),
    ],
)
def test_a_status_is_put_into_words(status: str, sentence: str) -> None:
    assert str(said(status)) == sentence


def test_our_own_trouble_is_not_held_against_an_address() -> None:
    for status in ("5.1.8", "5.7.1", "5.6.0", "5.5.2"):
        assert judge(status, "no") == Bounce.REFUSED
    assert judge("5.4.4", "Host not found") == Bounce.SOFT
    assert judge("4.1.1", "user unknown") == Bounce.SOFT
