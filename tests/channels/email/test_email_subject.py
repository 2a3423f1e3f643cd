from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from syndicator.channels.email.rendering import SUBJECT_LENGTH, subject_line
from syndicator.channels.fitting.quotations import quoted_spans


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        (
            "„Ich sah ihn dreimal im Leben weinen. Einmal, als meine Großmutter in Genf starb.“",
            "„Ich sah ihn dreimal im Leben weinen. Einmal, als meine Großmutter in Genf …“",
        ),
        (
            "Kanzler in Genf: „Wir werden diese Verhandlungen mit aller Kraft zu Ende führen“",
            "Kanzler in Genf: „Wir werden diese Verhandlungen mit aller Kraft zu Ende …“",
        ),
        (
            "Ministerin weist Vorwürfe aus der Opposition scharf zurück: „Das ist alles erlogen“",
            "Ministerin weist Vorwürfe aus der Opposition scharf zurück…",
        ),
        (
            "Er sagte: „Wir gehen. Noch heute.“ Dann verließ er den Saal, ohne sich umzusehen.",
            "Er sagte: „Wir gehen. Noch heute.“",
        ),
    ],
)
def test_no_quotation_is_left_open(text: str, subject: str) -> None:
    assert subject_line(text, "de") == subject


MARKED = st.sampled_from(
    ["„{}“", "»{}«", "“{}”", "«{}»", "Roth: „{}“", "{}", "Am Ende „{}“, so Roth."]
)
WORDS = st.text(alphabet="ab ,.", min_size=1, max_size=60)


@example(
    [("„{}“", "a" * 10), ("„{}“", "a" * 24), ("“{}”", f"{'a' * 23} "), ("„{}“", "a" * 10)], "de"
)
@given(st.lists(st.tuples(MARKED, WORDS), min_size=1, max_size=4), st.sampled_from(["de", "en"]))
def test_marks_stay_in_pairs(parts: list[tuple[str, str]], language: str) -> None:
    subject = subject_line(" ".join(mark.format(text) for mark, text in parts), language)
    assert len(subject) <= SUBJECT_LENGTH
    rest = subject
    for start, end in reversed(quoted_spans(subject)):
        rest = rest[:start] + rest[end:]
    assert not set(rest) & set("„“”»«")


@given(st.text(alphabet="aß „“»«‚‘.…:\ud800", max_size=200))
def test_a_subject_is_short_whatever_is_said(text: str) -> None:
    assert len(subject_line(text, "de")) <= SUBJECT_LENGTH
