"""How long X finds a text: not characters, but weights.

The rules are those of X's own twitter-text 3.1.0: NFC; one for letters of most alphabets, two for
the rest; an emoji two, however many code points it has; a link 23, also one without a scheme.
Where it is not certain that X sees a link or one single emoji, the larger weight is taken, so that
X never finds a text longer than it is said to be here.
"""

from __future__ import annotations

import itertools
import re
import string
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from importlib.resources import files

LINK_WEIGHT = 23
EMOJI_WEIGHT = 2
#: X takes no longer string for a link (with its scheme and its host in punycode).
_LONGEST_LINK = 4000
#: Links and emoji are looked for in that many characters; longer texts are too long anyway.
_SEARCHED = 10_000

#: Every character outside of these ranges weighs two.
_HEAVY = re.compile("[^\u0000-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]")

#: What an emoji that weighs less than its characters can begin with; a coarse and quick check.
_EMOJI_START = re.compile(
    "[#*0-9](?=\ufe0f?\u20e3)|[\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001ffff]"
)
_SKIN_TONES = "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"


def _lines(name: str) -> list[str]:
    text = (files(__package__) / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if not line.startswith("#")]


def _emoji_by_first_character() -> dict[str, list[str]]:
    found = defaultdict(list)
    for line in _lines("emoji_sequences.txt"):
        choices = [_SKIN_TONES if ".." in code else chr(int(code, 16)) for code in line.split()]
        for sequence in map("".join, itertools.product(*choices)):
            found[sequence[0]].append(sequence)
    for sequences in found.values():
        sequences.sort(key=len, reverse=True)
    return found


def _one_of(names: Iterable[str]) -> str:
    """A pattern for *names*, grouped by first character: a list of 1,700 is tried one by one."""
    rests = defaultdict(list)
    for name in sorted(names, key=len, reverse=True):
        rests[name[0]].append(name[1:])
    return "|".join(f"{first}(?:{'|'.join(rest)})" for first, rest in rests.items())


#: Name, and "new" if X may not know it yet.
_TLDS = dict(line.partition(" ")[::2] for line in _lines("tlds.txt"))
_OLD_TLDS = frozenset(name for name, age in _TLDS.items() if not age)
_EMOJI = _emoji_by_first_character()
_IPA = "\u0253\u0254\u0256\u0257\u0259\u025b\u0263\u0268\u026f\u0272\u0289\u028b\u02bb"
_LATIN = f"À-ÖØ-öø-ɏ{_IPA}\u0300-\u036fḀ-ỿ"
_CYRILLIC = "\u0400-\u04ff"
_LABEL = rf"[a-z0-9{_LATIN}](?:[a-z0-9{_LATIN}-]{{0,62}}[a-z0-9{_LATIN}])?"
_TLD = rf"(?:{_one_of(_TLDS)}|xn--[0-9a-z-]+)(?![0-9a-z@+-])"
_PATH_END = rf"a-z0-9=_#/+{_LATIN}{_CYRILLIC}-"
_PATH = rf"/(?:[{_PATH_END}!*';:,.$%\[\]~@|&\u2013]*[{_PATH_END}])?"
_QUERY = r"\?[a-z0-9!?*'@();:&=+$/%#\[\]_.,~|-]*[a-z0-9_&=#/-]"
_REST = rf"(?::[0-9]+)?(?:{_PATH})?(?:{_QUERY})?"

_LINK = re.compile(
    rf"""
    # A scheme, a host, and as much of what follows as X surely takes for the link (of a t.co link
    # it takes less).
    (?<![a-z0-9@＠$\#＃]) https?://
        (?!t\.co/) (?P<host> (?:{_LABEL}\.){{1,8}} (?P<tld>{_TLD}) ) {_REST}
    # Anything else with a scheme.
    | https?://
    # Without a scheme X finds hosts of Latin letters. What follows the host counts on top:
    # sometimes X takes it for a part of the link, sometimes not.
    | (?<![a-z0-9@$\#]) (?P<bare> (?:[a-z0-9{_LATIN}-]{{1,63}}\.){{1,8}}{_TLD} )
    """,
    re.VERBOSE | re.ASCII,
)
#: Not `str.lower`: that can change how long a text is. Ignoring case is slower than this.
_TO_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_WORD = re.compile(r"\S+")
_NOT_EUROPEAN = re.compile(f"[^\u0021-\u007e\u2010-\u201f\u2026\u00a0-\u00bf{_LATIN}]")


def weighted_length(text: str) -> int:
    """The weight of *text*; X accepts up to 280."""
    text = unicodedata.normalize("NFC", text)
    weight = position = 0
    for word in _WORD.finditer(text, 0, _SEARCHED):
        if "." in word[0][1:-1]:
            weight += _plain_weight(text[position : word.start()]) + _weight_of_dotted(word[0])
            position = word.end()
    return weight + _plain_weight(text[position:])


def _weight_of_dotted(word: str) -> int:
    """The weight of a *word* that may have links in it."""
    links = list(_LINK.finditer(word.translate(_TO_LOWER)))
    if not links:
        return _plain_weight(word)
    link = links[0]
    before, after = word[: link.start()], word[link.end() :]
    if len(links) == 1 and "." not in before and _is_sure(link):
        return _plain_weight(before) + _link_weight(link) + _plain_weight(after)
    # How X parts such a word depends on much; but it finds no more links in it than these.
    return _character_weights(word) + LINK_WEIGHT * len(links)


def _is_sure(link: re.Match[str]) -> bool:
    """Whether X sees this link, or none, if there is no other one in the same word."""
    if link["bare"]:
        return not _NOT_EUROPEAN.search(link.string) and _has_dns_lengths(link["bare"])
    return (
        link["host"] is not None
        and (link["tld"] in _OLD_TLDS or link["tld"].startswith("xn--"))
        and _has_dns_lengths(link["host"])
        and len(link[0]) <= _LONGEST_LINK
    )


def _link_weight(link: re.Match[str]) -> int:
    if bare := link["bare"]:
        # X may see no link here, or one that begins after a first letter that is not ASCII.
        return max(LINK_WEIGHT + (not bare[0].isascii()), _plain_weight(bare))
    return LINK_WEIGHT


def _has_dns_lengths(host: str) -> bool:
    """Whether no label is longer, in punycode, than DNS allows (RFC 1035, 2.3.4)."""
    return all(
        len(label) <= 63 if label.isascii() else len(label.encode("punycode")) <= 59
        for label in host.split(".")
    )


def _plain_weight(text: str) -> int:
    """The weight of *text* if there is no link in it."""
    if text.isascii():
        return len(text)
    saved = end = 0
    for start in _EMOJI_START.finditer(text, 0, _SEARCHED):
        if start.start() < end:
            continue
        for emoji in _EMOJI.get(start[0], ()):
            if text.startswith(emoji, start.start()):
                end = start.start() + len(emoji)
                saved += _character_weights(emoji) - EMOJI_WEIGHT
                break
    return _character_weights(text) - saved


def _character_weights(text: str) -> int:
    return len(text) + len(_HEAVY.findall(text))
