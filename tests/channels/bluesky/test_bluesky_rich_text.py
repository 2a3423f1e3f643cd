from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.channels.bluesky.rich_text import MOST_BYTES, MOST_GRAPHEMES, rich_text, short

PERMALINK = "https://zeitung.example/politik/live/gipfel-in-genf-1234.html#eintrag-7"
HOSTILE = st.lists(
    st.sampled_from(
        [
            "👩‍👩‍👧‍👦",
            "e\u0301",
            "\u200b",
            "\u00ad",
            "#",
            "#️⃣",
            "#Größe",
            "＃東京",
            "#1",
            "(#a),",
            "@name.test",
            "https://",
            "http://[",
            "https://a.example/b)",
            "(https://müller.example/ä_(b)).",
            "https://www.zeitung.example/?q=👍🏽#…",
            PERMALINK,
            "\r\n",
            "\n\n",
            " ",
            "\t",
            "„",
            "“",
            "…",
            "\U0010ffff",
        ]
    )
    | st.text(max_size=8),
    max_size=14,
).map("".join)


def covered(text: str, permalink: str = "") -> list[tuple[str, str]]:
    """What each facet covers, cut out by bytes as a reader's app does, and what it says of it."""
    rich = rich_text(text, permalink)
    content = rich.text.encode("utf-8", "surrogatepass")
    found = []
    for facet in rich.facets:
        index: Any = facet["index"]
        (feature,) = facet["features"]
        part = content[index["byteStart"] : index["byteEnd"]].decode("utf-8", "surrogatepass")
        found.append((part, feature.get("uri") or feature.get("tag")))
    return found


@given(HOSTILE)
def test_facets_cover_what_they_speak_of(text: str) -> None:
    rich, end = rich_text(text, PERMALINK), 0
    content = rich.text.encode("utf-8", "surrogatepass")
    for facet in rich.facets:
        index: Any = facet["index"]
        assert end <= index["byteStart"] < index["byteEnd"] <= len(content)
        end = index["byteEnd"]
    for part, said in covered(text, PERMALINK):
        if part[0] in "#＃":
            assert part[1:] == said
        else:
            assert part == short(said)
            assert said in text


@given(HOSTILE, HOSTILE)
def test_the_permalink_survives_as_a_word(before: str, after: str) -> None:
    text = f"{before} {PERMALINK} {after}"
    assert (short(PERMALINK), PERMALINK) in covered(text, PERMALINK)


@given(HOSTILE)
def test_nothing_but_links_changes(text: str) -> None:
    rich = rich_text(text, PERMALINK)
    content, whole, end = rich.text.encode("utf-8", "surrogatepass"), b"", 0
    for facet in rich.facets:
        index: Any = facet["index"]
        feature = facet["features"][0]
        whole += content[end : index["byteStart"]]
        part = content[index["byteStart"] : index["byteEnd"]]
        whole += feature["uri"].encode() if "uri" in feature else part
        end = index["byteEnd"]
    whole += content[end:]
    assert whole.decode("utf-8", "surrogatepass") == text.replace("\r\n", "\n")


@given(HOSTILE)
def test_a_text_within_the_limit_keeps_to_both_of_them(text: str) -> None:
    rich = rich_text(text * 20)
    if rich.length <= MOST_GRAPHEMES:
        assert len(rich.text.encode("utf-8", "surrogatepass")) <= MOST_BYTES
        assert rich.graphemes <= MOST_GRAPHEMES


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("abc", 3),
        ("a\r\nb", 3),
        ("Größe", 5),
        ("e\u0301", 1),
        ("👩‍👩‍👧‍👦", 3),  # 25 bytes
        ("👍🏽" * 10, 10),
        ("https://www.zeitung.example", 19),
        ("https://zeitung.example/" + "a" * 500, len("zeitung.example/aaaaaaaaaaaa…")),
    ],
)
def test_lengths(text: str, length: int) -> None:
    assert rich_text(text).length == length


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("#Genf", ["Genf"]),
        ("Der #Gipfel, heute: (#Öl). „#Gas“", ["Gipfel", "Öl", "Gas"]),
        ("#G7 #2026 #a1b #1a", ["G7", "a1b", "1a"]),
        ("#️⃣ # ## #- #! a#b", []),
        ("＃東京 #日本語", ["東京", "日本語"]),
        ("#Genf\u200bLive", ["Genf"]),
        ("#" + "a" * 64, ["a" * 64]),
        ("#" + "a" * 65, []),
        ("#a#b", []),
    ],
)
def test_hashtags(text: str, tags: list[str]) -> None:
    assert [said for _, said in covered(text)] == tags


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("Mehr: https://a.example/b.", ["https://a.example/b"]),
        ("(https://a.example/b)", ["https://a.example/b"]),
        ("https://a.example/b_(c)", ["https://a.example/b_(c)"]),
        ("„https://a.example“", ["https://a.example"]),
        ("https://a.example/1,https://b.example/2", ["https://a.example/1,https://b.example/2"]),
        ("a.example www.b.example ftp://c.example", []),
        ("@name.test und mail@a.example", []),
        ("HTTPS://A.EXAMPLE/B", ["HTTPS://A.EXAMPLE/B"]),
    ],
)
def test_links(text: str, links: list[str]) -> None:
    assert [said for _, said in covered(text)] == links


def test_a_permalink_that_ends_like_a_sentence() -> None:
    for permalink in ("https://a.example/live!", "https://a.example/b).", "https://a.example/…"):
        assert covered(f"Neu {permalink}", permalink) == [(short(permalink), permalink)]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example", "a.example"),
        ("https://a.example/", "a.example"),
        ("https://www.a.example/kurz", "www.a.example/kurz"),
        ("https://a.example/zwoelf-drei-", "a.example/zwoelf-drei-"),
        ("https://a.example/zwoelf-drei-vier", "a.example/zwoelf-drei-…"),
        ("https://a.example?q=1#b", "a.example?q=1#b"),
        ("https://", "https://"),
    ],
)
def test_how_a_link_is_shown(url: str, shown: str) -> None:
    assert short(url) == shown
