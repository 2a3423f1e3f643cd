"""The few fixed words of a mail, in the language of the live blog."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Words:
    """One language. *time* is filled with day, month, year, clock and zone; *because* with blog."""

    time: str
    months: tuple[str, ...]
    key_event: str
    photo: str
    image: str
    read_on: str
    because: str
    unsubscribe: str

    def date_and_time(self, moment: datetime) -> str:
        """*moment* in its own zone, to the minute."""
        return self.time.format(
            day=moment.day,
            month=self.months[moment.month - 1],
            year=moment.year,
            clock=f"{moment:%H:%M}",
            zone=moment.tzname(),
        )


GERMAN = Words(
    time="{day}. {month} {year}, {clock} Uhr",
    months=(
        *("Januar", "Februar", "März", "April", "Mai", "Juni"),
        *("Juli", "August", "September", "Oktober", "November", "Dezember"),
    ),
    key_event="Wichtig",
    photo="Foto",
    image="Bild",
    read_on="Im Liveblog lesen",
    because="Sie erhalten diese Mail, weil Sie den Liveblog „{blog}“ abonniert haben.",
    unsubscribe="Abbestellen",
)

ENGLISH = Words(
    time="{day} {month} {year}, {clock} {zone}",
    months=(
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    key_event="Key event",
    photo="Photo",
    image="Image",
    read_on="Read in the live blog",
    because="You get this mail because you subscribed to the live blog “{blog}”.",
    unsubscribe="Unsubscribe",
)


def words_for(language: str) -> Words:
    """The words of a BCP 47 *language*; English for those that have none."""
    return GERMAN if language.lower().split("-")[0] == "de" else ENGLISH
