"""Digests on the desk: seen, decided, asked for; and the end of a live blog."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest
from django.test import Client as Browser
from django.urls import reverse

from syndicator.accounts.models import Role
from syndicator.destinations.models import Policy, Route
from syndicator.digests.models import Digest, DigestState
from syndicator.entries.models import LiveBlog
from syndicator.newsletter.models import Mailing, Pace, Subscription
from syndicator.posts.render import render
from tests.digests.waiting import waiting_digest
from tests.factories import make_blog, make_destination, make_entry, make_route

pytestmark = pytest.mark.django_db
Browse = Callable[[Role], Browser]


def path(name: str, *args: object) -> str:
    return reverse(f"desk:{name}", args=args)


def test_an_editor_sees_the_mail_and_lets_it_go(browse: Browse) -> None:
    digest, editor = waiting_digest(headline="Rat stimmt zu"), browse(Role.EDITOR)
    assert "1 digest waits" in editor.get("/").text
    assert "Rat stimmt zu" in editor.get(path("digests")).text
    page = editor.get(path("digest", digest.pk)).text
    assert digest.payload_hash in page
    mail = editor.get(path("digest_mail", digest.pk))
    assert "Rat stimmt zu" in mail.text
    assert "sandbox" in mail.headers["Content-Security-Policy"]
    stale = editor.post(path("approve_digest", digest.pk), {"payload_hash": "another"}, follow=True)
    assert "has changed since you saw it" in stale.text
    assert not Mailing.objects.exists()
    seen = {"payload_hash": digest.payload_hash}
    assert "goes out now" in editor.post(path("approve_digest", digest.pk), seen, follow=True).text
    assert Mailing.objects.get().recipients.count() == 1
    digest.refresh_from_db()
    assert digest.mailing
    assert f"/mailings/{digest.mailing.pk}/" in editor.get(path("digest", digest.pk)).text


def test_a_rejection_needs_a_reason(browse: Browse) -> None:
    digest, editor = waiting_digest(), browse(Role.EDITOR)
    seen = {"payload_hash": digest.payload_hash}
    assert "Give a reason" in editor.post(path("reject_digest", digest.pk), seen, follow=True).text
    seen |= {"reason": "Zu früh", "drop": "yes"}
    editor.post(path("reject_digest", digest.pk), seen)
    digest.refresh_from_db()
    assert (digest.state, digest.dropped) == (DigestState.REJECTED, True)
    assert "Zu früh" in editor.get(path("digests")).text


def test_the_next_one_is_looked_at_and_made_now(browse: Browse) -> None:
    digest, editor = waiting_digest(headline="Rat stimmt zu"), browse(Role.EDITOR)
    blog = digest.blog
    Subscription.objects.update(pace=Pace.AT_CLOSE)
    Digest.objects.all().delete()
    assert "Rat stimmt zu" in editor.get(path("next_digest", blog.pk, "at_close")).text
    answer = editor.post(path("ask_for_digest", blog.pk, "at_close"), follow=True)
    assert "Approve and send" in answer.text
    assert Digest.objects.get().ahead
    assert "nothing new" in editor.get(path("next_digest", blog.pk, "daily")).text
    assert editor.get(path("next_digest", blog.pk, "never")).status_code == 404


def test_a_live_blog_is_ended_and_goes_on(browse: Browse) -> None:
    digest, editor = waiting_digest(), browse(Role.EDITOR)
    editor.post(path("close_blog", digest.blog_id))
    assert LiveBlog.objects.get().closed_at
    editor.post(path("reopen_blog", digest.blog_id))
    assert LiveBlog.objects.get().closed_at is None


def test_the_ledger_says_which_digest_an_entry_is_in(browse: Browse) -> None:
    digest, editor = waiting_digest(), browse(Role.EDITOR)
    Route.objects.update(policy=Policy.DIGEST)
    entry = digest.items.get().entry
    entry.published_at = digest.built_at
    entry.save()
    render(entry.pk)
    zone = ZoneInfo(digest.blog.time_zone)
    day = digest.built_at.astimezone(zone)
    page = f"{path('ledger')}?of={digest.blog_id}&day={day:%Y-%m-%d}"
    assert "in a digest that waits for an editor" in editor.get(page).text
    editor.post(path("approve_digest", digest.pk), {"payload_hash": digest.payload_hash})
    assert "in the digest of" in editor.get(page).text
    Digest.objects.all().delete()
    assert "will be in the next digest" in editor.get(page).text


def test_only_mail_is_offered_digests(browse: Browse) -> None:
    blog, admin = make_blog(), browse(Role.ADMIN)
    for channel in ("email", "x"):
        make_route(blog, make_destination(channel))
    page = admin.get(path("blog", blog.pk)).text
    assert page.count('value="digest"') == 1
    assert page.count('name="to') > 2
    assert make_entry(blog).pk
