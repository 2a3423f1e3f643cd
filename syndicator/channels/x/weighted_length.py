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
from collections.abc import Iterator
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


def _tld_pattern() -> str:
    """One pattern for all, grouped by first character: a list of 1,700 is tried one by one."""
    rests = defaultdict(list)
    for name in sorted(_lines("tlds.txt"), key=len, reverse=True):
        rests[name[0]].append(name[1:])
    return "|".join(f"{first}(?:{'|'.join(rest)})" for first, rest in rests.items())


_EMOJI = _emoji_by_first_character()
_IPA = "\u0253\u0254\u0256\u0257\u0259\u025b\u0263\u0268\u026f\u0272\u0289\u028b\u02bb"
_LATIN = f"À-ÖØ-öø-ɏ{_IPA}\u0300-\u036fḀ-ỿ"
_CYRILLIC = "\u0400-\u04ff"
_LABEL = rf"[a-z0-9{_LATIN}](?:[a-z0-9{_LATIN}-]{{0,62}}[a-z0-9{_LATIN}])?"
_TLD = rf"(?:{_tld_pattern()}|xn--[0-9a-z-]+)(?![0-9a-z@+-])"
_PATH_END = rf"a-z0-9=_#/+{_LATIN}{_CYRILLIC}-"
_PATH = rf"/(?:[{_PATH_END}!*';:,.$%\[\]~@|&\u2013]*[{_PATH_END}])?"
_QUERY = r"\?[a-z0-9!?*'@();:&=+$/%#\[\]_.,~|-]*[a-z0-9_&=#/-]"
_REST = rf"(?::[0-9]+)?(?:{_PATH})?(?:{_QUERY})?"

_LINK = re.compile(
    rf"""
    # A host that X accepts, and as much of what follows as X surely takes for the link. Of a t.co
    # link it takes less.
    (?P<certain> (?<![a-z0-9@＠$\#＃]) https?://
        (?!t\.co/) (?P<host> (?:{_LABEL}\.){{1,8}}{_TLD} ) {_REST} )
    # Anything else with a scheme: what is behind it counts on top.
    | (?P<doubtful> https?:// )
    # Without a scheme, X finds hosts of Latin letters in the middle of other scripts too. What is
    # behind the host counts on top: sometimes X takes it for a part of the link, sometimes not.
    | (?P<bare> (?<![a-z0-9@$\#]) (?:[a-z0-9{_LATIN}-]{{1,63}}\.){{1,8}}{_TLD} )
    """,
    re.VERBOSE | re.ASCII,
)
#: Not `str.lower`: that can change how long a text is. Ignoring case is slower than this.
_TO_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_WORD = re.compile(r"\S+")


def weighted_length(text: str) -> int:
    """The weight of *text*; X accepts up to 280."""
    text = unicodedata.normalize("NFC", text)
    weight = position = 0
    for start, link in _links(text):
        weight += _plain_weight(text[position:start]) + _link_weight(link)
        position = start + len(link[0])
    return weight + _plain_weight(text[position:])


def _links(text: str) -> Iterator[tuple[int, re.Match[str]]]:
    """Start and match of what may be a link, in order. The match is in the word it is part of."""
    for word in _WORD.finditer(text, 0, _SEARCHED):
        if "." in word[0][1:-1]:
            for link in _LINK.finditer(word[0].translate(_TO_LOWER)):
                yield word.start() + link.start(), link


def _link_weight(link: re.Match[str]) -> int:
    plain = _plain_weight(link[0])
    if link["doubtful"]:
        return LINK_WEIGHT + plain
    # Behind another host in the same word, X may take the link for that one's path.
    if link["certain"] and "." not in link.string[: link.start()] and _is_short_enough(link):
        return LINK_WEIGHT
    # X may find that a host begins one character later, unless that one is ASCII.
    return max(LINK_WEIGHT + (not link[0][0].isascii()), plain)


def _is_short_enough(link: re.Match[str]) -> bool:
    """Whether all is within the lengths beyond which X sees no link (DNS labels as punycode)."""
    labels = link["host"].split(".")
    return len(link[0]) <= _LONGEST_LINK and all(
        len(label) <= 63 if label.isascii() else len(label.encode("punycode")) <= 59
        for label in labels
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
