"""What stands at a pasted address, looked for on a real web site."""

from __future__ import annotations

import json
import socket
import time
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from syndicator.clock import database_now
from syndicator.following import detecting
from syndicator.following.detecting import (
    NO_TIME_LEFT,
    OLD,
    OTHER_LANGUAGE,
    OTHER_PAGE,
    SEVERAL_PAGES,
    SLOWED,
    detect,
    warnings,
)
from syndicator.outbound.fetch import FetchRefused
from syndicator.sources.base import ReadingContext
from tests.following.followed import document
from tests.following.site import Site

pytestmark = pytest.mark.django_db

CONTEXT = ReadingContext()


def page(site: Site, count: int = 3, head: str = "", path: str = "/ticker", **said: Any) -> str:
    """A page with a LiveBlogPosting of *count* entries, one a minute until now."""
    now = database_now()
    updates = [
        {
            "@type": "BlogPosting",
            "@id": f"{site.url}{path}#e{number}",
            "url": f"{site.url}{path}#e{number}",
            "headline": f"Meldung {number}",
            "articleBody": f"In Genf ist Satz {number} gefallen.",
            "datePublished": (now - timedelta(minutes=count - number)).isoformat(),
        }
        for number in range(count)
    ]
    posting = {
        "@context": "https://schema.org",
        "@type": "LiveBlogPosting",
        "headline": "Waffenruhe",
        "url": f"{site.url}{path}",
        "inLanguage": "de",
        "liveBlogUpdate": updates,
        **said,
    }
    script = f'<script type="application/ld+json">{json.dumps(posting)}</script>'
    return f'<!doctype html><html lang="de"><head>{head}{script}</head><body></body></html>'


def rss(site: Site, *paths: str) -> str:
    items = "".join(
        f"<item><guid>{site.url}{path}</guid><link>{site.url}{path}</link>"
        f"<title>Nachricht</title><description>Satz {number}.</description>"
        "<pubDate>Mon, 30 Nov 2026 01:00:00 +0000</pubDate></item>"
        for number, path in enumerate(paths)
    )
    return f'<rss version="2.0"><channel><title>Alles</title>{items}</channel></rss>'


def feed_link(path: str) -> str:
    return f'<link rel="alternate" type="application/rss+xml" title="Feed" href="{path}">'


def test_a_page_is_recognised_without_its_scheme(site: Site) -> None:
    site.put("/ticker", page(site))
    found = detect(f" 127.0.0.1:{site.port}/ticker#top ", CONTEXT)
    (one,) = found.candidates
    assert (found.url, one.url, one.reader) == (f"{site.url}/ticker", found.url, "json-ld")
    assert (one.document.title, one.document.language) == ("Waffenruhe", "de")
    assert len(one.document.entries) == 3
    assert one.without_address == 0
    assert warnings(one, CONTEXT, database_now()) == []


def test_a_page_with_a_feed_offers_both_the_fuller_first(site: Site) -> None:
    site.put("/ticker", page(site, head=feed_link("/feed.xml")))
    site.put("/feed.xml", rss(site, "/ticker#1", "/ticker#2"))
    found = detect(f"{site.url}/ticker", CONTEXT)
    assert [one.reader for one in found.candidates] == ["json-ld", "feed"]
    assert found.candidates[1].url == f"{site.url}/feed.xml"


def test_the_feed_of_the_whole_site_comes_last_and_says_so(site: Site) -> None:
    empty = "<html><head>" + feed_link("/alles.xml") + feed_link("/ticker.xml") + "</head></html>"
    site.put("/ticker", empty)
    site.put("/alles.xml", rss(site, "/politik", "/sport"))
    site.put("/ticker.xml", rss(site, "/ticker#1", "/ticker#2"))
    found = detect(f"{site.url}/ticker", CONTEXT)
    best, last = found.candidates
    assert (best.url, last.url) == (f"{site.url}/ticker.xml", f"{site.url}/alles.xml")
    assert SEVERAL_PAGES in warnings(last, CONTEXT, database_now())
    assert SEVERAL_PAGES not in warnings(best, CONTEXT, database_now())


