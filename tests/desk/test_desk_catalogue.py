"""German is complete: each sentence of the code is translated, and the compiled file is current."""

from __future__ import annotations

import gettext
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

import syndicator

PACKAGE = Path(syndicator.__file__).parent
FOLDER = PACKAGE / "locale" / "de" / "LC_MESSAGES"
KEYWORDS = {**DEFAULT_KEYWORDS, "gettext_noop": None, "gettext_lazy": None, "Wording": None}
GAP = re.compile(r"%\(\w+\)[sd]")


@pytest.fixture(scope="module")
def german() -> Catalog:
    with (FOLDER / "django.po").open("rb") as file:
        return read_po(file, locale="de")


@pytest.fixture(scope="module")
def sentences() -> set[tuple[str | None, str]]:
    """Every sentence of the package with its context."""
    with (PACKAGE / "locale" / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    found = extract_from_dir(PACKAGE, methods, options, keywords=KEYWORDS)
    return {
        (context, said if isinstance(said, str) else said[0]) for _, _, said, _, context in found
    }


def strings(value: str | list[str] | tuple[str, ...] | None) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


def messages(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def test_every_sentence_of_the_code_is_in_the_catalogue(
    german: Catalog, sentences: set[tuple[str | None, str]]
) -> None:
    known = {(message.context, strings(message.id)[0]) for message in messages(german)}
    assert sentences - known == set()
    assert known - sentences == set()


def test_nothing_is_untranslated_or_doubtful(german: Catalog) -> None:
    assert [m.id for m in messages(german) if m.fuzzy or not all(strings(m.string))] == []


def test_translations_have_the_gaps_of_their_sentences(german: Catalog) -> None:
    for message in messages(german):
        gaps = set(GAP.findall(strings(message.id)[-1]))
        for translated in strings(message.string):
            assert set(GAP.findall(translated)) == gaps, message.id


def test_the_compiled_catalogue_is_in_step(german: Catalog) -> None:
    with (FOLDER / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for message in messages(german):
        first, *more = strings(message.id)
        if more:
            said = [compiled.ngettext(first, more[0], number) for number in (1, 2)]
        elif message.context:
            said = [compiled.pgettext(message.context, first)]
        else:
            said = [compiled.gettext(first)]
        assert said == strings(message.string)
