from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.channels.base import Card, Message
from syndicator.channels.bluesky.channel import BlueskyChannel
from syndicator.channels.bluesky.records import links_of, record_of
from syndicator.channels.registry import channel
from syndicator.content import Block, EntryContent, Image, Paragraph, Picture, Story

PERMALINK = "https://zeitung.example/politik/live/gipfel-in-genf-1234.html#eintrag-7"
BLUESKY = BlueskyChannel()
PUBLISHED = datetime(2026, 5, 3, 10, 0, tzinfo=UTC)


def picture(
    alt: str = "Ein Saal", credit: str = "", size: int = 1000, digest: str = "1"
) -> Picture:
    return Picture(digest * 64, "image/jpeg", size, 1200, 800, alt, credit)


def story(
    *blocks: Block,
    headline: str = "",
    language: str = "de",
    pictures: tuple[Picture, ...] = (),
    published_at: datetime | None = PUBLISHED,
) -> Story:
    entry = EntryContent("1", "Autorin", headline, published_at, permalink=PERMALINK, blocks=blocks)
    return Story(
        entry,
        "blog",
        "Der Gipfel",
        "https://zeitung.example/live",
        language=language,
        pictures=pictures,
    )


def test_it_is_found_by_its_entry_point() -> None:
    assert isinstance(channel("bluesky"), BlueskyChannel)


def test_without_pictures_the_permalink_is_a_card() -> None:
    message = BLUESKY.render(
        story(Paragraph("Die Runde beginnt am 3. Mai. Dann mehr."), headline="Paket")
    )
    assert message == Message(
        "Paket\n\nDie Runde beginnt am 3. Mai. Dann mehr.",
        PERMALINK,
        link=PERMALINK,
        audience="blog",
        language="de",
        card=Card("Paket", "Die Runde beginnt am 3. Mai."),
        published_at="2026-05-03T10:00:00+00:00",
    )
    assert BLUESKY.problems(message) == []
    assert Message.from_json(message.to_json()) == message


def test_a_card_without_a_headline_bears_the_live_blogs_title() -> None:
    message = BLUESKY.render(story(Paragraph("Text."), published_at=None))
    assert message is not None
    assert message.card == Card("Der Gipfel", "Text.")
    assert message.published_at == ""


def test_a_card_does_not_say_its_headline_twice_and_parts_no_quotation() -> None:
    text = Paragraph("Der Rat tagt. „Los! Jetzt!“, rief er. Dann mehr.")
    message = BLUESKY.render(story(text, headline="Der Rat tagt"))
    assert message is not None
    assert message.card == Card("Der Rat tagt", "„Los! Jetzt!“, rief er.")


def test_described_pictures_go_out_and_the_permalink_with_them_in_the_text() -> None:
    shown = tuple(picture(digest=digit, credit="Agentur") for digit in "12345")
    message = BLUESKY.render(story(Paragraph("Text."), pictures=shown))
    assert message is not None
    assert message.text == f"Text.\n\nFoto: Agentur\n\n{PERMALINK}"
    assert message.pictures == shown[:4]
    assert (message.link, message.card) == ("", None)
    assert BLUESKY.problems(message) == []


def test_a_picture_without_a_description_becomes_the_cards() -> None:
    shown = (picture(), picture(alt="", credit="Agency", digest="2"))
    message = BLUESKY.render(story(Paragraph("Text."), pictures=shown, language="en"))
    assert message is not None
    assert message.text == "Text."
    assert message.pictures == ()
    assert message.card is not None
    assert message.card.picture == shown[0]
    message = BLUESKY.render(story(Paragraph("Text."), pictures=shown[1:], language="en"))
    assert message is not None
    assert message.text == "Text.\n\nPhoto: Agency"


def test_pictures_that_are_too_large_stay_away() -> None:
    shown = (picture(size=2_000_001), picture(digest="2"))
    message = BLUESKY.render(story(Paragraph("Text."), pictures=shown))
    assert message is not None
    assert message.pictures == shown[1:]
    message = BLUESKY.render(story(Paragraph("Text."), pictures=shown[:1]))
    assert message is not None
    assert (message.pictures, message.card) == ((), Card("Der Gipfel", "Text."))
    assert message.link == PERMALINK


def test_an_entry_of_pictures_alone_names_its_credit_once() -> None:
    message = BLUESKY.render(
        story(Image("Ein Saal", "Agentur"), pictures=(picture(credit="Agentur"),))
    )
    assert message is not None
    assert message.text == f"Ein Saal\n\nFoto: Agentur\n\n{PERMALINK}"


