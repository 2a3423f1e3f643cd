"""Lines that the page puts between and around entries: never text to post."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from syndicator.content import Block, BulletList


class Furniture(StrEnum):
    """What a line is that belongs to the page; the value names it to a person."""

    ADVERTISEMENT = "advertisement"
    TEASER = "teaser for another article"
    POLL = "poll"
    COMMENTS = "comment counter"
    BUTTON = "button of the page"


_AROUND = r"[-–—•*·|\s]*"
#: "Mehr dazu im Laufe des Tages" announces news and leads nowhere.
_LATER = r"(?!(?:im|in|an|unter)\s(?:Laufe|Kürze|wenigen?|einer|der Nacht|den n|diesem Tag))"
_KINDS = {
    Furniture.ADVERTISEMENT: (
        rf"{_AROUND}(?:Anzeige|Werbung|Advertisements?|Advert|Sponsored|Ad|Gesponsert"
        rf"|Bezahlter Inhalt|Paid (?:content|post)){_AROUND}:?{_AROUND}"
        r"|(?:Der )?(?:Artikel|Beitrag|Text) (?:geht|wird) (?:nach|unter) der (?:Anzeige|Werbung)"
        r" (?:weiter|fortgesetzt)\.?"
        r"|(?:Advertisement\s?[-–—:]?\s?)?(?:Story|Article) continues below"
        r"(?: (?:this )?advertisement)?\.?"
        r"|(?:Hier|Jetzt) (?:für )?(?:unseren|den) [\w-]*Newsletter"
        r" (?:abonnieren|anmelden|bestellen)[.!]?"
        r"|Sign up (?:to|for) (?:our|the) .{0,60}newsletters?\.?"
    ),
    Furniture.TEASER: (
        r"(?:[Ll]esen|[Hh]ören|[Ss]ehen) Sie (?:mehr|auch|hier|dazu|weiter|jetzt|außerdem)\b.*"
        r"|(?:Auch interessant|Das könnte Sie auch interessieren|Passend dazu|Lesetipps?"
        r"|You may also like|Related(?: (?:stories|articles|content|posts))?)(?:\s?:.*)?"
        r"|Mehr (?:dazu|zum Thema|Hintergründe|Informationen)"
        r"(?:\s?[:…(].*|\.\.\."
        rf"|\s{_LATER}(?:lesen|hier|im|in|finden|erfahren|hören|sehen|gibt es|unter)\b.*)?"
        r"|(?:Read|See) (?:more|also)(?:\s?[:…›»→>].*|\.\.\.)?"
        r"|(?:Read|See) more (?:about|on|in our|here|at)\b.*[^.]|Also read\s?:.*"
        r"|Read the full (?:story|article)\b.*"
        r"|More on this (?:story|topic)\b.*|Weiterlesen\b.*|Zum Artikel"
    ),
    Furniture.POLL: (
        r"(?:Umfrage|Abstimmung|Poll)(?:\s?:(?:.*\?)?)?|Jetzt abstimmen!?|Vote now!?"
        r"|(?:Stimmen Sie(?: jetzt)?|Machen Sie(?: bei der Umfrage)?) (?:ab|mit)[.!]?"
    ),
    Furniture.COMMENTS: (
        r"(?:\d[\d.,]*|Keine|No)\s(?:Kommentare?|Comments?)"
        r"|(?:Kommentare?|Comments?)(?:\s?\(?\d+\)?)?"
        r"|(?:Kommentare? (?:anzeigen|lesen|schreiben|verfassen|hinterlassen)"
        r"|(?:Jetzt )?kommentieren|Diskutieren Sie mit|Join the (?:conversation|discussion)"
        r"|(?:Leave|Write|Post|Add) a comment|(?:View|Show|Read) (?:all )?(?:the )?comments)[.!]?"
    ),
    Furniture.BUTTON: (
        r"(?:Ältere|Neuere|Weitere|Alle) (?:Beiträge|Einträge|Meldungen)(?: (?:an)?(?:laden|zeigen"
        r"|anzeigen))?|Mehr (?:laden|anzeigen)|(?:Load|Show|View) (?:more|older|newer|all)\b.{0,30}"
        r"|Older (?:posts|entries|updates)|(?:Oben )?[Aa]ngeheftet|Angepinnt|Pinned(?: post)?"
        r"|Zum Anfang|Nach oben|Back to top|Live|Neuer"
    ),
}
#: After these, a list is made of other articles, or of the answers to vote for.
_HEAD_LISTS = (Furniture.TEASER, Furniture.POLL)
_FURNITURE = {kind: re.compile(pattern, re.IGNORECASE) for kind, pattern in _KINDS.items()}
_KEY_UPDATES = re.compile(
    r"(?:Die )?(?:wichtig(?:e|st(?:en?)))(?: (?:Updates?|Ereignisse|Entwicklungen|Meldungen"
    r"|Nachrichten|Neuigkeiten|Punkte|Momente|Beiträge))"
    r"(?: (?:im Überblick|des Tages|auf einen Blick|in Kürze))?:?"
    r"|Das Wichtigste(?: (?:in Kürze|im Überblick|auf einen Blick|des Tages|zusammengefasst))?:?"
    r"|Was bisher geschah:?|(?:Der Tag )?(?:Auf einen Blick|im Überblick):?"
    r"|(?:Key|Latest|Top) (?:updates|events|developments|moments|posts|points)(?: so far)?:?"
    r"|(?:What (?:has )?happened so far|What we know so far|At a glance|Highlights|In Kürze):?",
    re.IGNORECASE,
)
_BADGE = re.compile(
    r"(?:Wichtig|Wichtiges (?:Ereignis|Update)|Key (?:event|update|moment)|Eilmeldung|EIL"
    r"|Breaking(?: news)?|Important)!?",
    re.IGNORECASE,
)
_FOOTER = re.compile(
    r"©.*|\(c\) .*|Copyright\b.*|Alle Rechte vorbehalten.*|All rights reserved.*"
    r"|(?:Quellen?|Sources?|Mit Material von|Direkt aus dem dpa)\s?:?\s.{1,100}"
    r"|Impressum|Datenschutz|Zur Startseite|Zurück zur Startseite|Ende des Liveblogs?"
    r"|Mehr zum Thema|Themen|Feedback",
    re.IGNORECASE,
)
_LONGEST = 160


def furniture_of(line: str) -> Furniture | None:
    """What part of the page *line* is; None if it may be an entry's."""
    if len(line) > _LONGEST:
        return None
    return next((kind for kind, form in _FURNITURE.items() if form.fullmatch(line)), None)


