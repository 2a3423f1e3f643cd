"""Feeds of what was syndicated: read back by a feed reader, and told once."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from xml.etree import ElementTree as ET

import feedparser
import pytest
from django.http import HttpResponse
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from syndicator.clock import database_now
from syndicator.content import BulletList, EntryContent, Image, Paragraph, Quote
from syndicator.entries.ingest import withdraw
from syndicator.entries.models import Entry, LiveBlog
from syndicator.posts.models import Post, PostState
from syndicator.published import documents
from syndicator.published.atom import atom
from syndicator.published.feed import Feed
from syndicator.published.json_feed import json_feed
from syndicator.published.plain import sayable
from syndicator.share.models import SharePages
from tests.factories import NOON, make_blog, make_entry, make_source
from tests.share.conftest import path_of, posted

ATOM, JSON, DOCUMENT = "/feeds/rat/atom.xml", "/feeds/rat/feed.json", "/feeds/rat/live-blog.jsonld"
EVERY = (ATOM, JSON, DOCUMENT)
GONE = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"


def get(path: str, **headers: str) -> HttpResponse:
    return Client().get(path, headers=headers)


def tombstones() -> dict[str, str]:
    root = ET.fromstring(get(ATOM).content)
    return {gone.attrib["ref"]: gone.attrib["when"] for gone in root.iter(GONE)}


@pytest.mark.django_db
def test_a_feed_reader_reads_the_atom_feed(blog: LiveBlog) -> None:
    first = posted(blog, headline="Eins & <zwei>", author="Jana", tags=("Rat",))
    second = posted(
        blog,
        headline="",
        blocks=(
            Paragraph("Ein <b>Satz</b>."),
            BulletList(("a", "b"), ordered=True),
            Quote("Ja", "Nein"),
            Image("Der Saal", "dpa", "", "https://example.org/a.jpg"),
        ),
    )
    answer = get(ATOM)
    assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
    read = feedparser.parse(answer.content)
    assert not read.bozo
    assert (read.version, read.feed.title, read.feed.subtitle) == (
        "atom10",
        "Live: Stadtrat",
        "Was im Rat geschieht",
    )
    assert {link.rel: link.href for link in read.feed.links} == {
        "self": f"http://127.0.0.1:8800{ATOM}",
        "alternate": blog.canonical_url,
    }
    newest, oldest = read.entries
    assert (newest.link, oldest.link) == (second.permalink, first.permalink)
    assert oldest.author == "Jana"
    assert oldest.tags[0].term == "Rat"
    assert oldest.title == "Eins &amp; &lt;zwei&gt;" or oldest.title == "Eins & <zwei>"
    assert newest.title.startswith("Ein <b>Satz</b>.") or "Satz" in newest.title
    html = newest.content[0].value
    assert "<p>Ein &lt;b&gt;Satz&lt;/b&gt;.</p>" in html
    assert "<ol><li>a</li><li>b</li></ol>" in html
    assert "Der Saal (dpa)" in html
    assert newest.id.startswith("urn:uuid:")
    assert newest.id != oldest.id


@pytest.mark.django_db
def test_the_json_feed_is_one(blog: LiveBlog) -> None:
    entry = posted(blog, external_id="cms-7", tags=("Rat",))
    answer = get(JSON)
    assert answer["Content-Type"].startswith("application/feed+json")
    said = json.loads(answer.content)
    assert said["version"] == "https://jsonfeed.org/version/1.1"
    assert said["feed_url"] == f"http://127.0.0.1:8800{JSON}"
    (item,) = said["items"]
    assert {"id", "url", "title", "content_html", "date_published", "authors"} <= set(item)
    assert item["url"] == entry.permalink
    assert item["_syndicator"]["external_id"] == "cms-7"
    assert item["_syndicator"]["share_url"] == f"http://127.0.0.1:8800{path_of(entry)}"


@pytest.mark.django_db
def test_the_document_is_a_live_blog(blog: LiveBlog) -> None:
    posted(blog)
    posted(blog)
    answer = get(DOCUMENT)
    assert answer["Content-Type"].startswith("application/ld+json")
    said = json.loads(answer.content)
    assert said["@type"] == "LiveBlogPosting"
    assert len(said["liveBlogUpdate"]) == 2
    assert said["coverageStartTime"] <= said["dateModified"]
    assert "coverageEndTime" not in said
    LiveBlog.objects.update(closed_at=database_now())
    assert "coverageEndTime" in json.loads(get(DOCUMENT).content)


@pytest.mark.django_db
@pytest.mark.parametrize("state", [state for state in PostState if state != PostState.GATHERED])
def test_only_what_was_sent_is_told(blog: LiveBlog, state: PostState) -> None:
    entry = posted(blog, state)
    for path in EVERY:
        assert (entry.headline in get(path).text) == (state == PostState.SENT)


@pytest.mark.django_db
def test_what_was_taken_back_leaves_a_tombstone(blog: LiveBlog) -> None:
    entry, never = posted(blog), make_entry(blog)
    (name,) = (one.id for one in feedparser.parse(get(ATOM).content).entries)
    assert tombstones() == {}
    withdraw(make_source(blog), entry.external_id)
    withdraw(make_source(blog), never.external_id)
    assert set(tombstones()) == {name}
    for path in EVERY:
        answer = get(path)
        assert entry.headline not in answer.text
        assert entry.permalink not in answer.text
    assert not feedparser.parse(get(ATOM).content).bozo


@pytest.mark.django_db
def test_what_was_deleted_everywhere_is_gone_too(blog: LiveBlog) -> None:
    posted(blog, PostState.DELETED)
    assert len(tombstones()) == 1


@pytest.mark.django_db
def test_an_embargo_is_kept(blog: LiveBlog) -> None:
    entry = posted(blog)
    Entry.objects.update(embargo_until=database_now() + timedelta(hours=1))
    for path in EVERY:
        assert entry.headline not in get(path).text
    assert tombstones() == {}


@pytest.mark.django_db
def test_without_the_setting_there_is_no_feed(blog: LiveBlog) -> None:
    SharePages.objects.update(feeds_on=False)
    make_blog(slug="other")
    for path in (*EVERY, "/feeds/other/atom.xml"):
        assert get(path).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("path", EVERY)
def test_what_has_not_changed_is_not_told_again(blog: LiveBlog, path: str) -> None:
    old = database_now() - timedelta(hours=1)
    entry = posted(blog, external_id="one")
    Entry.objects.update(changed_at=old)
    Post.objects.update(changed_at=old)
    SharePages.objects.update(changed_at=old)
    first = get(path)
    by_tag = {"If-None-Match": first["ETag"]}
    by_time = {"If-Modified-Since": first["Last-Modified"]}
    for headers in (by_tag, by_time):
        again = get(path, **headers)
        assert (again.status_code, again.content) == (304, b"")
        assert again["ETag"] == first["ETag"]
    make_entry(blog, external_id="one", headline="Neu")
    for headers in (by_tag, by_time):
        changed = get(path, **headers)
        assert changed.status_code == 200
        assert "Neu" in changed.text
        assert "Last-Modified" not in changed, "another change may come within this second"
    by_tag = {"If-None-Match": get(path)["ETag"]}
    withdraw(make_source(blog), entry.external_id)
    assert get(path, **by_tag).status_code == 200
    assert get(path)["Access-Control-Allow-Origin"] == "*"
    assert get(path)["Cache-Control"] == "public, max-age=60"
    assert not get(path).cookies


@pytest.mark.django_db
@pytest.mark.parametrize("path", EVERY)
def test_each_change_of_state_is_another_tag(blog: LiveBlog, path: str) -> None:
    posted(blog, PostState.APPROVED)
    seen = [get(path)["ETag"]]
    for state in (PostState.SENT, PostState.DELETED):
        Post.objects.update(state=state)
        seen.append(get(path)["ETag"])
    LiveBlog.objects.update(title="Anders")
    seen.append(get(path)["ETag"])
    assert len(set(seen)) == 4


@pytest.mark.django_db
@pytest.mark.parametrize("path", EVERY)
def test_the_number_of_statements_is_always_the_same(
    blog: LiveBlog, path: str, django_assert_num_queries: Callable[[int], object]
) -> None:
    for _ in range(12):
        posted(blog)
    with django_assert_num_queries(4):  # type: ignore[attr-defined]
        answer = get(path)
    with django_assert_num_queries(3):  # type: ignore[attr-defined]
        assert get(path, **{"If-None-Match": answer["ETag"]}).status_code == 304


_hostile = st.text(
    st.one_of(
        st.sampled_from(
            "<>&\"'\x00\x08\x0b\x1f\x7f\x85\ufffe\uffff\ud800\udfff\u2028]]>\U0001f642"
        ),
        st.characters(codec=None),
    ),
    max_size=25,
)


@given(headline=_hostile, text=_hostile, name=_hostile)
def test_no_text_breaks_a_feed(headline: str, text: str, name: str) -> None:
    shown = SharePages(
        blog=LiveBlog(title=name, slug="s", canonical_url="https://a.example/", language="de",
                      created_at=NOON),
        secret="s", is_on=True, changed_at=NOON,
    )  # fmt: skip
    content = EntryContent("7", blocks=(Paragraph(text), BulletList((text,)), Quote(text, name)))
    entry = Entry(
        pk=7, blog=shown.blog, headline=headline, author=name, permalink="https://a.example/#7",
        blocks=[block.to_json() for block in content.blocks if block.text.strip()], tags=[name],
        published_at=NOON, changed_at=NOON, external_id=sayable(name),
    )  # fmt: skip
    try:
        entry.content  # noqa: B018
    except ValueError:
        return  # nothing that could have come in
    feed = Feed(shown, (entry,), (), NOON)
    root = ET.fromstring(atom(feed))
    titles = [one.text or "" for one in root.iter("{http://www.w3.org/2005/Atom}title")]
    # XML reads a carriage return as a line feed (2.11).
    assert titles[0].replace("\r", "\n") == sayable(name).replace("\r\n", "\n").replace("\r", "\n")
    for said in (json_feed(feed), documents.live_blog(shown.blog, [entry])):
        written = json.dumps(said, ensure_ascii=False).encode()
        assert json.loads(written) == said
    if sayable(headline).strip():
        assert json_feed(feed)["items"][0]["title"] == sayable(headline).strip()
