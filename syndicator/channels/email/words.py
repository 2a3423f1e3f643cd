"""The few fixed words of a mail, in the language of the live blog."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Words:
    """One language. *time* is filled with day, month, year, clock and zone; *read_on_in* and
    *because* with blog; the rest as the methods show."""

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
    time_of_day: str
    short_day: str
    weekdays: tuple[str, ...]
    whole_hour: str
    key_events: str
    also: str
    one_more: str
    several_more: str
    one_more_entry: str
    more_entries_of: str
    read_more: str
    in_browser: str
    corrections: str
    corrected_at: str
    correction_of: str
    retracted_entry: str
    retracted_entry_by: str
    one_retraction: str
    several_retractions: str

    def clock(self, moment: datetime) -> str:
        """The time of *moment* in its own zone."""
        return self.time_of_day.format(clock=f"{moment:%H:%M}")

    def hour(self, moment: datetime) -> str:
        """The hour that *moment* is in."""
        return self.whole_hour.format(begin=f"{moment:%H}", end=f"{(moment.hour + 1) % 24:02}")

    def day(self, moment: datetime) -> str:
        """The day that *moment* is on, with its weekday."""
        return f"{self.weekdays[moment.weekday()]}, {self._date(moment)}"

    def short_moment(self, moment: datetime) -> str:
        """Day and time of *moment*, without the year."""
        return f"{self._date(moment)}, {self.clock(moment)}"

    def _date(self, moment: datetime) -> str:
        return self.short_day.format(day=moment.day, month=self.months[moment.month - 1])

    def and_more(self, number: int) -> str:
        """What a subject ends with where there are *number* entries besides the one it names."""
        if not number:
            return ""
        return self.one_more if number == 1 else self.several_more.format(number=number)

    def more_entries(self, number: int) -> str:
        """That *number* entries are not told in a mail."""
        return self.one_more_entry if number == 1 else self.more_entries_of.format(number=number)

    def retracted(self, *, of: str, author: str, at: str) -> str:
        """That what was told of an entry is taken back, without repeating it."""
        said = self.retracted_entry_by if author else self.retracted_entry
        return said.format(of=of, author=author, at=at)

    def digest_retractions(self, number: int) -> str:
        """The subject of a mail that only takes back."""
        return (
            self.one_retraction if number == 1 else self.several_retractions.format(number=number)
        )

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
    time_of_day="{clock} Uhr",
    short_day="{day}. {month}",
    weekdays=(
        *("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag"),
        "Sonntag",
    ),
    whole_hour="{begin} bis {end} Uhr",
    key_events="Das Wichtigste",
    also="Außerdem",
    one_more=" – und eine weitere Meldung",
    several_more=" – und {number} weitere Meldungen",
    one_more_entry="Und eine weitere Meldung im Liveblog",
    more_entries_of="Und {number} weitere Meldungen im Liveblog",
    read_more="Weiterlesen",
    in_browser="Im Browser ansehen",
    corrections="Berichtigungen",
    corrected_at="Korrigiert um {at}",
    correction_of="Korrektur: {title}",
    retracted_entry="Unsere Meldung von {of} haben wir um {at} zurückgezogen. Wir bitten, sie "
    "nicht weiterzugeben.",
    retracted_entry_by="Unsere Meldung von {of} ({author}) haben wir um {at} zurückgezogen. Wir "
    "bitten, sie nicht weiterzugeben.",
    one_retraction="Wir haben eine Meldung zurückgezogen",
    several_retractions="Wir haben {number} Meldungen zurückgezogen",
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
    time_of_day="{clock}",
    short_day="{day} {month}",
    weekdays=(
        *("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"),
        "Sunday",
    ),
    whole_hour="{begin}:00 to {end}:00",
    key_events="Key events",
    also="Also",
    one_more=" – and one more update",
    several_more=" – and {number} more updates",
    one_more_entry="And one more update in the live blog",
    more_entries_of="And {number} more updates in the live blog",
    read_more="Read on",
    in_browser="View in browser",
    corrections="Corrections",
    corrected_at="Corrected at {at}",
    correction_of="Correction: {title}",
    retracted_entry="We retracted our report of {of} at {at}. Please do not pass it on.",
    retracted_entry_by="We retracted our report of {of} ({author}) at {at}. Please do not pass it "
    "on.",
    one_retraction="We retracted a report",
    several_retractions="We retracted {number} reports",
)


def words_for(language: str) -> Words:
    """The words of a BCP 47 *language*; English for those that have none."""
    return GERMAN if language.lower().split("-")[0] == "de" else ENGLISH
