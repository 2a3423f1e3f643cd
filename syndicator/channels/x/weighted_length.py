"""How long X finds a text: not characters, but weights.

The rules are those of X's own twitter-text 3.1.0: NFC; one for letters of most alphabets, two for
the rest; an emoji two, however many code points it has; a link 23, also one without a scheme.
Where it is not certain that X knows a top-level domain or one single emoji, the larger weight is
taken, so that X never finds a text longer than it is said to be here.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from importlib.resources import files

from syndicator.channels.x.links import SPACES, Span, links_in

LINK_WEIGHT = 23
EMOJI_WEIGHT = 2
#: Links and emoji are looked for in that many characters. Longer texts are too long anyway: twelve
#: of the longest links are the most that fit into a post.
_SEARCHED = 50_000
#: Looking for links takes time by the square of what could be a host. Longer words than this share
#: the effort there is; what is beyond it counts by its characters, which are too many anyway, and
#: as if each full stop in it were in a link.
_LONG_WORD = 280
_EFFORT = 20_000_000

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


_EMOJI = _emoji_by_first_character()
_WORD = re.compile(f"[^{SPACES}]+")
_LIKE_A_HOST = re.compile(r"[^!'#%&()*+,:;<=>?@\[\]^{|}~$/]+")
_BEFORE_A_LINK = re.compile(r"[^A-Za-z0-9]")


def weighted_length(text: str) -> int:
    """The weight of *text*; X accepts up to 280."""
    text = unicodedata.normalize("NFC", text)
    weight = position = 0
    effort = _EFFORT
    for word in _WORD.finditer(text, 0, _SEARCHED):
        if "." in word[0][1:-1]:
            if len(word[0]) > _LONG_WORD:
                effort -= (needed := _effort(word[0]))
                if effort < 0:
                    effort += needed
                    weight += LINK_WEIGHT * word[0].count(".")
                    continue
            # With the space before it: a link begins otherwise at the beginning of a text.
            start = max(0, word.start() - 1)
            weight += _plain_weight(text[position:start])
            weight += _weight_of_dotted(text[start : word.end()])
            position = word.end()
    return weight + _plain_weight(text[position:])


def _effort(word: str) -> int:
    """About how many characters are looked at to find the links in *word*."""
    runs = _LIKE_A_HOST.findall(word)
    return sum(len(run) * (1 + len(_BEFORE_A_LINK.findall(run))) for run in runs)


def _weight_of_dotted(word: str) -> int:
    """The weight of a *word* that may have links in it."""
    return max(_with_links(word, spans) for spans in links_in(word))


def _with_links(word: str, links: Sequence[Span]) -> int:
    weight = position = 0
    for link in links:
        weight += _plain_weight(word[position : max(position, link.start)]) + LINK_WEIGHT
        position = max(position, link.end)
    return weight + _plain_weight(word[position:])


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
