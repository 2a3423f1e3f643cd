"""Waiting posts by mail, and the links that decide on them without a log-in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from typing import Any

import pytest
from django.test import Client as Browser
from pytest_django import Settings

from syndicator.accounts.models import AuditEntry, Role, User
from syndicator.approval_mail import links, mailing
from syndicator.approval_mail.models import ApprovalMail
from syndicator.clock import database_now
from syndicator.destinations.models import Policy
from syndicator.entries.ingest import ingest
from syndicator.posts import review
from syndicator.posts.models import Decision, Post, PostState
from syndicator.posts.render import render
from tests.channels.email.scripted_relay import ScriptedRelay, serving
from tests.factories import make_content, make_destination, make_post, make_user

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "edda@paper.example"


@pytest.fixture
def relay(settings: Settings) -> Iterator[ScriptedRelay]:
    with serving() as running:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        settings.DEFAULT_FROM_EMAIL = "Desk <desk@paper.example>"
        yield running


@pytest.fixture
def edda() -> User:
    return make_user(
        Role.EDITOR, username="edda", first_name="Edda", email=ADDRESS, mails_waiting=True
    )


@pytest.fixture
def post(edda: User) -> Post:
    return make_post(Policy.REVIEW, make_destination("note"), headline="Ein Satz")


@pytest.fixture
def link(relay: ScriptedRelay, post: Post) -> str:
    """The path in the mail."""
    assert mailing.mail_due() == 1
    return link_in(relay)


def mails(relay: ScriptedRelay, to: str = ADDRESS) -> list[Any]:
    return [message_from_bytes(raw, policy=policy.default) for raw in relay.mails_to(to)]


def link_in(relay: ScriptedRelay, number: int = -1) -> str:
    found = re.search(r"https?://[^/\s]+(/decide/\S+/)\s", mails(relay)[number].get_content())
    assert found
    return found[1]


def state(post: Post) -> str:
    post.refresh_from_db()
    return post.state


def change(post: Post) -> None:
    entry = post.entry
    content = make_content(
        entry.external_id, headline="Ein anderer Satz", published_at=entry.published_at
    )
    ingest(entry.source, content)
    render(entry.pk)


def test_the_mail_shows_the_post_and_comes_once(relay: ScriptedRelay, post: Post) -> None:
    assert mailing.mail_due() == 1
    assert mailing.mail_due() == 0
    (mail,) = mails(relay)
    assert "Ein Satz" in mail["Subject"]
    assert post.message.text in mail.get_content().replace("\r\n", "\n")


@pytest.mark.parametrize(
    "wish",
    [
        {"mails_waiting": False},
        {"role": Role.AUTHOR},
        {"is_active": False},
        {"email": ""},
    ],
)
def test_nobody_else_gets_one(
    relay: ScriptedRelay, post: Post, edda: User, wish: dict[str, Any]
) -> None:
    User.objects.update(**wish)
    assert mailing.mail_due() == 0
    assert not ApprovalMail.objects.exists()


def test_it_is_off_until_somebody_wants_it(editor: Browser) -> None:
    person = User.objects.get()
    assert not person.mails_waiting
    editor.post("/account/mails/", {"wanted": "yes"})
    person.refresh_from_db()
    assert person.mails_waiting
    assert AuditEntry.objects.get(what="accounts.user").after == {"mails_waiting": True}


def test_opening_the_link_decides_nothing(link: str, post: Post) -> None:
    for _ in range(3):
        browser = Browser()
        assert "You decide as Edda" in browser.get(link).text
        browser.head(link)
        assert browser.get(f"{link}approve/").status_code == 405
        assert browser.get(f"{link}reject/").status_code == 405
    assert state(post) == PostState.PENDING
    assert ApprovalMail.objects.get().used_at is None


def test_approving_by_the_link_is_the_persons_decision(link: str, post: Post, edda: User) -> None:
    answer = Browser().post(f"{link}approve/")
    assert answer.status_code == 200
    assert "Approved by Edda" in answer.text
    assert state(post) == PostState.APPROVED
    decision = Decision.objects.get()
    assert (decision.user, decision.verdict) == (edda, "approve")
    assert AuditEntry.objects.get(act="mail link used").who == edda


def test_rejecting_needs_a_reason_and_does_not_use_the_link_up_without(
    link: str, post: Post
) -> None:
    assert "Say why" in Browser().post(f"{link}reject/", {"reason": " "}).text
    assert state(post) == PostState.PENDING
    Browser().post(f"{link}reject/", {"reason": "Zu früh"})
    assert state(post) == PostState.REJECTED
    assert Decision.objects.get().comment == "Zu früh"


def test_it_needs_the_pages_own_token(link: str, post: Post) -> None:
    assert Browser(enforce_csrf_checks=True).post(f"{link}approve/").status_code == 403
    assert state(post) == PostState.PENDING


def test_it_works_once(link: str, post: Post) -> None:
    Browser().post(f"{link}approve/")
    editor = make_user(Role.EDITOR)
    review.edit(post.pk, editor, post.payload_hash, f"Neu\n{post.message.permalink}")
    Post.objects.update(payload_hash=post.payload_hash)
    assert Browser().post(f"{link}approve/").status_code == 409
    assert state(post) == PostState.PENDING


def test_it_ends_after_thirty_minutes(link: str, post: Post) -> None:
    row = ApprovalMail.objects.get()
    assert row.ends_at
    assert row.ends_at <= database_now() + timedelta(minutes=30)
    ApprovalMail.objects.update(ends_at=database_now() - timedelta(seconds=1))
    assert "older than 30 minutes" in Browser().get(link).text
    assert Browser().post(f"{link}approve/").status_code == 409
    assert state(post) == PostState.PENDING
    ApprovalMail.objects.update(ends_at=database_now() - links.SHOWN_FOR - timedelta(seconds=1))
    assert Browser().get(link).status_code == 404


def test_what_changed_is_shown_and_not_approved(
    link: str, relay: ScriptedRelay, post: Post
) -> None:
    change(post)
    current = Post.objects.get(state=PostState.PENDING)
    for act in ("approve", "reject"):
        Browser().post(f"{link}{act}/", {"reason": "Zu früh"})
    assert state(current) == PostState.PENDING
    page = Browser().get(link).text
    assert f"{link}approve/" not in page
    if current.pk == post.pk:
        assert "changed since the mail" in page
        assert "anderer" in page
    assert mailing.mail_due() == 1, "the new text comes by a mail of its own"
    Browser().post(f"{link_in(relay)}approve/")
    assert state(current) == PostState.APPROVED


def test_an_edited_post_is_another(link: str, post: Post) -> None:
    text = f"Neu gefasst\n{post.message.permalink}"
    review.edit(post.pk, make_user(Role.EDITOR), post.payload_hash, text)
    page = Browser().get(link).text
    assert "changed since the mail" in page
    assert "<ins>" in page
    Browser().post(f"{link}approve/")
    assert state(post) == PostState.PENDING


@pytest.mark.parametrize(
    "taken_away", [{"is_active": False}, {"role": Role.AUTHOR}, {"mails_waiting": False}]
)
def test_who_may_not_decide_any_more_cannot(
    link: str, post: Post, taken_away: dict[str, Any]
) -> None:
    User.objects.filter(username="edda").update(**taken_away)
    assert Browser().get(link).status_code == 404
    assert Browser().post(f"{link}approve/").status_code == 404
    assert state(post) == PostState.PENDING


def test_a_forged_link_is_none(link: str, post: Post) -> None:
    row = ApprovalMail.objects.get()
    for forged in (f"/decide/{row.pk}-{row.nonce}/", f"{link[:-3]}xx/", "/decide/1-1.x/"):
        assert Browser().get(forged).status_code == 404
        assert Browser().post(f"{forged}approve/").status_code == 404
    assert state(post) == PostState.PENDING


def test_a_mail_server_that_is_away_is_tried_again(
    settings: Settings, relay: ScriptedRelay, post: Post
) -> None:
    settings.EMAIL_PORT = 9
    assert mailing.mail_due() == 0
    settings.EMAIL_PORT = relay.port
    assert mailing.mail_due() == 0, "not at once"
    ApprovalMail.objects.update(due_at=database_now())
    assert mailing.mail_due() == 1
    assert Browser().get(link_in(relay)).status_code == 200


def test_what_was_decided_meanwhile_is_not_mailed(relay: ScriptedRelay, post: Post) -> None:
    mailing.plan(database_now())
    review.approve(post.pk, make_user(Role.EDITOR), post.payload_hash)
    assert mailing.mail_due() == 0
    assert not mails(relay)


def test_two_workers_mail_it_once(relay: ScriptedRelay, post: Post) -> None:
    now = database_now()
    mailing.plan(now)
    mailing.plan(now)
    assert len(mailing.claim(now)) == 1
    assert mailing.claim(now) == []


def test_a_mail_to_readers_is_shown_as_they_will_see_it(relay: ScriptedRelay, edda: User) -> None:
    post = make_post(Policy.REVIEW, make_destination("email"), headline="Drei <Tote>")
    assert mailing.mail_due() == 1
    link = link_in(relay)
    page = Browser().get(link).text
    assert f'<iframe class="mail-frame" sandbox="" loading="lazy" src="{link}mail/' in page
    assert post.message.text.partition("\n")[0].replace("<", "&lt;").replace(">", "&gt;") in page

    mail = Browser().get(f"{link}mail/")
    assert mail.text == post.message.html
    assert mail["Content-Security-Policy"].endswith("sandbox")
    assert "script-src" not in mail["Content-Security-Policy"]
    assert mail["X-Frame-Options"] == "SAMEORIGIN"
    assert Browser().get(f"{link.replace('.', '.x', 1)}mail/").status_code == 404
