"""Every address × every role, reading and writing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client as Browser
from django.urls import reverse

from syndicator.accounts.models import Role
from syndicator.channels.base import Message
from syndicator.clock import database_now
from syndicator.desk.urls import urlpatterns
from syndicator.destinations.models import AccountProfile, Policy
from syndicator.entrance import invitations
from syndicator.entries.models import LiveBlog
from syndicator.newsletter.models import (
    Mailing,
    Subscriber,
    Subscription,
    Suppression,
    SuppressionReason,
)
from syndicator.newsletter.suppressing import key_of
from syndicator.pictures.encoding import encode
from syndicator.pictures.storage import store
from syndicator.posts import review
from syndicator.posts.models import Decision, Post, PostState
from tests.desk.followed_sources import make_followed
from tests.digests.waiting import waiting_digest
from tests.factories import make_destination, make_post, make_user
from tests.pictures.conftest import photo
from tests.subscriber_lists.lists import subscriber_import

pytestmark = pytest.mark.django_db

ANYONE, PEOPLE, DECIDERS, ADMINS = "anyone", "people", "deciders", "admins"
#: For each address: the object in its path, who may read it, and who may write to it.
#: None means that the method is not there.
ADDRESSES: dict[str, tuple[str, str | None, str | None]] = {
    "queue": ("", PEOPLE, None),
    "probe_permalink": ("entry", None, DECIDERS),
    "keep_entry": ("entry", None, DECIDERS),
    "news": ("", PEOPLE, None),
    "post": ("post", PEOPLE, None),
    "approve": ("post", None, DECIDERS),
    "reject": ("post", None, DECIDERS),
    "edit": ("post", DECIDERS, DECIDERS),
    "length": ("post", None, DECIDERS),
    "retry": ("post", None, DECIDERS),
    "schedule": ("post", None, DECIDERS),
    "hold": ("post", None, DECIDERS),
    "release": ("post", None, DECIDERS),
    "undo": ("post", None, DECIDERS),
    "take_out": ("post", None, DECIDERS),
    "carry_out": ("post", None, DECIDERS),
    "repost": ("post", None, DECIDERS),
    "correct": ("post", None, DECIDERS),
    "choose_again": ("post", None, DECIDERS),
    "dismiss": ("post", None, DECIDERS),
    "confirm_sent": ("post", None, DECIDERS),
    "confirm_absent": ("post", None, DECIDERS),
    "mail": ("post", PEOPLE, None),
    "entry": ("entry", PEOPLE, None),
    "approve_all": ("entry", None, DECIDERS),
    "retraction": ("entry", PEOPLE, DECIDERS),
    "lift_retraction": ("entry", None, DECIDERS),
    "approve_selected": ("", None, DECIDERS),
    "picture": ("picture", PEOPLE, None),
    "overview": ("", PEOPLE, None),
    "ledger": ("", PEOPLE, None),
    "ledger_csv": ("", PEOPLE, None),
    "night": ("", PEOPLE, None),
    "night_mail": ("", None, PEOPLE),
    "digests": ("", PEOPLE, None),
    "digest": ("digest", PEOPLE, None),
    "digest_mail": ("digest", PEOPLE, None),
    "approve_digest": ("digest", None, DECIDERS),
    "reject_digest": ("digest", None, DECIDERS),
    "next_digest": ("mail blog", PEOPLE, None),
    "next_digest_mail": ("mail blog", PEOPLE, None),
    "ask_for_digest": ("mail blog", None, DECIDERS),
    "close_blog": ("blog", None, DECIDERS),
    "reopen_blog": ("blog", None, DECIDERS),
    "digest_archive": ("blog", None, ADMINS),
    "sources": ("", PEOPLE, None),
    "source": ("source", PEOPLE, ADMINS),
    "look_now": ("source", None, DECIDERS),
    "switch_on": ("source", None, DECIDERS),
    "switch_off": ("source", None, DECIDERS),
    "compared": ("source", None, DECIDERS),
    "replay_day": ("source", DECIDERS, None),
    "decide_likeness": ("likeness", None, DECIDERS),
    "log": ("", PEOPLE, None),
    "mailing": ("mailing", PEOPLE, None),
    "mailing_now": ("mailing", PEOPLE, None),
    "pause_mailing": ("mailing", None, DECIDERS),
    "resume_mailing": ("mailing", None, DECIDERS),
    "cancel_mailing": ("mailing", None, DECIDERS),
    "send_uncertain_again": ("mailing", None, DECIDERS),
    "count_uncertain_as_sent": ("mailing", None, DECIDERS),
    "stop": ("", PEOPLE, DECIDERS),
    "standing": ("", PEOPLE, None),
    "go_on": ("stop", None, DECIDERS),
    "destinations": ("", PEOPLE, None),
    "costs": ("", ADMINS, ADMINS),
    "choose_platform": ("", ADMINS, None),
    "connect": ("channel", ADMINS, ADMINS),
    "start_posting": ("destination", None, ADMINS),
    "signed_in": ("", ADMINS, None),
    "choose_account": ("", ADMINS, ADMINS),
    "account": ("destination", ADMINS, None),
    "account_picture": ("destination", PEOPLE, None),
    "check_account": ("destination", None, ADMINS),
    "test_post": ("destination", None, ADMINS),
    "sign_in": ("destination", None, ADMINS),
    "destination": ("destination", ADMINS, ADMINS),
    "resume": ("destination", None, DECIDERS),
    "pause": ("destination", None, ADMINS),
    "blogs": ("", ADMINS, None),
    "new_blog": ("", ADMINS, ADMINS),
    "blog": ("blog", ADMINS, ADMINS),
    "routes": ("blog", None, ADMINS),
    "rehearse_blog": ("blog", None, ADMINS),
    "rehearse_routes": ("blog", None, ADMINS),
    "new_source": ("blog", None, ADMINS),
    "new_blog_from_page": ("", None, ADMINS),
    "follow_source": ("blog", ADMINS, ADMINS),
    "begin_following": ("blog", None, ADMINS),
    "share": ("blog", ADMINS, ADMINS),
    "sign_up": ("blog", ADMINS, ADMINS),
    "subscribers": ("blog", ADMINS, None),
    "add_subscriber": ("blog", None, ADMINS),
    "add_subscribers": ("blog", None, ADMINS),
    "import_subscribers": ("blog", None, ADMINS),
    "export_subscribers": ("blog", None, ADMINS),
    "subscriber_import": ("import", ADMINS, None),
    "subscriber_import_lines": ("import", ADMINS, None),
    "remove_subscriber": ("subscription", None, ADMINS),
    "suppressions": ("", ADMINS, None),
    "block": ("", None, ADMINS),
    "unblock": ("suppression", None, ADMINS),
    "save_return_rules": ("", None, ADMINS),
    "new_token": ("source", None, ADMINS),
    "new_signing_secret": ("source", None, ADMINS),
    "alerting": ("", ADMINS, ADMINS),
    "test_webhook": ("", None, ADMINS),
    "new_webhook_key": ("", None, ADMINS),
    "people": ("", ADMINS, None),
    "new_person": ("", ADMINS, ADMINS),
    "person": ("person", ADMINS, ADMINS),
    "password": ("person", None, ADMINS),
    "reset_second_step": ("person", None, ADMINS),
    "end_sessions": ("person", None, ADMINS),
    "demand_second_step": ("", None, ADMINS),
    "trail": ("", ADMINS, None),
    "trail_table": ("", ADMINS, None),
    "invite": ("", ADMINS, ADMINS),
    "revoke_invitation": ("invitation", None, ADMINS),
    "invitation": ("link", ANYONE, ANYONE),
    "approval_link": ("mailed", ANYONE, None),
    "approve_by_link": ("mailed", None, ANYONE),
    "reject_by_link": ("mailed", None, ANYONE),
    "mail_by_link": ("mailed", ANYONE, None),
    "picture_by_link": ("mailed picture", ANYONE, None),
    "mails_waiting": ("", None, DECIDERS),
    "own_account": ("", PEOPLE, None),
    "confirm_password": ("", PEOPLE, PEOPLE),
    "own_password": ("", None, PEOPLE),
    "new_app": ("", None, PEOPLE),
    "drop_app": ("", None, PEOPLE),
    "confirm_app": ("", None, PEOPLE),
    "remove_app": ("", None, PEOPLE),
    "new_recovery_codes": ("", None, PEOPLE),
    "new_passkey": ("", None, PEOPLE),
    "new_passkey_options": ("", None, PEOPLE),
    # Other people's are “not there”: tests/desk/test_desk_own_account.py.
    "remove_passkey": ("own passkey", None, PEOPLE),
    "end_other_sessions": ("", None, PEOPLE),
    "end_session": ("session", None, PEOPLE),
    "elsewhere": ("", ANYONE, None),
    "back_from_elsewhere": ("", ANYONE, None),
    "second_step": ("", ANYONE, ANYONE),
    "passkey": ("", None, ANYONE),
    "passkey_options": ("", None, ANYONE),
    "login": ("", ANYONE, ANYONE),
    "logout": ("", None, ANYONE),
    "set_language": ("", None, ANYONE),
    "health": ("", ANYONE, None),
    "favicon": ("", ANYONE, None),
}
#: Who has the link may: tests/desk/test_desk_approval_links.py. Here nobody has one.
BY_LINK = (
    "approval_link",
    "approve_by_link",
    "reject_by_link",
    "mail_by_link",
    "picture_by_link",
)
MAY = {
    None: {ANYONE},
    Role.VIEWER: {ANYONE, PEOPLE},
    Role.AUTHOR: {ANYONE, PEOPLE},
    Role.EDITOR: {ANYONE, PEOPLE, DECIDERS},
    Role.ADMIN: {ANYONE, PEOPLE, DECIDERS, ADMINS},
}


@pytest.fixture
def paths() -> dict[str, str]:
    post = make_post(Policy.REVIEW, make_destination("note"))
    blog = LiveBlog.objects.get()
    subscription = Subscription.objects.create(
        subscriber=Subscriber.objects.create(email="reader@example.org"),
        blog=blog,
        confirmed_at=database_now(),
    )
    AccountProfile.objects.create(
        destination=post.destination, picture=photo(), asked_at=database_now()
    )
    mailing = Mailing.objects.create(
        destination=post.destination,
        blog=blog,
        key="mailing",
        message=Message("Text", "https://example.org/", subject="Einigung").to_json(),
        created_at=database_now(),
    )
    inviting = make_user(Role.ADMIN)
    invitation, _token = invitations.invite("jo@paper.example", Role.VIEWER, inviting)
    digest = waiting_digest()
    followed = make_followed(post.entry)
    named = {
        "likeness": followed.source.likenesses.get().pk,
        "digest": digest.pk,
        "mail blog": (digest.blog_id, digest.pace),
        "post": post.pk,
        "entry": post.entry_id,
        "destination": post.destination_id,
        "channel": "note",
        "blog": blog.pk,
        "source": post.entry.source_id,
        "subscription": subscription.pk,
        "import": subscriber_import(blog).pk,
        "suppression": Suppression.objects.create(
            key=key_of("nobody@example.org"),
            address="nobody@example.org",
            reason=SuppressionReason.HARD_BOUNCE,
            made_at=database_now(),
        ).pk,
        "mailing": mailing.pk,
        "picture": store(encode(photo())).pk,
        "person": make_user(Role.VIEWER).pk,
        "own passkey": 0,
        "mailed": "nobody.s",
        "mailed picture": ("nobody.s", "0"),
        "invitation": invitation.pk,
        "link": invitations.invite("kim@paper.example", Role.VIEWER, inviting)[1],
        "session": "0123456789abcdef",
        "stop": review.stop(make_user(Role.EDITOR), "Ein Test", blog=blog)[0].pk,
    }
    return {
        name: reverse(f"desk:{name}", args=arguments(named.get(kind)))
        for name, (kind, _, _) in ADDRESSES.items()
    }


def test_every_address_has_its_line_in_the_table() -> None:
    assert {pattern.name for pattern in urlpatterns} == set(ADDRESSES)


@pytest.mark.parametrize("role", MAY)
def test_who_may_read_what(
    browse: Callable[[Role], Browser], paths: dict[str, str], role: Role | None
) -> None:
    browser = browse(role) if role else Browser()
    for name, (_, reads, _) in ADDRESSES.items():
        if reads is None:
            continue
        answer = browser.get(paths[name])
        if reads in MAY[role]:
            # No single sign-on is set up.
            if name in (*BY_LINK, "elsewhere", "back_from_elsewhere"):
                assert answer.status_code == 404, name
                continue
            moved = name in ("favicon", "signed_in", "choose_account", "second_step") or (
                name == "login" and role
            )
            assert answer.status_code in ((302,) if moved else (200, 204)), name
        else:
            refused(answer.status_code, answer.headers.get("Location", ""), role, name)


@pytest.mark.parametrize("role", MAY)
def test_who_may_write_what(
    browse: Callable[[Role], Browser], paths: dict[str, str], role: Role | None
) -> None:
    browser = browse(role) if role else Browser()
    before = (PostState.PENDING, Post.objects.get().payload_hash)
    for name, (_, _, writes) in ADDRESSES.items():
        if writes is None or name == "logout":
            continue
        answer = browser.post(paths[name])
        if writes in MAY[role]:
            # The test's platform has no sign-in, the person no passkey, and alerts no address.
            without = ("sign_in", "remove_passkey", "new_webhook_key", *BY_LINK)
            missing = (404,) if name in without else ()
            assert answer.status_code in (200, 204, 302, 409, *missing), name
            sent_back = writes == ANYONE
            assert sent_back or "/log-in/" not in answer.headers.get("Location", ""), name
        else:
            refused(answer.status_code, answer.headers.get("Location", ""), role, name)
    if DECIDERS not in MAY[role]:
        post = Post.objects.get()
        assert (post.state, post.payload_hash) == before
        assert not Decision.objects.exists()


@pytest.mark.parametrize("role", [role for role in MAY if role])
def test_reading_never_writes(
    browse: Callable[[Role], Browser], paths: dict[str, str], role: Role
) -> None:
    browser = browse(role)
    for name, (_, reads, _) in ADDRESSES.items():
        if reads is None:
            assert browser.get(paths[name]).status_code == 405, name


def test_who_is_deactivated_is_out_at_once(browse: Callable[[Role], Browser]) -> None:
    from syndicator.accounts.models import User

    browser = browse(Role.ADMIN)
    assert browser.get("/").status_code == 200
    User.objects.update(is_active=False)
    assert browser.get("/").status_code == 302


def arguments(named: object) -> list[object]:
    if named is None:
        return []
    return list(named) if isinstance(named, tuple) else [named]


def refused(status: int, location: str, role: Role | None, name: str) -> None:
    if role is None:
        assert status == 302, name
        assert location.startswith("/log-in/"), name
    else:
        assert status == 403, name
