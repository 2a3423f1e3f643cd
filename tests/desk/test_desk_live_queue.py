"""The queue while it is open: what comes, what others decide, what is filtered and ticked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from syndicator.accounts.models import User
from syndicator.clock import database_now
from syndicator.desk.cards import mark_of
from syndicator.desk.views import queue
from syndicator.destinations.models import Policy
from syndicator.posts import review
from syndicator.posts.models import Post, PostState
from tests.factories import make_destination, make_post

pytestmark = pytest.mark.django_db


def waiting(channel: str = "note", **values: object) -> Post:
    return make_post(Policy.REVIEW, make_destination(channel), **values)


def mark(post: Post) -> str:
    return mark_of(post.pk, post.state, post.epoch, post.payload_hash)


def news(browser: Browser, shown: Sequence[Post | str] = (), **query: object) -> tuple[int, str]:
    query = {"since": database_now().isoformat(), **query}
    query["shown"] = [mark(one) if isinstance(one, Post) else one for one in shown]
    answer = browser.get("/queue/news/?" + urlencode(query, doseq=True))
    return answer.status_code, answer.content.decode()


def editor_user() -> User:
    return User.objects.get(role="editor")


def test_a_new_entry_comes_at_the_end(editor: Browser) -> None:
    shown = waiting()
    assert news(editor, [shown])[0] == 204
    fresh = waiting(headline="Gerade eben")
    status, parts = news(editor, [shown])
    assert status == 200
    assert 'hx-swap-oob="beforeend:#groups"' in parts
    assert "New: Gerade eben" in parts
    assert "2 posts wait for a person" in parts
    assert "new post" not in parts
    assert f'value="{mark(fresh)}"' in parts
    assert news(editor, [shown, fresh])[0] == 204


@pytest.mark.parametrize("urgent", ["key event", "breaking"])
def test_what_is_urgent_belongs_on_top_and_is_only_counted(editor: Browser, urgent: str) -> None:
    shown = waiting()
    fresh = waiting(headline="Einigung", key_event=urgent == "key event")
    if urgent == "breaking":
        Post.objects.filter(pk=fresh.pk).update(breaking=True)
    status, parts = news(editor, [shown])
    assert status == 200
    assert "1 new post – show" in parts
    assert "Einigung" not in parts
    assert news(editor, [shown], count=1)[0] == 204
    assert news(editor, [shown, fresh], count=1)[0] == 200


def test_another_post_of_an_entry_on_the_page_is_only_counted(editor: Browser) -> None:
    shown = waiting()
    Post.objects.create(
        entry=shown.entry,
        destination=make_destination("note"),
        revision=1,
        state=PostState.FAILED,
        payload=shown.payload,
        payload_hash=shown.payload_hash,
        published_at=shown.published_at,
        created_at=database_now(),
        changed_at=database_now(),
    )
    assert "1 new post – show" in news(editor, [shown])[1]


def test_a_full_page_takes_no_more(editor: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "ENTRIES", 1)
    shown = waiting()
    waiting()
    assert "1 new post – show" in news(editor, [shown])[1]


def test_what_did_not_fit_on_the_page_is_no_news(editor: Browser) -> None:
    old = waiting()
    long_ago = database_now() - timedelta(hours=1)
    Post.objects.filter(pk=old.pk).update(changed_at=long_ago)
    assert news(editor)[0] == 204


@pytest.mark.parametrize("since", ["", "yesterday", "2026-11-17T12:00:00", "9" * 40])
def test_a_poll_with_nonsense_is_no_error(editor: Browser, since: str) -> None:
    assert news(editor, ["x", "-1", "9" * 30, "1:", ":", "1:pending"], since=since)[0] == 204


def test_what_somebody_else_decided_takes_the_buttons_away(editor: Browser) -> None:
    taken, left = waiting(), waiting()
    shown = [mark(taken), mark(left)]
    review.approve(taken.pk, editor_user(), taken.payload_hash)
    status, parts = news(editor, shown)
    assert status == 200
    assert f'id="acts-{taken.pk}"' in parts
    assert f"Approved by {editor_user()}" in parts
    assert f"acts-{left.pk}" not in parts
    taken.refresh_from_db()
    assert f'value="{mark(taken)}"' in parts
    assert news(editor, [taken, left])[0] == 204


def test_a_card_that_looks_again_by_itself_is_left_to_it(editor: Browser) -> None:
    post = waiting()
    review.approve(post.pk, editor_user(), post.payload_hash)
    post.refresh_from_db()
    shown = mark(post)
    Post.objects.filter(pk=post.pk).update(state=PostState.SENDING)
    assert news(editor, [shown])[0] == 204


def test_as_many_queries_for_many_changes_as_for_few(editor: Browser) -> None:
    def queries(posts: int) -> int:
        shown = [mark(waiting()) for _ in range(posts)]
        Post.objects.update(state=PostState.REJECTED)
        for _ in range(posts):
            waiting()
        with CaptureQueriesContext(connection) as captured:
            assert news(editor, shown)[0] == 200
        return len(captured)

    assert queries(9) == queries(2)


# --- Filters -------------------------------------------------------------------


def test_the_queue_can_be_filtered(editor: Browser) -> None:
    on_x = waiting("x", headline="Auf X", author="Ada")
    note = waiting(headline="Als Notiz", author="Berta")
    failed = waiting(headline="Gescheitert", author="Ada")
    Post.objects.filter(pk=failed.pk).update(state=PostState.FAILED)

    def titles(**query: object) -> set[str]:
        page = editor.get("/", query).content.decode()
        return {one for one in ("Auf X", "Als Notiz", "Gescheitert") if f">{one}<" in page}

    assert titles() == {"Auf X", "Als Notiz", "Gescheitert"}
    assert titles(blog=note.entry.blog_id) == {"Als Notiz"}
    assert titles(platform="x") == {"Auf X"}
    assert titles(author="Ada") == {"Auf X", "Gescheitert"}
    assert titles(wants="failed") == {"Gescheitert"}
    assert titles(wants="approval", author="Ada") == {"Auf X"}
    assert titles(author="Niemand") == set()
    assert titles(platform="x", wants="nonsense", blog="0x") == {"Auf X"}
    assert on_x.entry.blog != note.entry.blog


def test_a_filter_holds_for_news_and_for_the_way_back(editor: Browser) -> None:
    shown = waiting("x")
    waiting(headline="Als Notiz")
    assert news(editor, [shown], platform="x")[0] == 204
    page = editor.get("/?platform=x").content.decode()
    assert 'hx-get="/queue/news/?platform=x"' in page
    assert 'name="back" value="/?platform=x"' in page


def test_an_author_who_has_nothing_waiting_stays_chosen(editor: Browser) -> None:
    waiting(author="Ada")
    page = editor.get("/?author=Berta").content.decode()
    assert '<option value="Berta" selected>' in page
    assert "Nothing that waits matches the filter." in page


# --- Ticked posts --------------------------------------------------------------


def test_ticked_posts_are_approved_together(editor: Browser) -> None:
    first, second, other = waiting(), waiting(), waiting()
    stale = waiting()
    seen = [f"{one.pk}:{one.payload_hash}" for one in (first, second)]
    answer = editor.post(
        "/queue/approve/", {"seen": [*seen, f"{stale.pk}:another"]}, headers={"HX-Request": "true"}
    )
    page = answer.content.decode()
    assert answer.status_code == 200
    assert page.count('hx-swap-oob="true"') == 3
    assert str(review.CHANGED) in page
    states = [Post.objects.get(pk=one.pk).state for one in (first, second, other, stale)]
    assert states == ["approved", "approved", "pending", "pending"]


def test_ticked_posts_without_javascript(editor: Browser) -> None:
    post = waiting()
    answer = editor.post(
        "/queue/approve/", {"seen": f"{post.pk}:{post.payload_hash}", "back": "/?platform=note"}
    )
    assert answer.headers["Location"] == "/?platform=note"
    assert Post.objects.get().state == PostState.APPROVED


@pytest.mark.parametrize("seen", [[], ["x"], ["1"], ["-1:a"], ["9" * 30 + ":a"], [":"], ["7777:a"]])
def test_ticks_that_are_none_do_nothing(editor: Browser, seen: list[str]) -> None:
    waiting()
    assert editor.post("/queue/approve/", {"seen": seen}).status_code == 302
    assert Post.objects.get().state == PostState.PENDING


def test_a_viewer_ticks_nothing(viewer: Browser) -> None:
    post = waiting()
    assert "pick" not in viewer.get("/").content.decode()
    assert viewer.post("/queue/approve/", {"seen": f"{post.pk}:x"}).status_code == 403


def test_breaking_news_stand_before_key_events(editor: Browser) -> None:
    waiting(headline="Erst")
    waiting(headline="Wichtig", key_event=True)
    urgent = waiting(headline="Eil")
    Post.objects.filter(pk=urgent.pk).update(breaking=True)
    page = editor.get("/").content.decode()
    assert page.index(">Eil<") < page.index(">Wichtig<") < page.index(">Erst<")
