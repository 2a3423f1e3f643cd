"""`weights.json`: strings of ours, and the weight that npm twitter-text 3.1.0 finds. `make oracle`
makes many more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.channels.x.weighted_length import LINK_WEIGHT, weighted_length

TABLE = json.loads(Path(__file__).with_name("weights.json").read_text(encoding="utf-8"))
PERMALINK = "https://www.zeitung-beispiel.de/politik/liveblog-42?seite=2#eintrag-7"


@pytest.mark.parametrize("row", TABLE, ids=lambda row: ascii(row[0])[:40])
def test_the_weight_is_the_one_that_x_finds(row: list[str | int]) -> None:
    text, found_by_x = row
    assert weighted_length(str(text)) == found_by_x


def test_a_tld_in_a_typo_is_a_link() -> None:
    assert weighted_length("beschlossen.So") == LINK_WEIGHT
    assert weighted_length("z.B.") == 4
    assert weighted_length("d.h.") == 4


@given(st.text(max_size=60))
def test_a_permalink_weighs_the_same_whatever_stands_before_it(text: str) -> None:
    assert weighted_length(f"{text}\n\n{PERMALINK}") == weighted_length(text) + 2 + LINK_WEIGHT


@given(st.lists(st.sampled_from("aä日👍🇩\u200d\ufe0f🏽1.de/:@# \u0301"), max_size=40).map("".join))
def test_more_text_never_weighs_less(text: str) -> None:
    assert weighted_length(text + " a") > weighted_length(text)


@pytest.mark.parametrize(
    "unit",
    [
        "a.",
        "ö",
        "ö.",
        "日.",
        "a." * 400 + " ",
        "https://",
        "👨‍",
        "http://a.de/!",
        "-",
        "1.2 ",
        "\u0301",
    ],
)
def test_hostile_text_of_a_megabyte_ends(unit: str) -> None:
    assert weighted_length(unit * (1_000_000 // len(unit))) > 280
