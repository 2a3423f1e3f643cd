"""Following a source on a real web site: what is news, what is not, and what is asked for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from syndicator import queue
from syndicator.alerts.raising import open_alerts
from syndicator.clock import database_now
from syndicator.entries.ingest import ingest, withdraw
from syndicator.entries.models import Entry, EntryRevision, EntryState
from syndicator.following import follow as following_path
from syndicator.following.models import Following, Reading
from syndicator.following.names import own_name
from syndicator.following.switching import begin, look_now, switch_off, switch_on
from syndicator.posts.models import Post
from syndicator.posts.render import render
from tests.factories import NOON, make_blog, make_content, make_route, make_source
from tests.following.followed import PATH, document, earlier, item, look, start
from tests.following.site import Site
from tests.rings import listening

pytestmark = pytest.mark.django_db


def names(**filters: object) -> list[str]:
    found = Entry.objects.filter(**filters).order_by("published_at", "pk")
    return [name.partition(":")[2] for name in found.values_list("external_id", flat=True)]


def entry_called(name: str) -> Entry:
    return Entry.objects.get(external_id__endswith=f":{name}")


def test_what_is_there_at_the_first_look_is_known_and_never_posted(site: Site) -> None:
    following = start(site, 1, 2, 3)
    make_route(following.source.blog)
    assert names(from_before=True) == ["n1", "n2", "n3"]
    assert not Entry.objects.filter(render_due_at__isnull=False).exists()
    assert following.began_at
    assert following.reader == "liveblog-json"

    site.put(PATH, document(item(1, "Anders."), 2, 3, 4))
    look(following)
    assert names(from_before=False) == ["n4"]
    # An edit of what was there before is no news either, but it is kept.
    edited = entry_called("n1")
    assert (edited.revision, edited.render_due_at) == (2, None)
    for entry in Entry.objects.all():
        render(entry.pk)
    assert [post.entry for post in Post.objects.all()] == [entry_called("n4")]


def test_an_empty_page_at_first_makes_all_that_comes_news(site: Site) -> None:
    following = start(site)
    today = database_now().isoformat()
    site.put(PATH, document(item(1, published_at=today)))
    look(following)
    assert names(from_before=False) == ["n1"]


def test_the_same_document_again_costs_one_conditional_request_and_no_write(site: Site) -> None:
    following = start(site, 1, 2)
    before = list(Entry.objects.values()), Reading.objects.count()
    look(following)
    assert site.statuses() == [200, 304]
    assert (list(Entry.objects.values()), Reading.objects.count()) == before
    # A server without validators sends all of it again: nothing is read or written either.
    site.put(PATH, document(1, 2), plain=True)
    look(following)
    with CaptureQueriesContext(connection) as statements:
        look(following)
    assert not any('"external_id"' in one["sql"] for one in statements)
    assert site.statuses() == [200, 304, 200, 200]
    assert (list(Entry.objects.values()), Reading.objects.count()) == before
    assert EntryRevision.objects.count() == 2


def test_ten_thousand_entries_are_read_again_without_a_write(site: Site) -> None:
    following = start(site, *range(10_000))
    assert Entry.objects.count() == 10_000
    with CaptureQueriesContext(
        connection,
    ) as statements:
        look(following)
    written = [one["sql"] for one in statements if one["sql"].startswith(("INSERT", "UPDATE"))]
    assert not any("entries_" in sql.split("SET")[0] for sql in written), written
    assert site.statuses() == [200, 304]


def test_many_new_entries_cost_a_fixed_number_of_statements(site: Site) -> None:
    counts = []
    for number in (100, 200):
        following = start(site, 0, blog=make_blog())
        site.put(PATH, document(*range(number)))
        with CaptureQueriesContext(connection) as statements:
            look(following)
        counts.append(len([one for one in statements if "SAVEPOINT" not in one["sql"]]))
    if connection.vendor == "postgresql":
        assert counts[0] == counts[1]
    # SQLite takes fewer values in a statement, so that some inserts become several.
    assert counts[1] - counts[0] <= 12


def test_edits_are_changed_words_never_touched_times(site: Site) -> None:
    following = start(site)
    now = database_now()
    site.put(PATH, document(item(1, published_at=now.isoformat())))
    look(following)
    site.put(PATH, document(item(1, published_at=(now + timedelta(minutes=1)).isoformat())))
    look(following)
    assert Entry.objects.get().revision == 1
    site.put(PATH, document(item(1, "430 statt 340.", published_at=now.isoformat())))
    look(following)
    assert Entry.objects.get().revision == 2


def test_order_and_absence_are_no_news(site: Site) -> None:
    following = start(site)
    site.put(PATH, document(1, 2, 3))
    earlier(following, timedelta(days=400))
    Following.objects.update(began_at=NOON - timedelta(days=1))
    look(following)
    before = list(Entry.objects.order_by("pk").values())
    for shown in ((3, 1, 2), (2,), (), (1, 2, 3)):
        site.put(PATH, document(*shown))
        look(following)
        assert list(Entry.objects.order_by("pk").values()) == before


def test_an_old_entry_that_falls_back_into_the_window_is_no_news(site: Site) -> None:
    following = start(site, 10, 11, 12)
    site.put(PATH, document(9, 10, 12))  # 11 was deleted, so that 9 is shown again
    look(following)
    assert names(from_before=False) == []
    assert "n9" in names(from_before=True)
    # One that comes in late, between known ones, is.
    site.put(PATH, document(9, 10, item(11, external_id="late"), 12))
    look(following)
    assert names(from_before=False) == ["late"]


def test_a_time_to_come_holds_the_entry_until_then(site: Site) -> None:
    following = start(site, 1)
    later = database_now() + timedelta(hours=3)
    site.put(PATH, document(1, item(2, published_at=later.isoformat())))
    look(following)
    assert entry_called("n2").embargo_until == later


def test_two_sources_of_a_blog_may_use_the_same_names(site: Site) -> None:
    blog = make_blog()
    pushed = make_source(blog, "cms")
    ingest(pushed, make_content("n2", headline="Vom eigenen System"))
    following = start(site, 1, blog=blog)
    site.put(PATH, document(1, 2))
    look(following)
    look(following)
    theirs, own = Entry.objects.get(external_id="n2"), entry_called("n2")
    assert theirs.headline == "Vom eigenen System"
    site.put(PATH, document(1, item(2, "Anders.")))
    look(following)
    own.refresh_from_db()
    assert own.revision == 2
    # Nor does a push that comes second touch what is followed.
    ingest(pushed, make_content("n1", headline="Auch von dort"))
    assert entry_called("n1").revision == 1


def test_withdrawing_and_coming_back_keeps_the_entry(site: Site) -> None:
    following = start(site, 1)
    site.put(PATH, document(1, 2))
    look(following)
    withdraw(following.source, own_name(following.pk, "n2"))
    site.put(PATH, document(1, item(2, "Wieder da.")))
    look(following)
    entry = entry_called("n2")
    assert (entry.state, entry.revision) == (EntryState.LIVE, 3)


def test_an_answer_older_than_the_last_is_a_cache_that_is_behind(site: Site) -> None:
    following = start(site, 1)
    new, old = "Tue, 17 Nov 2026 12:05:00 GMT", "Tue, 17 Nov 2026 12:00:00 GMT"
    site.put(PATH, document(1, 2), headers={"Last-Modified": new})
    look(following)
    site.put(PATH, document(1, item(2, "Alt.")), headers={"Last-Modified": old})
    look(following)
    assert entry_called("n2").revision == 1
    site.put(PATH, document(1, item(2, "Neu.")), headers={"Last-Modified": new})
    look(following)
    assert entry_called("n2").revision == 2


@pytest.mark.django_db(transaction=True)
def test_pictures_are_fetched_when_the_entry_comes_in(site: Site) -> None:
    following = start(site, 1)
    image = {"type": "image", "url": f"{site.url}/p.jpg", "text": "Bild"}
    site.put(PATH, document(1, item(2, blocks=[image])))
    with listening("picture") as rung:
        look(following)
        entry = entry_called("n2")
        assert (queue.FETCH_PICTURES, (entry.pk,)) in rung()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"body": b"", "status": 500}, "status 500"),
        ({"body": b"<html><p>Nur eine Seite", "status": 200}, "cannot be read as a live blog"),
        ({"body": b"[" * 100_000, "status": 200}, "cannot be read as a live blog"),
    ],
)
def test_what_fails_is_told_after_a_while_and_ends_when_it_works(
    site: Site, answer: dict[str, object], why: str
) -> None:
    following = start(site, 1)
    site.put(PATH, **answer)  # type: ignore[arg-type]
    for number in range(1, 5):
        earlier(following, timedelta(minutes=2))
        look(following)
        assert following.failures == number
        assert following.due_at
        assert following.due_at > database_now()
    assert why in str(following.problem_wording)
    (alert,) = open_alerts()
    assert why in str(alert.text_wording)
    site.put(PATH, document(1, 2))
    look(following)
    assert (following.failures, following.problem) == (0, None)
    assert not open_alerts().exists()
    assert names(from_before=False) == ["n2"]


def test_a_short_outage_is_nobodys_alarm(site: Site) -> None:
    following = start(site, 1)
    site.put(PATH, b"", status=502)
    for _ in range(5):
        look(following)
    assert following.failures == 5
    assert not open_alerts().exists()


def test_a_server_that_asks_to_wait_is_left_alone_so_long(site: Site) -> None:
    following = start(site, 1)
    site.put(PATH, b"", status=429, headers={"Retry-After": "3000"})
    look(following)
    assert following.due_at
    wait = following.due_at - database_now()
    assert timedelta(seconds=2990) < wait < timedelta(seconds=3310)


def test_a_robots_file_that_forbids_it_is_obeyed(site: Site) -> None:
    site.put("/robots.txt", "User-agent: Syndicator\nDisallow: /live\n")
    site.put(PATH, document(1))
    following = begin(make_blog(), "page", site.url + PATH, "")
    look(following)
    assert "robots.txt" in str(following.problem_wording)
    assert site.paths() == []


def test_a_robots_file_may_ask_for_time_between_requests(site: Site) -> None:
    site.put("/robots.txt", "User-agent: *\nCrawl-delay: 600\n")
    following = start(site, 1)
    assert following.due_at
    assert following.due_at - database_now() > timedelta(seconds=590)
    look(following)
    assert [path for path, _, _ in site.asked].count("/robots.txt") == 1, "read once a day"


@pytest.mark.django_db(transaction=True)
def test_one_looks_at_a_time(site: Site) -> None:
    site.put(PATH, document(1))
    following = begin(make_blog(), "page", site.url + PATH, "")
    done = []

    def look_at_it(_: int) -> None:
        try:
            done.append(following_path.follow(following.pk))
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(look_at_it, range(6)))
    assert sum(done) == 1
    assert site.paths() == [PATH]


def test_who_was_overtaken_takes_nothing_in(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    following = start(site, 1)
    site.put(PATH, document(1, 2))
    look_up = following_path._look

    def slowly(claimed: Following) -> object:
        found = look_up(claimed)
        # Stopped here for longer than the lease, while somebody else looks.
        monkeypatch.setattr(following_path, "_look", look_up)
        site.put(PATH, document(1, item(2, "Neuer."), 3))
        look(following)
        return found

    monkeypatch.setattr(following_path, "_look", slowly)
    look(following)
    assert entry_called("n2").blocks[0]["text"] == "Neuer."
    assert entry_called("n2").revision == 1


def test_switched_off_nothing_is_asked_for_and_later_it_goes_on(site: Site) -> None:
    following = start(site, 1)
    assert switch_off(following.pk)
    assert not switch_off(following.pk)
    assert not look_now(following.pk)
    assert not following_path.follow(following.pk)
    site.put(PATH, document(1, 2))
    assert switch_on(following.pk)
    assert not switch_on(following.pk)
    assert look(following)
    assert names(from_before=False) == ["n2"]


def test_what_may_have_been_missed_is_told(site: Site) -> None:
    following = start(site, 1, 2)
    site.put(PATH, document(8, 9))
    look(following)
    (alert,) = open_alerts()
    assert "may have been missed" in str(alert.title_wording)
    assert set(names(from_before=False)) == {"n8", "n9"}


def test_silence_is_told_only_if_the_page_changes_and_news_is_late(site: Site) -> None:
    following = start(site, 1)
    earlier(following, timedelta(minutes=50))
    look(following)
    assert not open_alerts().exists(), "nothing changed at all"
    site.put(PATH, document(1) + " ")
    look(following)
    (alert,) = open_alerts()
    assert "Nothing new" in str(alert.title_wording)
    site.put(PATH, document(1, 2))
    look(following)
    assert not open_alerts().exists()


def test_what_breaks_in_a_look_is_told_and_tried_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    following = start(site, 1)

    def break_down(*_: object) -> object:
        raise ArithmeticError

    with monkeypatch.context() as broken:
        broken.setattr(following_path, "take_in", break_down)
        site.put(PATH, document(1, 2))
        for number in range(1, 4):
            earlier(following, timedelta(minutes=2))
            look(following)
            assert following.failures == number
    assert "stumbled" in str(following.problem_wording)
    assert open_alerts().exists()
    look(following)
    assert names(from_before=False) == ["n2"]


@pytest.mark.parametrize(
    "first", ["Fri, 01 Jan 2038 00:00:00 GMT", "Tue, 17 Nov 2026 12:05:00 GMT"]
)
def test_a_server_whose_times_went_back_is_not_dropped_for_ever(site: Site, first: str) -> None:
    following = start(site, 1)
    site.put(PATH, document(1, 2), headers={"Last-Modified": first})
    look(following)
    old = {"Last-Modified": "Mon, 16 Nov 2026 12:00:00 GMT"}
    site.put(PATH, document(1, 2, 3), headers=old)
    earlier(following, timedelta(minutes=11))
    look(following)
    assert names(from_before=False) == ["n2", "n3"]


def test_a_pinned_old_entry_opens_no_archive(site: Site) -> None:
    pinned = item(-30_000, external_id="pin")
    following = start(site, pinned, *range(10, 20))
    site.put(PATH, document(pinned, *range(5, 21)))
    look(following)
    assert names(from_before=False) == ["n20"]


def test_a_programme_note_for_tonight_hides_nothing_before_it(site: Site) -> None:
    now = database_now()
    tonight = item(1, published_at=(now + timedelta(hours=6)).isoformat())
    following = start(site, tonight)
    site.put(PATH, document(tonight, item(2, published_at=now.isoformat())))
    look(following)
    assert names(from_before=False) == ["n2"]


def test_a_site_that_calls_all_its_entries_anew_floods_nobody(site: Site) -> None:
    following = start(site, *range(10))
    site.put(PATH, document(*range(10), 10))
    look(following)
    moved = [item(number, external_id=f"moved{number}") for number in range(3, 12)]
    site.put(PATH, document(*moved))
    look(following)
    # The newest is dated after all that was known: it may be news, and the rest is not.
    assert names(from_before=False) == ["n10", "moved11"]
    assert open_alerts().exists()


def test_two_sources_with_the_same_entries_post_them_once(site: Site) -> None:
    first = start(site, 1)
    link = "https://magazin.example.org/genf/waffenruhe"
    site.put("/other.json", document(item(1, external_id="o1")))
    other = begin(first.source.blog, "other", f"{site.url}/other.json", "")
    look(other)
    site.put(PATH, document(1, item(2, permalink=link)))
    look(first)
    also = item(2, external_id="o2", permalink=link.replace("https", "http"))
    site.put("/other.json", document(item(1, external_id="o1"), also))
    look(other)
    assert names(from_before=False) == ["n2"]
    assert other.source.likenesses.count() == 1
