"""What holds of every post, whatever an entry says."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass

import pytest
import regex
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from syndicator.channels.fitting import Draft, fit, permalink_count
from syndicator.channels.registry import channels
from syndicator.content import (
    Block,
    BulletList,
    EntryContent,
    Image,
    Paragraph,
    Picture,
    Quote,
    Story,
    clean_text,
)

PERMALINK = "https://zeitung.example/live#eintrag-7"
URL = "https://zeitung.example/lang/er?x=1&y=2"

some = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@dataclass(frozen=True)
class Marks:
    """A language's quotation marks."""

    language: str
    outer: tuple[str, str]
    inner: tuple[str, str] | None = None

    @property
    def pairs(self) -> list[tuple[str, str]]:
        return [pair for pair in (self.outer, self.inner) if pair]


STYLES = [
    Marks("de", ("„", "“"), ("‚", "‘")),
    Marks("de", ("»", "«"), ("›", "‹")),
    Marks("da", ("»", "«"), ("›", "‹")),
    Marks("de-CH", ("«", "»"), ("‹", "›")),
    Marks("fr", ("« ", " »"), ("“", "”")),
    Marks("en", ("“", "”"), ("‘", "’")),
    Marks("en", ("‘", "’"), ("“", "”")),
    Marks("en", ('"', '"')),
    Marks("sv", ("”", "”")),
    Marks("ja", ("「", "」"), ("『", "』")),
    Marks("pl", ("„", "”"), ("«", "»")),
]
TOKENS = [URL, "www.zeitung.example/lang", "@wer@server.example", "#Überblick", "$GELD"]
WORDS = [
    *("Wort", "gilt", "sehr", "lange", "Dr.", "Müller", "17.", "Paket", "z. B.", "don’t", "geht’s"),
    *(
        "der",
        "neuen",
        "Ära,",
        "und",
        "2,3",
        "Prozent",
        "(so",
        "heißt",
        "es)",
        "U.S.",
        "ab",
        "3. Mai",
    ),
    *(
        "👨‍👩‍👧‍👦",
        "e\u0301te\u0301",
        "مرحبا",
        "שלום",
        "🇩🇪",
        "Donaudampfschifffahrt" * 3,
        "今日は雨です",
    ),
    *TOKENS,
]
words = st.lists(st.sampled_from(WORDS), min_size=1, max_size=14).map(" ".join)


@st.composite
def sentences(draw: st.DrawFn, marks: Marks) -> str:
    said = draw(words)
    if marks.inner and draw(st.booleans()):
        said += f" {draw(words).join(marks.inner)} {draw(words)}"
    said += draw(st.sampled_from(["", ".", "!", "?", f". Ja {draw(words)}. Nein {draw(words)}."]))
    quoted = said.join(marks.outer)
    return draw(
        st.sampled_from(
            [
                f"{draw(words)}.",
                f"Roth sagte: {quoted}",
                f"{quoted}, sagte Roth am Abend.",
                f"{quoted}",
                f"Er nannte es {quoted} und {draw(words)}.",
            ]
        )
    )


@st.composite
def stories(draw: st.DrawFn, styles: list[Marks] = STYLES) -> tuple[Story, Marks]:
    marks = draw(st.sampled_from(styles))
    text = st.lists(sentences(marks), min_size=1, max_size=4).map(" ".join)
    speech = st.lists(words, min_size=1, max_size=4).map(". Es ".join)
    blocks = draw(
        st.lists(
            st.one_of(
                text.map(Paragraph),
                st.builds(Quote, speech, st.sampled_from(["", "Anna Roth, Sprecherin"])),
                st.builds(BulletList, st.lists(words, min_size=1, max_size=4).map(tuple)),
                st.builds(Image, words, words),
            ),
            max_size=4,
        )
    )
    headline = draw(st.one_of(st.just(""), st.just(""), sentences(marks)))
    return story(*blocks, headline=headline, language=marks.language), marks


def story(*blocks: Block, headline: str = "", language: str = "de") -> Story:
    entry = EntryContent("1", headline=headline, permalink=PERMALINK, blocks=blocks)
    return Story(entry, "blog", "Blog", "https://zeitung.example/live", language=language)


def write(draft: Draft) -> str:
    return "\n\n".join(filter(None, (draft.headline, draft.body, draft.credits, PERMALINK)))


def words_told(told_story: Story, limit: int | None) -> str | None:
    """The post without its permalink."""
    text = fit(told_story, write, limit=limit)
    return None if text is None else text.removesuffix(PERMALINK).rstrip("\n")


def said_in(entry: EntryContent) -> str:
    """All that *entry* says, in its order."""
    parts = [entry.headline]
    for block in entry.blocks:
        match block:
            case Quote(text=text, speaker=speaker):
                parts += [text, speaker]
            case Image(text=text, credit=credit):
                parts += [text, credit]
            case _:
                parts += block.text.split("\n")
    return " ".join(" ".join(parts).split())


#: With the permalink: some leave room for a few words only.
limits = st.integers(41, 110) | st.integers(40, 500)


