from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from syndicator.channels.base import Capability, Message
from syndicator.channels.facebook.channel import FacebookChannel
from syndicator.content import (
    Block,
    BulletList,
    EntryContent,
    Image,
    Paragraph,
    Picture,
    Quote,
    Story,
)

PERMALINK = "https://zeitung.example/live#eintrag-7"
FACEBOOK = FacebookChannel()


def story(
    *blocks: Block, headline: str = "", language: str = "de", pictures: tuple[Picture, ...] = ()
) -> Story:
    entry = EntryContent("1", "Autorin", headline, permalink=PERMALINK, blocks=blocks)
    url = "https://zeitung.example/live"
    return Story(entry, "blog", "Blog", url, language=language, pictures=pictures)


def picture(number: int, credit: str = "") -> Picture:
    return Picture(f"{number:064x}", "image/jpeg", 1000, 40, 30, "Saal", credit)


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
        "app_id": (False, False),
        "app_secret": (True, False),
    }


def test_with_pictures_the_permalink_is_in_the_text() -> None:
    pictures = (picture(1, "Agentur"), picture(2), picture(3, "dpa"), picture(4, "Agentur"))
    message = FACEBOOK.render(story(Paragraph("Erstens."), headline="Paket", pictures=pictures))
    assert message == Message(
        f"Paket\n\nErstens.\n\nFotos: Agentur; dpa\n\n{PERMALINK}",
        PERMALINK,
        audience="blog",
        language="de",
        pictures=pictures,
    )
    assert FACEBOOK.problems(message) == []


def test_without_credits_there_is_no_gap() -> None:
    english = story(Paragraph("First."), language="en", pictures=(picture(1),))
    message = FACEBOOK.render(english)
    assert message is not None
    assert message.text == f"First.\n\n{PERMALINK}"
    credited = FACEBOOK.render(replace(english, pictures=(picture(1, "Öhm"),)))
    assert credited is not None
    assert credited.text == f"First.\n\nPhoto: Öhm\n\n{PERMALINK}"


def test_a_credit_beside_its_caption_is_not_repeated() -> None:
    shown = Image("Ein Saal", "Agentur", url="https://zeitung.example/1.jpg")
    message = FACEBOOK.render(story(shown, pictures=(picture(1, "Agentur"),)))
    assert message is not None
    assert message.text == f"Bild: Ein Saal\n\nFoto: Agentur\n\n{PERMALINK}"
    described = replace(shown, alt="Saal")
    message = FACEBOOK.render(story(described, pictures=(picture(1, "Agentur"),)))
    assert message is not None
    assert message.text == f"Ein Saal\n\nFoto: Agentur\n\n{PERMALINK}"


def test_a_credit_that_names_the_permalink_does_not_name_it_twice() -> None:
    message = FACEBOOK.render(
        story(Paragraph("Text."), pictures=(picture(1, f"dpa {PERMALINK}"), picture(2, PERMALINK)))
    )
    assert message is not None
    assert message.text == f"Text.\n\nFoto: dpa\n\n{PERMALINK}"
    assert FACEBOOK.problems(message) == []


def test_no_more_pictures_than_a_post_takes() -> None:
    many = tuple(picture(number) for number in range(12))
    message = FACEBOOK.render(story(Paragraph("Text."), pictures=many))
    assert message is not None
    assert message.pictures == many[:10]
    assert FACEBOOK.problems(message) == []
    assert FACEBOOK.problems(replace(message, pictures=many))


def test_a_card_and_pictures_are_never_both_sent() -> None:
    pictures = (picture(1),)
    both = Message(f"Text {PERMALINK}", PERMALINK, link=PERMALINK, pictures=pictures)
    assert FACEBOOK.problems(both)
    assert FACEBOOK.problems(replace(both, link="")) == []
    # The permalink of pictures is in the words, which an editor may change.
    assert FACEBOOK.problems(FACEBOOK.revise(replace(both, link=""), "Text"))
    huge = replace(picture(1), size=10_000_001)
    assert FACEBOOK.problems(replace(both, link="", pictures=(huge,)))


@given(
    st.lists(st.text(max_size=200), min_size=1, max_size=4),
    st.lists(st.text(min_size=1, max_size=30), max_size=3),
)
def test_the_permalink_leaves_whatever_is_said(texts: list[str], credits_: list[str]) -> None:
    pictures = tuple(picture(number, credit) for number, credit in enumerate(credits_))
    message = FACEBOOK.render(story(*map(Paragraph, texts), pictures=pictures))
    if message is not None:
        assert message.carries_permalink()
        assert (PERMALINK in message.text.split()) is bool(pictures)
        assert FACEBOOK.problems(message) == []


def test_what_it_can_do() -> None:
    assert FACEBOOK.capabilities == {
        Capability.EDIT,
        Capability.DELETE,
        Capability.PICTURES,
        Capability.REPLY,
    }
