"""`sentences.json`: for each language, texts as the sentences they consist of."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.channels.fitting.sentences import sentence_ends

TABLE = json.loads(Path(__file__).with_name("sentences.json").read_text(encoding="utf-8"))
CASES = [(language, sentences) for language, rows in TABLE.items() for sentences in rows]


def split(text: str, language: str = "de") -> list[str]:
    ends = [0, *sentence_ends(text, language)]
    return [text[begin:end].strip() for begin, end in itertools.pairwise(ends)]


@pytest.mark.parametrize(("language", "sentences"), CASES, ids=lambda value: str(value)[:50])
def test_sentences_end_where_they_end(language: str, sentences: list[str]) -> None:
    assert split(" ".join(sentences), language) == sentences


def test_languages_without_spaces() -> None:
    assert split("今日は雨です。明日は晴れです。", "ja") == ["今日は雨です。", "明日は晴れです。"]


def test_an_accent_on_a_full_stop_stays_with_it() -> None:
    assert split("今日は雨です。\u0301明日は晴れです。", "ja") == [
        "今日は雨です。\u0301明日は晴れです。"
    ]


@given(st.text(alphabet="aZ1.!?… \n“”„()。z.B", max_size=80), st.sampled_from(["de", "en-GB", ""]))
def test_nothing_but_space_is_lost(text: str, language: str) -> None:
    ends = list(sentence_ends(text, language))
    assert ends == sorted(set(ends))
    assert (ends[-1] if ends else 0) == len(text.rstrip())


@pytest.mark.parametrize("unit", ["1. ", "z. B. ", "a.", "… ", "A.B. ", "“", "(. ", "! "])
def test_huge_text_ends(unit: str) -> None:
    assert list(sentence_ends(unit * (100_000 // len(unit)), "de"))
