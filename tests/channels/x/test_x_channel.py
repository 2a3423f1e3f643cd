from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicator.channels.base import LookUpStrength, Message
from syndicator.channels.x.channel import XChannel
from syndicator.content import (
    Block,
    BulletList,
    EntryContent,
    Image,
    Paragraph,
    Quote,
    Story,
    clean_text,
)

PERMALINK = "https://www.zeitung.example.de/politik/liveblog-42?seite=2#eintrag-7"
X = XChannel()


def story(*blocks: Block, headline: str = "", permalink: str = PERMALINK) -> Story:
    entry = EntryContent("1", "Autorin", headline, permalink=permalink, blocks=blocks)
    return Story(entry, "blog", "Blog", "https://www.zeitung.example.de/politik/liveblog-42")


def problems(text: str) -> list[str]:
    return [str(problem) for problem in X.problems(Message(text, PERMALINK))]


def test_a_short_entry_is_told_whole() -> None:
    message = X.render(
        story(
            Paragraph("Das 17. Sanktionspaket ist da."),
            BulletList(("Öl", "Gas")),
            Quote("Endlich", "Ministerin Roth"),
            Image("Saal", "Agentur"),
            headline="Paket",
        )
    )
    assert message is not None
    assert message.text == (
        "Paket\n\nDas 17. Sanktionspaket ist da.\n\n• Öl\n• Gas\n\n„Endlich“ – Ministerin Roth"
        f"\n\n{PERMALINK}"
    )
    assert (message.permalink, message.link, message.audience) == (PERMALINK, "", "blog")
    assert X.problems(message) == []


def test_a_long_entry_is_told_in_whole_sentences() -> None:
    sentence = "Am 3. Mai beschloss der Rat das 17. Paket."
    message = X.render(story(Paragraph(" ".join([sentence] * 20)), headline="Paket"))
    assert message is not None
    told = message.text.removeprefix("Paket\n\n").removesuffix(f"\n\n{PERMALINK}")
    assert told == " ".join([sentence] * 5)
    assert X.length(message.text) <= 280 < X.length(message.text) + len(sentence) + 1


def test_an_entry_that_says_nothing_has_no_message() -> None:
    assert X.render(story()) is None
    assert X.render(story(Image(url="https://zeitung.example.de/a.jpg"))) is None


def test_characters_that_x_refuses_are_left_out() -> None:
    message = X.render(story(Paragraph("a\uffffb\ufffec")))
    assert message is not None
    assert message.text.startswith("abc\n")


def test_they_are_left_out_of_an_editors_text_as_well() -> None:
    message = X.revise(Message(PERMALINK, PERMALINK), f"a\ufeffb {PERMALINK}")
    assert message.text == f"ab {PERMALINK}"


def test_an_entry_without_permalink_is_not_sent() -> None:
    message = X.render(story(Paragraph("Text."), permalink=""))
    assert message is not None
    assert X.problems(message)


def test_lengths_are_those_of_what_is_sent() -> None:
    assert X.length(f"a\r\n{PERMALINK}") == 2 + 23


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Ohne Link", "missing"),
        (f"Im Text({PERMALINK})", "missing"),
        (f"{PERMALINK} und {PERMALINK}", "more than once"),
        (f"{PERMALINK} und ({PERMALINK})", "more than once"),
        (f"$ABC und $DEF.G {PERMALINK}", "cashtag"),
        ("x" * 257 + f" {PERMALINK}", "1 characters too long"),
        (" \n", "empty"),
    ],
)
def test_what_must_not_be_sent(text: str, says: str) -> None:
    assert any(says in problem for problem in problems(text))


@pytest.mark.parametrize(
    "text",
    [
        f"$ABC kostet 5 US$ oder $20 {PERMALINK}",
        f"Siehe auch {PERMALINK}8 {PERMALINK}",
        "x" * 256 + f" {PERMALINK}",
    ],
)
def test_what_may_be_sent(text: str) -> None:
    assert problems(text) == []


def test_what_the_platform_can_do_is_declared() -> None:
    assert X.look_up_strength is LookUpStrength.STRONG
    assert all(setting.secret for setting in X.settings if setting.required)


HOSTILE = [
    *"aä日.,:!?…-/@#$ \u0301\u200d\ufe0f\u202e",
    *("👨‍👩‍👧‍👦", "🇩🇪", "👍🏽", "„", "“", "»", "«", "beschlossen.So ", "z.B. ", "Ende. "),
    *(PERMALINK, "https://andere.example/", "x" * 40, "Wort " * 10),
]
texts = st.lists(st.sampled_from(HOSTILE), max_size=60).map("".join).map(clean_text)
blocks = st.one_of(
    texts.filter(bool).map(Paragraph),
    st.builds(Quote, texts.filter(bool), texts),
    st.builds(BulletList, st.lists(texts.filter(bool), min_size=1, max_size=3).map(tuple)),
    st.builds(Image, texts, texts),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(blocks, max_size=3), texts)
def test_whatever_an_entry_says_its_message_may_be_sent(told: list[Block], headline: str) -> None:
    message = X.render(story(*told, headline=headline))
    if message is None:
        return
    assert X.length(message.text) <= 280
    assert message.text.split().count(PERMALINK) == 1
    assert [str(problem) for problem in X.problems(message) if "cashtag" not in str(problem)] == []
