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


@pytest.mark.parametrize(
    ("text", "found_by_x"),
    [
        ("https://zeitung.example.de/" + "a" * 1500, 23),
        ("Siehe https://zeitung.example.de/?" + "&".join(f"p{n}=Wert-{n}" for n in range(200)), 29),
        ("https://zeitung.example.de/" + "b" * 4061, 23),
        ("https://zeitung.example.de/" + "b" * 4062, 4089),
        ("https://a.de/" + "-_" * 2000 + " https://a.de/" + "c" * 4000, 47),
        ("lang" * 3000 + ".de/x https://zeitung.example.de", 12_029),
        ("https://a.de/" + "ab/" * 1350 + " x" * 128, 279),
    ],
    ids=range(7),
)
def test_a_long_link_weighs_what_x_finds(text: str, found_by_x: int) -> None:
    """Trackers make links of thousands of characters; X takes 4,096."""
    assert weighted_length(text) == found_by_x


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
        "a." * 139 + " ",
        "a." * 400 + " ",
        "a." * 2000 + " ",
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
