"""One line at a time: credits, quotes, bylines, times, share labels, page furniture."""

from __future__ import annotations

from datetime import UTC, date, time

import pytest

from syndicator.content import BulletList, Quote
from syndicator.sources.bylines import author_of
from syndicator.sources.credit_lines import credit_of, split_credit
from syndicator.sources.page_furniture import (
    Furniture,
    FurnitureLeftOut,
    furniture_of,
    is_badge,
    is_footer,
    is_key_updates_heading,
)
from syndicator.sources.quotations import split_quote
from syndicator.sources.share_labels import is_share_label, split_at_share_labels
from syndicator.sources.time_lines import Moment, dates_in, read_time_line, split_time


@pytest.mark.parametrize(
    ("line", "credit"),
    [
        ("Foto: Tomas Wieck/AFP", "Tomas Wieck/AFP"),
        ("FOTO: TOMAS WIECK/AFP", "TOMAS WIECK/AFP"),
        ("(Foto: Tomas Wieck / Reuters)", "Tomas Wieck / Reuters"),
        ("[Bild: dpa]", "dpa"),
        ("© Tomas Wieck/dpa", "Tomas Wieck/dpa"),
        ("Foto: © Tomas Wieck/dpa", "Tomas Wieck/dpa"),
        ("Photograph: Tomas Wieck/AFP/Getty Images", "Tomas Wieck/AFP/Getty Images"),
        ("(Photo by Tomas Wieck / AFP)", "Tomas Wieck / AFP"),
        ("Credit: Tomas Wieck", "Tomas Wieck"),
        ("Bild: Tomas Wieck", "Tomas Wieck"),
        ("Quelle: Ukrinform", "Ukrinform"),
        ("Tomas Wieck/AFP/Getty Images", "Tomas Wieck/AFP/Getty Images"),
        ("IMAGO / Tomas Wieck", "IMAGO / Tomas Wieck"),
        ("picture alliance/dpa | Tomas Wieck", "picture alliance/dpa | Tomas Wieck"),
        ("-/Ukrinform/dpa", "-/Ukrinform/dpa"),
        ("Pressedienst des Präsidenten/Handout via Reuters", None),
        ("Tomas Wieck/Morgenblatt", "Tomas Wieck/Morgenblatt"),
        ("dpa", "dpa"),
        ("", ""),
        ("(dpa)", ""),
        ("Tomas Wieck", ""),
        ("Moskau/Kiew", ""),
        ("Bild: Regierung plant neues Treffen", ""),
        ("Fotos von der Brücke zeigen das Ausmaß", ""),
        ("Reuters meldet einen Durchbruch.", ""),
        ("Die Agentur AFP berichtet von Schüssen", ""),
    ],
)
def test_a_credit_is_told_from_other_lines(line: str, credit: str | None) -> None:
    assert credit_of(line) == (line if credit is None else credit)


@pytest.mark.parametrize(
    ("line", "caption", "credit"),
    [
        ("Am Tor. © Ida Sand/dpa", "Am Tor.", "Ida Sand/dpa"),
        ("Am Tor. Ida Sand/dpa", "Am Tor.", "Ida Sand/dpa"),
        ("Am Tor.Ida Sand/dpa", "Am Tor.", "Ida Sand/dpa"),
        ("Menschen am TorIda Sand/dpa", "Menschen am Tor", "Ida Sand/dpa"),
        ("Menschen am Tor Ida Sand/dpa", "Menschen am Tor", "Ida Sand/dpa"),
        ("Am Tor (Foto: Ida Sand / Reuters)", "Am Tor", "Ida Sand / Reuters"),
        ("Am Tor. (Ida Sand/AP)", "Am Tor.", "Ida Sand/AP"),
        ("Am Tor.Foto: Ida Sand/dpa", "Am Tor.", "Ida Sand/dpa"),
        ("Am Tor | Foto: Ida Sand", "Am Tor", "Ida Sand"),
        ("Am Tor Bild: dpa", "Am Tor", "dpa"),
        ("Am Tor.AFP", "Am Tor.", "AFP"),
        ("Am Tor. IMAGO / Ida Sand", "Am Tor.", "IMAGO / Ida Sand"),
        ("„Nie wieder“ steht am Tor. Ida Sand/dpa", "„Nie wieder“ steht am Tor.", "Ida Sand/dpa"),
        ("Er ging. Sie blieb. Ida Sand/AFP/Getty", "Er ging. Sie blieb.", "Ida Sand/AFP/Getty"),
    ],
)
def test_a_credit_run_on_to_its_caption_is_split_off(line: str, caption: str, credit: str) -> None:
    assert split_credit(line) == (caption, credit)


