"""Lines that the page puts between and around entries: never text to post."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from enum import StrEnum


class Furniture(StrEnum):
    """What a line is that belongs to the page; the value names it to a person."""

    ADVERTISEMENT = "advertisement"
    TEASER = "teaser for another article"
    POLL = "poll"
    COMMENTS = "comment counter"
    BUTTON = "button of the page"


_KINDS = {
    Furniture.ADVERTISEMENT: r"Anzeige|Werbung|Advertisements?|Advert|Sponsored|Ad",
    Furniture.TEASER: (
        r"Lesen Sie (?:mehr|auch|hier|dazu|weiter|jetzt|außerdem)\b.*"
        r"|Mehr (?:dazu|zum Thema|Hintergründe|Informationen)"
        r"(?:\s?[:…(].*|\.\.\."
        r"|\s(?:lesen|hier|im|in|finden|erfahren|hören|sehen|gibt es|unter)\b.*)?"
        r"|(?:Read|See) (?:more|also)\b.*|Also read\b.*|Read the full (?:story|article)\b.*"
        r"|More on this (?:story|topic)\b.*|Weiterlesen\b.*|Zum Artikel"
    ),
    Furniture.POLL: r"Umfrage(?:\s?:.*)?|Abstimmung|Jetzt abstimmen|Poll(?:\s?:.*)?|Vote now",
    Furniture.COMMENTS: (
        r"(?:\d[\d.,]*|Keine|No)\s(?:Kommentare?|Comments?)|(?:Kommentare?|Comments?)(?:\s?\(?\d+\)?)?"
    ),
    Furniture.BUTTON: (
        r"(?:Ältere|Neuere|Weitere|Alle) (?:Beiträge|Einträge|Meldungen)(?: (?:an)?(?:laden|zeigen"
        r"|anzeigen))?|Mehr (?:laden|anzeigen)|(?:Load|Show|View) (?:more|older|newer|all)\b.{0,30}"
        r"|Older (?:posts|entries|updates)|(?:Oben )?[Aa]ngeheftet|Angepinnt|Pinned(?: post)?"
        r"|Zum Anfang|Nach oben|Back to top|Live|Neuer"
    ),
}
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