def left_out(dropped: Sequence[tuple[Furniture, str]]) -> Iterator[str]:
    """A sentence for each kind of the lines that were *dropped*, with the first as its example."""
    examples = dict(reversed(dropped))
    for kind, count in Counter(kind for kind, _ in dropped).items():
        lines = "1 line was" if count == 1 else f"{count} lines were"
        yield f"{lines} left out ({kind.value}), such as “{examples[kind]}”."


def is_key_updates_heading(line: str) -> bool:
    """Whether *line* heads the list of the most important entries, above the first entry."""
    return len(line) <= _LONGEST and bool(_KEY_UPDATES.fullmatch(line))


def is_badge(line: str) -> bool:
    """Whether *line* marks its entry as a key event."""
    return len(line) <= _LONGEST and bool(_BADGE.fullmatch(line))


def is_footer(line: str) -> bool:
    """Whether *line* can only stand below the last entry; only ask there."""
    return furniture_of(line) is not None or bool(_FOOTER.fullmatch(line))


@dataclass
class FurnitureLeftOut:
    """Takes what belongs to the page out of entries, and remembers it for a warning."""

    _lines: list[tuple[Furniture, str]] = field(default_factory=list)

    def note(self, kind: Furniture, line: str) -> None:
        self._lines.append((kind, line))

    def rest_of(self, pieces: Sequence[str | Block]) -> list[str | Block]:
        """*pieces* without the lines that belong to the page, and without the lists they head.

        The question of a poll, between its heading and its answers, goes with them.
        """
        kept: list[str | Block] = []
        heading: Furniture | None = None
        for index, piece in enumerate(pieces):
            if isinstance(piece, str) and (kind := furniture_of(piece)):
                self.note(kind, piece)
                heading = kind if kind in _HEAD_LISTS else None
            elif heading and isinstance(piece, BulletList):
                self.note(heading, piece.items[0])
                heading = None
            elif heading is Furniture.POLL and _asks(piece, pieces[index + 1 : index + 2]):
                self.note(heading, str(piece))
            else:
                kept.append(piece)
                heading = None
        return kept

    def warnings(self) -> Iterator[str]:
        """A sentence for each kind of line that was left out."""
        yield from left_out(self._lines)


def _asks(piece: str | Block, following: Sequence[str | Block]) -> bool:
    is_question = isinstance(piece, str) and piece.endswith("?")
    return is_question and bool(following) and isinstance(following[0], BulletList)
