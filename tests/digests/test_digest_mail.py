"""A digest as a mail: what stands in it, in which order, and that it is shown whole."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicator.channels.email.digest import render
from syndicator.channels.email.mime import UNSUBSCRIBE
from syndicator.channels.email.rendering import LARGEST_HTML, SUBJECT_LENGTH, link_targets
from syndicator.content import Paragraph, Quote
from syndicator.newsletter.channel import NewsletterChannel
from tests.digests.stories import ARCHIVE, make_digest_story, make_news


def test_key_events_come_first_and_both_parts_tell_the_same() -> None:
    story = make_digest_story(4)
    message = render(story).message
    for part in (message.text, message.html.replace("&amp;", "&")):
        places = [part.index(entry.permalink) for entry in story.in_order]
        assert places == sorted(places)
        assert part.index("Die Zahl ist zwei") < places[0]
        assert "Foto: Tom Lichtbild" in part
        assert "Drei Verletzte" not in part
        assert "zurückgezogen" in part
    assert story.in_order[0].key_event
    assert {entry.permalink for entry in story.entries} | {ARCHIVE} <= link_targets(message.html)
    assert message.html.count(UNSUBSCRIBE) == 1
    assert NewsletterChannel().problems(message) == []
    assert len(message.pictures) == 1
    assert 'alt="Eine Straßenbahn"' in message.html


@pytest.mark.parametrize(
    ("number", "language", "subject"),
    [
        (1, "de", "Nachricht 0 aus dem Rat"),
        (2, "de", "Stadtrat stimmt zu – und eine weitere Meldung"),
        (7, "de", "Stadtrat stimmt zu – und 6 weitere Meldungen"),
        (7, "en", "Stadtrat stimmt zu – and 6 more updates"),
        (0, "de", "Korrektur: Die Zahl ist zwei"),
    ],
)
def test_the_subject_is_the_news(number: int, language: str, subject: str) -> None:
    assert render(make_digest_story(number, language=language)).message.subject == subject


def test_only_a_retraction_is_said_without_what_it_takes_back() -> None:
    message = render(make_digest_story(0, corrected=())).message
    assert message.subject == "Wir haben eine Meldung zurückgezogen"
    assert "Drei Verletzte" not in message.text + message.html


def test_nothing_is_no_digest() -> None:
    with pytest.raises(ValueError, match="without news"):
        render(make_digest_story(0, corrected=(), retracted=()))


def test_a_quote_is_told_whole_or_not_at_all() -> None:
    long = Quote("Wort " * 300 + "Ende.", "Ute Beispiel")
    entry = make_news(0, blocks=(Paragraph("Sie sprach lange."), long))
    text = render(make_digest_story(0, entries=(entry,))).message.text
    assert "Wort" not in text
    assert "Sie sprach lange." in text


texts = st.text(max_size=400)


@settings(deadline=None, max_examples=15)
@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=12), st.sampled_from(("de", "en")))
def test_whatever_entries_say_the_mail_holds_together(
    said: list[tuple[str, str]], language: str
) -> None:
    entries = tuple(
        make_news(number, headline=headline, blocks=(Paragraph(text * 30),))
        for number, (headline, text) in enumerate(said)
    )
    rendered = render(make_digest_story(0, entries=entries, language=language))
    message = rendered.message
    assert len(message.html.encode()) <= LARGEST_HTML
    assert 0 < len(message.subject) <= SUBJECT_LENGTH
    assert message.html.count(UNSUBSCRIBE) == 1
    assert message.carries_permalink()
    targets = link_targets(message.html)
    assert all(entry.permalink in targets for entry in entries[: rendered.told])
