"""What an entry becomes on Mastodon."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.channels.base import Capability, LookUpStrength
from syndicator.channels.mastodon.channel import MastodonChannel
from syndicator.channels.mastodon.limit import limit_of
from syndicator.channels.mastodon.pictures import LONGEST_DESCRIPTION, description
from syndicator.content import EntryContent, Paragraph, Picture, Story

CHANNEL = MastodonChannel()
PERMALINK = "https://zeitung.de/politik/liveblog/verhandlungen-in-genf.html#eintrag-7"
SENTENCE = "Die Delegationen sind am Vormittag eingetroffen. "


def picture(alt: str = "", credit: str = "", name: str = "a") -> Picture:
    return Picture(name * 64, "image/jpeg", 1000, 1200, 800, alt=alt, credit=credit)


def story(text: str, *, headline: str = "", permalink: str = PERMALINK, pictures: int = 0) -> Story:
    entry = EntryContent(
        "7", headline=headline, permalink=permalink, blocks=(Paragraph(text),) if text else ()
    )
    shown = tuple(picture(name=name) for name in "abcdef"[:pictures])
    return Story(entry, "genf", "Genf", "https://zeitung.de/", language="de", pictures=shown)


def test_headline_text_and_permalink() -> None:
    message = CHANNEL.render(story("Sie kamen.", headline="Beginn in Genf"))
    assert message is not None
    assert message.text == f"Beginn in Genf\n\nSie kamen.\n\n{PERMALINK}"
    assert (message.permalink, message.language, message.link) == (PERMALINK, "de", "")
    assert not CHANNEL.problems(message)


def test_a_link_counts_23_so_that_more_fits() -> None:
    message = CHANNEL.render(story(SENTENCE * 20))
    assert message is not None
    assert len(message.text) > 500
    assert 450 < CHANNEL.length(message.text) <= 500


def test_nothing_to_say() -> None:
    assert CHANNEL.render(story("")) is None


def test_the_first_four_pictures_go_along() -> None:
    message = CHANNEL.render(story("Sechs Bilder.", pictures=6))
    assert message is not None
    assert [one.digest[0] for one in message.pictures] == ["a", "b", "c", "d"]
    assert not CHANNEL.problems(message)


def test_an_editors_lines_count_as_they_are_sent() -> None:
    assert CHANNEL.length("a\r\nb") == CHANNEL.length("a\nb") == 3


def test_too_long_for_the_server() -> None:
    message = CHANNEL.render(story("Kurz."))
    assert message is not None
    (problem,) = CHANNEL.problems(message.with_text("a" * 480 + f" {PERMALINK}"))
    assert "4 characters too long for Mastodon" in str(problem)


@pytest.mark.parametrize(
    ("entered", "limit"),
    [("500", 500), ("5000", 5000), ("", 500), ("viele", 500), ("3", 500), ("9" * 99, 500)],
)
def test_the_limit_of_a_server(entered: str, limit: int) -> None:
    assert limit_of({"limit": entered}) == limit
    assert CHANNEL.for_settings({"limit": entered}).limit == limit


def test_a_server_that_takes_more_gets_more() -> None:
    wide = CHANNEL.for_settings({"limit": "5000"}).render(story(SENTENCE * 60))
    assert wide is not None
    assert len(wide.text) > 2000
    assert CHANNEL.for_settings({}) is CHANNEL
    assert CHANNEL.problems(wide)


@given(
    st.lists(st.text(max_size=200), min_size=1, max_size=6).map(" ".join),
    st.text(max_size=300),
    st.sampled_from([PERMALINK, "https://a.example/" + "x" * 80, "https://müller.de/ä?b=c#d"]),
    st.integers(130, 600),
)
def test_whatever_is_rendered_fits_and_has_its_permalink(
    text: str, headline: str, permalink: str, limit: int
) -> None:
    channel = MastodonChannel(limit)
    message = channel.render(story(text, headline=headline, permalink=permalink))
    if message is not None:
        assert permalink in message.text.split()
        assert channel.length(message.text) <= limit
        assert not channel.problems(message)


class TestAccounts:
    def test_one_account_is_told_from_another_by_its_name(self) -> None:
        names = {
            CHANNEL.account_name({"handle": handle, "access_token": handle, "limit": "1000"})
            for handle in ("@Redaktion@zeitung.social", "redaktion", "@redaktion")
        }
        assert names == {"redaktion"}

    def test_where_a_person_sees_the_posts(self) -> None:
        assert CHANNEL.account_url({"handle": "@a@b.social"}) == "https://b.social/@a"
        assert CHANNEL.account_url({"handle": "@a"}) == ""
        assert CHANNEL.account_url({}) == ""

    def test_what_it_can_do(self) -> None:
        assert CHANNEL.look_up_strength is LookUpStrength.STRONG
        # Some servers forget the key: nothing may be concluded from it.
        assert CHANNEL.key_lifetime is None
        assert CHANNEL.capabilities == {
            Capability.EDIT,
            Capability.DELETE,
            Capability.PICTURES,
            Capability.REPLY,
        }


class TestDescriptions:
    def test_of_a_picture_with_a_credit(self) -> None:
        assert description(picture("Ein Tisch", "Doe/dpa"), "de-AT") == "Ein Tisch (Foto: Doe/dpa)"
        assert description(picture("A table", "Doe/dpa"), "en") == "A table (Photo: Doe/dpa)"
        assert description(picture("", "Doe/dpa"), "de") == "(Foto: Doe/dpa)"
        assert description(picture("Ein Tisch"), "de") == "Ein Tisch"
        assert description(picture(), "de") == ""

    @given(st.text(max_size=40).map(lambda text: text * 80), st.text(max_size=100))
    def test_one_that_is_too_long_keeps_its_credit(self, alt: str, credit: str) -> None:
        said = description(picture(alt, credit), "de")
        assert len(said) <= LONGEST_DESCRIPTION
        assert said.endswith(f"(Foto: {credit})" if credit else "")

    def test_no_letter_is_cut_in_two(self) -> None:
        said = description(picture("👩‍👩‍👧" * 400), "de")
        assert said == "👩‍👩‍👧" * 299 + "…"


def test_credits_stand_in_the_text_and_a_picture_stays_away_if_its_own_does_not_fit() -> None:
    told = story("Ein Bild.", pictures=1)
    shown = replace(told.pictures[0], credit=f"dpa {PERMALINK}")
    message = CHANNEL.render(replace(told, pictures=(shown,)))
    assert message is not None
    assert message.text == f"Ein Bild.\n\nFoto: dpa\n\n{PERMALINK}"
    assert CHANNEL.problems(message) == []
    message = CHANNEL.render(replace(told, pictures=(replace(shown, credit="Name " * 120),)))
    assert message is not None
    assert (message.text, message.pictures) == (f"Ein Bild.\n\n{PERMALINK}", ())