@pytest.mark.parametrize(
    "line",
    [
        "Das zeigt ein Foto: Sie weint.",
        "Die Lage ist unverändert. (dpa)",
        "Die Lage ist unverändert. (dpa/AFP)",
        "Die Gespräche in Genf/Schweiz dauern an",
        "Das meldet die Agentur Reuters.",
        "Er traf Ida Sand und Jon Falk.",
        "Ein langer Satz über die Lage im Land, der auf eine Agentur endet: " * 4 + "so. dpa",
    ],
)
def test_a_text_keeps_what_only_resembles_a_credit(line: str) -> None:
    assert split_credit(line) == (line, "")


@pytest.mark.parametrize(
    ("line", "text", "speaker"),
    [
        ("„Wir sind bereit.“Mara Koch, Ministerin", "Wir sind bereit.", "Mara Koch, Ministerin"),
        ("„Wir sind bereit.“ – Mara Koch", "Wir sind bereit.", "Mara Koch"),
        ("»Wir sind bereit« — Mara Koch (SPD)", "Wir sind bereit", "Mara Koch (SPD)"),
        ("“We are ready.”Mara Koch, minister", "We are ready.", "Mara Koch, minister"),
        ('"Wir sind bereit." Mara Koch, Ministerin', "Wir sind bereit.", "Mara Koch, Ministerin"),
        ("„Wir sind ‚bereit‘.“Mara Koch", "Wir sind ‚bereit‘.", "Mara Koch"),
        ("Wir sind bereit.Mara Koch, Ministerin", "Wir sind bereit.", "Mara Koch, Ministerin"),
        ("Sind wir bereit?Mara Koch", "Sind wir bereit?", "Mara Koch"),
        ("„Ja.“Der neue Präsident Jon Falk in Genf", "Ja.", "Der neue Präsident Jon Falk in Genf"),
        ("„Ja.“ – der neue Präsident Jon Falk", "Ja.", "der neue Präsident Jon Falk"),
        ("Wir bleiben.Der neue Präsident Jon Falk", "Wir bleiben.", "Der neue Präsident Jon Falk"),
        ("Wir bleiben.Eine Ärztin aus dem Osten", "Wir bleiben.", "Eine Ärztin aus dem Osten"),
        ("Wir bleiben.Der UN-Gesandte, in Genf", "Wir bleiben.", "Der UN-Gesandte, in Genf"),
        ("„Wir sind bereit.“", "Wir sind bereit.", ""),
        ("‘We’re ready.’ Mara Koch", "We’re ready.", "Mara Koch"),
    ],
)
def test_a_quote_and_its_speaker_are_parted(line: str, text: str, speaker: str) -> None:
    assert split_quote(line) == Quote(text, speaker)


@pytest.mark.parametrize(
    "line",
    [
        "„Wir sind bereit“, sagte Mara Koch.",
        "„Wir sind bereit.“ Das sagte Mara Koch am Montag.",
        "„Wir sind bereit“, sagte sie. „Und wir bleiben.“",
        "„Historischer Tag“ – Reaktionen aus Genf",
        "„Wir geben nicht auf“: Präsident trifft Minister",
        "Präsident: „Wir geben nicht auf“",
        "Er reist am 3. Mai nach Genf.",
        "Frieden? Jon Falk, Ida Sand und Mara Koch reisen an",
        "Am Tor.Ida Sand, AFP",
        "Sie bleiben.Die Delegationen reisen nicht ab",
        "Was nun?Die Lage in Genf",
        "„",
        "„“",
    ],
)
def test_a_text_with_quotes_in_it_is_no_quote(line: str) -> None:
    assert split_quote(line) is None


@pytest.mark.parametrize(
    ("line", "author"),
    [
        ("Mara Lindner", "Mara Lindner"),
        ("Von Mara Lindner", "Mara Lindner"),
        ("By Owen O’Neill", "Owen O’Neill"),
        ("Ida von der Brandt", "Ida von der Brandt"),
        ("Ida Brandt und Jon Falk", "Ida Brandt und Jon Falk"),
        ("Ida Brandt, Jon Falk and Mara Lindner", "Ida Brandt, Jon Falk and Mara Lindner"),
        ("J. R. Möller", "J. R. Möller"),
        ("Dr. Ida Brandt-Falk", "Dr. Ida Brandt-Falk"),
        ("Mara Lindner, Kiew", "Mara Lindner, Kiew"),
        ("Mara Lindner (dpa)", "Mara Lindner (dpa)"),
        ("dpa", "dpa"),
        ("SZ-Redaktion", "SZ-Redaktion"),
        ("Newsdesk", "Newsdesk"),
        ("Minister treffen sich in Genf", ""),
        ("Selenskyj und Putin", ""),
        ("Genf", ""),
        ("Er sprach mit Mara Lindner.", ""),
    ],
)
def test_an_author_is_told_by_form(line: str, author: str) -> None:
    assert author_of(line) == author


