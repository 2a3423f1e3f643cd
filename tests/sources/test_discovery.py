from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.sources.discovery import (
    STANDARD_HINTS,
    FetchedPage,
    Kind,
    NamedAddress,
    addresses_named_by,
    header_links,
    link_elements,
)
from tests.machine_speed import here

URL = "https://m.example/politik/liveblog"


def page(html: str, *headers: str) -> FetchedPage:
    return FetchedPage.of(html.encode(), URL, headers)


def test_a_page_names_its_feeds() -> None:
    named = link_elements(
        page(
            '<html><head><link rel="alternate" type="application/rss+xml" '
            'href="/rss" title="A &amp; B">'
            "<LINK REL='Alternate home' TYPE='Application/Atom+XML; charset=utf-8' HREF='f.atom'>"
            '<link rel="alternate" type="application/feed+json" href="//j.example/f.json">'
            '<link rel="alternate" type="application/json" href="?format=json">'
            '<link rel="alternate" hreflang="en" href="/en">'
            '<link rel="stylesheet" type="application/rss+xml" href="/style">'
            '<link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">'
            '<!-- <link rel="alternate" type="application/rss+xml" href="/old"> -->'
            '<script>"<link rel=alternate type=application/rss+xml href=/script>"</script></head>'
            '<body><link rel="hub" href="https://hub.example/"><link rel=self href="/self"></body>'
        )
    )
    assert named == (
        NamedAddress("https://m.example/rss", "A & B", Kind.FEED),
        NamedAddress("https://m.example/politik/f.atom", "", Kind.FEED),
        NamedAddress("https://j.example/f.json", "", Kind.JSON_FEED),
        NamedAddress(f"{URL}?format=json", "", Kind.JSON_FEED),
        NamedAddress("https://hub.example/", "", Kind.HUB),
        NamedAddress("https://m.example/self", "", Kind.SELF),
    )


def test_a_page_may_say_what_its_addresses_are_relative_to() -> None:
    link = '<link rel="alternate" type="application/rss+xml" href="rss">'
    (named,) = link_elements(page(f'<base href="/basis/">{link}'))
    assert named.url == "https://m.example/basis/rss"


def test_link_headers_count_like_link_elements() -> None:
    named = header_links(
        page(
            "",
            '</rss>; rel="alternate"; type="application/rss+xml"; title="Ticker, \\"Genf\\"",'
            '<https://hub.example/?a=1,2>; rel=hub, </self>;rel="self nofollow"; rel="hub"',
            "broken; rel=hub, <http://[>; rel=hub, <>; rel=hub",
        )
    )
    assert named == (
        NamedAddress("https://m.example/rss", 'Ticker, "Genf"', Kind.FEED),
        NamedAddress("https://hub.example/?a=1,2", "", Kind.HUB),
        NamedAddress("https://m.example/self", "", Kind.SELF),
    )


def test_hints_are_combined_and_each_address_is_named_once() -> None:
    html = '<link rel="alternate" type="application/rss+xml" href="/rss" title="Element">'
    header = '</rss>; rel=alternate; type="application/rss+xml"; title=Header'

    def another(fetched: FetchedPage) -> tuple[NamedAddress, ...]:
        return (NamedAddress(fetched.url + "/api", "", "sourcefabric"),)

    found = addresses_named_by(page(html, header), (*STANDARD_HINTS, another))
    assert [(named.title, named.kind) for named in found] == [
        ("Header", "feed"),
        ("", "sourcefabric"),
    ]


@pytest.mark.parametrize("piece", ["<link ", "<!--", "<link rel=hub href=/x>", "<script>", '<a "'])
def test_a_large_page_takes_no_longer_than_it_must(piece: str) -> None:
    html = piece * (2_000_000 // len(piece))
    started = time.process_time()
    found = addresses_named_by(page(html, piece * 10_000), STANDARD_HINTS)
    assert time.process_time() - started < here(5)
    assert len(found) <= 1


@given(
    st.text(alphabet='<>link rel="alternate/+xmlhubself;=,:\\', max_size=60), st.binary(max_size=40)
)
def test_whatever_a_page_says_only_web_addresses_come_out(header: str, html: bytes) -> None:
    fetched = FetchedPage.of(b"<link rel=hub href='" + html + b"'>", URL, [header])
    for named in addresses_named_by(fetched, STANDARD_HINTS):
        assert named.url.startswith(("http://", "https://"))
