"""Live blogs followed at the pages and APIs of other systems."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from syndicator.entries.importing import import_document
from syndicator.entries.ingest import Change
from syndicator.entries.models import Entry, EntryState
from syndicator.following.switching import begin
from syndicator.sources.base import ReadingContext
from syndicator.sources.detect import read_source
from tests.factories import NOON, make_blog
from tests.following.followed import look
from tests.following.site import Site

pytestmark = pytest.mark.django_db

BODY = "Das Wasser steigt am Abend noch einmal an, meldet das Amt."
SHOWN = f"<article id='a'><p>{BODY}</p><figure><img src='/a.jpg'></figure></article>"
POSTS = "/api/client_blogs/5f1a2b3c4d5e6f7a8b9c0d1e/posts"


def page(site: Site, shown: str, body: str = BODY) -> str:
    updates = [{"@id": "#a", "articleBody": body, "datePublished": NOON.isoformat()}]
    live_blog = {"@type": "LiveBlogPosting", "url": f"{site.url}/live", "liveBlogUpdate": updates}
    script = f"<script type='application/ld+json'>{json.dumps(live_blog)}</script>"
    return f"<!DOCTYPE html><html><head>{script}</head><body>{shown}</body></html>"


def post(number: int, **others: Any) -> dict[str, Any]:
    time = (NOON + timedelta(minutes=number)).isoformat()
    text = {"item_type": "text", "text": f"<p>In Genf ist Satz {number} gefallen.</p>"}
    return {
        "_id": f"p{number}",
        "_updated": time,
        "published_date": time,
        "post_status": "open",
        "deleted": False,
        "groups": [{"id": "main", "refs": [{"item": text}]}],
        **others,
    }


def posts(*items: dict[str, Any]) -> str:
    return json.dumps({"_items": items, "_meta": {"page": 1, "max_results": 100, "total": 1}})


def test_an_entry_that_leaves_the_page_s_html_is_not_edited(site: Site) -> None:
    site.put("/live", page(site, SHOWN))
    following = begin(make_blog(), "page", f"{site.url}/live", "")
    assert look(following)
    for shown, body, revision in (
        ("", BODY, 1),
        (SHOWN, BODY, 1),
        ("<p>Anderes.</p>", BODY, 1),
        ("", f"{BODY} Es regnet.", 2),
    ):
        site.put("/live", page(site, shown, body))
        assert look(following)
        entry = Entry.objects.get(external_id__endswith=":a")
        assert entry.revision == revision
    assert [block["type"] for block in entry.blocks] == ["paragraph"]


def test_nor_is_it_when_the_page_is_imported_again(site: Site) -> None:
    blog = make_blog()
    for shown in (SHOWN, ""):
        read = read_source(page(site, shown).encode(), ReadingContext())
        (ingested,) = import_document(blog, read)
    assert (ingested.change, ingested.entry.revision) == (Change.UNCHANGED, 1)
    assert [block["type"] for block in ingested.entry.blocks] == ["paragraph", "image"]


def test_an_api_is_asked_for_what_changed_and_tells_of_what_was_taken_back(site: Site) -> None:
    site.put(POSTS, posts(post(1), post(2)))
    following = begin(make_blog(), "page", f"{site.url}{POSTS}", "sourcefabric")
    assert look(following)
    assert list(Entry.objects.values_list("state", flat=True)) == [EntryState.LIVE] * 2

    site.put(POSTS, posts(post(1, deleted=True)))
    assert look(following)
    rows = Entry.objects.values_list("external_id", "state")
    states = {name.partition(":")[2]: state for name, state in rows}
    assert states == {"p1": EntryState.WITHDRAWN, "p2": EntryState.LIVE}
    first, second = (
        json.loads(parse_qs(urlsplit(path).query)["source"][0]) for path in site.paths()
    )
    assert "query" not in first
    assert "_updated" in second["query"]["bool"]["must"][0]["range"]

    site.put(POSTS, posts(post(1)))
    assert look(following)
    assert Entry.objects.get(external_id__endswith=":p1").state == EntryState.LIVE
