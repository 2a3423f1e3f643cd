from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client as Browser

from syndicator.accounts.models import Role
from syndicator.channels.base import Capability
from syndicator.clock import database_now
from syndicator.destinations.models import DestinationState, Policy, Route
from syndicator.entries.ingest import ingest
from syndicator.posts.models import Attempt, AttemptKind, Post, PostState, Verdict
from syndicator.posts.render import render
from tests.desk.conftest import NoteChannel
from tests.factories import (
    make_blog,
    make_content,
    make_destination,
    make_entry,
    make_post,
    make_route,
)

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def post() -> Post:
    return make_post(Policy.REVIEW, make_destination("note"), headline="Ein Satz")


def act(browser: Browser, post: Post, action: str, **data: str) -> HttpResponse:
    """As htmx sends it."""
    answer = browser.post(
        f"/posts/{post.pk}/{action}/",
        {"payload_hash": post.payload_hash, **data},
        headers=HTMX,
    )
    post.refresh_from_db()
    assert isinstance(answer, HttpResponse)
    return answer


def test_approving_shows_the_result_on_the_card(editor: Browser, post: Post) -> None:
    answer = act(editor, post, "approve")
    assert post.state == PostState.APPROVED
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Approved by Edda Kranz – goes out now" in page
    assert f'id="post-{post.pk}"' in page
    assert '<div id="live" hx-swap-oob="innerHTML">' in page
    assert "/approve/" not in page


def test_an_approved_post_on_hold_can_still_be_stopped(editor: Browser, post: Post) -> None:
    Route.objects.update(hold_seconds=600)
    page = act(editor, post, "approve").content.decode()
    assert "goes out at" in page
    assert f"/posts/{post.pk}/edit/" in page
    assert "Do not send" in page
    act(editor, post, "reject", reason="A typing error")
    assert post.state == PostState.REJECTED


def test_an_approved_post_of_a_paused_destination_says_that_it_waits(
    editor: Browser, post: Post
) -> None:
    post.destination.state = DestinationState.PAUSED
    post.destination.save()
    assert "is paused" in act(editor, post, "approve").content.decode()


def test_without_javascript_the_page_comes_back_with_a_line_on_top(
    editor: Browser, post: Post
) -> None:
    answer = editor.post(
        f"/posts/{post.pk}/approve/", {"payload_hash": post.payload_hash, "back": "/log/"}
    )
    assert answer.status_code == 302
    assert answer["Location"] == f"/log/#post-{post.pk}"
    assert "Approved by Edda Kranz" in editor.get("/log/").content.decode()


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "\\\\evil"]
)
def test_the_way_back_never_leads_to_another_site(
    editor: Browser, post: Post, elsewhere: str
) -> None:
    answer = editor.post(f"/posts/{post.pk}/approve/", {"back": elsewhere})
    assert answer["Location"].startswith("/#")


def test_a_stale_approval_is_refused_and_shows_the_fresh_post(editor: Browser, post: Post) -> None:
    seen = post.payload_hash
    act(editor, post, "edit", text=f"Neu\n{post.message.permalink}")
    answer = act(editor, post, "approve", payload_hash=seen)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "The post changed while you were looking at it." in page
    assert post.payload_hash in page
    assert seen not in page
    assert post.state == PostState.PENDING
    assert act(editor, post, "approve").status_code == 200


def test_a_decision_that_somebody_else_took_is_told(
    editor: Browser, browse: Callable[[Role], Browser], post: Post
) -> None:
    act(browse(Role.ADMIN), post, "approve")
    answer = act(editor, post, "approve")
    assert answer.status_code == 409
    assert "That is no longer possible" in answer.content.decode()


def test_the_edit_form_has_the_text_and_saving_makes_the_post_pending(
    editor: Browser, post: Post
) -> None:
    form = editor.get(f"/posts/{post.pk}/edit/", headers=HTMX).content.decode()
    assert "<textarea" in form
    assert "<html" not in form
    answer = act(editor, post, "edit", text=f"Besser\r\n{post.message.permalink}\n")
    assert post.state == PostState.PENDING
    assert post.message.text == f"Besser\n{post.message.permalink}"
    assert "Edda Kranz edited the text." in answer.content.decode()
    assert post.decisions.get().verdict == Verdict.EDIT


