"""The preview in the inbox and the links to share."""

from __future__ import annotations

from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicator.channels.base import Message
from syndicator.channels.email.frame import PREVIEW_LENGTH
from syndicator.channels.email.revising import revise
from syndicator.channels.email.sharing import share_links
from syndicator.content import Block, BulletList, Image, Paragraph, Quote
from tests.channels.email.stories import BLOCKS, PERMALINK, make_message


def preview(message: Message) -> str:
    """What an inbox shows beside the subject."""
    hidden = BeautifulSoup(message.html, "html.parser").select_one(".preview")
    return hidden.text.rstrip("\u034f\u200c\xa0") if hidden else ""


LONG = "Der Rat hat entschieden. " + "Danach ging es noch lange weiter mit der Debatte. " * 4


@pytest.mark.parametrize(
    ("headline", "blocks", "shown"),
    [
        (
            "Kopf",
            BLOCKS,
            (
                "Nach vier Stunden hat der Stadtrat für den Ausbau gestimmt. "
                "„Das ist ein guter Tag.“ – Ute Beispiel, Dezernentin"
            ),
        ),
        ("Kopf", (), ""),
        ("", (Paragraph("Der Rat hat entschieden."),), ""),
        ("", (Paragraph(LONG),), LONG[25:174]),
        ("Kopf", (Paragraph("Der Weg " * 40),), f"{'Der Weg ' * 18}Der…"),
        ("Kopf", (Image("Am Markt", url=PERMALINK), Quote("Ja.", "Ute")), "„Ja.“ – Ute"),
        ("Kopf", (Paragraph(f"Mehr: {PERMALINK} dort."),), "Mehr: dort."),
        ("Erstens", (BulletList(("Erstens", "Zweitens")),), "· Zweitens"),
    ],
)
def test_the_preview_goes_on_where_the_subject_ends(
    headline: str, blocks: tuple[Block, ...], shown: str
) -> None:
    assert preview(make_message(headline=headline, blocks=blocks)) == shown


def test_a_subject_that_is_cut_goes_on_in_the_preview() -> None:
    text = "Der lange Weg " * 8
    message = make_message(headline="", blocks=(Paragraph(text),))
    assert message.subject.endswith("…")
    assert preview(message).startswith("… ")
    rest = preview(message).removeprefix("… ")
    assert f"{message.subject.removesuffix('…')} {rest}" == text.strip()


def test_the_preview_is_not_seen_in_the_mail_and_follows_an_edit() -> None:
    message = make_message()
    revised = revise(message, message.text.replace("vier Stunden", "<i>fünf</i> Stunden"))
    assert preview(revised).startswith("Nach <i>fünf</i> Stunden")
    hidden = BeautifulSoup(revised.html, "html.parser").select(".preview")
    assert len(hidden) == 1
    assert "display: none" in hidden[0]["style"]


@settings(deadline=None)
@given(st.text(max_size=400), st.text(max_size=40))
def test_a_preview_is_short_whatever_is_said(text: str, headline: str) -> None:
    message = make_message(headline=headline, blocks=(Paragraph(text), Paragraph("Ende.")))
    assert len(preview(message)) <= PREVIEW_LENGTH + 1


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=80)


@settings(deadline=None)
@given(NAMES, st.sampled_from([PERMALINK, "https://x.example/ä?a=b%20c&d=„e“#f g"]))
def test_what_is_shared_arrives_as_it_was(title: str, permalink: str) -> None:
    facebook, x, mail = (urlsplit(link.url) for link in share_links(permalink, title, "de"))
    assert parse_qs(facebook.query) == {"u": [permalink]}
    assert dict(parse_qsl(x.query, keep_blank_values=True)) == {"url": permalink, "text": title}
    asked = dict(parse_qsl(mail.query.replace("+", "%2B"), keep_blank_values=True))
    assert asked == {"subject": title, "body": f"{title}\r\n\r\n{permalink}"}
    assert (facebook.fragment, x.fragment, mail.fragment, mail.path) == ("", "", "", "")
    assert all(link.url.isascii() for link in share_links(permalink, title, "de"))


def test_readers_share_in_their_language() -> None:
    assert [link.label for link in share_links(PERMALINK, "T", "en-US")] == [
        "Share on Facebook",
        "Share on X",
        "Share by email",
    ]


def test_nothing_is_shared_without_a_permalink() -> None:
    message = make_message(permalink="")
    assert BeautifulSoup(message.html, "html.parser").select(".share") == []
