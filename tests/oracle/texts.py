"""Strings to weigh, made at random: what newsrooms write, and what misleads a counter."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

WORDS: dict[str, list[str]] = {
    name: words.split() if isinstance(words, str) else words
    for name, words in json.loads(
        Path(__file__).with_name("words.json").read_text(encoding="utf-8")
    ).items()
}
GERMAN = WORDS["german"]
ENGLISH = WORDS["english"]
FOREIGN = WORDS["foreign"]
EMOJI = WORDS["emoji"]
TLDS = WORDS["tlds"]
LABELS = WORDS["labels"]
PATHS = WORDS["paths"]
QUERIES = WORDS["queries"]
FRAGMENTS = WORDS["fragments"]
ENDS = WORDS["ends"]
BEFORE = WORDS["before"]
ODD = WORDS["odd"]
HANDLES = WORDS["handles"]


def prose(r: random.Random) -> str:
    """Words as they stand in a newspaper, with a typo's missing space now and then."""
    words = r.choices(r.choice((GERMAN, ENGLISH)), k=r.randint(1, 45))
    text = ""
    for word in words:
        text += word + (" " if r.random() > 0.02 else "")
    return text.strip()


def post(r: random.Random) -> str:
    """A post as the product makes them: a headline, sentences, a permalink."""
    parts = [prose(r) for _ in range(r.randint(1, 3))]
    return "\n\n".join(
        [*parts, link(r, hosts=("www.magazin.de", "zeitung.example.org", "bücher.de"))]
    )


def decorated(r: random.Random) -> str:
    """Prose with emoji, other languages, mentions and hashtags in it."""
    words = prose(r).split()
    for _ in range(r.randint(1, 8)):
        words.insert(r.randrange(len(words) + 1), r.choice((*EMOJI, *FOREIGN, *HANDLES)))
    return " ".join(words)


def near_the_limit(r: random.Random) -> str:
    """Just around 280: there a wrong count of one decides."""
    make = r.choice((post, decorated, linked))
    text = make(r)
    while len(text) < 230:
        text = f"{prose(r)} {text}"
    return text[max(0, len(text) - r.randint(255, 330)) :].lstrip("\u0301\u200d\ufe0f")


def linked(r: random.Random) -> str:
    """Prose with links of all sorts, whole ones and bare domains."""
    words = prose(r).split()
    for _ in range(r.randint(1, 4)):
        words.insert(r.randrange(len(words) + 1), r.choice((link, bare))(r) + r.choice(ENDS))
    return " ".join(words)


def link(r: random.Random, hosts: tuple[str, ...] = ()) -> str:
    host = r.choice(hosts) if hosts else domain(r)
    return r.choice(("https://", "http://")) + host + rest(r)


def bare(r: random.Random) -> str:
    return domain(r) + (rest(r) if r.random() < 0.4 else "")


def domain(r: random.Random) -> str:
    return ".".join([*r.choices(LABELS, k=r.randint(1, 3)), r.choice(TLDS)])


def rest(r: random.Random) -> str:
    port = r.choice(("", "", "", "", ":8080"))
    return (
        port
        + (r.choice(PATHS) if r.random() < 0.7 else "")
        + (r.choice(QUERIES) if r.random() < 0.3 else "")
        + (r.choice(FRAGMENTS) if r.random() < 0.4 else "")
    )


def misleading(r: random.Random) -> str:
    """Pieces that belong together or not, without spaces between them."""
    pieces: list[str] = []
    for _ in range(r.randint(1, 12)):
        piece: Callable[[], str] = r.choice(
            (
                lambda: r.choice(BEFORE) + link(r) + r.choice(ENDS),
                lambda: r.choice(BEFORE) + bare(r) + r.choice(ENDS),
                lambda: r.choice(EMOJI),
                lambda: r.choice(FOREIGN),
                lambda: r.choice(HANDLES),
                lambda: r.choice(ODD),
                lambda: r.choice(GERMAN),
                lambda: "https://" * r.randint(1, 2),
            )
        )
        pieces.append(piece() + r.choice(("", " ", " ", ".")))
    return "".join(pieces)


#: Kinds by name: how to make one, and how often.
KINDS: dict[str, tuple[Callable[[random.Random], str], int]] = {
    "posts": (post, 3),
    "prose with emoji and other languages": (decorated, 3),
    "prose with links": (linked, 3),
    "around the limit": (near_the_limit, 4),
    "misleading": (misleading, 4),
}


def texts(seed: int, count: int) -> list[tuple[str, str]]:
    """*count* pairs of a kind and a string; the same for the same *seed*."""
    r = random.Random(seed)
    names = list(KINDS)
    weights = [often for _, often in KINDS.values()]
    return [(kind, KINDS[kind][0](r)) for kind in r.choices(names, weights, k=count)]
