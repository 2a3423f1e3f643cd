"""Entries that a document leaves out: absence is not deletion, but their pages are asked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from syndicator import queue
from syndicator.entries.models import Entry, EntryRevision, EntryState, LiveBlog
from syndicator.following.missing import MOST, heed_left_out
from syndicator.probing import probe as probing
from syndicator.probing.asking import (
    ask,
    ask_again,
    keep,
    look_for_missing,
    permalink_of,
    places_gone,
)
from syndicator.probing.models import Answer
from tests.factories import make_blog, make_entry
from tests.probing.conftest import Site, page_with
from tests.probing.test_probe import let_time_pass, look
from tests.rings import listening

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "HOST_GAP", timedelta(0))


@pytest.fixture
def blog() -> LiveBlog:
    return make_blog()


def state_of(entry: Entry) -> str:
    return Entry.objects.values_list("state", flat=True).get(pk=entry.pk)


def rung_for(entries: list[Entry], present: list[Entry], capture: Any) -> list[tuple[int, ...]]:
    with listening("probe") as rung:
        with capture(execute=True):
            told = {entry.external_id for entry in present}
            heed_left_out(entries[0].source, told, is_whole=True)
        found = rung()
    assert all(task == queue.PROBE_MISSING for task, _ in found)
    return [pks for _, pks in found]


def test_only_what_lies_between_known_ones_is_missing(
    blog: LiveBlog, django_capture_on_commit_callbacks: Any
) -> None:
    entries = [make_entry(blog) for _ in range(6)]
    capture = django_capture_on_commit_callbacks
    window = [entries[1], entries[2], entries[4]]
    assert rung_for(entries, entries[1:5], capture) == [], "what is outside of the window"
    assert rung_for(entries, window, capture) == [(entries[3].pk,)]
    Entry.objects.filter(pk=entries[3].pk).update(from_before=True)
    assert rung_for(entries, window, capture) == []
    assert rung_for(entries, [], capture) == []


@pytest.mark.parametrize("fallen_out", [1, 2, 20])
@pytest.mark.parametrize("newest_told", [1, 6])
def test_an_old_entry_kept_at_the_top_makes_nothing_missing(
    blog: LiveBlog, django_capture_on_commit_callbacks: Any, fallen_out: int, newest_told: int
) -> None:
    entries = [make_entry(blog) for _ in range(1 + fallen_out + newest_told)]
    told = [entries[0], *entries[-newest_told:]]
    assert rung_for(entries, told, django_capture_on_commit_callbacks) == []


def test_beside_one_kept_at_the_top_what_is_taken_out_is_missing(
    blog: LiveBlog, django_capture_on_commit_callbacks: Any
) -> None:
    entries = [make_entry(blog) for _ in range(30)]
    told = [entries[0], *entries[20:25], *entries[27:]]
    found = rung_for(entries, told, django_capture_on_commit_callbacks)
    assert sorted(found) == [(entries[25].pk,), (entries[26].pk,)]


def test_of_many_that_are_missing_a_few_are_looked_after(
    blog: LiveBlog, django_capture_on_commit_callbacks: Any
) -> None:
    entries = [make_entry(blog) for _ in range(40)]
    capture = django_capture_on_commit_callbacks
    seen = set()
    for _ in range(40):
        found = rung_for(entries, [*entries[:20], entries[-1]], capture)
        assert len(found) == MOST
        seen.update(found)
    assert len(seen) > MOST, "each comes to its turn"


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_of_its_own_that_is_gone_twice_withdraws_the_entry(
    blog: LiveBlog, site: Site, status: int
) -> None:
    entry = make_entry(blog, permalink=f"{site.url}/seite")
    site.pages["/seite"] = status, ""
    assert look_for_missing(entry.pk)
    look()
    let_time_pass(seconds=31)
    ask_again(entry)
    look()
    assert state_of(entry) == EntryState.LIVE, "not a minute later yet"
    let_time_pass(seconds=31)
    look()
    assert state_of(entry) == EntryState.WITHDRAWN
    link = permalink_of(entry)
    assert link is not None
    assert link.withdrawn_at
    assert EntryRevision.objects.filter(entry=entry).latest("pk").state == EntryState.WITHDRAWN
    assert len(site.asked) == 3
    let_time_pass(hours=2)
    assert look() == 0


@pytest.mark.parametrize("second", [200, 403, 500, 301])
def test_any_other_answer_leaves_it_where_it_is(blog: LiveBlog, site: Site, second: int) -> None:
    entry = make_entry(blog, permalink=f"{site.url}/seite")
    look_for_missing(entry.pk)
    look()
    site.pages["/seite"] = second, ""
    let_time_pass(seconds=61)
    look()
    site.pages["/seite"] = 404, ""
    let_time_pass(minutes=3)
    look()
    assert state_of(entry) == EntryState.LIVE


def test_a_dead_link_withdraws_nothing_that_is_not_missing(blog: LiveBlog, site: Site) -> None:
    entry = make_entry(blog, permalink=f"{site.url}/seite")
    ask(entry)
    for _ in range(5):
        look()
        let_time_pass(minutes=11)
    assert state_of(entry) == EntryState.LIVE


def test_a_page_of_all_that_is_gone_withdraws_nothing(blog: LiveBlog, site: Site) -> None:
    entry = make_entry(blog, permalink=f"{site.url}/live#e1")
    look_for_missing(entry.pk)
    for _ in range(4):
        look()
        let_time_pass(minutes=11)
    assert state_of(entry) == EntryState.LIVE
    assert not places_gone().exists()


def test_a_place_that_is_gone_is_a_question_for_a_person(blog: LiveBlog, site: Site) -> None:
    make_entry(blog, permalink=f"{site.url}/live#e1")
    entry = make_entry(blog, permalink=f"{site.url}/live#e2")
    site.pages["/live"] = page_with("e1")
    look_for_missing(entry.pk)
    for _ in range(4):
        look()
        let_time_pass(minutes=11)
    assert state_of(entry) == EntryState.LIVE
    assert [link.entry_id for link in places_gone()] == [entry.pk]
    assert keep(entry)
    assert not places_gone().exists()
    assert not keep(entry)


def test_a_place_that_comes_back_is_no_question_any_more(blog: LiveBlog, site: Site) -> None:
    make_entry(blog, permalink=f"{site.url}/live#e1")
    entry = make_entry(blog, permalink=f"{site.url}/live#e2")
    site.pages["/live"] = page_with("e1")
    look_for_missing(entry.pk)
    look()
    assert places_gone().exists()
    site.pages["/live"] = page_with("e1", "e2")
    let_time_pass(seconds=31)
    look()
    link = permalink_of(entry)
    assert link is not None
    assert link.answer == Answer.WORKS
    assert not places_gone().exists()


def test_it_is_looked_after_once_an_hour(blog: LiveBlog, site: Site) -> None:
    entry = make_entry(blog, permalink=f"{site.url}/seite")
    site.pages["/seite"] = page_with()
    assert look_for_missing(entry.pk)
    assert not look_for_missing(entry.pk)
    look()
    let_time_pass(minutes=61)
    assert look_for_missing(entry.pk)
    assert look() == 1


def test_what_is_withdrawn_is_not_looked_after(blog: LiveBlog, site: Site) -> None:
    entry = make_entry(blog, permalink=f"{site.url}/seite")
    Entry.objects.update(state=EntryState.WITHDRAWN)
    assert not look_for_missing(entry.pk)
    assert not look_for_missing(0)


def test_a_page_that_is_gone_long_after_withdraws_nothing(blog: LiveBlog, site: Site) -> None:
    entry = make_entry(blog, permalink=f"{site.url}/seite")
    site.pages["/seite"] = page_with()
    assert look_for_missing(entry.pk)
    look()
    let_time_pass(minutes=61)
    site.pages["/seite"] = 404, ""
    ask_again(entry)
    for _ in range(5):
        look()
        let_time_pass(seconds=61)
    assert state_of(entry) == EntryState.LIVE
    assert look_for_missing(entry.pk), "it is still missing"
    look()
    let_time_pass(seconds=61)
    look()
    assert state_of(entry) == EntryState.WITHDRAWN
