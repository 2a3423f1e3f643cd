"""The few fixed words of a mail, in the language of the live blog."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Words:
    """One language. *time* is filled with day, month, year, clock and zone; *read_on_in* and
    *because* with blog."""

    time: str
    months: tuple[str, ...]
    key_event: str
    photo: str
    image: str
    read_on: str
    read_on_in: str
    goes_on: str
    share_on_facebook: str
    share_on_x: str
    share_by_mail: str
    because: str
    preferences: str
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
    read_on_in="Im Liveblog „{blog}“ lesen:",
    goes_on="Der Eintrag ist länger als diese Mail und geht im Liveblog weiter.",
    share_on_facebook="Auf Facebook teilen",
    share_on_x="Auf X teilen",
    share_by_mail="Per E-Mail teilen",
    because="Sie erhalten diese Mail, weil Sie den Liveblog „{blog}“ abonniert haben.",
    preferences="Einstellungen ändern",
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
    read_on_in="Read in the live blog “{blog}”:",
    goes_on="The entry is longer than this mail and goes on in the live blog.",
    share_on_facebook="Share on Facebook",
    share_on_x="Share on X",
    share_by_mail="Share by email",
    because="You get this mail because you subscribed to the live blog “{blog}”.",
    preferences="Change your preferences",
    unsubscribe="Unsubscribe",
)


def words_for(language: str) -> Words:
    """The words of a BCP 47 *language*; English for those that have none."""
    return GERMAN if language.lower().split("-")[0] == "de" else ENGLISH
