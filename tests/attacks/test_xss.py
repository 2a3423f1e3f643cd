"""No markup of a source runs anywhere: not past the readers, and not on a page or in a mail.

Text that merely looks like markup may stand in an entry (a source that escapes it means text);
so the pages, feeds and mails that show it are looked at with a parser, too.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
import regex
from bs4 import BeautifulSoup, Comment
from django.test import Client

from syndicator.accounts.models import Role
from syndicator.channels.email.rendering import render as render_mail
from syndicator.clock import database_now
from syndicator.content import EntryContent, Story
from syndicator.destinations.models import Policy
from syndicator.entries.ingest import ingest
from syndicator.entries.models import Entry, LiveBlog
from syndicator.posts.models import Post, PostState
from syndicator.posts.render import render
from syndicator.share import addresses
from syndicator.share.models import SharePages
from syndicator.sources.base import SourceDocument
from tests.attacks.invariants import ON_A_PAGE, READERS, read, texts_of, urls_of
from tests.attacks.test_json import bytes_of, samples, value_of
from tests.attacks.values import places
from tests.attacks.xss import MARK, atom_of, feed_of, own_json_of, payloads, schemes
from tests.factories import make_blog, make_destination, make_route, make_source, make_user
from tests.fuzz.seeds import seeds_of

SEED = 20261130
COUNT = 1000
URLS = [
    *schemes(),
    'https://m.example/"><script>h4ck()</script>',
    "https://m.example/'onload='h4ck",
]
HONEST = 'if (a < b && c > d) { x = "List<String>"; } // R&D, 100 %'
_TAG = regex.compile(r"<[a-zA-Z/!][^<>]*>")
#: A text that says "<" in some escaped way, or where no tag can begin, means the character.
_MEANS_TEXT = regex.compile(r"&[a-zA-Z#]|<[^<>]*<|<[^a-zA-Z/!?]|%3C|\\u003c")
_ADDRESSES = {
    *("href", "src", "action", "formaction", "xlink:href", "poster", "data", "background"),
    *("srcset", "ping", "cite", "longdesc", "manifest", "hx-get", "hx-post", "content"),
}
_LEADS_ON = regex.compile(r"https?:|mailto:|cid:|[/?#.]|[a-zA-Z][^:]*$", regex.IGNORECASE)


def documents() -> Iterator[tuple[str, bytes]]:
    """By reader: documents in whose every field such a payload stands."""
    chance = random.Random(SEED)
    texts = list(payloads(SEED, COUNT))
    for start in range(0, len(texts), 50):
        some = texts[start : start + 50]
        yield "feed", feed_of(some, URLS)
        yield "feed", atom_of(some, URLS)
        yield "liveblog-json", own_json_of(some, URLS)
    for name in ("sourcefabric", "wordpress-liveblog", "ninjs", "json-feed", "json-ld"):
        seeds = samples(name)
        for number in range(0, len(texts), 16):
            value = value_of(name, chance.choice(seeds))
            found = [(put, old) for put, old in places(value) if isinstance(old, str)]
            some = texts[number : number + 16] + chance.sample(URLS, 3)
            chance.shuffle(found)
            for text, (put, old) in zip(some, found, strict=False):
                put(chance.choice((text, f"{old} {text}", f"<p>{old}</p>{text}")))
            yield name, bytes_of(name, value)
    lines = seeds_of("plain-text")[0].decode().splitlines()
    for start in range(0, len(texts), 40):
        changed = list(lines)
        for text in texts[start : start + 40]:
            changed.insert(chance.randrange(len(changed)), text)
        yield "plain-text", "\n".join(changed).encode()


@pytest.fixture(scope="module")
def read_documents() -> list[SourceDocument]:
    found = [read(READERS[name], data, ON_A_PAGE) for name, data in documents()]
    return [document for document in found if document]


def test_no_markup_and_no_foreign_address_gets_past_a_reader(
    read_documents: list[SourceDocument],
) -> None:
    # `read` has looked at the rest of them.
    assert {document.reader for document in read_documents} == set(READERS)
    assert len(read_documents) > 300
    marked = sum(MARK in text for document in read_documents for text in texts_of(document))
    assert marked > 3000
    for document in read_documents:
        for url in urls_of(document):
            assert not url or regex.match("https?://", url, regex.IGNORECASE)


@pytest.mark.parametrize("name", ["sourcefabric", "wordpress-liveblog", "ninjs", "json-ld"])
def test_markup_that_is_not_escaped_is_taken_out(name: str) -> None:
    chance = random.Random(SEED)
    seeds = samples(name)
    for text in payloads(SEED, COUNT // 2):
        if _MEANS_TEXT.search(text):
            continue
        value = value_of(name, chance.choice(seeds))
        put, old = chance.choice([place for place in places(value) if isinstance(place[1], str)])
        put(f"{old} {text}")
        document = read(READERS[name], bytes_of(name, value), ON_A_PAGE)
        if document:
            assert not any(_TAG.search(said) for said in texts_of(document) if MARK in said), text


# --- What people see --------------------------------------------------------------------------


@pytest.fixture
def blog() -> LiveBlog:
    blog = make_blog(title=f"<script>{MARK}</script>", slug="rat", lead=f'"><img onerror={MARK}>')
    SharePages.objects.create(blog=blog, is_on=True, feeds_on=True, changed_at=database_now())
    for channel in ("email", "mastodon", "x"):
        make_route(blog, make_destination(channel), Policy.REVIEW)
    return blog


@pytest.fixture
def shown(blog: LiveBlog, read_documents: list[SourceDocument]) -> list[Entry]:
    """A few entries of each format, and an honest one, on the way out."""
    chance = random.Random(SEED)
    by_reader: dict[str, list[EntryContent]] = {}
    for document in read_documents:
        hostile = [entry for entry in document.entries if MARK in str(entry)]
        by_reader.setdefault(document.reader, []).extend(hostile)
    contents = [EntryContent("honest", headline=HONEST, permalink="https://m.example/live#1")]
    contents += [one for found in by_reader.values() for one in chance.sample(found, 2)]
    raw = read(READERS["liveblog-json"], own_json_of(list(payloads(1, 8)), URLS), ON_A_PAGE)
    assert raw
    entries = []
    for number, content in enumerate([*contents, *raw.entries[:8], *raw.entries[-6:]]):
        own = replace(content, external_id=f"{number} {content.external_id}"[:200])
        entry = ingest(make_source(blog), own).entry
        render(entry.pk)
        entries.append(entry)
    return entries


def check(html: str, where: str) -> BeautifulSoup:
    """Nothing in *html* runs that a source said, and nothing leads where it should not."""
    page = BeautifulSoup(html, "html.parser")
    for comment in page.find_all(string=lambda text: isinstance(text, Comment)):
        assert MARK not in comment, where
    for tag in page.find_all(True):
        if tag.name == "script" and "ld+json" in str(tag.get("type")):
            json.loads(tag.get_text())
            assert not regex.search("<(?:/|!|script)", tag.get_text(), regex.IGNORECASE), where
        elif tag.name in ("script", "style", "iframe", "object", "embed", "base", "svg", "math"):
            assert MARK not in tag.get_text(), where
        assert MARK not in tag.name, where
        for name, value in tag.attrs.items():
            said = " ".join(value) if isinstance(value, list) else str(value)
            assert not name.startswith("on"), (where, str(tag)[:300])
            assert MARK not in name, (where, str(tag)[:300])
            assert name not in ("style", "srcdoc") or MARK not in said, (where, str(tag)[:300])
            if name in _ADDRESSES and MARK in said and tag.name != "meta":
                assert _LEADS_ON.match(said.strip()), (where, str(tag)[:300])
    return page


@pytest.mark.django_db
def test_no_page_of_the_desk_runs_what_a_source_said(shown: list[Entry]) -> None:
    browser = Client()
    browser.force_login(make_user(Role.ADMIN))
    queue = check(browser.get("/").content.decode(), "queue")
    assert MARK in queue.get_text()
    assert HONEST in " ".join(queue.get_text().split())
    pages = [f"/entries/{entry.pk}/" for entry in shown]
    pages += [f"/posts/{post.pk}/" for post in Post.objects.order_by("pk")[::4]]
    pages += ["/overview/", "/log/", "/destinations/"]
    pages += [f"/posts/{post.pk}/mail/" for post in Post.objects.filter(payload__html__gt="")[::2]]
    assert len(pages) > 40
    for path in pages:
        answer = browser.get(path)
        assert answer.status_code == 200, path
        check(answer.content.decode(), path)


@pytest.mark.django_db
def test_no_public_page_or_feed_runs_what_a_source_said(blog: LiveBlog, shown: list[Entry]) -> None:
    Post.objects.update(state=PostState.SENT)
    sharing = SharePages.objects.get(blog=blog)
    browser = Client(headers={"User-Agent": "facebookexternalhit/1.1"})
    for entry in shown:
        answer = browser.get(f"/e/{addresses.key_of(entry.pk, sharing)}/")
        if entry.permalink:
            assert answer.status_code == 200
        check(answer.content.decode(), f"share page of {entry.pk}")
    atom = ET.fromstring(browser.get("/feeds/rat/atom.xml").content)
    contents = [one.text or "" for one in atom.iter("{http://www.w3.org/2005/Atom}content")]
    feed = browser.get("/feeds/rat/feed.json").json()
    contents += [str(item.get("content_html", "")) for item in feed["items"]]
    assert sum(MARK in content for content in contents) > 20
    for content in contents:
        check(content, "feed")
    for url in [item["url"] for item in feed["items"]]:
        assert url.startswith(("http://", "https://"))


def test_no_mail_runs_what_a_source_said(read_documents: list[SourceDocument]) -> None:
    chance = random.Random(SEED)
    entries = [entry for document in read_documents for entry in document.entries]
    for entry in chance.sample(entries, 100):
        story = Story(entry, "rat", f"<script>{MARK}</script>", "https://m.example/live")
        if message := render_mail(story):
            check(message.html, "mail")
            assert not regex.search(r"[\r\n]", message.subject)
    honest = EntryContent("a", headline=HONEST, permalink="https://m.example/live#1")
    message = render_mail(Story(honest, "rat", "Rat", "https://m.example/live"))
    assert message
    assert HONEST in check(message.html, "mail").get_text()


#: What the tests above look for is found where it is.
@pytest.mark.parametrize(
    "html",
    [
        f"<p onclick={MARK}()>x</p>",
        f"<script>{MARK}()</script>",
        f"<a href='javascript:{MARK}()'>x</a>",
        f"<a href=' data:text/html,{MARK}'>x</a>",
        f"<p style='x:{MARK}'>x</p>",
        f"<!-- {MARK} -->",
        f"<{MARK}>x",
    ],
)
def test_what_runs_is_found(html: str) -> None:
    with pytest.raises(AssertionError):
        check(html, "here")
