"""An entry that vanishes from a followed source, from the look that lacks it to its withdrawal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from syndicator import queue
from syndicator.entries.models import Entry, EntryState
from syndicator.following.models import Following
from syndicator.probing import probe as probing
from syndicator.probing.asking import ask, ask_again, look_for_missing, places_gone
from syndicator.probing.models import Answer
from syndicator.sources.liveblog_json import LiveBlogJsonReader
from tests.following.followed import PATH, document, item, look, start
from tests.following.site import Site
from tests.probing.test_probe import let_time_pass
from tests.probing.test_probe import look as look_at_pages
from tests.rings import listening

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "HOST_GAP", timedelta(0))


def entry_of(site: Site, number: int) -> dict[str, Any]:
    return item(number, permalink=f"{site.url}/seite{number}")


def followed(site: Site) -> Following:
    """With three entries that came as news, each with a page of its own."""
    following = start(site, 0)
    site.put(PATH, document(0, *(entry_of(site, number) for number in (1, 2, 3))))
    look(following)
    for number in (1, 2, 3):
        site.put(f"/seite{number}", f"<title>Seite {number}</title>")
    return following


def lacking(site: Site, following: Following, capture: Any) -> list[int]:
    """Which entries are looked after when the document lacks the second one."""
    site.put(PATH, document(0, entry_of(site, 1), entry_of(site, 3)))
    with listening("probe") as rung:
        with capture(execute=True):
            look(following)
        return [pks[0] for task, pks in rung() if task == queue.PROBE_MISSING]


def test_it_is_withdrawn_when_its_page_is_gone_too(
    site: Site, django_capture_on_commit_callbacks: Any
) -> None:
    following = followed(site)
    (pk,) = lacking(site, following, django_capture_on_commit_callbacks)
    entry = Entry.objects.get(pk=pk)
    assert entry.external_id.endswith(":n2")
    assert entry.state == EntryState.LIVE
    site.put("/seite2", "weg", status=410)
    assert look_for_missing(pk)
    look_at_pages()
    let_time_pass(seconds=61)
    look_at_pages()
    entry.refresh_from_db()
    assert entry.state == EntryState.WITHDRAWN
    live = Entry.objects.filter(state=EntryState.LIVE)
    names = {name.partition(":")[2] for name in live.values_list("external_id", flat=True)}
    assert names == {"n0", "n1", "n3"}
    # It was a mistake at the site: there it is again, and so it is here.
    site.put(PATH, document(0, *(entry_of(site, number) for number in (1, 2, 3))))
    look(following)
    entry.refresh_from_db()
    assert entry.state == EntryState.LIVE
    # What was found of it before is asked anew when it is to be posted.
    site.put("/seite2", "<title>Seite 2</title>")
    assert ask(entry).answer == ""
    let_time_pass(seconds=31)
    look_at_pages()
    assert ask(entry).answer == Answer.WORKS


def test_it_stays_while_its_page_is_there(
    site: Site, django_capture_on_commit_callbacks: Any
) -> None:
    following = followed(site)
    (pk,) = lacking(site, following, django_capture_on_commit_callbacks)
    look_for_missing(pk)
    look_at_pages()
    let_time_pass(seconds=61)
    look_at_pages()
    assert Entry.objects.get(pk=pk).state == EntryState.LIVE


@pytest.mark.parametrize("is_window", [False, True])
def test_told_again_it_is_missing_no_more(
    site: Site,
    is_window: bool,
    django_capture_on_commit_callbacks: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    following = followed(site)
    (pk,) = lacking(site, following, django_capture_on_commit_callbacks)
    site.put("/seite2", "weg", status=404)
    assert look_for_missing(pk)
    look_at_pages()
    site.put(PATH, document(0, *(entry_of(site, number) for number in (1, 2, 3))))
    if is_window:
        monkeypatch.setattr(LiveBlogJsonReader, "address", lambda *_: f"{site.url}/window")
        site.put("/window", document(entry_of(site, 2)))
    look(following)
    let_time_pass(seconds=61)
    look_at_pages()
    entry = Entry.objects.get(pk=pk)
    assert entry.state == EntryState.LIVE
    # An editor has the permalink opened again while the site is out of order.
    ask_again(entry)
    for _ in range(4):
        look_at_pages()
        let_time_pass(seconds=61)
    entry.refresh_from_db()
    assert entry.state == EntryState.LIVE


def test_what_is_told_again_is_no_question_any_more(
    site: Site, django_capture_on_commit_callbacks: Any
) -> None:
    following = start(site, 0)
    entries = [item(number, permalink=f"{site.url}/seite#n{number}") for number in (1, 2, 3)]
    site.put(PATH, document(0, *entries))
    look(following)
    site.put("/seite", "<p id=n1>Eins</p><p id=n3>Drei</p>")
    assert look_for_missing(Entry.objects.get(permalink__endswith="#n2").pk)
    look_at_pages()
    assert places_gone().count() == 1
    site.put(PATH, document(0, *entries, 4))
    look(following)
    assert not places_gone().exists()
