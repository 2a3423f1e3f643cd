"""Permalinks are opened before they are used: once for a page, however many lead to it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from syndicator import queue
from syndicator.clock import database_now
from syndicator.entries.models import Entry, LiveBlog
from syndicator.probing import probe as probing
from syndicator.probing.asking import ask, ask_again, permalink_of
from syndicator.probing.models import Answer, Permalink, ProbedPage
from syndicator.probing.probe import probe, ring_for_due
from tests.factories import make_blog, make_entry
from tests.probing.conftest import Site, page_with
from tests.rings import listening

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "HOST_GAP", timedelta(0))


@pytest.fixture
def blog() -> LiveBlog:
    return make_blog()


def entry_at(blog: LiveBlog, site: Site, name: str) -> Entry:
    return make_entry(blog, permalink=f"{site.url}/{name}")


def let_time_pass(**time: float) -> None:
    """As if what was seen, asked and due were so much longer ago."""
    by = timedelta(**time)
    for page in ProbedPage.objects.all():
        page.due_at = page.due_at and page.due_at - by
        page.fetched_at = page.fetched_at and page.fetched_at - by
        page.claimed_at = page.claimed_at and page.claimed_at - by
        page.leased_until = page.leased_until and page.leased_until - by
        page.save()
    for link in Permalink.objects.all():
        for name in ("due_at", "asked_at", "gone_at", "missing_at"):
            if (moment := getattr(link, name)) is not None:
                setattr(link, name, moment - by)
        link.save()


def look() -> int:
    """Ask for every page that is due; how many were."""
    return sum(map(probe, ProbedPage.objects.values_list("pk", flat=True)))


def answer_of(entry: Entry) -> str:
    link = permalink_of(entry)
    assert link is not None
    return link.answer


def test_one_request_serves_all_entries_of_a_page(blog: LiveBlog, site: Site) -> None:
    names = [f"e{number}" for number in range(100)]
    site.pages["/live"] = page_with(*names)
    entries = [entry_at(blog, site, f"live#{name}") for name in names]
    for entry in entries:
        ask(entry)
    look()
    assert site.asked == ["/live"]
    assert set(Permalink.objects.values_list("answer", flat=True)) == {Answer.WORKS}


def test_a_page_that_was_seen_just_now_answers_for_who_is_on_it(blog: LiveBlog, site: Site) -> None:
    site.pages["/live"] = page_with("e1", "e2")
    ask(entry_at(blog, site, "live#e1"))
    look()
    assert ask(entry_at(blog, site, "live#e2")).answer == Answer.WORKS
    late = entry_at(blog, site, "live#e3")
    assert ask(late).answer == ""
    assert look() == 0, "the page was asked for a moment ago"
    site.pages["/live"] = page_with("e1", "e2", "e3")
    let_time_pass(seconds=31)
    assert look() == 1
    assert answer_of(late) == Answer.WORKS
    assert site.asked == ["/live"] * 2


def test_who_asks_while_the_page_is_on_its_way_waits_for_the_next_one(
    blog: LiveBlog, site: Site
) -> None:
    site.pages["/live"] = page_with("e1")
    ask(entry_at(blog, site, "live#e1"))
    late = entry_at(blog, site, "live#e2")
    page = ProbedPage.objects.get()
    claimed = probing._claim(page.pk)
    assert claimed is not None
    seen = probing._look(page.url)
    assert ask(late).answer == ""
    assert not probe(page.pk), "somebody is at it"
    probing._settle(claimed, seen)
    assert answer_of(late) == ""
    page.refresh_from_db()
    assert page.due_at is not None
    assert page.due_at > database_now() + timedelta(seconds=20)


def test_a_worker_that_lost_its_lease_writes_nothing(blog: LiveBlog, site: Site) -> None:
    entry = entry_at(blog, site, "live#e1")
    ask(entry)
    page = ProbedPage.objects.get()
    slow = probing._claim(page.pk)
    assert slow is not None
    site.pages["/live"] = page_with("e1")
    let_time_pass(seconds=61)
    assert probe(page.pk)
    probing._settle(slow, probing.Seen(page.url, 404))
    assert answer_of(entry) == Answer.WORKS
    assert ProbedPage.objects.get().status == 200


def test_what_is_broken_is_looked_at_again_a_few_times(blog: LiveBlog, site: Site) -> None:
    entry = entry_at(blog, site, "seite")
    ask(entry)
    look()
    assert answer_of(entry) == Answer.GONE
    for _ in range(6):
        let_time_pass(minutes=11)
        look()
    assert site.asked == ["/seite"] * 4
    site.pages["/seite"] = page_with()
    ask_again(entry)
    let_time_pass(seconds=31)
    look()
    assert answer_of(entry) == Answer.WORKS


def test_a_place_that_is_not_there_yet_is_found_later(blog: LiveBlog, site: Site) -> None:
    site.pages["/live"] = page_with("e1")
    entry_at(blog, site, "live#e1")
    entry = entry_at(blog, site, "live#e2")
    ask(entry)
    look()
    assert answer_of(entry) == Answer.NO_PLACE
    site.pages["/live"] = page_with("e1", "e2")
    let_time_pass(seconds=31)
    look()
    assert answer_of(entry) == Answer.WORKS


def test_a_site_that_forbids_it_is_not_asked(blog: LiveBlog, site: Site) -> None:
    site.robots = "User-agent: *\nDisallow: /"
    entry = entry_at(blog, site, "live#e1")
    ask(entry)
    look()
    assert site.asked == []
    assert answer_of(entry) == Answer.UNCHECKED


def test_a_site_inside_the_network_is_not_asked(blog: LiveBlog, site: Site, settings: Any) -> None:
    settings.ALLOW_PRIVATE_ADDRESSES = False
    entry = entry_at(blog, site, "live#e1")
    ask(entry)
    look()
    assert site.asked == []
    assert answer_of(entry) == Answer.FAILS


def test_an_endless_page_could_not_be_checked(
    blog: LiveBlog, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "LARGEST", 1000)
    site.pages["/live"] = 200, "x" * 5000
    entry = entry_at(blog, site, "live#e1")
    ask(entry)
    look()
    assert answer_of(entry) == Answer.UNCHECKED


def test_a_site_gets_one_request_at_a_time(
    blog: LiveBlog, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "HOST_GAP", timedelta(seconds=30))
    for number in range(20):
        ask(entry_at(blog, site, f"seite{number}"))
    assert look() == 1
    let_time_pass(seconds=31)
    with listening("probe") as rung:
        assert ring_for_due() == 1
        assert [task for task, _ in rung()] == [queue.PROBE_PAGE]


def test_an_entry_that_waits_is_rendered_when_the_answer_is_there(
    blog: LiveBlog, site: Site, django_capture_on_commit_callbacks: Any
) -> None:
    site.pages["/live"] = page_with("e1")
    entry = entry_at(blog, site, "live#e1")
    ask(entry)
    with listening("render") as rung:
        with django_capture_on_commit_callbacks(execute=True):
            look()
        assert rung() == [(queue.RENDER_ENTRY, (entry.pk,))]


def test_a_fragment_that_no_database_keeps_is_asked_for_without_that(site: Site) -> None:
    site.pages["/live"] = page_with("ab")
    link = ask(make_entry(permalink=f"{site.url}/live#a%00b"))
    look()
    link.refresh_from_db()
    assert (link.fragment, link.answer) == ("ab", Answer.WORKS)