DAY = date(2026, 11, 17)


@pytest.mark.parametrize(
    ("line", "moment"),
    [
        ("14:32 Uhr", Moment(clock=time(14, 32))),
        ("14.32 Uhr", Moment(clock=time(14, 32))),
        ("9 Uhr", Moment(clock=time(9))),
        ("14.32 GMT", Moment(clock=time(14, 32), zone=UTC)),
        ("2:32 p.m.", Moment(clock=time(14, 32))),
        ("12.05am", Moment(clock=time(0, 5))),
        ("17. November 2026, 14:32 Uhr", Moment(DAY, time(14, 32))),
        ("Dienstag, 17. November 2026 um 14:32 Uhr", Moment(DAY, time(14, 32))),
        ("17.11.2026 14:32", Moment(DAY, time(14, 32))),
        ("17.11.26 | 14.32 Uhr", Moment(DAY, time(14, 32))),
        ("Stand: 17.11.2026, 14:32 Uhr", Moment(DAY, time(14, 32))),
        ("November 17, 2026 at 2:32 p.m.", Moment(DAY, time(14, 32))),
        ("Tue 17 Nov 2026 14.32 GMT", Moment(DAY, time(14, 32), UTC)),
        ("17.11., 14:32", Moment(clock=time(14, 32), yearless=(11, 17))),
        ("Gestern, 18:40 Uhr", Moment(clock=time(18, 40), days_ago=1)),
        ("vor 3 Stunden", Moment()),
        ("vor einer Minute", Moment()),
        ("3 hours ago", Moment()),
        ("25m ago", Moment()),
        ("just now", Moment()),
        ("17. November 2026", Moment(DAY)),
        ("31.02.2026", Moment(yearless=(2, 31))),
    ],
)
def test_a_time_line_says_when(line: str, moment: Moment) -> None:
    assert read_time_line(line) == moment


def test_an_iso_time_keeps_its_offset() -> None:
    moment = read_time_line("2026-11-17T14:32+01:00")
    assert moment is not None
    assert (moment.day, moment.clock) == (DAY, time(14, 32))
    assert moment.zone is not None


@pytest.mark.parametrize(
    "line",
    ["Jan Fischer", "Mai Nguyen", "Am 17. November 2026 endete es", "25:99 Uhr", "1.500", "-", ""],
)
def test_other_lines_are_no_time_lines(line: str) -> None:
    assert read_time_line(line) is None


@pytest.mark.parametrize(
    ("line", "beside"),
    [
        ("Mara Lindner, 14:32 Uhr", "Mara Lindner"),
        ("Mara Lindner | vor 3 Stunden", "Mara Lindner"),
        ("14:32 Uhr – Mara Lindner", "Mara Lindner"),
        ("Mara Lindner (17.11.2026, 14:32)", "Mara Lindner"),
    ],
)
def test_a_time_beside_a_name_is_split_off(line: str, beside: str) -> None:
    split = split_time(line)
    assert split is not None
    assert split[0] == beside


def test_a_day_that_is_only_counted_from_is_not_the_day_meant() -> None:
    assert dates_in("Seit dem 24. Februar 2022 ist Krieg, heute ist der 17. November 2026") == {DAY}


@pytest.mark.parametrize(
    "line",
    [
        "Link kopieren",
        "auf x teilen",
        "- Per E-Mail teilen",
        "Auf Facebook teilen Auf Twitter teilen",
        "Link kopierenAuf X teilen",
        "Link kopieren | Auf WhatsApp teilen · Teilen",
        "Share on X (formerly Twitter)",
        "Share via email",
        "Share by email",
        "Copy link",
        "Share",
        "Teilen",
    ],
)
def test_share_labels_are_known(line: str) -> None:
    assert is_share_label(line)


@pytest.mark.parametrize(
    "line", ["Wir teilen die Sorge", "Share prices rise", "X", "Facebook", "Den Link teilen viele"]
)
def test_words_of_share_labels_do_not_make_one(line: str) -> None:
    assert not is_share_label(line)


def test_a_network_alone_is_a_label_only_beside_others() -> None:
    lines = ["Text.", "Teilen", "Facebook", "X", "Mehr Text.", "X"]
    assert split_at_share_labels(lines) == [["Text."], ["Mehr Text.", "X"]]


