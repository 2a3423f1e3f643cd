from __future__ import annotations

import json
from importlib import resources

import pytest

from syndicator.channels.leftovers import without_leftovers
from syndicator.channels.registry import channels
from syndicator.content import Block, EntryContent, Image, Paragraph, Story, blocks_from_json

CAPTION, CREDIT = "Die Ministerin betritt das Palais.", "Lena Hartwig/dpa"
PICTURE = Image(CAPTION, CREDIT)


@pytest.mark.parametrize(
    "leftover",
    [
        CAPTION,
        "die  Ministerin betritt das Palais",
        CREDIT,
        f"Foto: {CREDIT}",
        f"{CAPTION} {CREDIT}",
        f"{CAPTION} (Foto: {CREDIT})",
        "Link kopieren",
        "Share by email",
    ],
)
def test_what_belongs_to_the_page_or_the_picture_is_no_text(leftover: str) -> None:
    said = Paragraph("Um 9.41 Uhr schlossen sich die Türen.")
    assert without_leftovers([PICTURE, Paragraph(leftover), said]) == [PICTURE, said]


@pytest.mark.parametrize(
    "blocks",
    [
        [Paragraph(CAPTION)],
        [PICTURE, Paragraph(f"{CAPTION} Dann schlossen sich die Türen.")],
        [Image("", ""), Paragraph("Foto: ein Blick zurück.")],
        [Paragraph("Den Link kopieren können Leserinnen und Leser weiter unten.")],
    ],
)
def test_text_stays(blocks: list[Block]) -> None:
    assert without_leftovers(blocks) == blocks


@pytest.mark.parametrize("name", sorted(channels()))
def test_no_channel_repeats_a_caption_or_posts_a_share_label(name: str) -> None:
    told = resources.files("syndicator.demo").joinpath("sample.json").read_text(encoding="utf-8")
    step = next(s["push"] for s in json.loads(told)["steps"] if "ankunft-bild" in str(s))
    blocks = (*blocks_from_json(step["blocks"]), Paragraph("Auf Facebook teilen"))
    entry = EntryContent("e1", "Vogt", step["headline"], None, "https://m.example.org/#e1", blocks)
    message = channels()[name].render(Story(entry, "genf", "Genf", "https://m.example.org/"))
    assert message is not None
    # A mail's own links to share stand where its page has them.
    html = message.html.partition('<!--"share"-->')[0]
    for part in (message.text, html):
        assert part.count("betritt das Palais") <= 1
        assert "Auf Facebook teilen" not in part