@some
@given(stories(), limits)
def test_it_fits_and_its_permalink_is_whole_and_stands_alone(
    made: tuple[Story, Marks], limit: int
) -> None:
    text = fit(made[0], write, limit=limit)
    if text is not None:
        assert len(text) <= limit
        assert text.split().count(PERMALINK) == permalink_count(text, PERMALINK) == 1


@some
@given(stories(), limits)
def test_links_mentions_and_hashtags_are_whole(made: tuple[Story, Marks], limit: int) -> None:
    text = words_told(made[0], limit) or ""
    whole = set(TOKENS)
    marks = '„“”‚‘’»«›‹「」『』".,!?:…() '
    for word in text.split():
        for token in regex.findall(r"(?:https?:|www\.|[@#$]).*", word):
            assert token.strip(marks) in whole, word


@some
@given(st.sampled_from(TOKENS), words, st.integers(1, 50), st.booleans())
def test_nor_is_one_cut_that_a_text_begins_with(
    token: str, rest: str, room: int, in_headline: bool
) -> None:
    said = f"{token} {rest} {rest}"
    told_story = story(headline=said) if in_headline else story(Paragraph(said))
    text = words_told(told_story, len(PERMALINK) + 2 + room) or ""
    assert not text or text.split()[0] == token


@some
@given(stories(), limits)
def test_quotations_stay_closed(made: tuple[Story, Marks], limit: int) -> None:
    told_story, marks = made
    text = words_told(told_story, limit) or ""
    for opening, closing in ((first.strip(), last.strip()) for first, last in marks.pairs):
        # An apostrophe inside of a word is no mark.
        counted = regex.sub(r"(?<=\w)’(?=\w)", "", text)
        if opening == closing:
            assert counted.count(opening) % 2 == 0
        else:
            assert counted.count(opening) == counted.count(closing)


@some
@given(stories(), limits)
def test_what_is_quoted_is_whole_or_ends_with_an_ellipsis(
    made: tuple[Story, Marks], limit: int
) -> None:
    told_story, marks = made
    text = " ".join((words_told(told_story, limit) or "").split())
    entry = said_in(told_story.entry)
    opening, closing = (mark.strip() for mark in marks.outer)
    for quoted in regex.findall(rf"{opening}(?!\w’)([^{opening}{closing}]*){closing}(?!\w)", text):
        said = quoted.strip()
        assert said in entry or (said.endswith("…") and said[:-1].rstrip() in entry)


plain = st.lists(
    st.sampled_from(["wir", "gehen", "nach", "Genf,", "heute"]), min_size=1, max_size=30
)
speech = st.lists(plain.map(" ".join), min_size=1, max_size=5).map(". Es ".join)


@some
@given(speech, st.integers(20, 300), st.integers(1, 120))
def test_of_speech_alone_the_beginning_is_told_with_its_marks_and_its_speaker(
    said: str, room: int, more: int
) -> None:
    told_story = story(Quote(said, "Anna Roth"))
    narrow, wide = (
        words_told(told_story, len(PERMALINK) + 2 + limit) or "" for limit in (room, room + more)
    )
    assert len(wide) >= len(narrow)
    for text in filter(None, (narrow, wide)):
        assert text.startswith("„")
        told = text.removeprefix("„").removesuffix("“ – Anna Roth")
        assert told == said or (told.endswith("…") and said.startswith(told[:-1].rstrip()))


@some
@given(stories(), limits)
def test_its_words_are_the_entrys_in_their_order(made: tuple[Story, Marks], limit: int) -> None:
    told_story, _ = made
    text = words_told(told_story, limit) or ""
    ours = ["Bild", "Picture", "Foto", "Photo"]
    entry = iter(regex.findall(r"\w+", said_in(told_story.entry)))
    for found in regex.finditer(r"\w+", text):
        word = found[0]
        if word in ours:
            continue
        # The last word of a text with nothing but long words is cut itself.
        is_cut = text[found.end() : found.end() + 1] == "…"
        assert any(one == word or (is_cut and one.startswith(word)) for one in entry), word


@some
@given(stories(), limits, st.integers(1, 120))
def test_more_room_never_tells_less(made: tuple[Story, Marks], limit: int, more: int) -> None:
    narrow, wide = (words_told(made[0], room) for room in (limit, limit + more))
    assert len(wide or "") >= len(narrow or "")


@some
@given(stories(), limits)
def test_the_same_entry_makes_the_same_post_and_what_fits_is_left_alone(
    made: tuple[Story, Marks], limit: int
) -> None:
    told_story, _ = made
    drafts: list[Draft] = []

    def kept(draft: Draft) -> str:
        drafts.append(draft)
        return write(draft)

    text = fit(told_story, kept, limit=limit)
    assert fit(told_story, write, limit=limit) == text
    if text is None:
        return
    chosen = drafts[-1]
    # A headline that a text begins with is left out, which is another promise.
    assume(not chosen.body.casefold().startswith(chosen.headline.casefold().rstrip(" .…")[:1]))
    again = story(
        *map(Paragraph, filter(None, chosen.body.split("\n\n"))),
        headline=chosen.headline,
        language=told_story.language,
    )
    assert fit(again, write, limit=limit) == text


