from __future__ import annotations

import pytest

from syndicator.channels.fitting.quotations import in_quotation_marks, is_inside, quoted_spans


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("Er sagte: „Ja.“ Und ging.", ["„Ja.“"]),
        ("Er sagte: »Ja.« Und ging.", ["»Ja.«"]),
        ("Il dit : «Oui.» Puis sort.", ["«Oui.»"]),
        ('He said "yes" and "no".', ['"yes"', '"no"']),
        ("He said “yes” and “no”.", ["“yes”", "“no”"]),
        ("Er sagte ‚ja‘ und ging.", ["‚ja‘"]),
        ("Er sagte ›ja‹ und ging.", ["›ja‹"]),
        ("He said ‘yes’ and left.", ["‘yes’"]),
        ("„Er sagte ‚nie‘ zu mir.“", ["„Er sagte ‚nie‘ zu mir.“"]),
        ("“She said ‘I don’t’, twice.”", ["“She said ‘I don’t’, twice.”"]),
        ("„Er rief »Halt« und ging.“", ["„Er rief »Halt« und ging.“"]),
        ('„So" steht es oft da.', ['„So"']),
        ('„Er sagte "ja" dazu.“', ['„Er sagte "ja" dazu.“']),
        ("Han sa ”Ja, kanske” och gick.", ["”Ja, kanske”"]),
        ("Han sa ”ja” och ”nej”.", ["”ja”", "”nej”"]),
        ("Han sa ”#ja” och ”…nej”.", ["”#ja”", "”…nej”"]),
        ("首相は「対話を『今』続ける」と述べた。", ["「対話を『今』続ける」"]),
        ("Il dit : « Oui, c’est fini. » Puis sort.", ["« Oui, c’est fini. »"]),
        ("It’s the boys’ room.", []),
        ("„Nie geschlossen.", []),
        ("Nie geöffnet.“ Danach", []),
        ("„Offen „zu“", ["„zu“"]),
    ],
)
def test_pairs_of_marks_are_found(text: str, quoted: list[str]) -> None:
    assert [text[start:end] for start, end in quoted_spans(text)] == quoted


def test_a_cut_beside_a_pair_is_not_inside() -> None:
    spans = quoted_spans("a „b“ c")
    assert [position for position in range(8) if is_inside(spans, position)] == [3, 4]


def test_a_quotation_may_end_where_nobody_looks() -> None:
    assert quoted_spans("a „b „c", goes_on=True) == [(2, 8)]
    assert quoted_spans("a „b „c") == []


def test_quotes_get_the_marks_of_their_language() -> None:
    assert in_quotation_marks("Ja", "de-AT") == "„Ja“"
    assert in_quotation_marks("Yes", "en") == "“Yes”"
    assert in_quotation_marks("Ja", "de-CH") == "«Ja»"
    assert in_quotation_marks("Oui", "fr") == "«\N{NO-BREAK SPACE}Oui\N{NO-BREAK SPACE}»"
    assert in_quotation_marks("Ja", "sv-FI") == "”Ja”"
    assert in_quotation_marks("Ja", "da") == "»Ja«"
    assert in_quotation_marks("はい", "ja") == "「はい」"
    assert in_quotation_marks("?", "") == "“?”"
    assert in_quotation_marks("»Ja«", "de") == "»Ja«"
    assert in_quotation_marks("»Ja« und »Nein«", "de") == "„»Ja« und »Nein«“"


@pytest.mark.parametrize("unit", ["„", "“", "”", "”a”", "「", '"', "‘", "„“", "„‚«", "»", '" "„'])
def test_huge_text_ends(unit: str) -> None:
    assert quoted_spans(unit * (100_000 // len(unit))) is not None
