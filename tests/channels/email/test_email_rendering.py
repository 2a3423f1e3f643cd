"""What an entry looks like as a mail, and what an editor's text makes of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicator.channels.base import Message
from syndicator.channels.email.pictures import source_of
from syndicator.channels.email.rendering import (
    SUBJECT_LENGTH,
    link_targets,
    render,
    subject_line,
)
from syndicator.channels.email.revising import revise
from syndicator.channels.email.sharing import share_links
from syndicator.content import Block, BulletList, Image, Paragraph, Quote
from tests.channels.email.stories import PERMALINK, PICTURE, make_message, make_story


def page(message: Message) -> BeautifulSoup:
    return BeautifulSoup(message.html, "html.parser")


def test_the_text_part_says_everything_in_order() -> None:
    assert make_message().text == (
        "Stadtrat beschließt Ausbau der Linie 4\n\n"
        "Wichtig · Jana Muster · 22. November 2026, 14:32 Uhr\n\n"
        "Nach vier Stunden hat der Stadtrat für den Ausbau gestimmt.\n\n"
        "„Das ist ein guter Tag.“\n– Ute Beispiel, Dezernentin\n\n"
        "- Baubeginn: 2027\n- Kosten: 84 Millionen Euro\n\n"
        "1. Planung\n2. Bau\n\n"
        "[Bild] Die Linie 4 am Markt\nFoto: Tom Lichtbild\n\n"
        f"Im Liveblog „Live: Stadtrat & Verkehr“ lesen:\n{PERMALINK}"
    )


def test_the_html_part_has_the_same_in_its_own_elements() -> None:
    html = page(make_message(pictures=(PICTURE,)))
    assert html.h1
    assert html.h1.text == "Stadtrat beschließt Ausbau der Linie 4"
    assert html.time
    assert html.time["datetime"] == "2026-11-22T14:32:00+01:00"
    assert html.blockquote
    assert html.blockquote.footer
    assert html.blockquote.footer.text == "– Ute Beispiel, Dezernentin"
    assert [item.text for item in html.select("ul > li")] == [
        "Baubeginn: 2027",
        "Kosten: 84 Millionen Euro",
    ]
    assert [item.text for item in html.select("ol > li")] == ["Planung", "Bau"]
    image = html.select_one("figure > img")
    assert image
    assert image["src"] == source_of(PICTURE)
    assert image["alt"] == "Eine Straßenbahn"
    assert html.figcaption
    assert " ".join(html.figcaption.text.split()) == "Die Linie 4 am Markt Foto: Tom Lichtbild"
    button = html.select_one("a.button")
    assert button
    assert button["href"] == PERMALINK
    assert button.text == "Im Liveblog lesen"
    assert html.select_one("strong.key")


def test_styles_are_in_the_elements_and_dark_mode_in_the_head() -> None:
    html = page(make_message())
    assert html.h1
    assert "font-size: 24px" in html.h1["style"]
    assert html.style
    assert "prefers-color-scheme: dark" in html.style.text
    assert html.find("meta", {"name": "color-scheme"})


def test_english_readers_get_english_words_and_their_blogs_zone() -> None:
    message = make_message(language="en-GB", time_zone="Europe/London")
    assert "Key event · Jana Muster · 22 November 2026, 13:32 GMT" in message.text
    assert "Read in the live blog “Live: Stadtrat & Verkehr”:\n" in message.text
    assert page(message).select_one("html[lang='en-GB']")


def test_what_is_missing_leaves_no_trace() -> None:
    message = make_message(headline="", author="", published_at=None, key_event=False)
    assert message.text.startswith("Nach vier Stunden")
    assert page(message).h1 is None
    assert page(message).select_one(".marks") is None


def test_an_entry_without_anything_to_read_is_no_mail() -> None:
    assert render(make_story(headline=" ", blocks=(Paragraph(" "), BulletList(("",))))) is None


def test_a_picture_that_the_mail_does_not_carry_is_told_of_and_asked_of_nobody() -> None:
    url = "https://paper.example.org/4.jpg"
    message = make_message(blocks=(Image("Am Markt", "Tom Lichtbild", url=url),))
    assert url not in message.html
    assert page(message).img is None
    caption = page(message).figcaption
    assert caption
    assert " ".join(caption.text.split()) == "Bild: Am Markt Foto: Tom Lichtbild"
    assert "[Bild] Am Markt\nFoto: Tom Lichtbild" in message.text


@pytest.mark.parametrize("permalink", ["", "javascript:alert(1)", "#entry-1"])
def test_only_a_web_address_becomes_a_link(permalink: str) -> None:
    message = make_message(permalink=permalink)
    assert link_targets(message.html) == {"#preferences", "#unsubscribe"}
    assert not message.carries_permalink()


HOSTILE = (
    '"><script>alert(1)</script><!--"block"--><a id="unsubscribe" href="#unsubscribe">{{ 7*7 }}'
)


def test_hostile_text_stays_text_everywhere() -> None:
    message = make_message(
        headline=f"Kopf {HOSTILE}",
        author=HOSTILE,
        blocks=(
            Paragraph(HOSTILE),
            Quote(HOSTILE, HOSTILE),
            BulletList((HOSTILE,)),
            # Not the same, or the paragraph would count as a repeated caption.
            Image(
                f"Bild {HOSTILE}", f"x {HOSTILE}", HOSTILE, f"https://paper.example.org/{HOSTILE}"
            ),
        ),
    )
    html = page(message)
    assert html.script is None
    assert len(html.select("a#unsubscribe")) == 1
    shared = {link.url for link in share_links(PERMALINK, message.subject, "de")}
    assert link_targets(message.html) == {PERMALINK, "#preferences", "#unsubscribe", *shared}
    assert message.text.count("{{ 7*7 }}") == 8
    assert revise(message, message.text) == message


def test_a_subject_is_the_headline_or_else_the_first_sentence() -> None:
    text = "Der Rat hat entschieden. " + "Danach ging es noch lange weiter mit der Debatte. " * 3
    assert make_message().subject == "Stadtrat beschließt Ausbau der Linie 4"
    assert (
        make_message(headline="", blocks=(Paragraph(text),)).subject == "Der Rat hat entschieden."
    )
    assert make_message(headline="", blocks=(BulletList(("Erstens",)),)).subject == "Erstens"


def test_a_long_subject_is_cut_between_words() -> None:
    subject = subject_line("Stadtrat beschließt nach langer Debatte " * 4, "de")
    assert subject == "Stadtrat beschließt nach langer Debatte Stadtrat beschließt nach langer…"


@settings(deadline=None)
@given(st.text(min_size=1, max_size=300), st.sampled_from(["de", "en"]))
def test_a_subject_is_one_short_line(text: str, language: str) -> None:
    subject = subject_line(text, language)
    assert len(subject) <= SUBJECT_LENGTH
    assert len(subject.splitlines()) <= 1


def test_an_untouched_text_changes_nothing() -> None:
    message = make_message()
    assert revise(message, message.text) == message
    assert revise(message, message.text.replace("\n", "\r\n") + "\r\n\r\n") == message


def test_an_edited_paragraph_is_in_both_parts_and_the_picture_stays() -> None:
    message = make_message(pictures=(PICTURE,))
    revised = revise(message, message.text.replace("vier Stunden", "<b>fünf</b> Stunden"))
    assert "<b>fünf</b> Stunden" in revised.text
    assert "Nach <b>fünf</b> Stunden hat" in page(revised).get_text()
    assert "vier Stunden" not in revised.html
    assert page(revised).img
    assert revised.pictures == (PICTURE,)
    assert revised.subject == message.subject
    assert page(revised).select("p[style]")[2]["style"] == "margin: 0 0 16px;"


def test_a_picture_stays_with_its_edited_caption_and_goes_with_it() -> None:
    message = make_message(pictures=(PICTURE,))
    text = message.text
    revised = revise(message, text.replace("Die Linie 4 am Markt", "Linie <4> am Abend"))
    figure = page(revised).figure
    assert figure
    assert figure.img
    assert figure.img["src"] == source_of(PICTURE)
    assert figure.img["alt"] == "Eine Straßenbahn"
    assert figure.get_text("|", strip=True) == "Linie <4> am Abend|Foto: Tom Lichtbild"
    assert revised.pictures == (PICTURE,)
    without = revise(message, text.replace("[Bild] Die Linie 4 am Markt\nFoto: Tom Lichtbild", ""))
    assert without.pictures == ()
    assert page(without).img is None


def test_edited_marks_keep_their_look() -> None:
    message = make_message()
    revised = revise(message, message.text.replace("Jana Muster", "Jana Muster und Ben Beispiel"))
    marks = page(revised).select_one("p.marks")
    assert marks
    assert " ".join(marks.text.split()) == (
        "Wichtig Jana Muster und Ben Beispiel · 22. November 2026, 14:32 Uhr"
    )
    assert marks.select_one("strong.key")
    assert page(revise(message, message.text.replace("Wichtig · ", ""))).select(".key") == []


def test_an_edited_quote_stays_one() -> None:
    message = make_message()
    revised = revise(message, message.text.replace("guter Tag", "sehr <guter> Tag"))
    quote = page(revised).blockquote
    assert quote
    assert quote.p
    assert quote.p.text == "„Das ist ein sehr <guter> Tag.“"
    assert quote.footer
    assert quote.footer.text == "– Ute Beispiel, Dezernentin"
    assert "border-left-width: 3px" in quote["style"]
    unsaid = page(revise(message, message.text.replace("\n– Ute Beispiel, Dezernentin", "")))
    assert unsaid.blockquote
    assert unsaid.blockquote.footer is None


def test_an_edited_headline_stays_one_and_is_the_new_subject() -> None:
    message = make_message()
    revised = revise(message, message.text.replace("Linie 4\n", "Linie 5\n", 1))
    assert revised.subject == "Stadtrat beschließt Ausbau der Linie 5"
    assert page(revised).h1
    assert page(revised).h1.text == revised.subject  # type: ignore[union-attr]
    shared = {link.url for link in share_links(PERMALINK, revised.subject, "de")}
    assert shared <= link_targets(revised.html)


def test_an_edited_list_stays_a_list() -> None:
    message = make_message()
    revised = revise(
        message, message.text.replace("84 Mill", "85 Mill").replace("2. Bau", "2. Tat")
    )
    assert [item.text for item in page(revised).select("li")] == [
        "Baubeginn: 2027",
        "Kosten: 85 Millionen Euro",
        "Planung",
        "Tat",
    ]


def test_a_permalink_that_an_editor_moved_is_a_link_where_it_stands() -> None:
    message = make_message()
    text = f"Mehr dazu: {PERMALINK} im Blog.\n\nSchluss."
    revised = revise(message, text)
    assert PERMALINK in link_targets(revised.html)
    assert [link.text for link in page(revised).select("main a")] == [PERMALINK]


def test_a_permalink_that_an_editor_removed_is_gone_from_both_parts() -> None:
    revised = revise(make_message(), "Nur Text.")
    assert not revised.carries_permalink()
    assert PERMALINK not in link_targets(revised.html)


@pytest.mark.parametrize(
    ("language", "direction"),
    [("de", "ltr"), ("ar", "rtl"), ("he-IL", "rtl"), ("ku-Arab-IQ", "rtl"), ("ar-Latn", "ltr")],
)
def test_a_mail_is_read_in_the_direction_of_its_language(language: str, direction: str) -> None:
    message = make_message(language=language)
    revised = revise(message, message.text.replace("Baubeginn: ", "Beginn: "))
    for html in (page(message), page(revised)):
        said = {one["dir"] for one in html.select("html, .page, ul, ol, blockquote, .share")}
        assert said == {direction}
        assert {one["lang"] for one in html.select("html, .page")} == {language}
    on_the_right = "border-right-width: 3px" in message.html
    assert on_the_right == (direction == "rtl")


SENTENCE = "Ein Satz über „Ämter & Behörden“, der nicht mehr sagt als dieser hier. "


@pytest.mark.parametrize(
    "blocks",
    [
        tuple(Paragraph(f"{number}. {SENTENCE * 9}") for number in range(200)),
        (Paragraph(SENTENCE * 20_000),),
        (Paragraph("Anfang."), BulletList(tuple("<>&" for _ in range(60_000)))),
    ],
    ids=["paragraphs", "one paragraph", "a list"],
)
def test_a_mail_is_no_larger_than_gmail_shows_and_says_where_it_goes_on(
    blocks: tuple[Block, ...],
) -> None:
    message = make_message(blocks=blocks, headline=HOSTILE * 3)
    assert len(message.html.encode()) < 100_000
    assert "geht im Liveblog weiter.\n\nIm Liveblog" in message.text
    assert page(message).select_one("a.button")
    assert revise(message, message.text) == message


def test_an_entry_that_fits_is_told_whole() -> None:
    message = make_message(blocks=tuple(Paragraph(f"{n}. {SENTENCE * 9}") for n in range(80)))
    assert len(message.html.encode()) > 60_000
    assert "geht im Liveblog weiter" not in message.text


TEXT = st.text(max_size=60)
BLOCK = st.one_of(
    st.builds(Paragraph, TEXT),
    st.builds(Quote, TEXT, TEXT),
    st.builds(BulletList, st.lists(TEXT, max_size=3).map(tuple), st.booleans()),
    st.builds(Image, TEXT, TEXT, TEXT, st.just("https://paper.example.org/4.jpg")),
)


@settings(max_examples=40, deadline=None)
@given(TEXT, TEXT, st.lists(BLOCK, max_size=4).map(tuple), st.booleans())
def test_whatever_an_entry_says_both_parts_have_the_permalink(
    headline: str, author: str, blocks: tuple[Block, ...], key_event: bool
) -> None:
    story = make_story(headline=headline, author=author, blocks=blocks, key_event=key_event)
    message = render(story)
    if message is not None:
        assert message.carries_permalink()
        shared = {link.url for link in share_links(PERMALINK, message.subject, "de")}
        assert link_targets(message.html) == {PERMALINK, "#preferences", "#unsubscribe", *shared}
        assert message.subject


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=200))
def test_whatever_an_editor_writes_both_parts_say_it(text: str) -> None:
    message = make_message(published_at=datetime(2026, 1, 1, tzinfo=UTC))
    revised = revise(message, f"{text}\n\n{PERMALINK}")
    assert revised.carries_permalink()
    assert PERMALINK in link_targets(revised.html)
    main = page(revised).main
    assert main
    said, shown = revised.text.split(), main.get_text(" ").split()
    assert [word for word in shown if word not in said] == []
    unmarked = [word for word in said if not re.fullmatch(r"-|\d+\.", word)]
    assert [word for word in unmarked if word not in shown] == []
