"""Strings to weigh, made at random from a seed: what newsrooms write, and what misleads a counter."""

from __future__ import annotations

import random
from collections.abc import Callable

GERMAN = (
    "Der Rat hat das 17. Sanktionspaket beschlossen. Die Gespräche in Genf gehen am Abend weiter, "
    "sagte Außenministerin Roth. Größere Fortschritte gab es zunächst nicht; z.B. bei den Gefangenen "
    "d.h. bei rund 1.200 Menschen blieb vieles offen. Um 9.41 Uhr schlossen sich die Türen. Straßen "
    "rund um den Palast sind gesperrt, über 3.000 Polizisten im Einsatz – „so viele wie nie“. Was heißt "
    "das für die Ukraine? Nach Angaben der dpa reiste Dr. Müller vorzeitig ab … »Ein guter Tag«"
).split()
ENGLISH = (
    "The council adopted its 17th package of sanctions. Talks in Geneva continue tonight, the foreign "
    "minister said. U.S. officials did not comment; no deal was reached, e.g. on prisoners. It's “a "
    "start”, Prof. Smith told reporters at 9.41 a.m. — nothing more. Don't expect miracles. Mr. Brown's"
).split()
FOREIGN = (
    "Genève négociations été çà où l’avenir Łódź źródło příliš žluťoučký İstanbul ığdır Ελλάδα Αθήνα "
    "Москва переговоры Киев мир ירושלים שלום القاهرة محادثات नमस्ते दिल्ली กรุงเทพ 東京で会談 日本語の文 한국어 "
    "서울 北京谈判 和平。 ﬁnanz Ⅷ ½ ² ™ № ｆｕｌｌｗｉｄｔｈ"
).split()
EMOJI = (
    "👍 👍🏽 ❤️ ❤ 👨‍👩‍👧‍👦 👩🏿‍🚀 🏳️‍🌈 🏴‍☠️ 🇩🇪 🇺🇦 🇨🇭🇩🇪 1️⃣ #️⃣ ☎️ ☎ ✌🏻 🤝🏼 🧑‍🤝‍🧑 🫱🏽‍🫲🏿 🫠 🪿 🩷 ⚽ ☀️ © ® ™️ ‼️ 〰️ 🅰️ 🀄 🃏 "
    "👁️‍🗨️ 🐻‍❄️ 🏴󠁧󠁢󠁥󠁮󠁧󠁿 😶‍🌫️ 🫨 🙂‍↔️ 🍋‍🟩"
).split()
TLDS = "de com org net so ch at eu info museum berlin co.uk gov dev io app zip news online test xyz рф みんな".split()
LABELS = (
    "spiegel magazin beispiel-verlag www a x1 3sat m-d-r zeitung köln bücher münchen straße xn--mnchen-3ya "
    "über sub_domain -minus- liveblog B z d"
).split()
PATHS = (
    "/ /politik /politik/liveblog-42 /a/b/c.html /straße /киев /日本 /(klammer) /wiki/Genf_(Stadt) /a,b;c /~u/x.php "
    "/a%20b /:8080 //doppelt /ende. /emoji👍 /a–b /@name /#!/hash /x/ /$ /a|b"
).split()
QUERIES = "?a=1 ?a=1&b=2 ?q=ä ?x=[1] ?x=(1) ?a=b. ?utm_source=x&utm_medium=y ?? ?a?b ?=, ?a=b#".split()
FRAGMENTS = "#eintrag-7 # #a.b #ü #eintrag-7. #/x".split()
ENDS = [*".,;:!?)]}>'\"…“”»«–—", "’s", "-", "/", "ä", "日", "@", "#", "%", "", "", "", ""]
BEFORE = [*"([{<„“\"'«»–—", "", "", "", "", "a", "ä", "@", "#", "$", "/", "日", ".", "-", "_", "　"]
ODD = (
    "\u0301 \u00ad \u200b \u200d \u2060 \ufe0f \u202e \u2028 \ufeff \ufffe \uffff \ud83d \udc4d \U0001f1e9 \u20e3 \u3000 "
    "\u00a0 \u0085 \x00 \x1b \r\n \n\n \t"
).split(" ")
HANDLES = "@bundestag @a_b @AA_stellv/liste #Genf #Größe #日本 #a.b #123 $BMW $BTC.X ＠ä ＃x @@x ##".split()


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
    return "\n\n".join([*parts, link(r, hosts=("www.magazin.de", "zeitung.example.org", "bücher.de"))])


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


#: Kinds by name: how to make one, and how often. Of the last, X's own parser makes surprising things;
#: there only the first bar holds.
KINDS: dict[str, tuple[Callable[[random.Random], str], int]] = {
    "posts": (post, 3),
    "prose with emoji and other languages": (decorated, 3),
    "prose with links": (linked, 3),
    "around the limit": (near_the_limit, 4),
    "misleading": (misleading, 4),
}
MISLEADING = "misleading"


def texts(seed: int, count: int) -> list[tuple[str, str]]:
    """*count* pairs of a kind and a string; the same for the same *seed*."""
    r = random.Random(seed)
    names = list(KINDS)
    weights = [often for _, often in KINDS.values()]
    return [(kind, KINDS[kind][0](r)) for kind in r.choices(names, weights, k=count)]
