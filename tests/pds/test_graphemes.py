"""Our count of graphemes against the server's own, on hostile strings."""

from __future__ import annotations

import json
import os
import random
import subprocess
from pathlib import Path

import pytest

from syndicator.channels.bluesky.rich_text import RichText
from tests.pds.conftest import HERE

pytestmark = pytest.mark.pds

#: Ranges of code points where graphemes are made of several.
RANGES = [
    (0x20, 0x7E),
    (0xA0, 0x24F),
    (0x300, 0x36F),
    (0x590, 0x6FF),
    (0x900, 0xDFF),
    (0xE00, 0xEFF),
    (0x1000, 0x109F),
    (0x1100, 0x11FF),
    (0x1780, 0x17FF),
    (0x1F00, 0x1FFF),
    (0x2000, 0x206F),
    (0x20D0, 0x20FF),
    (0x2600, 0x27BF),
    (0x3040, 0x30FF),
    (0xAC00, 0xAC60),
    (0xFE00, 0xFE0F),
    (0x1F1E6, 0x1F1FF),
    (0x1F300, 0x1F6FF),
    (0x1F900, 0x1FAFF),
    (0xE0020, 0xE007F),
]
GLUE = "\u200d\ufe0f\u0301\u094d\u0308\r\n🏽🏻\U000e007f"


def strings(seed: int, count: int) -> list[str]:
    chance = random.Random(seed)
    made = []
    for _ in range(count):
        ranges = chance.sample(RANGES, chance.randint(1, 3))
        made.append(
            "".join(
                chance.choice(GLUE) if chance.random() < 0.3 else chr(chance.randint(*one))
                for one in chance.choices(ranges, k=chance.randint(1, 40))
            )
        )
    return made


def test_none_counts_less_than_on_the_server(installed: Path) -> None:
    """A text that we take for short enough must not be refused."""
    texts = strings(seed=4, count=30_000)
    counted = subprocess.run(
        [installed / "venv/bin/node", HERE / "graphemes.mjs"],
        cwd=installed / "node",
        env={"PATH": os.defpath},
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
    )
    theirs = json.loads(counted.stdout)
    ours = [graphemes(text) for text in texts]
    less = [
        (text.encode("unicode_escape"), mine, its)
        for text, mine, its in zip(texts, ours, theirs, strict=True)
        if mine < its
    ]
    assert less[:5] == []
    more = sum(mine > its for mine, its in zip(ours, theirs, strict=True))
    assert more < len(texts) / 20


def graphemes(text: str) -> int:
    rich = RichText()
    rich.write(text)
    return rich.graphemes