def test_editing_a_held_post_makes_it_wait_again(editor: Browser, post: Post) -> None:
    Route.objects.update(hold_seconds=600)
    act(editor, post, "approve")
    act(editor, post, "edit", text=f"Besser\n{post.message.permalink}")
    assert post.state == PostState.PENDING


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_refused_edit_keeps_what_was_typed(
    editor: Browser, post: Post, headers: dict[str, str]
) -> None:
    answer = editor.post(
        f"/posts/{post.pk}/edit/",
        {"payload_hash": post.payload_hash, "text": "Ohne <Link>"},
        headers=headers,
    )
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Ohne &lt;Link&gt;" in page
    assert "is missing from the post" in page
    assert ("<html" in page) == (not headers)


def test_an_edit_of_a_post_that_changed_shows_both_texts(editor: Browser, post: Post) -> None:
    link = post.message.permalink
    seen = post.payload_hash
    act(editor, post, "edit", text=f"Die andere Fassung\n{link}")
    page = act(editor, post, "edit", payload_hash=seen, text=f"Meine\n{link}").content.decode()
    assert "Die andere Fassung" in page
    assert "Meine" in page
    assert post.payload_hash in page
    assert "Die andere Fassung" in post.message.text


def test_the_editor_of_a_post_that_is_out_gets_the_card(editor: Browser, post: Post) -> None:
    Post.objects.update(state=PostState.SENT, sent_at=database_now())
    assert "<textarea" not in editor.get(f"/posts/{post.pk}/edit/").content.decode()
    answer = act(editor, post, "edit", text=f"Zu spät\n{post.message.permalink}")
    assert answer.status_code == 409
    assert "no longer possible" in answer.content.decode()


def test_the_length_is_counted_by_the_channel(editor: Browser, post: Post) -> None:
    link = post.message.permalink
    text = f"Straße {link}"
    page = act(editor, post, "length", text=text).content.decode()
    assert f"{100 - len(text) - 1} characters left" in page
    page = act(editor, post, "length", text="ß" * 51).content.decode()
    assert "2 characters too long" in page
    assert "is missing from the post" in page
    assert post.message.text.startswith("Ein Satz")


def test_rejecting_needs_a_reason_and_keeps_it(editor: Browser, post: Post) -> None:
    assert act(editor, post, "reject", reason=" ").status_code == 409
    assert post.state == PostState.PENDING
    page = act(editor, post, "reject", reason="Schon gemeldet").content.decode()
    assert post.state == PostState.REJECTED
    assert "Edda Kranz rejected it: Schon gemeldet" in page


def test_a_failed_post_can_be_sent_again(editor: Browser, post: Post) -> None:
    assert act(editor, post, "retry").status_code == 409
    Post.objects.update(state=PostState.FAILED)
    assert "Send again" in editor.get(f"/entries/{post.entry_id}/").content.decode()
    assert act(editor, post, "retry").status_code == 200
    assert post.state == PostState.APPROVED


@pytest.fixture
def uncertain(post: Post) -> Post:
    Attempt.objects.create(
        post=post,
        kind=AttemptKind.SEND,
        epoch=1,
        started_at=database_now(),
        outcome="unknown",
        status=504,
        duration_ms=30012,
        answer="<b>gateway</b>",
    )
    Post.objects.update(state=PostState.UNCERTAIN)
    return post


def test_an_uncertain_post_shows_what_is_known(editor: Browser, uncertain: Post) -> None:
    page = editor.get("/").content.decode()
    assert "status 504" in page
    assert "30.0 s" in page
    assert "&lt;b&gt;gateway" in page


def test_a_person_can_say_that_it_is_out(editor: Browser, uncertain: Post) -> None:
    act(editor, uncertain, "is-out", url="https://notes.example.org/1")
    assert uncertain.state == PostState.SENT
    assert uncertain.remote_url == "https://notes.example.org/1"


def test_a_person_can_say_that_it_is_not_out(editor: Browser, uncertain: Post) -> None:
    act(editor, uncertain, "is-not-out")
    assert uncertain.state == PostState.APPROVED


def test_nobody_is_asked_while_the_look_up_runs(editor: Browser, uncertain: Post) -> None:
    Post.objects.update(due_at=database_now() + timedelta(minutes=1))
    assert act(editor, uncertain, "is-not-out").status_code == 409
    assert uncertain.state == PostState.UNCERTAIN


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "no address"])
def test_the_address_of_a_found_post_is_a_web_address_or_nothing(
    editor: Browser, uncertain: Post, address: str
) -> None:
    answer = act(editor, uncertain, "is-out", url=address)
    assert answer.status_code == 409
    assert uncertain.state == PostState.UNCERTAIN


