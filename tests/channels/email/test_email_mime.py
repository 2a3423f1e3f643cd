"""The bytes of a mail, read back by the standard library's parser."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import compat32, default
from email.utils import parseaddr
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicator.channels.base import Message
from syndicator.channels.email.mime import Envelope, build
from syndicator.channels.email.pictures import PictureFile, content_id
from syndicator.channels.email.rendering import link_targets, render, subject_line
from syndicator.channels.email.revising import revise
from syndicator.channels.email.sharing import share_links
from syndicator.channels.email.wrapping import wrapped
from syndicator.content import Paragraph, clean_text
from tests.channels.email.stories import PERMALINK, PICTURE, TARGETS, make_message, make_story

LEAVE = f"https://liveblog.example.org/newsletter/unsubscribe/1234567.{'aB3_-' * 8}/"
PREFER = "https://desk.paper.example/newsletter/preferences/7.AbC-dEf_123/"
ENVELOPE = Envelope(
    from_address="news@paper.example",
    from_name="Die Zeitung",
    to_address="anna@reader.example",
    message_id="<0f.17@paper.example>",
    list_id="<rat.paper.example>",
    unsubscribe_url=LEAVE,
    preferences_url=PREFER,
    date=datetime(2026, 11, 22, 13, 35, tzinfo=UTC),
)
MESSAGE = make_message()
FILES = {content_id(PICTURE): PictureFile(bytes(range(256)) * 9, "image/jpeg")}


def parsed(message: Message = MESSAGE, **envelope: Any) -> EmailMessage:
    return read(build(message, replace(ENVELOPE, **envelope)))


def read(mail: bytes) -> EmailMessage:
    message = message_from_bytes(mail, policy=default)
    assert isinstance(message, EmailMessage)
    assert [part.defects for part in message.walk() if part.defects] == []
    return message


def part(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    assert found is not None
    content: str = found.get_content()
    return content.replace("\r\n", "\n")


def test_the_headers_are_those_of_a_list() -> None:
    headers = {name: str(value) for name, value in parsed().items()}
    headers.pop("Content-Type")
    assert headers == {
        "From": "Die Zeitung <news@paper.example>",
        "To": "anna@reader.example",
        "Subject": "Stadtrat beschließt Ausbau der Linie 4",
        "Date": "Sun, 22 Nov 2026 13:35:00 +0000",
        "Message-ID": "<0f.17@paper.example>",
        "List-Id": "<rat.paper.example>",
        "List-Owner": "<mailto:news@paper.example>",
        "List-Unsubscribe": f"<{LEAVE}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
        "MIME-Version": "1.0",
    }


def test_both_parts_are_what_was_approved_plus_the_way_out() -> None:
    mail = parsed()
    assert mail.get_content_type() == "multipart/alternative"
    facebook, x, _mail = share_links(PERMALINK, MESSAGE.subject, "de")
    assert part(mail, "plain") == (
        f"{MESSAGE.text}\n\n-- \nAuf Facebook teilen:\n{facebook.url}\n"
        f"Auf X teilen:\n{x.url}\nEinstellungen ändern:\n{PREFER}\nAbbestellen:\n{LEAVE}\n"
    )
    html = part(mail, "html")
    assert link_targets(html) == {*TARGETS, PREFER, LEAVE}
    assert html.rstrip("\n") == MESSAGE.html.replace(
        '<a id="preferences" href="#preferences"', f'<a\nhref="{PREFER}"\n'
    ).replace('<a id="unsubscribe" href="#unsubscribe"', f'<a\nhref="{LEAVE}"\n')


def test_the_same_mail_is_the_same_bytes_at_every_try() -> None:
    assert build(MESSAGE, ENVELOPE) == build(MESSAGE, ENVELOPE)
    illustrated = make_message(pictures=(PICTURE,))
    assert build(illustrated, ENVELOPE, FILES) == build(illustrated, ENVELOPE, FILES)


def test_a_picture_travels_beside_the_html_that_shows_it() -> None:
    raw = build(make_message(pictures=(PICTURE,)), ENVELOPE, FILES)
    mail = read(raw)
    assert [one.get_content_type() for one in mail.walk()] == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/jpeg",
    ]
    related, picture = list(mail.walk())[2], list(mail.walk())[4]
    assert picture["Content-ID"] == f"<{content_id(PICTURE)}>"
    assert picture.get_content_disposition() == "inline"
    assert picture.get_content() == FILES[content_id(PICTURE)].content  # type: ignore[attr-defined]
    assert f'src="cid:{content_id(PICTURE)}"' in part(mail, "html")
    assert mail.get_boundary() != related.get_boundary()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert raw.isascii()


def test_a_mail_is_not_made_without_its_picture() -> None:
    with pytest.raises(KeyError):
        build(make_message(pictures=(PICTURE,)), ENVELOPE)


def test_no_readers_link_is_in_anothers_mail() -> None:
    other = build(MESSAGE, replace(ENVELOPE, unsubscribe_url="https://other.example/leave/2/"))
    assert LEAVE.encode() not in other.replace(b"=\r\n", b"")


def test_a_long_link_stays_readable_for_machines() -> None:
    line = next(
        line for line in build(MESSAGE, ENVELOPE).split(b"\r\n") if line.startswith(b"List-Unsub")
    )
    assert line == f"List-Unsubscribe: <{LEAVE}>".encode()


@pytest.mark.parametrize("field", ["from_name", "message_id", "list_id", "unsubscribe_url"])
def test_a_line_break_cannot_get_into_a_header(field: str) -> None:
    with pytest.raises(ValueError):
        parsed(MESSAGE, **{field: "x\r\nBcc: all@reader.example"})


def test_a_line_break_cannot_get_into_the_subject() -> None:
    with pytest.raises(ValueError):
        parsed(replace(MESSAGE, subject="x\nBcc: all@reader.example"))


@pytest.mark.parametrize(
    "subject",
    ["=?utf-8?q?x=0D=0ABcc:_all@reader.example?=", "=?utf-8?b?PHNjcmlwdD4=?= und mehr", "a =?b"],
)
def test_encoded_words_that_somebody_typed_are_shown_as_typed(subject: str) -> None:
    mail = parsed(replace(MESSAGE, subject=subject))
    assert mail["subject"] == subject
    assert mail["bcc"] is None


@pytest.mark.parametrize(
    "address",
    [
        "anna@reader.example\r\nRCPT TO:<all@reader.example>",
        "anna@reader.example, all@reader.example",
        "Anna <anna@reader.example>",
        "anna",
        "änna@reader.example",
        "anna@reäder.example",
        "anna@",
        "anna..x@reader.example",
        "a" * 65 + "@reader.example",
    ],
)
@pytest.mark.parametrize("field", ["to_address", "from_address"])
def test_only_a_plain_address_is_written_to_or_from(field: str, address: str) -> None:
    with pytest.raises(ValueError):
        parsed(MESSAGE, **{field: address})


def test_the_longest_address_is_not_folded() -> None:
    address = f"{'a' * 64}@{'b' * 60}.{'c' * 60}.{'d' * 60}.example"[:254]
    assert parsed(to_address=address)["to"] == address


ONE_LINE = st.text(max_size=120).map(clean_text)


@settings(max_examples=40, deadline=None)
@given(ONE_LINE)
def test_any_sender_name_arrives(name: str) -> None:
    # The newer parser puts spaces between encoded words of a name, against RFC 2047.
    raw = message_from_bytes(build(MESSAGE, replace(ENVELOPE, from_name=name)), policy=compat32)
    shown, address = parseaddr(raw["from"])
    assert (str(make_header(decode_header(shown))), address) == (name, "news@paper.example")


@settings(max_examples=40, deadline=None)
@given(st.text(min_size=1, max_size=300))
def test_any_subject_arrives(text: str) -> None:
    subject = subject_line(text, "de")
    mail = parsed(replace(MESSAGE, subject=subject))
    assert mail["subject"] == subject


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=3000), st.text(max_size=200), st.sampled_from(["de", "en"]))
def test_any_text_makes_a_mail_with_the_permalink_in_both_parts(
    text: str, headline: str, language: str
) -> None:
    story = make_story(language, headline=headline, blocks=(Paragraph(text), Paragraph("Ende.")))
    message = render(story)
    assert message is not None
    for version in (message, revise(message, f"{text}\n\n{PERMALINK}")):
        raw = build(version, ENVELOPE)
        assert max(map(len, raw.split(b"\r\n"))) <= 998
        assert b"\n" not in raw.replace(b"\r\n", b"")
        assert raw.isascii()
        mail = read(raw)
        assert PERMALINK in part(mail, "plain").split()
        shared = {link.url for link in share_links(PERMALINK, version.subject, language)}
        assert link_targets(part(mail, "html")) == {PERMALINK, PREFER, LEAVE, *shared}
        assert part(mail, "plain").startswith(f"{wrapped(version.text)}\n\n-- \n")
