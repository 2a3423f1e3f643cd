from __future__ import annotations

from syndicator.channels.base import Message
from syndicator.channels.facebook.channel import FacebookChannel
from syndicator.content import Block, BulletList, EntryContent, Image, Paragraph, Quote, Story

PERMALINK = "https://zeitung.example/live#eintrag-7"
FACEBOOK = FacebookChannel()


def story(*blocks: Block, headline: str = "", language: str = "de") -> Story:
    entry = EntryContent("1", "Autorin", headline, permalink=PERMALINK, blocks=blocks)
    return Story(entry, "blog", "Blog", "https://zeitung.example/live", language=language)


def test_the_whole_entry_and_the_link_beside_it() -> None:
    message = FACEBOOK.render(
        story(
            Paragraph("Erstens. Zweitens."),
            BulletList(("Öl", "Gas"), ordered=True),
            Quote("Endlich", "Ministerin Roth"),
            Image("Saal", "Agentur"),
            headline="Paket",
        )
    )
    assert message == Message(
        "Paket\n\nErstens. Zweitens.\n\n1. Öl\n2. Gas\n\n„Endlich“ – Ministerin Roth",
        PERMALINK,
        link=PERMALINK,
        audience="blog",
        language="de",
    )
    assert FACEBOOK.problems(message) == []


def test_the_text_does_not_repeat_the_link() -> None:
    message = FACEBOOK.render(story(Paragraph(f"Mehr hier: {PERMALINK} und dort.")))
    assert message is not None
    assert message.text == "Mehr hier: und dort."


def test_long_entries_stay_whole_up_to_the_limit() -> None:
    sentence = "Am 3. Mai beschloss der Rat das 17. Paket."
    paragraphs = [Paragraph(" ".join([sentence] * 50))] * 40
    message = FACEBOOK.render(story(*paragraphs[:20]))
    assert message is not None
    assert message.text == "\n\n".join(paragraph.text for paragraph in paragraphs[:20])
    message = FACEBOOK.render(story(*paragraphs))
    assert message is not None
    assert 63_206 - 50 < len(message.text) <= 63_206
    assert message.text.endswith(sentence)


def test_pictures_alone_keep_their_credits() -> None:
    message = FACEBOOK.render(story(Image("A full hall", "Agency"), language="en"))
    assert message is not None
    assert message.text == "Picture: A full hall (Photo: Agency)"


def test_an_entry_that_says_nothing_has_no_message() -> None:
    assert FACEBOOK.render(story()) is None


def test_a_message_without_its_link_is_not_sent() -> None:
    assert FACEBOOK.problems(Message("Text", PERMALINK))


def test_what_is_secret_is_declared() -> None:
    assert {setting.name: (setting.secret, setting.required) for setting in FACEBOOK.settings} == {
        "page_id": (False, True),
        "page_access_token": (True, True),
        "app_secret": (True, False),
    }
