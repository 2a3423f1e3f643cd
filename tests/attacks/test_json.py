"""No JSON is more than a reader can take, and what is harmless changes nothing."""

from __future__ import annotations

import codecs
import functools
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from syndicator.sources.base import SourceDocument
from tests.attacks.invariants import NOWHERE, ON_A_PAGE, READERS, read
from tests.attacks.values import places, with_another_value
from tests.fuzz.seeds import json_ld_page, seeds_of

SEED = 20261130
COUNT = 350
NAMES = ("liveblog-json", "sourcefabric", "wordpress-liveblog", "ninjs", "json-feed", "json-ld")
_SCRIPT = b'<script type="application/ld+json">'
_DEEP = 200_000
#: What stands for a number or a text somewhere.
TOKENS = (
    *("1e999", "-1e999", "NaN", "Infinity", "-Infinity", "9" * 4000, "9" * 6000, "-0", "1E400"),
    *("0.1e-99999", '"\\ud800"', '"\\udc00\\ud800"', '"\\u0000\\u001b\\u0085"', '"\\uffff"', "01"),
    *('"\\x"', '"a\nb"', "'a'", "undefined", "/**/1", "1,", '{"a":1,"a":2}', '{"__proto__":{}}'),
    *("[" * _DEEP, '{"a":' * _DEEP, "[" * _DEEP + "]" * _DEEP, '"' + "a" * 300_000 + '"'),
    *("[" + "1," * 50_000 + "1]", "[" + "{}," * 50_000 + "{}]", '{"' + "a" * 100_000 + '":1}'),
)


@functools.cache
def samples(name: str) -> list[bytes]:
    """Documents of the format that read well."""
    found = [data for data in seeds_of(name) if not data.startswith(b"{'")]
    return [data for data in found if (document := read(READERS[name], data)) and document.entries]


def value_of(name: str, data: bytes) -> Any:
    if name == "json-ld":
        data = data.partition(_SCRIPT)[2].partition(b"</script>")[0]
    return json.loads(data)


def bytes_of(name: str, value: Any, text: str = "") -> bytes:
    """A document of the format that holds *value*, or *text* as it is."""
    if name != "json-ld":
        return (text or json.dumps(value)).encode()
    page = json_ld_page(value)
    if not text:
        return page
    before, script, after = page.partition(_SCRIPT)
    return before + script + text.encode() + b"</script>" + after.partition(b"</script>")[2]


@pytest.mark.parametrize("name", NAMES)
def test_wrong_values_everywhere_are_read_or_refused(name: str) -> None:
    chance = random.Random(SEED)
    seeds = samples(name)
    entries = 0
    for number in range(COUNT):
        value = value_of(name, chance.choice(seeds))
        for _ in range(chance.randint(1, 5)):
            value = with_another_value(value, chance)
        document = read(READERS[name], bytes_of(name, value), (NOWHERE, ON_A_PAGE)[number % 2])
        entries += bool(document and document.entries)
    # A reader that refuses everything would pass, too.
    assert entries > COUNT / 10


@pytest.mark.parametrize("name", NAMES)
def test_what_no_parser_expects_is_read_or_refused(name: str) -> None:
    chance = random.Random(SEED)
    for data in samples(name):
        for token in TOKENS:
            mark = "4815162342"
            value = value_of(name, data)
            found = [put for put, old in places(value) if not isinstance(old, dict | list)]
            chance.choice(found)(int(mark))
            text = json.dumps(value)
            read(READERS[name], bytes_of(name, value, text.replace(mark, token)))
            read(READERS[name], bytes_of(name, value, token))
            read(READERS[name], bytes_of(name, value, text[: chance.randrange(len(text))] + token))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_harmless_changes_nothing(name: str) -> None:
    for data in samples(name):
        plain = said(read(READERS[name], data))
        assert plain is not None
        for same in harmless(name, data):
            assert said(read(READERS[name], same)) == plain


def harmless(name: str, data: bytes) -> Iterator[bytes]:
    """*data* in other words."""
    value = value_of(name, data)
    if name != "json-ld":
        yield codecs.BOM_UTF8 + data
        yield data.decode().encode("utf-16")
        yield data.decode().encode("utf-16-le")
        yield json.dumps(value, ensure_ascii=False, indent=3).encode()
        yield b"\n\r\t " + json.dumps(value, separators=(",", ":")).encode() + b"\n\n"
    for old in [value, *(old for _, old in places(value))]:
        if isinstance(old, dict):
            old.update({"__proto__": {"title": "x"}, "constructor": None, "x-unknown": [1e300]})
    if name == "json-ld":
        before, script, after = data.partition(_SCRIPT)
        rest = after.partition(b"</script>")[2]
        unknown = json.dumps(value).replace("<", "\\u003c").encode()
        yield before + script + unknown + b"</script>" + rest
    else:
        yield json.dumps(value).encode()


def said(document: SourceDocument | None) -> SourceDocument | None:
    """*document* without its warnings: of an unknown field one may warn."""
    return replace(document, warnings=()) if document else None
