"""Entries under a new name where a known one stood: nothing goes out until a person has said."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from syndicator.accounts.models import User
from syndicator.alerts.raising import open_alerts
from syndicator.clock import database_now
from syndicator.entries.models import Entry
from syndicator.following.likenesses import AlreadyDecided, called_back, decide, still_open
from syndicator.following.models import Following, Likeness, Sameness
from syndicator.following.names import own_name
from tests.factories import make_user
from tests.following.followed import PATH, document, item, look, start
from tests.following.site import Site

pytestmark = pytest.mark.django_db

LINK = "https://magazin.example.org/genf/waffenruhe"


def entry_called(name: str) -> Entry:
    return Entry.objects.get(external_id__endswith=f":{name}")


@pytest.fixture
def editor() -> User:
    return make_user()


@pytest.fixture
def following(site: Site) -> Following:
    """One entry was known as n2; now the source calls it x2, with other words."""
    following = start(site, 1)
    site.put(PATH, document(1, item(2, permalink=LINK)))
    look(following)
    site.put(PATH, document(1, item(2, "Neu.", external_id="x2", permalink=LINK)))
    look(following)
    return following


def test_it_waits_and_is_told_and_kept_up_to_date(site: Site, following: Following) -> None:
    assert Entry.objects.count() == 2
    likeness = Likeness.objects.get()
    assert likeness.entry == entry_called("n2")
    assert likeness.external_id == own_name(following.pk, "x2")
    (alert,) = open_alerts()
    assert "out already" in str(alert.title_wording)
    site.put(PATH, document(1, item(2, "Neuer.", external_id="x2", permalink=LINK)))
    look(following)
    likeness.refresh_from_db()
    assert likeness.content["blocks"][0]["text"] == "Neuer."
    assert following.readings.latest("read_at").held == 1


def test_the_same_entry_takes_over_what_it_says_now_and_later(
    site: Site, following: Following, editor: User
) -> None:
    decide(Likeness.objects.get().pk, Sameness.SAME, editor)
    entry = entry_called("n2")
    assert (entry.revision, entry.blocks[0]["text"]) == (2, "Neu.")
    assert not open_alerts().exists()
    site.put(PATH, document(1, item(2, "Neuer.", external_id="x2", permalink=LINK)))
    look(following)
    entry.refresh_from_db()
    assert (entry.revision, entry.blocks[0]["text"]) == (3, "Neuer.")
    assert Entry.objects.count() == 2


def test_another_entry_is_posted_and_not_asked_about_again(
    site: Site, following: Following, editor: User
) -> None:
    decide(Likeness.objects.get().pk, Sameness.ANOTHER, editor)
    assert entry_called("x2").render_due_at
    site.put(PATH, document(1, item(2, "Neuer.", external_id="x2", permalink=LINK)))
    look(following)
    assert entry_called("x2").revision == 2
    assert not still_open(following.source).exists()


def test_only_one_decides(following: Following, editor: User) -> None:
    pk = Likeness.objects.get().pk
    decide(pk, Sameness.ANOTHER, editor)
    with pytest.raises(AlreadyDecided):
        decide(pk, Sameness.SAME, editor)


def test_both_names_at_once_are_two_entries(site: Site) -> None:
    following = start(site, 1)
    site.put(PATH, document(1, item(2, permalink=LINK)))
    look(following)
    both = (item(2, permalink=LINK), item(3, external_id="x2", permalink=LINK))
    site.put(PATH, document(1, *both))
    look(following)
    assert entry_called("x2")
    assert not Likeness.objects.exists()


def test_a_link_to_the_whole_page_says_nothing(site: Site) -> None:
    following = start(site, 1)
    page = following.source.blog.canonical_url
    site.put(PATH, document(1, item(2, permalink=page)))
    look(following)
    site.put(PATH, document(1, item(3, permalink=page)))
    look(following)
    assert Entry.objects.count() == 3


def test_what_is_taken_back_by_its_new_name_is_taken_back(
    site: Site, following: Following, editor: User
) -> None:
    decide(Likeness.objects.get().pk, Sameness.SAME, editor)
    tombstone = own_name(following.pk, "x2")
    with transaction.atomic():
        assert called_back(following.source, {tombstone}, database_now()) == {
            entry_called("n2").external_id
        }


def test_what_is_taken_back_before_it_was_decided_is_forgotten(following: Following) -> None:
    with transaction.atomic():
        called_back(following.source, {own_name(following.pk, "x2")}, database_now())
    assert not Likeness.objects.exists()
    assert not open_alerts().exists()


def test_what_is_dated_later_is_held_though_it_is_another(site: Site, editor: User) -> None:
    following = start(site, 1)
    site.put(PATH, document(1, item(2, permalink=LINK)))
    look(following)
    later = database_now() + timedelta(hours=3)
    new = item(3, external_id="x2", permalink=LINK, published_at=later.isoformat())
    site.put(PATH, document(1, new))
    look(following)
    decide(Likeness.objects.get().pk, Sameness.ANOTHER, editor)
    assert entry_called("x2").embargo_until == later
