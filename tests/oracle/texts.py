"""Strings to weigh, made at random: what newsrooms write, and what misleads a counter."""

from __future__ import annotations

import json
import random
import unicodedata
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


def long_links(r: random.Random) -> str:
    """Links as long as trackers make them, up to and beyond the longest that X takes."""
    words = prose(r).split()
    for _ in range(r.randint(1, 2)):
        start = link(r) + r.choice(("/", "?q=", "#", "/a?b=c&d="))
        longest = r.choice((300, 900, 1100, 2000, 4080, 4096, 4100))
        piece = r.choice(("a", "ab/", "x=1&", "%C3%A4", "-_", "eyJ.", "a,", "(b)"))
        made = start + piece * (longest // len(piece))
        words.insert(r.randrange(len(words) + 1), made[: longest + r.randint(-30, 30)])
    return " ".join(words) + r.choice(("", "日", ".", "@"))


def normalised(r: random.Random) -> str:
    """What Unicode normalises or lowers unexpectedly, in words, hosts, schemes and paths."""
    odd = WORDS["unnormal"]
    pieces = [
        r.choice(
            (
                lambda: unicodedata.normalize("NFD", prose(r)),
                lambda: unicodedata.normalize("NFD", r.choice(FOREIGN)),
                lambda: link(r).replace(r.choice("hstpwkai"), r.choice(odd), 1),
                lambda: bare(r).replace(r.choice("deociks"), r.choice(odd)),
                lambda: bare(r) + r.choice(odd) + r.choice(("", bare(r))),
                lambda: link(r).upper(),
                lambda: r.choice(odd) * r.randint(1, 3),
            )
        )()
        for _ in range(r.randint(1, 8))
    ]
    return r.choice(("", " ", "\n")).join(pieces)


def shortened(r: random.Random) -> str:
    """t.co links, user names and ports in links, brackets in brackets, schemes in a row."""
    slug = "".join(r.choices("abcXYZ019", k=r.choice((1, 8, 10, 39, 40, 41, 60))))
    pieces = [
        r.choice(
            (
                lambda: f"{r.choice(('https://', 'http://', 'HTTP://', ''))}t.co/{slug}{rest(r)}",
                lambda: f"https://t.co/{slug}{r.choice((*ENDS, *QUERIES))}",
                lambda: f"https://{r.choice(LABELS)}:{r.choice(LABELS)}@{bare(r)}",
                lambda: f"https://{domain(r)}:{r.choice(('', '0', '99999', '80a', '8080/x'))}",
                lambda: f"{link(r)}/{r.choice(('((a))', '(a(b)c)', '(a', 'a)', '()', '(a)(b)'))}",
                lambda: "".join(r.choices(("http://", "https://", "://", "//"), k=2)) + bare(r),
                lambda: f"{bare(r)}{r.choice('-+@_.…·')}{r.choice((*LABELS, *GERMAN))}",
                lambda: f"{link(r)}{r.choice(QUERIES)}{r.choice(QUERIES)}{r.choice(ENDS)}",
            )
        )()
        for _ in range(r.randint(1, 6))
    ]
    return r.choice(("", " ", " ", ",")).join(pieces)


def long_labels(r: random.Random) -> str:
    """Hosts whose labels are about as long as DNS allows, once they are in punycode."""
    letters = [*r.sample(WORDS["label_letters"], r.randint(1, 4)), *"a" * r.randint(0, 6)]
    label = "".join(r.choices(letters, k=r.randint(20, 64)))
    scheme = r.choice(("https://", "", "", "XN--", "xn--", "https://XN--", "https://xn--"))
    return f"{r.choice(EMOJI)}{scheme}{label}.{r.choice(TLDS)}{rest(r)}"


def emoji_parts(r: random.Random) -> str:
    """What emoji are made of, in any order; halves of characters too."""
    parts = (*EMOJI, *WORDS["emoji_parts"])
    return "".join(r.choices(parts, k=r.randint(1, 60))) + r.choice(("", bare(r), prose(r)))


#: Kinds by name: how to make one, and how often.
KINDS: dict[str, tuple[Callable[[random.Random], str], int]] = {
    "posts": (post, 3),
    "prose with emoji and other languages": (decorated, 3),
    "prose with links": (linked, 3),
    "around the limit": (near_the_limit, 4),
    "misleading": (misleading, 4),
    "long links": (long_links, 1),
    "not normalised": (normalised, 2),
    "t.co, ports, brackets": (shortened, 2),
    "long labels": (long_labels, 2),
    "parts of emoji": (emoji_parts, 2),
}


def texts(seed: int, count: int) -> list[tuple[str, str]]:
    """*count* pairs of a kind and a string; the same for the same *seed*."""
    r = random.Random(seed)
    names = list(KINDS)
    weights = [often for _, often in KINDS.values()]
    return [(kind, KINDS[kind][0](r)) for kind in r.choices(names, weights, k=count)]