def test_a_channel_that_is_not_installed_refuses_instead_of_failing(
    editor: Browser, post: Post
) -> None:
    post.destination.channel_name = "gone"
    post.destination.save()
    answer = act(editor, post, "approve")
    assert answer.status_code == 409
    assert "is not installed" in answer.content.decode()
    assert editor.get(f"/posts/{post.pk}/edit/").status_code == 200


@pytest.fixture
def three() -> list[Post]:
    """One entry's posts on three destinations."""
    blog = make_blog()
    for _ in range(3):
        make_route(blog, make_destination("note"), Policy.REVIEW)
    entry = make_entry(blog)
    render(entry.pk)
    return list(entry.posts.order_by("pk"))


def seen(posts: list[Post]) -> list[str]:
    return [f"{post.pk}:{post.payload_hash}" for post in posts]


def states(posts: list[Post]) -> list[str]:
    return [Post.objects.get(pk=post.pk).state for post in posts]


def test_all_of_an_entry_are_approved_at_once(editor: Browser, three: list[Post]) -> None:
    path = f"/entries/{three[0].entry_id}/approve/"
    answer = editor.post(path, {"seen": seen(three)}, headers=HTMX)
    assert answer.status_code == 200
    assert answer.content.decode().count("Approved by Edda Kranz") == 6  # cards, and aloud
    assert states(three) == [PostState.APPROVED] * 3


def test_one_stale_post_does_not_keep_the_others_back(editor: Browser, three: list[Post]) -> None:
    before = seen(three)
    act(editor, three[1], "edit", text=f"Neu\n{three[1].message.permalink}")
    path = f"/entries/{three[0].entry_id}/approve/"
    answer = editor.post(path, {"seen": before}, headers=HTMX)
    assert answer.status_code == 409
    assert states(three) == [PostState.APPROVED, PostState.PENDING, PostState.APPROVED]
    assert "The post changed while you were looking at it." in answer.content.decode()


def test_posts_of_other_entries_and_nonsense_are_left_alone(
    editor: Browser, three: list[Post], post: Post
) -> None:
    path = f"/entries/{three[0].entry_id}/approve/"
    answer = editor.post(path, {"seen": [*seen([post]), "x:y", ":", "7", "9" * 40 + ":a"]})
    assert answer.status_code == 302
    assert states([post, *three]) == [PostState.PENDING] * 4


def test_an_unseen_new_revision_is_not_approved(editor: Browser, three: list[Post]) -> None:
    entry = three[0].entry
    ingest(entry.source, make_content(entry.external_id, headline="Anders"))
    render(entry.pk)
    editor.post(f"/entries/{entry.pk}/approve/", {"seen": seen(three)})
    assert not Post.objects.filter(state=PostState.APPROVED).exists()


def test_forms_need_their_csrf_token(post: Post, browse: Callable[[Role], Browser]) -> None:
    strict = Browser(enforce_csrf_checks=True)
    strict.cookies = browse(Role.ADMIN).cookies
    for path in (
        f"/posts/{post.pk}/approve/",
        f"/posts/{post.pk}/length/",
        f"/entries/{post.entry_id}/approve/",
        f"/destinations/{post.destination_id}/resume/",
        "/settings/people/new/",
        "/log-out/",
    ):
        assert strict.post(path, {"payload_hash": post.payload_hash}).status_code == 403
    post.refresh_from_db()
    assert post.state == PostState.PENDING
    page = strict.get("/").content.decode()
    token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    data = {"payload_hash": post.payload_hash, "csrfmiddlewaretoken": token}
    assert strict.post(f"/posts/{post.pk}/approve/", data).status_code == 302


def test_a_change_that_the_platform_offers_is_carried_out_from_its_card(
    editor: Browser, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    Post.objects.update(state=PostState.SENT, remote_id="7", due_at=None)
    content = make_content(post.entry.external_id, headline="Ein anderer Satz")
    ingest(post.entry.source, content)
    render(post.entry_id)
    note = Post.objects.exclude(pk=post.pk).get()
    page = editor.get(f"/entries/{post.entry_id}/").content.decode()
    assert "Correct it there" not in page
    assert act(editor, note, "carry-out").status_code == 409

    monkeypatch.setattr(NoteChannel, "capabilities", frozenset({Capability.EDIT}))
    assert "Correct it there" in editor.get(f"/entries/{post.entry_id}/").content.decode()
    answer = act(editor, note, "carry-out")
    assert note.state == PostState.APPROVED
    assert note.remote_id == "7"
    assert "carry-out" not in answer.content.decode()
    assert note.decisions.get().verdict == Verdict.CARRY_OUT
