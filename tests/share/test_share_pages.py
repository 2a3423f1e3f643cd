"""The page of an entry: what cards are made of, where people are sent, and who sees nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import timedelta
from threading import Barrier

import pytest
from bs4 import BeautifulSoup
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from syndicator.clock import database_now
from syndicator.content import Image, Paragraph
from syndicator.destinations.models import Destination, Route
from syndicator.entries.ingest import withdraw
from syndicator.entries.models import Entry, EntryRevision, LiveBlog
from syndicator.pictures.encoding import encode
from syndicator.pictures.models import PictureFetch, url_hash
from syndicator.pictures.storage import store
from syndicator.posts import retraction
from syndicator.posts.models import Post, PostState
from syndicator.posts.render import render
from syndicator.published.documents import as_script
from syndicator.share import addresses, clicks
from syndicator.share.clicks import Counting
from syndicator.share.models import Clicks, SharePages
from tests.factories import make_blog, make_entry, make_route, make_source, make_user
from tests.pictures.conftest import photo
from tests.share.conftest import path_of, posted

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("counting")]

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:149.0) Gecko/20100101 Firefox/149.0"
FACEBOOK = "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"
CRAWLERS = [
    FACEBOOK,
    "Twitterbot/1.0",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "TelegramBot (like TwitterBot)",
    "WhatsApp/2.23.20.0",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mastodon/4.5.0 (http.rb/5.2.0; +https://mastodon.social/)",
    "Mozilla/5.0 (compatible; Bluesky Cardyb/1.1; +mailto:support@bsky.app)",
]


def get(path: str, browser: str = FIREFOX, **headers: str) -> HttpResponse:
    return Client().get(path, headers={"User-Agent": browser, **headers})


def tags(answer: HttpResponse) -> dict[str, str]:
    page = BeautifulSoup(answer.text, "html.parser")
    return {
        str(tag.get("property") or tag.get("name")): str(tag["content"])
        for tag in page.find_all("meta", content=True)
    }


def refresh(answer: HttpResponse) -> str:
    page = BeautifulSoup(answer.text, "html.parser")
    tag = page.find("meta", attrs={"http-equiv": "refresh"})
    return str(tag["content"]) if tag else ""  # type: ignore[index]


def with_picture(blog: LiveBlog, alt: str = "Ein Saal") -> Entry:
    url = "https://bilder.example.org/a.jpg"
    picture = encode(photo())
    store(picture)
    PictureFetch.objects.create(
        url=url, url_hash=url_hash(url), picture_id=picture.digest, tried_at=timezone.now()
    )
    return posted(blog, blocks=(Paragraph("Ein Satz."), Image("Bild", "dpa", alt, url)))


def test_a_person_is_sent_on_to_the_permalink_without_script(blog: LiveBlog) -> None:
    entry = posted(blog, permalink="https://example.org/live?id=7&b='c'#e-7")
    answer = get(path_of(entry))
    assert answer.status_code == 200
    assert refresh(answer) == "0; url=https://example.org/live?id=7&b='c'#e-7"
    assert not answer.cookies
    assert "no-cache" in answer["Cache-Control"]
    assert "script-src 'self'" in answer["Content-Security-Policy"]


def test_the_card_is_the_entrys_own(blog: LiveBlog) -> None:
    entry = with_picture(blog)
    told = tags(get(path_of(entry), FACEBOOK))
    address = f"http://127.0.0.1:8800{path_of(entry)}"
    assert told["og:title"] == told["twitter:title"] == entry.headline
    assert told["og:description"] == "Ein Satz."
    assert told["og:url"] == address
    assert told["og:locale"] == "de_DE"
    assert told["og:site_name"] == "Live: Stadtrat"
    assert told["article:published_time"] == entry.published_at.isoformat()
    assert told["og:image"].startswith(f"{address}picture/")
    assert (told["og:image:width"], told["og:image:height"]) == ("64", "48")
    assert told["og:image:type"] == "image/png"
    assert told["og:image:alt"] == told["twitter:image:alt"] == "Ein Saal"
    assert told["twitter:card"] == "summary_large_image"
    picture = get(told["og:image"].removeprefix("http://127.0.0.1:8800"), FACEBOOK)
    assert (picture.status_code, picture["Content-Type"]) == (200, "image/png")
    assert "sandbox" in picture["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("rules", "is_shown"),
    [
        ({"refused_credits": "dpa"}, False),
        ({"only_credits": "Keystone"}, False),
        ({"only_credits": "dpa"}, True),
        ({"pictures_without_credit": False}, True),
    ],
)
def test_a_picture_stands_there_if_all_destinations_may_show_it_that_link_there(
    blog: LiveBlog,
    rules: dict[str, object],
    is_shown: bool,
) -> None:
    route = make_route(blog)
    Destination.objects.filter(pk=route.destination_id).update(**rules)
    entry = with_picture(blog)
    told = tags(get(path_of(entry), FACEBOOK))
    address = told["og:image"].removeprefix("http://127.0.0.1:8800")
    assert get(address).status_code == 200, "no post of that destination leads here"
    Route.objects.filter(pk=route.pk).update(share_page=True)
    answer = get(path_of(entry), FACEBOOK)
    assert ("og:image" in tags(answer)) is is_shown
    assert ("/picture/" in answer.text) is is_shown
    assert get(address).status_code == (200 if is_shown else 404)


def test_whose_pictures_are_shown_is_asked_in_few_statements(
    blog: LiveBlog, django_assert_max_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    entry = with_picture(blog)
    for _ in range(12):
        make_route(blog)
    Route.objects.filter(blog=blog).update(share_page=True)
    with django_assert_max_num_queries(8):
        assert "og:image" in tags(get(path_of(entry), FACEBOOK))


def test_canonical_is_the_entry_in_the_live_blog(blog: LiveBlog) -> None:
    entry = posted(blog)
    page = BeautifulSoup(get(path_of(entry)).text, "html.parser")
    links = {str(link["rel"][0]): str(link["href"]) for link in page.find_all("link")}
    assert links["canonical"] == entry.permalink
    feeds = page.select('link[rel="alternate"]')
    assert [link["type"] for link in feeds] == ["application/atom+xml", "application/feed+json"]


def test_the_page_says_what_it_is_in_the_terms_of_schema_org(blog: LiveBlog) -> None:
    entry = posted(blog, headline="</script><script>alert(1)</script><!--", author="A & B")
    page = BeautifulSoup(get(path_of(entry)).text, "html.parser")
    (script,) = page.find_all("script")
    said = json.loads(str(script.string))
    assert said["@type"] == "BlogPosting"
    assert said["headline"] == entry.headline
    assert said["author"]["name"] == "A & B"
    assert said["isPartOf"]["@type"] == "LiveBlogPosting"


@given(text=st.text(max_size=30))
def test_no_text_ends_the_script(text: str) -> None:
    written = as_script({"text": text + "</script>"})
    assert "<" not in written
    assert json.loads(written)["text"] == text + "</script>"


@pytest.mark.parametrize("crawler", CRAWLERS)
def test_who_makes_cards_reads_the_tags_and_is_not_sent_on_nor_counted(
    blog: LiveBlog, counting: Counting, crawler: str
) -> None:
    entry = posted(blog)
    answer = get(path_of(entry), crawler)
    assert tags(answer)["og:title"] == entry.headline
    assert refresh(answer) == ""
    counting.write()
    assert not Clicks.objects.exists()


def test_a_link_of_a_route_adds_its_parameters_and_no_others(blog: LiveBlog) -> None:
    route = Route.objects.get()
    Route.objects.update(tracking="utm_source={platform}", share_page=True)
    other = make_route(make_blog())
    Route.objects.filter(pk=other.pk).update(tracking="a=b")
    entry = posted(blog)
    link = Post.objects.get().message.permalink
    assert link == f"http://127.0.0.1:8800{path_of(entry)}?r={route.pk}"
    onward = entry.permalink.replace("#", "?utm_source=x#")
    assert refresh(get(f"{path_of(entry)}?r={route.pk}")) == f"0; url={onward}"
    for query in (f"r={other.pk}", "r=x", "r=" + "9" * 30, "url=https://evil.example", "r=²"):
        assert refresh(get(f"{path_of(entry)}?{query}")) == f"0; url={entry.permalink}"
    page = get(f"{path_of(entry)}?r={route.pk}")
    assert tags(page)["og:url"] == f"http://127.0.0.1:8800{path_of(entry)}"


# --- Who sees nothing -----------------------------------------------------------------------------

READABLE = (PostState.SENDING, PostState.SENT, PostState.UNCERTAIN)


@pytest.mark.parametrize("state", [state for state in PostState if state != PostState.GATHERED])
def test_only_what_was_given_out_can_be_read(blog: LiveBlog, state: PostState) -> None:
    entry = with_picture(blog)
    picture = tags(get(path_of(entry)))["og:image"].removeprefix("http://127.0.0.1:8800")
    Post.objects.update(state=state)
    expected = 200 if state in READABLE else 410 if state == PostState.DELETED else 404
    answers = [get(path_of(entry)), get(f"{path_of(entry)}bar/")]
    assert [answer.status_code for answer in answers] == [expected, expected]
    assert get(picture).status_code == (200 if expected == 200 else 404)
    if expected != 200:
        assert not any(entry.headline in answer.text for answer in answers)


def test_an_entrys_page_shows_its_own_pictures_only(blog: LiveBlog) -> None:
    pictured, plain = with_picture(blog), posted(blog)
    path = tags(get(path_of(pictured)))["og:image"].removeprefix("http://127.0.0.1:8800")
    assert get(path).status_code == 200
    assert get(path.replace(path_of(pictured), path_of(plain))).status_code == 404
    assert get(f"{path_of(pictured)}picture/{'0' * 64}/").status_code == 404


def test_an_entry_that_another_posts_post_tells_can_be_read(blog: LiveBlog) -> None:
    Route.objects.update(gather_minutes=5)
    first, second = posted(blog, PostState.APPROVED), make_entry(blog)
    render(second.pk)
    assert Post.objects.get(entry=second).state == PostState.GATHERED
    assert get(path_of(second)).status_code == 404
    Post.objects.filter(entry=first).update(state=PostState.SENT)
    assert get(path_of(second)).status_code == 200


def withdrawn(entry: Entry) -> None:
    withdraw(make_source(entry.blog), entry.external_id)


def retracted(entry: Entry) -> None:
    retraction.retract(entry.pk, make_user(), "Falsch")


@pytest.mark.parametrize("take_back", [withdrawn, retracted])
def test_what_was_taken_back_is_gone_with_all_it_said(
    blog: LiveBlog, take_back: Callable[[Entry], None]
) -> None:
    entry = posted(blog)
    take_back(entry)
    for browser in (FIREFOX, FACEBOOK):
        answer = get(path_of(entry), browser)
        assert answer.status_code == 410
        assert entry.headline not in answer.text
        assert entry.permalink not in answer.text
        assert blog.canonical_url in answer.text
        assert answer["Cache-Control"] == "public, max-age=60"


def test_withdrawn_before_anybody_read_it_it_was_never_there(blog: LiveBlog) -> None:
    entry = make_entry(blog)
    render(entry.pk)
    withdrawn(entry)
    assert get(path_of(entry)).status_code == 404


def test_an_embargo_is_kept_also_of_a_later_version(blog: LiveBlog) -> None:
    entry = posted(blog)
    Entry.objects.update(embargo_until=database_now() + timedelta(hours=1))
    assert get(path_of(entry)).status_code == 404
    Entry.objects.update(embargo_until=database_now() - timedelta(hours=1))
    assert get(path_of(entry)).status_code == 200


def test_a_correction_is_what_the_page_says(blog: LiveBlog) -> None:
    entry = posted(blog, external_id="one", headline="Falsch")
    make_entry(blog, external_id="one", headline="Richtig")
    answer = get(path_of(entry))
    assert "Richtig" in answer.text
    assert "Falsch" not in answer.text


def test_switched_off_links_lead_on_and_show_nothing(blog: LiveBlog) -> None:
    entry = posted(blog)
    SharePages.objects.update(is_on=False)
    answer = get(path_of(entry))
    assert (answer.status_code, answer["Location"]) == (302, entry.permalink)
    assert get(f"{path_of(entry)}bar/").status_code == 404


@pytest.mark.parametrize("key", ["x", "1-aaaaaaaaaa", "0-aaaaaaaaaa", "9" * 30 + "-aaaaaaaaaa"])
def test_keys_cannot_be_guessed(blog: LiveBlog, key: str) -> None:
    posted(blog)
    assert get(f"/e/{key}/").status_code == 404


def test_a_key_is_one_entrys_and_its_blogs(blog: LiveBlog) -> None:
    first, second = posted(blog), posted(blog)
    stolen = path_of(first).replace(f"{first.pk}-", f"{second.pk}-")
    assert get(stolen).status_code == 404
    assert addresses.key_of(first.pk, SharePages(blog=blog)) not in path_of(first)


# --- Clicks ---------------------------------------------------------------------------------------


def test_people_are_counted_by_day(blog: LiveBlog, counting: Counting) -> None:
    entry = posted(blog)
    for _ in range(3):
        get(path_of(entry))
    counting.write()
    get(path_of(entry))
    counting.write()
    counting.write()
    row = Clicks.objects.get()
    assert (row.entry, row.day, row.count) == (entry, database_now().date(), 4)


def test_what_is_no_click_is_not_counted(blog: LiveBlog, counting: Counting) -> None:
    entry = posted(blog)
    head = Client().head(path_of(entry), headers={"User-Agent": FIREFOX})
    assert (head.status_code, head.content) == (200, b"")
    get(path_of(entry), "")
    get(path_of(entry), "curl/8.5.0")
    get(path_of(entry), **{"Sec-Purpose": "prefetch;prerender"})
    withdrawn(entry)
    get(path_of(entry))
    counting.write()
    assert not Clicks.objects.exists()


def test_a_thousand_clicks_are_few_statements(
    blog: LiveBlog, counting: Counting, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    entries = [posted(blog), posted(blog)]
    for number in range(1000):
        counting.count(entries[number % 2].pk)
    with django_assert_max_num_queries(8):  # type: ignore[attr-defined]
        counting.write()
    assert sorted(Clicks.objects.values_list("count", flat=True)) == [500, 500]


def test_clicks_that_the_database_did_not_take_are_written_later(
    blog: LiveBlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry, waiting = posted(blog), []
    own = Counting(waiting.append)

    def locked(*_: object) -> None:
        raise OperationalError("database is locked")

    own.count(entry.pk)
    with monkeypatch.context() as broken:
        broken.setattr(clicks, "_add", locked)
        waiting.pop()()
        own.count(entry.pk)
    assert len(waiting) == 1, "somebody will write them"
    waiting.pop()()
    assert Clicks.objects.get().count == 2
    assert not waiting


@pytest.mark.django_db(transaction=True)
def test_an_entry_that_is_gone_keeps_no_other_from_being_counted(blog: LiveBlog) -> None:
    entry, gone = posted(blog), make_entry(blog)
    own = Counting(lambda _write: None)
    own.count(gone.pk)
    own.count(entry.pk)
    EntryRevision.objects.filter(entry=gone).delete()
    gone.delete()
    assert own.write_now()
    assert Clicks.objects.get().entry == entry


# --- The share bar --------------------------------------------------------------------------------


def test_the_bar_has_the_four_ways_in_the_readers_language(blog: LiveBlog) -> None:
    entry = posted(blog, headline="Eins & zwei")
    answer = get(f"{path_of(entry)}bar/")
    page = BeautifulSoup(answer.text, "html.parser")
    labels = [link.get_text() for link in page.find_all("a")]
    assert labels == ["Auf Facebook teilen", "Auf X teilen", "Per E-Mail teilen"]
    assert page.label is not None
    assert page.label.get_text() == "Link kopieren"
    field = page.find("input")
    assert field is not None
    assert field["value"] == f"http://127.0.0.1:8800{path_of(entry)}"  # type: ignore[index]
    LiveBlog.objects.update(language="en-GB")
    english = BeautifulSoup(get(f"{path_of(entry)}bar/").text, "html.parser")
    assert english.a is not None
    assert english.a.get_text() == "Share on Facebook"


def test_only_the_newsrooms_pages_may_frame_the_bar(blog: LiveBlog) -> None:
    entry = posted(blog)
    answer = get(f"{path_of(entry)}bar/")
    assert "frame-ancestors https://magazin.example.org;" in (
        answer["Content-Security-Policy"] + ";"
    )
    assert "X-Frame-Options" not in answer
    SharePages.objects.update(framed_by="https://a.example\nhttps://b.example")
    policy = get(f"{path_of(entry)}bar/")["Content-Security-Policy"]
    assert "frame-ancestors https://a.example https://b.example" in policy
    assert get(path_of(entry))["X-Frame-Options"] == "DENY"


@pytest.mark.django_db(transaction=True)
def test_processes_that_write_at_once_lose_no_click(blog: LiveBlog) -> None:
    entries = [posted(blog).pk for _ in range(4)]
    ready = Barrier(4)

    def process(number: int) -> None:
        own = Counting(lambda _write: None)
        for _ in range(5):
            for pk in entries[number:] + entries[:number]:
                own.count(pk)
            ready.wait(timeout=10)
            own.write()
        connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(process, range(4)))
    assert list(Clicks.objects.values_list("count", flat=True)) == [20] * 4
