"""Where X sees links in a text: each counts 23, whatever it says.

X finds more than addresses with a scheme: “beschlossen.So” has the domain of Somalia. The rules are
those that its own twitter-text 3.1.0 keeps, written down anew; `make oracle` holds both against
each other. They are odd: a host may have nearly any characters behind a scheme, and only Latin ones
without; some letters of other alphabets pass for Latin ones where JavaScript ignores case.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from syndicator.channels.top_level_domains import known_to_twitter_text, younger

#: X takes no longer string for a link (its scheme counts twice), and no longer name at t.co.
LONGEST_LINK = 4096
LONGEST_SLUG = 40
#: RFC 1035, 2.3.4.
LONGEST_LABEL = 63

_PUNCTUATION = r"!'#%&()*+,\\\-./:;<=>?@\[\]^_{|}~$"
SPACES = "\t-\r \u0085\u00a0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_INVALID = "\ufffe\ufeff\uffff"
_DIRECTIONS = "\u202a-\u202e\u061c\u200e\u200f\u2066-\u2069"
#: With the letters whose capitals are those of one in the ranges.
_LATIN = (
    "À-ÖØ-öø-\u024f\u0253\u0254\u0256\u0257\u0259\u025b\u0263\u0268\u026f\u0272\u0289\u028b\u02bb"
    "\u0300-\u036f\u1e00-\u1eff"
    "\u0260\u0269\u0275\u0280\u0283\u0288\u028a\u028c\u0292\u0399\u03b9\u1fbe\u2c65\u2c66\u2c7e\u2c7f"
)
_CYRILLIC = "\u0400-\u04ff\u1c80-\u1c87"

_HOST = f"[^{_PUNCTUATION}{SPACES}{_INVALID}{_DIRECTIONS}]"
_PATH = rf"a-z0-9{_CYRILLIC}{_LATIN}!*';:=+,.$/%#\[\]\u2013_~@|&-"
_PARENS = rf"\((?:[{_PATH}]+|[{_PATH}]*\([{_PATH}]+\)[{_PATH}]*)\)"
_PATH_END = rf"(?:[a-z0-9{_CYRILLIC}{_LATIN}+=_#/-]|{_PARENS})"
_QUERY = r"a-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|"
_QUERY_PART = rf"\?[{_QUERY}]*[a-z0-9\-_&=#/]"


def _one_of(names: Iterable[str]) -> str:
    """A pattern for *names*, grouped by first character: a list of 1,700 is tried one by one."""
    rests = defaultdict(list)
    for name in sorted(names, key=len, reverse=True):
        rests[name[0]].append(name[1:])
    return "|".join(f"{first}(?:{'|'.join(rest)})" for first, rest in rests.items())


class _Grammar:
    """The patterns for one list of top-level domains."""

    def __init__(self, tlds: Iterable[str]) -> None:
        tld = rf"(?:(?:{_one_of(tlds)})(?=[^0-9a-z@+-]|$)|xn--[0-9a-z-]+)"
        host = (
            rf"(?:(?:{_HOST}(?:[_-]|{_HOST})*)?{_HOST}\.)*"
            rf"(?:(?:{_HOST}(?:-|{_HOST})*)?{_HOST}\.){tld}"
        )
        # A host cannot begin inside of another one, but for the characters that no link follows.
        self.link = re.compile(
            rf"(?P<before>[^a-z0-9@＠$\#＃{_INVALID}]|^)"
            rf"(?P<url>(?P<scheme>https?://)?(?P<host>{host})(?::[0-9]+)?"
            rf"(?P<path>/(?:[{_PATH}]*(?:{_PARENS}[{_PATH}]*)*{_PATH_END})*)?(?:{_QUERY_PART})?)"
        )
        self.latin_host = re.compile(rf"(?:[a-z0-9{_LATIN}-]+\.)+{tld}")


_EVERY = _Grammar(known_to_twitter_text() | younger())


class _ToLower(dict[int, int]):
    """As `str.lower`, but a text stays as long as it is, and what is not ASCII does not become it.

    Ignoring case in the patterns is slower.
    """

    def __missing__(self, code: int) -> int:
        lower = chr(code).lower()
        kept = len(lower) != 1 or (code > 127 and lower.isascii())
        self[code] = code if kept else ord(lower)
        return self[code]


_TO_LOWER = _ToLower()
_OTHER_STOPS = re.compile("[\u3002\uff0e\uff61]")
_SHORT = re.compile(rf"https?://t\.co/([a-z0-9]+)(?:{_QUERY_PART})?")


@cache
def _old() -> _Grammar:
    """Seldom asked for, and slow to make."""
    return _Grammar(known_to_twitter_text())


@dataclass(frozen=True, slots=True)
class Span:
    """A link, from *start* until *end*."""

    start: int
    end: int


def links_in(word: str) -> list[list[Span]]:
    """The links in *word* (with the space before it, if there is one), in order: as X finds them,
    and, where X may know a top-level domain or not, both ways."""
    if not word.isascii() and max(word) > "\uffff":
        units, places = _as_javascript_sees_it(word)
        return [
            [Span(places[span.start], places[span.end]) for span in spans]
            for spans in _links_in_units(units)
        ]
    return _links_in_units(word)


def _as_javascript_sees_it(word: str) -> tuple[str, list[int]]:
    """*word* with every character beyond U+FFFF as two halves, of which the first may stand before
    a link and the second in its host; and where in *word* each is."""
    halves = [
        char
        if char <= "\uffff"
        else chr(0xD800 + (ord(char) - 0x10000 >> 10)) + chr(0xDC00 + (ord(char) & 0x3FF))
        for char in word
    ]
    places = [place for place, half in enumerate(halves) for _ in half]
    return "".join(halves), [*places, len(word)]


def _links_in_units(word: str) -> list[list[Span]]:
    lower = word.translate(_TO_LOWER)
    found = list(_links(word, lower, _EVERY))
    if not any(_may_be_unknown(lower[span.start : span.end]) for span in found):
        return [found]
    return [found, list(_links(word, lower, _old()))]


def _may_be_unknown(link: str) -> bool:
    return any(label in younger() for label in re.split(r"[./:?]", link))


def _links(word: str, lower: str, grammar: _Grammar) -> Iterator[Span]:
    for match in grammar.link.finditer(lower):
        host, url = word[slice(*match.span("host"))], match["url"]
        if (
            not _is_host(host, grammar)
            or len(match["scheme"] or "https://") + len(url) > LONGEST_LINK
        ):
            continue
        if match["scheme"]:
            yield from _with_scheme(match)
        elif match["before"] not in ("-", "_", ".", "/"):
            yield from _without_scheme(match, grammar)


def _with_scheme(match: re.Match[str]) -> Iterator[Span]:
    start, end = match.span("url")
    if short := _SHORT.match(match["url"]):
        if len(short[1]) > LONGEST_SLUG:
            return
        end = start + short.end()
    yield Span(start, end)


def _without_scheme(match: re.Match[str], grammar: _Grammar) -> Iterator[Span]:
    """Of a host in other alphabets only the Latin parts; path and query belong to the last one."""
    start = match.start("url")
    parts = [part.span() for part in grammar.latin_host.finditer(match["host"])]
    for number, (begin, end) in enumerate(parts, start=1):
        is_last = number == len(parts)
        rest = len(match["url"]) - len(match["host"]) if is_last and match["path"] else 0
        yield Span(start + begin, start + end + rest)


def _is_host(host: str, grammar: _Grammar) -> bool:
    """Whether every label is short enough in punycode (RFC 3492)."""
    if host.startswith("xn--") and not grammar.latin_host.search(host.translate(_TO_LOWER)):
        return False
    return all(len(_ascii(label)) <= LONGEST_LABEL for label in host.split("."))


def _ascii(label: str) -> str:
    """*label* as X writes it to measure it; to X other full stops end a label here, but not above.

    Half a character is measured as what it is: where the other half stands before the link.
    """
    return ".".join(map(_punycode, _OTHER_STOPS.split(label)))


def _punycode(label: str) -> str:
    if label.isascii():
        return label
    whole = label.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "surrogatepass")
    return "xn--" + whole.encode("punycode").decode("ascii")
