"""Spliced mails against those that are built one by one, and their signatures against dkimpy."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from fast_mail_parser import parse_email
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicator.channels.base import Message
from syndicator.channels.email.mime import PREFERENCES, Envelope, build
from syndicator.channels.email.pictures import content_id
from syndicator.channels.email.signing import Signer
from syndicator.channels.email.splicing import prepare
from syndicator.content import Paragraph, clean_text
from tests.channels.email.stories import PICTURE, make_message
from tests.channels.email.test_email_mime import ENVELOPE, FILES, LEAVE, part, read
from tests.channels.email.test_email_signing import SIGNERS, verifies

ONE_LINE = st.text(max_size=60).map(clean_text)
#: Everything that quoted-printable, HTML or a header might trip over, and much that is no link.
LINKS = st.one_of(
    st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=300),
    st.text("=?&.aZ_%\"'", min_size=1, max_size=160).map("https://x.example/?".__add__),
    st.text(max_size=40),
)
NAMES = st.one_of(
    st.text("=?.aZ0_-", min_size=1, max_size=80).map("<{}@paper.example>".format),
    st.text(max_size=30),
)
LOCAL_PARTS = st.text("abcXYZ019.+=_'{}|~-", min_size=1, max_size=64)
ADDRESSES = st.one_of(LOCAL_PARTS.map("{}@reader.example".format), st.text(max_size=20))


def other(**changes: Any) -> Envelope:
    return replace(ENVELOPE, **changes)


def bytes_or_error(make: Callable[[], bytes]) -> bytes | type[Exception]:
    try:
        return make()
    except ValueError:
        return ValueError


def without_preferences(html: str) -> str:
    """As mails were before there were preferences."""
    begun, _, rest = html.partition(PREFERENCES)
    return begun + rest.partition("</a>")[2]


@st.composite
def messages(draw: st.DrawFn) -> Message:
    message = make_message(
        language=draw(st.sampled_from(["de", "en", "ar"])),
        headline=draw(ONE_LINE),
        blocks=(Paragraph(draw(st.text(max_size=400))), Paragraph("Ende.")),
        pictures=(PICTURE,) if draw(st.booleans()) else (),
    )
    subject = draw(ONE_LINE) or "Neues"
    hostile = draw(st.sampled_from(["", " \t ", "\t\t", ".\n..\n", "-- \n", "=20 \r\n", "gap"]))
    text = f"{message.text}\n{hostile}{draw(st.text(max_size=80))}"
    if draw(st.booleans()):
        return replace(message, subject=subject, text=text)
    return replace(message, subject=subject, text=text, html=without_preferences(message.html))


@settings(max_examples=15, deadline=None)
@given(
    messages(),
    ONE_LINE,
    st.lists(st.tuples(ADDRESSES, NAMES, LINKS, LINKS), max_size=3),
    st.sampled_from(SIGNERS),
)
def test_a_spliced_mail_is_the_one_that_would_have_been_built(
    message: Message, from_name: str, readers: Sequence[tuple[str, str, str, str]], signer: Signer
) -> None:
    has_place = PREFERENCES in message.html
    first = other(from_name=from_name, preferences_url=LEAVE if has_place else "")
    form = prepare(message, first, FILES)
    signing = prepare(message, first, FILES, signer)
    assert form.mail(first.addressee) == build(message, first, FILES)
    for to_address, message_id, leave, prefer in readers:
        envelope = replace(
            first,
            to_address=to_address,
            message_id=message_id,
            unsubscribe_url=leave,
            preferences_url=prefer if has_place else "",
            return_path=to_address,
        )
        expected = bytes_or_error(lambda envelope=envelope: build(message, envelope, FILES))
        assert bytes_or_error(lambda envelope=envelope: form.mail(envelope.addressee)) == expected
        if isinstance(expected, bytes):
            signed = signing.mail(envelope.addressee)
            assert signed.endswith(expected)
            assert verifies(signed, signer)
            expected = re.sub(rb"(?m)^\.", b"..", expected)
        assert bytes_or_error(lambda envelope=envelope: form.data(envelope.addressee)) == expected


def test_a_form_with_a_place_for_preferences_is_none_for_a_mail_without() -> None:
    form = prepare(make_message(), ENVELOPE)
    with pytest.raises(ValueError):
        form.mail(other(preferences_url="").addressee)


def test_the_link_to_preferences_stands_in_both_parts_if_there_is_one() -> None:
    message = make_message()
    url = "https://desk.example/newsletter/preferences/a=b&c/"
    with pytest.raises(ValueError):
        build(message, other(preferences_url=""))
    older = replace(message, html=without_preferences(message.html))
    with pytest.raises(ValueError):
        build(older, ENVELOPE)
    assert "preferences" not in str(read(build(older, other(preferences_url=""))))
    mail = read(build(message, other(preferences_url=url)))
    assert f"\nEinstellungen ändern:\n{url}\n" in part(mail, "plain")
    assert f'<a\nhref="{url.replace("&", "&amp;")}"\n' in part(mail, "html")


@settings(max_examples=6, deadline=None)
@given(messages(), ONE_LINE)
def test_another_parser_reads_the_same_mail(message: Message, from_name: str) -> None:
    url = "https://desk.example/preferences/?a=b" if PREFERENCES in message.html else ""
    envelope = other(from_name=from_name, preferences_url=url)
    mail = prepare(message, envelope, FILES, SIGNERS[0]).mail(envelope.addressee)
    found = parse_email(mail)
    ours = read(mail)
    assert found.subject == str(ours["subject"])
    assert [text.replace("\r\n", "\n") for text in found.text_plain] == [part(ours, "plain")]
    assert [text.replace("\r\n", "\n") for text in found.text_html] == [part(ours, "html")]
    assert [one.content for one in found.attachments] == [
        FILES[content_id(picture)].content for picture in message.pictures
    ]
    assert found.headers["List-Unsubscribe"] == [f"<{LEAVE}>"]
    assert found.headers["To"] == [envelope.to_address]