def test_labels_run_on_to_a_text_end_it() -> None:
    assert split_at_share_labels(["Der Text.Link kopierenAuf X teilen", "Mehr."]) == [
        ["Der Text."],
        ["Mehr."],
    ]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("ANZEIGE", Furniture.ADVERTISEMENT),
        ("Advertisement", Furniture.ADVERTISEMENT),
        ("Lesen Sie mehr über die Lage", Furniture.TEASER),
        ("Mehr dazu im Überblick", Furniture.TEASER),
        ("Read more: Five things", Furniture.TEASER),
        ("Umfrage", Furniture.POLL),
        ("12 Kommentare", Furniture.COMMENTS),
        ("Ältere Beiträge laden", Furniture.BUTTON),
        ("Load more", Furniture.BUTTON),
        ("Mehr dazu sagte eine Sprecherin nicht.", None),
        ("Umfragen sehen die Opposition vorn.", None),
        ("Anzeigen gegen den Minister", None),
        ("- Anzeige -", Furniture.ADVERTISEMENT),
        ("Werbung:", Furniture.ADVERTISEMENT),
        ("Der Artikel geht nach der Anzeige weiter", Furniture.ADVERTISEMENT),
        ("Advertisement – Story continues below", Furniture.ADVERTISEMENT),
        ("Jetzt unseren Politik-Newsletter abonnieren", Furniture.ADVERTISEMENT),
        ("Sign up to our morning newsletter", Furniture.ADVERTISEMENT),
        ("Lesen Sie auch: Was jetzt gilt", Furniture.TEASER),
        ("Auch interessant", Furniture.TEASER),
        ("Das könnte Sie auch interessieren", Furniture.TEASER),
        ("See also: The map", Furniture.TEASER),
        ("Read more about the storm", Furniture.TEASER),
        ("Related stories", Furniture.TEASER),
        ("Umfrage: Wer soll regieren?", Furniture.POLL),
        ("Jetzt abstimmen!", Furniture.POLL),
        ("Poll: Who won?", Furniture.POLL),
        ("Kommentare anzeigen", Furniture.COMMENTS),
        ("Jetzt kommentieren", Furniture.COMMENTS),
        ("Leave a comment", Furniture.COMMENTS),
        ("Join the conversation", Furniture.COMMENTS),
        ("Anzeige gegen den Bürgermeister", None),
        ("Werbung für das Referendum ist verboten.", None),
        ("Die Werbung läuft.", None),
        ("Mehr dazu im Laufe des Abends", None),
        ("Mehr dazu in Kürze.", None),
        ("Mehr Informationen in der Nacht erwartet", None),
        ("Umfrage: 60 Prozent wollen Neuwahlen", None),
        ("Abstimmung endet mit einem Patt", None),
        ("Abstimmung: 312 dafür, 280 dagegen", None),
        ("Poll: 54% back the deal", None),
        ("Kommentar: Ein Fehler mit Ansage", None),
        ("Kommentieren wollte das Ministerium nicht.", None),
        ("See more clearly what the storm left.", None),
        ("Read more than the headline, he said.", None),
        ("Related charges were dropped.", None),
        ("Auch interessant ist der zweite Satz.", None),
        ("Live aus dem Bundestag", None),
        ("Hier endet die Grenze", None),
    ],
)
def test_furniture_of_a_page_is_told_from_text(line: str, kind: Furniture | None) -> None:
    assert furniture_of(line) is kind


@pytest.mark.parametrize(
    "line",
    [
        "Wichtige Updates",
        "Das Wichtigste",
        "Das Wichtigste im Überblick:",
        "Key updates",
        "Key events",
        "Was bisher geschah",
        "Die wichtigsten Entwicklungen",
    ],
)
def test_headings_of_key_updates_are_known(line: str) -> None:
    assert is_key_updates_heading(line)


def test_badges_and_footers_are_known() -> None:
    assert all(map(is_badge, ["Wichtig", "Key event", "EILMELDUNG", "Breaking news"]))
    assert not is_badge("Wichtig ist das nicht")
    assert all(map(is_footer, ["© Morgenblatt", "Quelle: dpa", "Impressum"]))


def test_lists_go_with_the_line_that_heads_them_and_honest_ones_stay() -> None:
    left_out = FurnitureLeftOut()
    teasers, answers, honest = (BulletList((name,)) for name in ("Archiv", "Ja", "Punkt"))
    kept = left_out.rest_of(
        [
            *("Text.", "Lesen Sie auch:", teasers, "Umfrage", "Und Sie?", answers),
            *("Was gilt?", honest, "Anzeige", honest, "Umfrage", "Ende?"),
        ]
    )
    assert kept == ["Text.", "Was gilt?", honest, honest, "Ende?"]
    assert list(left_out.warnings()) == [
        "2 lines were left out (teaser for another article), such as “Lesen Sie auch:”.",
        "4 lines were left out (poll), such as “Umfrage”.",
        "1 line was left out (advertisement), such as “Anzeige”.",
    ]
