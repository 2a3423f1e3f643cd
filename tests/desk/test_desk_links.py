"""What the desk tells of permalinks, of entries that are gone and of pictures that are withheld."""

from __future__ import annotations

import pytest
from django.test import Client as Browser

from syndicator.accounts.models import AuditEntry
from syndicator.clock import database_now
from syndicator.content import Image
from syndicator.desk.forms import DestinationForm
from syndicator.destinations.models import Destination, Policy, Route
from syndicator.entries.models import Entry, EntryState
from syndicator.posts.models import Post
from syndicator.probing.asking import ask
from syndicator.probing.models import Answer, Permalink, ProbedPage
from syndicator.wording import Wording
from tests.factories import make_destination, make_post

pytestmark = pytest.mark.django_db


@pytest.fixture
def post() -> Post:
    return make_post(Policy.REVIEW, make_destination("note"), headline="Ein Satz")


def answered(post: Post, answer: Answer, **values: object) -> None:
    ask(post.entry)
    why = Wording("The permalink answers with %(status)s.", {"status": 404}).to_json()
    Permalink.objects.update(answer=answer, why=why, probed_at=database_now(), **values)


def test_a_broken_permalink_is_told_on_the_queue_and_on_the_entry(
    editor: Browser, post: Post
) -> None:
    answered(post, Answer.GONE)
    for page in ("/", f"/entries/{post.entry_id}/"):
        assert "The permalink answers with 404." in editor.get(page).content.decode()
    Permalink.objects.update(answer=Answer.WORKS)
    assert "answers with 404" not in editor.get("/").content.decode()


def test_what_could_not_be_checked_is_told_on_the_entry_only(editor: Browser, post: Post) -> None:
    answered(post, Answer.UNCHECKED)
    assert "answers with 404" not in editor.get("/").content.decode()
    assert "answers with 404" in editor.get(f"/entries/{post.entry_id}/").content.decode()


def test_an_editor_has_it_opened_again(editor: Browser, post: Post) -> None:
    editor.post(f"/entries/{post.entry_id}/permalink/")
    assert Permalink.objects.get().due_at
    assert ProbedPage.objects.get().due_at


def test_a_place_that_is_gone_is_asked_about_until_somebody_says_that_it_stays(
    editor: Browser, post: Post
) -> None:
    answered(post, Answer.NO_PLACE, missing_at=database_now())
    assert "is not on its page any more" in editor.get("/").content.decode()
    shown = editor.get(f"/entries/{post.entry_id}/").content.decode()
    assert "#retraction-reason" in shown
    editor.post(f"/entries/{post.entry_id}/stays/")
    assert "is not on its page any more" not in editor.get("/").content.decode()
    assert AuditEntry.objects.get().act == "kept"


def test_the_entry_tells_why_it_was_withdrawn(editor: Browser, post: Post) -> None:
    now = database_now()
    answered(post, Answer.GONE, gone_at=now, withdrawn_at=now)
    Entry.objects.update(state=EntryState.WITHDRAWN)
    shown = editor.get(f"/entries/{post.entry_id}/").content.decode()
    assert "answered twice that it is gone" in shown


def test_the_card_tells_why_it_has_no_picture(editor: Browser) -> None:
    image = Image("Der Saal", "Anna Foto/dpa", "", "https://bilder.example.org/a.jpg")
    post = make_post(Policy.REVIEW, make_destination("x"), blocks=(image,))
    assert "may not show" not in editor.get("/").content.decode()
    Destination.objects.update(refused_credits="dpa")
    assert "may not show" not in editor.get("/").content.decode(), "the route wants none"
    Route.objects.update(with_pictures=True)
    shown = editor.get("/").content.decode()
    assert f"Anna Foto/dpa&#39;s, which {post.destination} may not show" in shown


def test_an_administrator_sets_whose_pictures_may_be_shown(admin: Browser) -> None:
    destination = make_destination("x")
    page = f"/destinations/{destination.pk}/"
    shown = DestinationForm(instance=destination)
    entered = {bound.html_name: bound.value() or "" for bound in shown}
    entered["refused_credits"] = "dpa, Reuters*"
    del entered["pictures_without_credit"]
    assert admin.post(page, {**entered, "only_credits": "dpa; **"}).status_code == 200
    assert admin.post(page, entered).status_code == 302
    destination.refresh_from_db()
    assert destination.refused_credits == "dpa, Reuters*"
    assert not destination.pictures_without_credit
    told = AuditEntry.objects.get(act="changed")
    assert told.after["refused_credits"] == "dpa, Reuters*"
    assert "Pictures that may not be shown here" in admin.get("/settings/trail/").content.decode()


def test_a_platform_without_pictures_asks_nothing_about_them(admin: Browser) -> None:
    page = f"/destinations/{make_destination('note').pk}/"
    assert "refused_credits" not in admin.get(page).content.decode()