def test_what_a_page_names_and_does_not_have_is_left_out(site: Site) -> None:
    site.put("/ticker", page(site, head=feed_link("/gone.xml")))
    assert [one.reader for one in detect(f"{site.url}/ticker", CONTEXT).candidates] == ["json-ld"]


def test_a_page_that_names_hundreds_of_feeds_is_asked_for_few(site: Site) -> None:
    head = "".join(feed_link(f"/{number}.xml") for number in range(300))
    site.put("/ticker", page(site, head=head))
    detect(f"{site.url}/ticker", CONTEXT)
    assert len(site.paths()) == 1 + detecting.MOST_TRIED


def test_a_page_without_a_live_blog_says_what_was_found(site: Site) -> None:
    site.put("/", "<html><body>Guten Tag</body></html>")
    with pytest.raises(FetchRefused) as refused:
        detect(site.url, CONTEXT)
    assert "neither a live blog" in str(refused.value.reason)
    assert "Found an HTML page" in str(refused.value.reason)


def test_robots_txt_is_respected(site: Site) -> None:
    site.put("/robots.txt", "User-agent: *\nDisallow: /ticker\nCrawl-delay: 40")
    site.put("/ticker", page(site))
    site.put("/other", page(site, path="/other"))
    with pytest.raises(FetchRefused) as refused:
        detect(f"{site.url}/ticker", CONTEXT)
    assert "robots.txt" in str(refused.value.reason)
    assert site.paths() == []
    (one,) = detect(f"{site.url}/other", CONTEXT).candidates
    assert one.delay == timedelta(seconds=40)
    assert [said.sentence for said in warnings(one, CONTEXT, database_now())] == [SLOWED]


@pytest.mark.parametrize(
    "typed", ["ftp://example.org/", "https://u:p@example.org/", "://", "", "x y"]
)
def test_what_is_no_address_is_refused_in_a_sentence(typed: str) -> None:
    with pytest.raises(FetchRefused) as refused:
        detect(typed, CONTEXT)
    assert str(refused.value.reason).endswith(".")


def test_what_differs_from_the_live_blog_is_said(site: Site) -> None:
    site.put("/ticker", page(site, inLanguage="en"))
    ours = ReadingContext(canonical_url="https://magazin.example.org/liveblog")
    (one,) = detect(f"{site.url}/ticker", ours).candidates
    later = database_now() + timedelta(days=2)
    said = {warning.sentence for warning in warnings(one, ours, later)}
    assert said == {OTHER_LANGUAGE, OTHER_PAGE, OLD.sentence}


def test_our_own_format_is_known_too(site: Site) -> None:
    site.put("/live.json", document(1, 2))
    (one,) = detect(f"{site.url}/live.json", CONTEXT).candidates
    assert one.reader == "liveblog-json"
    assert all(
        entry.permalink.startswith(f"{site.url}/live.json#") for entry in one.document.entries
    )


def test_a_server_that_says_nothing_costs_no_more_than_the_time_there_is(
    monkeypatch: pytest.MonkeyPatch, site: Site
) -> None:
    monkeypatch.setattr(detecting, "TOTAL_TIME", timedelta(seconds=2.5))
    monkeypatch.setattr(detecting, "ROBOTS_TIME", timedelta(seconds=0.5))
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        dead = f"http://127.0.0.1:{silent.getsockname()[1]}"
        head = "".join(feed_link(f"{dead}/{number}.xml") for number in range(5))
        site.put("/ticker", page(site, head=head))
        began = time.monotonic()
        found = detect(f"{site.url}/ticker", CONTEXT)
        assert time.monotonic() - began < 4
    assert found.notes == (NO_TIME_LEFT,)
    assert [one.reader for one in found.candidates] == ["json-ld"]
