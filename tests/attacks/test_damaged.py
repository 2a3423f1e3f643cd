"""Whatever happens to a document, its reader reads it or says why not."""

from __future__ import annotations

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicator.sources.api_hints import api_hints
from syndicator.sources.discovery import STANDARD_HINTS, FetchedPage, addresses_named_by
from tests.attacks.invariants import NOWHERE, ON_A_PAGE, READERS, read
from tests.attacks.values import SCRAPS
from tests.fuzz.seeds import seeds_of

PAGE = "https://magazin.example.org/live"
_HINTS = (
    b"<link rel='alternate hub self' type='application/rss+xml' href='/feed' title='Live'>"
    b"<base href='//b.example/'><iframe src='https://lb.example/embed/5f1a2b3c4d5e6f7a8b9c0d1e'>"
    b"<link rel='https://api.w.org/' href='https://m.example/wp-json/'>"
    b"<script>var liveblog_settings = {'endpoint_url': 'https://m.example/liveblog/7/'};"
    b"window.liveblog = {'_id': '5f1a2b3c4d5e6f7a8b9c0d1e', 'api_host': '//lb.example/api'}"
    b"</script>"
)
_CHANGE = st.tuples(
    st.floats(0, 1), st.integers(0, 40), st.sampled_from(SCRAPS) | st.binary(max_size=4)
)
_CHANGES = st.lists(_CHANGE, max_size=5)


def damaged(data: bytes, changes: list[tuple[float, int, bytes]]) -> bytes:
    """*data* after, at each place, so many bytes were replaced by others."""
    for place, removed, scrap in changes:
        start = int(place * len(data))
        data = data[:start] + scrap + data[start + removed :]
    return data


@pytest.mark.parametrize("name", sorted(READERS))
def test_a_damaged_document_is_read_or_refused(name: str) -> None:
    @settings(max_examples=60, deadline=None)
    @given(st.sampled_from(seeds_of(name)), _CHANGES, st.sampled_from((NOWHERE, ON_A_PAGE)))
    def look(data: bytes, changes: list[tuple[float, int, bytes]], context: object) -> None:
        read(READERS[name], damaged(data, changes), context)

    look()


@pytest.mark.parametrize("name", sorted(READERS))
def test_a_document_in_another_format_is_read_or_refused(name: str) -> None:
    for other in sorted(READERS):
        for data in seeds_of(other)[:2]:
            read(READERS[name], data)


@settings(max_examples=200, deadline=None)
@given(_CHANGES, st.text(max_size=60))
def test_a_damaged_page_names_addresses_on_the_web_or_none(
    changes: list[tuple[float, int, bytes]], header: str
) -> None:
    data = damaged(_HINTS, changes)
    page = FetchedPage.of(data, PAGE, (header, f'<{header}>; rel="hub"'))
    named = [one.url for one in addresses_named_by(page, STANDARD_HINTS)]
    for url in (*named, *(hint.url for hint in api_hints(data, PAGE))):
        assert regex.fullmatch(r"https?://[^\s\p{Cc}]+", url, regex.IGNORECASE)


def test_an_undamaged_page_names_them_all() -> None:
    page = FetchedPage.of(_HINTS, PAGE)
    assert len(addresses_named_by(page, STANDARD_HINTS)) == 3
    assert api_hints(_HINTS, PAGE)