HOSTILE = [
    *"aÄß .,:;!?…1@#/-–()\u00a0",
    *"日本语。「」אבג مرح",
    *"\u0301\u0308\u200d\ufe0f\u20e3\u200e\u200f\u202e\u2066\u0e33",
    *("👨‍👩‍👧‍👦", "🇩🇪", "🇩", "👍🏽", "🏳️‍🌈", "1️⃣", "\ud83d", "\udc68", "\ud800"),
    *("Das 17. Paket", "z. B.", "Dr. ", "Ende. ", "Wirklich? ", *'„“‚‘"»«”’'),
    *(URL, "@wer", "#was", PERMALINK, "Wort " * 5, "w" * 50, "\u0301" * 60),
]
hostile = st.one_of(
    st.lists(st.sampled_from(HOSTILE), max_size=30).map("".join).map(clean_text),
    st.text(st.characters(exclude_categories=()), max_size=80).map(clean_text),
)


def graphemes(text: str) -> list[str]:
    return regex.findall(r"\X", text)


@some
@given(hostile.filter(bool), st.integers(1, 60))
def test_no_grapheme_is_cut(text: str, limit: int) -> None:
    told_story = story(Paragraph(text))
    cut, whole = words_told(told_story, limit + len(PERMALINK) + 2), words_told(told_story, None)
    # Of speech, the closing mark is told behind the cut.
    if cut is None or whole is None or not set(text).isdisjoint('"„“”‘’»«「」'):
        return
    beginnings = [graphemes(cut), graphemes(cut.removesuffix("…").rstrip())]
    assert any(graphemes(whole)[: len(kept)] == kept for kept in beginnings)


@st.composite
def hostile_stories(draw: st.DrawFn) -> Story:
    said = hostile.filter(bool)
    blocks = st.one_of(
        said.map(Paragraph),
        st.builds(Quote, said, hostile),
        st.builds(BulletList, st.lists(said, min_size=1, max_size=3).map(tuple)),
        st.builds(Image, hostile, hostile, hostile),
    )
    made = story(
        *draw(st.lists(blocks, max_size=4)),
        headline=draw(hostile),
        language=draw(st.sampled_from(["de", "en", "fr", "ja", ""])),
    )
    pictures = st.builds(
        Picture,
        digest=st.just("a" * 64),
        media_type=st.just("image/jpeg"),
        size=st.just(1),
        width=st.just(1),
        height=st.just(1),
        alt=hostile,
        credit=hostile,
    )
    shown = tuple(draw(st.lists(pictures, max_size=2)))
    return dataclasses.replace(made, pictures=shown, thread=draw(st.booleans()))


@pytest.mark.parametrize("name", sorted(channels()))
@settings(some, max_examples=25)
@given(made=hostile_stories())
def test_no_channel_makes_a_post_that_it_refuses_itself_or_that_cannot_be_sent(
    name: str, made: Story
) -> None:
    channel = channels()[name]
    message = channel.render(made)
    if message is None:
        return
    said = [str(problem) for problem in channel.problems(message)]
    # X counts cashtags across the whole text, and an editor has to choose one.
    assert [problem for problem in said if "cashtag" not in problem] == []
    texts = dataclasses.replace(
        message, pictures=(), card=message.card and dataclasses.replace(message.card, picture=None)
    )
    json.dumps(texts.to_json(), ensure_ascii=False).encode()


HUGE = [
    *(
        "a",
        "a ",
        "A. ",
        "„",
        "„a“ ",
        "”",
        "「",
        "«",
        "a’",
        "👨‍👩‍👧‍👦",
        "\u0301",
        "\u200d",
        "\u202e",
    ),
    *(
        "Das 17. Paket ist da. ",
        "(",
        "a, ",
        "Ab ",
        "#",
        "@a",
        "\ud800",
        "• ",
        "a: ",
        f"{PERMALINK} ",
    ),
]


@pytest.mark.parametrize("unit", HUGE)
@pytest.mark.parametrize("form", ["paragraph", "quote", "list", "headline"])
def test_huge_text_is_weighed_seldom_and_never_as_a_whole(unit: str, form: str) -> None:
    huge = unit * (100_000 // len(unit))
    told_story = {
        "paragraph": story(Paragraph(huge), headline="Kopf"),
        "quote": story(Quote(huge, "Anna Roth")),
        "list": story(BulletList(tuple([unit.strip() or "x"] * 5000 + [huge]))),
        "headline": story(Paragraph("Text."), headline=huge),
    }[form]
    weighed: list[int] = []

    def length(text: str) -> int:
        weighed.append(len(text))
        return len(text)

    text = fit(told_story, write, length, 280)
    assert len(text or "") <= 280
    assert len(weighed) < 200
    assert max(weighed, default=0) < 10_000
