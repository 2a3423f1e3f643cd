"""Blocked addresses on the desk: found, blocked and unblocked by hand; and the rules."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client as Browser

from syndicator.accounts.models import AuditEntry, Role
from syndicator.clock import database_now
from syndicator.entries.models import LiveBlog
from syndicator.newsletter import suppressing
from syndicator.newsletter.models import Subscription, SubscriptionState, Suppression
from syndicator.newsletter.models import SuppressionReason as Reason
from syndicator.newsletter.subscribing import subscribe
from syndicator.returns.models import the_rules
from tests.factories import make_blog

pytestmark = pytest.mark.django_db
ADA, BOB = "ada@reader.example", "bob@reader.example"


@pytest.fixture
def admin(browse: Callable[[Role], Browser]) -> Browser:
    return browse(Role.ADMIN)


@pytest.fixture
def blog() -> LiveBlog:
    return make_blog(title="Live: Stadtrat")


def page(admin: Browser, query: str = "") -> str:
    return admin.get(f"/settings/blocked/?{query}").content.decode()


def test_an_address_is_blocked_by_hand_and_unblocked_with_a_reason(
    admin: Browser, blog: LiveBlog
) -> None:
    subscription = subscribe(ADA, blog)

    admin.post(
        "/settings/blocked/block/",
        {"address": " Ada@Reader.example ", "blog": blog.pk, "why": "Wants no mail"},
    )

    subscription.refresh_from_db()
    assert subscription.state == SubscriptionState.SUPPRESSED
    assert "Wants no mail" in page(admin)
    row = Suppression.objects.get()
    admin.post(f"/settings/blocked/{row.pk}/unblock/", {"why": " "})
    row.refresh_from_db()
    assert row.lifted_at is None, "nobody said why"
    admin.post(f"/settings/blocked/{row.pk}/unblock/", {"why": "Wrote again"})
    row.refresh_from_db()
    assert row.lift_reason == "Wrote again"
    subscription.refresh_from_db()
    assert subscription.state == SubscriptionState.ACTIVE
    assert f"<strong>{ADA}" not in page(admin)
    assert "Wrote again" in page(admin, "address=ada")
    acts = AuditEntry.objects.filter(what="newsletter.suppression").order_by("pk")
    assert list(acts.values_list("act", flat=True)) == ["blocked", "unblocked"]


def test_addresses_are_found_also_those_that_were_erased(admin: Browser) -> None:
    now = database_now()
    suppressing.suppress({ADA: "550 5.1.1 No such user"}, Reason.HARD_BOUNCE, now)
    suppressing.suppress({BOB: ""}, Reason.ERASED, now)

    assert "550 5.1.1 No such user" in page(admin, "address=ADA@")
    assert "erased" not in page(admin, "address=ada")
    assert "(address erased)" in page(admin, f"address={BOB}")
    assert "No blocked address like that." in page(admin, "address=carol")


def test_what_is_no_address_is_refused(admin: Browser) -> None:
    answer = admin.post("/settings/blocked/block/", {"address": "nobody", "why": "x"})

    assert "not an email address" in answer.content.decode()
    assert not Suppression.objects.exists()


def test_rules_are_saved_within_bounds(admin: Browser) -> None:
    rules = {
        "soft_days": 5,
        "within_days": 20,
        "bounce_percent": "7.5",
        "complaint_percent": "0.1",
        "from_mails": 500,
        "kept_days": 30,
    }
    admin.post("/settings/blocked/rules/", rules)
    assert (the_rules().soft_days, str(the_rules().bounce_percent)) == (5, "7.5")
    assert AuditEntry.objects.filter(what="returns.rules", act="changed").count() == 1

    admin.post("/settings/blocked/rules/", {**rules, "soft_days": 0, "kept_days": 1})
    assert the_rules().kept_days == 30


def test_a_pasted_list_says_why_an_address_is_refused(admin: Browser, blog: LiveBlog) -> None:
    suppressing.suppress({ADA: ""}, Reason.COMPLAINT, database_now())

    answer = admin.post(
        f"/settings/blogs/{blog.pk}/subscribers/paste/",
        {"addresses": f"{ADA}\n{BOB}"},
        follow=True,
    )

    assert "reported a mail as spam" in answer.content.decode()
    assert list(Subscription.objects.values_list("subscriber__email", flat=True)) == [BOB]