def test_a_credit_that_names_the_permalink_does_not_name_it_twice() -> None:
    shown = (picture(credit=f"dpa {PERMALINK}"), picture(credit="Agentur", digest="2"))
    message = BLUESKY.render(story(Paragraph("Text."), pictures=shown))
    assert message is not None
    assert message.text == f"Text.\n\nFotos: dpa; Agentur\n\n{PERMALINK}"
    assert BLUESKY.problems(message) == []
    assert message.text.split().count(PERMALINK) == 1


def test_rather_no_picture_than_one_without_its_credit() -> None:
    for alt in ("Ein Saal", ""):
        message = BLUESKY.render(story(Paragraph("Text."), pictures=(picture(alt, "Name " * 80),)))
        assert message is not None
        assert (message.text, message.all_pictures) == ("Text.", ())
        assert BLUESKY.problems(message) == []


def test_a_long_permalink_costs_no_more_than_what_is_shown_of_it() -> None:
    sentence = "Am 3. Mai beschloss der Rat das 17. Paket."
    message = BLUESKY.render(story(Paragraph(" ".join([sentence] * 20)), pictures=(picture(),)))
    assert message is not None
    shown = "zeitung.example/politik/live…"
    body = message.text.removesuffix(f"\n\n{PERMALINK}")
    assert 300 - len(sentence) - 1 < len(body) + 2 + len(shown) <= 300
    assert body.endswith(sentence)


def test_an_entry_that_says_nothing_has_no_message() -> None:
    assert BLUESKY.render(story()) is None
    # A card’s picture is none of the post’s own: it needs words beside it.
    assert BLUESKY.render(story(pictures=(picture(alt=""),))) is None


def test_a_picture_without_words_goes_out_with_its_permalink() -> None:
    message = BLUESKY.render(story(pictures=(picture(),)))
    assert message is not None
    assert (message.text, message.pictures) == (PERMALINK, (picture(),))
    assert BLUESKY.problems(message) == []


def test_what_must_not_be_sent() -> None:
    good = Message("Text", PERMALINK, link=PERMALINK, card=Card("T"))
    too_long = Message("a" * 301, PERMALINK, link=PERMALINK)
    without = Message("Text", PERMALINK, link=PERMALINK, pictures=(picture(),))
    nowhere = Message("Text", PERMALINK, pictures=(picture(),))
    five = Message(f"Text {PERMALINK}", PERMALINK, pictures=(picture(),) * 5)
    large = Message(f"Text {PERMALINK}", PERMALINK, pictures=(picture(size=2_000_001),))
    thumb = Message("Text", PERMALINK, link=PERMALINK, card=Card("T", "", picture(size=1_000_001)))
    found = [
        len(BLUESKY.problems(one)) for one in (good, too_long, without, nowhere, five, large, thumb)
    ]
    assert found == [0, 1, 1, 1, 1, 1, 1]


LONG = ["👩‍👩‍👧‍👦" * 200, "Öl. " * 300, "a" * 2000, PERMALINK]
TEXTS = st.text(max_size=400) | st.sampled_from(LONG)


@given(
    st.lists(TEXTS, max_size=3), TEXTS, st.lists(st.sampled_from(["", "Ein Saal 👍"]), max_size=2)
)
def test_whatever_the_entry_says_the_post_fits_and_carries_its_permalink(
    texts: list[str], headline: str, described: list[str]
) -> None:
    pictures = tuple(
        picture(alt=alt, digest=str(number)) for number, alt in enumerate(described, 1)
    )
    blocks = [Paragraph(text) for text in texts if text.strip()]
    message = BLUESKY.render(story(*blocks, headline=headline, pictures=pictures))
    if message is None:
        return
    assert BLUESKY.problems(message) == []
    blobs = [{"$type": "blob"}] * len(message.pictures)
    record = record_of(message, blobs, created_at="2026-05-03T12:00:00.000Z")
    assert PERMALINK in links_of(record)


def test_which_account_it_is() -> None:
    settings = {"handle": " @Morgenblatt.bsky.social ", "app_password": "x", "session": "y"}
    assert BLUESKY.account_name(settings) == "morgenblatt.bsky.social"
    assert BLUESKY.account_url(settings) == "https://bsky.app/profile/morgenblatt.bsky.social"
    assert BLUESKY.account_url({}) == ""


@pytest.mark.parametrize("language", ["de", "de-AT", "", "Deutsch!", "x", "!!"])
def test_only_a_language_is_named_as_one(language: str) -> None:
    message = Message("Text", PERMALINK, link=PERMALINK, language=language)
    record = record_of(message, [], created_at="")
    assert record.get("langs") == ([language] if language.startswith("de") else None)
