"""A returned mail and what follows from it; a forged, swapped or replayed one does nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syndicator.clock import database_now
from syndicator.destinations.models import Destination
from syndicator.entries.models import LiveBlog
from syndicator.newsletter import suppressing
from syndicator.newsletter.fanout import send_due
from syndicator.newsletter.models import (
    MailingRecipient,
    RecipientState,
    Subscription,
    SubscriptionState,
    Suppression,
    SuppressionReason,
)
from syndicator.newsletter.subscribing import subscribe, unsubscribe, unsubscribe_url
from syndicator.returns.taking_in import Outcome, take_in
from tests.factories import make_blog, make_user
from tests.newsletter.mailings import make_due, make_mailing
from tests.returns.mails import gone_out, path_of, sample

pytestmark = pytest.mark.django_db

ADA = "ada@reader.example"
BOB = "bob@reader.example"


def take(mail: bytes, *envelope_to: str) -> Outcome:
    return take_in(mail, database_now(), envelope_to)


def test_a_hard_bounce_ends_its_mail_and_every_subscription_of_the_address(
    destination: Destination, blog: LiveBlog
) -> None:
    elsewhere = subscribe(ADA, make_blog())
    one, other = gone_out(destination, blog, ADA, BOB)

    assert take(sample("postfix", one)) == Outcome.BOUNCED

    one.refresh_from_db()
    assert one.state == RecipientState.BOUNCED
    assert str(one.wording) == "The address does not exist."
    assert one.answer.startswith("550 5.1.1 <nobody@reader.example>: Recipient address rejected")
    suppression = Suppression.objects.get()
    assert (suppression.address, suppression.blog) == (ADA, None)
    assert suppression.reason == SuppressionReason.HARD_BOUNCE
    assert "User unknown" in suppression.detail
    elsewhere.refresh_from_db()
    assert elsewhere.state == SubscriptionState.SUPPRESSED
    other.refresh_from_db()
    assert other.state == RecipientState.ACCEPTED
    assert subscribe(BOB, blog).state == SubscriptionState.ACTIVE


def test_a_replayed_bounce_changes_nothing(destination: Destination, blog: LiveBlog) -> None:
    (recipient,) = gone_out(destination, blog, ADA)
    take(sample("postfix", recipient))
    before = list(MailingRecipient.objects.values()), list(Suppression.objects.values())

    assert take(sample("postfix", recipient)) == Outcome.KNOWN
    assert take(sample("full-mailbox", recipient)) == Outcome.KNOWN
    assert take(sample("complaint", recipient)) == Outcome.KNOWN

    assert (list(MailingRecipient.objects.values()), list(Suppression.objects.values())) == before


@pytest.mark.parametrize("name", ["out-of-office", "postfix-delayed", "arrived", "read-receipt"])
def test_what_is_no_bounce_changes_nothing(
    name: str, destination: Destination, blog: LiveBlog
) -> None:
    (recipient,) = gone_out(destination, blog, ADA)

    assert take(sample(name, recipient), path_of(recipient)) == Outcome.HARMLESS

    recipient.refresh_from_db()
    assert recipient.state == RecipientState.ACCEPTED
    assert not Suppression.objects.exists()


def test_a_forged_or_swapped_bounce_does_nothing(destination: Destination, blog: LiveBlog) -> None:
    one, other = gone_out(destination, blog, ADA, BOB)
    token = path_of(one)
    forged = [
        "bounces@paper.example",
        token.replace(f"+{one.pk}-", f"+{other.pk}-"),
        token[:-15] + "a" + token[-14:] if token[-15] != "a" else token[:-15] + "b" + token[-14:],
        f"bounces+{other.pk}-fx.{'a' * 24}@paper.example",
    ]

    for path in forged:
        if path != token:
            assert take(sample("postfix", one, path)) == Outcome.UNPROVEN
    assert take_in(sample("postfix", one), database_now() + timedelta(days=61)) == Outcome.UNPROVEN

    assert not MailingRecipient.objects.exclude(state=RecipientState.ACCEPTED).exists()
    assert not Suppression.objects.exists()


@given(altered=st.binary(min_size=1, max_size=3), at=st.integers(0, 10**6))
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_whatever_is_altered_never_touches_another_mail(
    altered: bytes, at: int, destination: Destination, blog: LiveBlog
) -> None:
    if MailingRecipient.objects.exists():
        one, other = MailingRecipient.objects.select_related("mailing").order_by("pk")
        MailingRecipient.objects.update(state=RecipientState.ACCEPTED)
    else:
        one, other = gone_out(destination, blog, ADA, BOB)
    mail = sample("complaint" if at % 2 else "postfix", one)
    at %= len(mail)

    take(mail[:at] + altered + mail[at + len(altered) :])

    other.refresh_from_db()
    assert other.state == RecipientState.ACCEPTED
    assert not Suppression.objects.exclude(address=ADA).exists()


def test_the_envelope_names_the_mail_where_the_headers_do_not(
    destination: Destination, blog: LiveBlog
) -> None:
    (recipient,) = gone_out(destination, blog, ADA)

    mail = sample("qmail", recipient, "postmaster@paper.example")

    assert take(mail) == Outcome.UNPROVEN
    assert take(mail, path_of(recipient)) == Outcome.BOUNCED


def test_a_full_mailbox_suppresses_only_after_several_days(
    destination: Destination, blog: LiveBlog
) -> None:
    noon = database_now().replace(hour=12)
    for day in range(3):
        for mailing in range(2):
            blog_of_day = make_blog(slug=f"b-{day}-{mailing}")
            (recipient,) = gone_out(destination, blog_of_day, ADA)
            assert not Suppression.objects.exists()
            mail = sample("full-mailbox", recipient)
            assert take_in(mail, noon + timedelta(days=day)) == Outcome.BOUNCED
            if day == 2:
                break

    assert Suppression.objects.get().reason == SuppressionReason.SOFT_BOUNCES
    assert Subscription.objects.filter(state=SubscriptionState.ACTIVE).count() == 0


def test_full_mailboxes_long_ago_do_not_count(destination: Destination, blog: LiveBlog) -> None:
    noon = database_now().replace(hour=12)
    for days in (0, 1, 32):
        (recipient,) = gone_out(destination, make_blog(), ADA)
        take_in(sample("full-mailbox", recipient), noon + timedelta(days=days))

    assert not Suppression.objects.exists()


def test_a_mail_refused_as_spam_says_nothing_about_its_reader(
    destination: Destination, blog: LiveBlog
) -> None:
    for day in range(5):
        (recipient,) = gone_out(destination, make_blog(), ADA)
        take_in(sample("spam-refused", recipient), database_now() + timedelta(days=day))
        recipient.refresh_from_db()
        assert recipient.state == RecipientState.BOUNCED

    assert not Suppression.objects.exists()


@pytest.mark.parametrize("path", [None, "redacted@provider.example"])
def test_a_complaint_is_matched_by_what_was_signed(
    path: str | None, destination: Destination, blog: LiveBlog
) -> None:
    one, other = gone_out(destination, blog, ADA, BOB)

    assert take(sample("complaint", one, path)) == Outcome.COMPLAINED

    one.refresh_from_db()
    assert one.state == RecipientState.COMPLAINED
    assert Suppression.objects.get().reason == SuppressionReason.COMPLAINT
    other.refresh_from_db()
    assert other.state == RecipientState.ACCEPTED


def test_a_complaint_with_a_swapped_or_missing_signature_does_nothing(
    destination: Destination, blog: LiveBlog
) -> None:
    one, other = gone_out(destination, blog, ADA, BOB)
    mail = sample("complaint", one, "redacted@provider.example")
    link = unsubscribe_url(one.subscription_id).encode()
    others = unsubscribe_url(other.subscription_id).encode()

    assert take(mail.replace(link, others)) == Outcome.UNPROVEN
    assert take(mail.replace(link, b"https://evil.example/1.x/")) == Outcome.UNPROVEN
    assert take(mail.replace(one.message_id.encode(), b"<1@x>")) == Outcome.UNPROVEN
    assert not Suppression.objects.exists()


def test_a_bounce_that_overtakes_the_relays_answer_stays(
    destination: Destination, blog: LiveBlog
) -> None:
    mailing = make_mailing(destination, blog, ADA)
    recipient = mailing.recipients.select_related("mailing").get()

    # Of a mail that only waits, nothing can have come back.
    assert take(sample("postfix", recipient)) == Outcome.KNOWN
    recipient.refresh_from_db()
    assert recipient.state == RecipientState.QUEUED

    make_due(mailing)
    MailingRecipient.objects.filter(pk=recipient.pk).update(state=RecipientState.IN_FLIGHT, epoch=5)
    assert take(sample("postfix", recipient)) == Outcome.BOUNCED
    recipient.refresh_from_db()
    assert (recipient.state, recipient.epoch, recipient.due_at) == (
        RecipientState.BOUNCED,
        6,
        None,
    )
    assert send_due(mailing.pk) == 0


def test_a_suppressed_address_is_put_on_no_list(destination: Destination, blog: LiveBlog) -> None:
    (recipient,) = gone_out(destination, blog, ADA)
    take(sample("complaint", recipient))

    with pytest.raises(ValidationError, match="reported a mail as spam"):
        subscribe(ADA.upper(), make_blog())
    # A provider has been told; that is not taken back with a click.
    with pytest.raises(ValidationError, match="reported a mail as spam"):
        subscribe(ADA, blog, by_own_wish=True)


def test_an_own_wish_proves_that_the_address_works_again(
    destination: Destination, blog: LiveBlog
) -> None:
    (recipient,) = gone_out(destination, blog, ADA)
    take(sample("postfix", recipient))

    with pytest.raises(ValidationError, match="does not work"):
        subscribe(ADA, blog)
    assert subscribe(ADA, blog, by_own_wish=True).state == SubscriptionState.ACTIVE
    assert Suppression.objects.get().lifted_at is not None


def test_lifting_brings_back_only_who_has_not_left(
    destination: Destination, blog: LiveBlog
) -> None:
    left = subscribe(ADA, make_blog())
    (recipient,) = gone_out(destination, blog, ADA)
    take(sample("postfix", recipient))
    unsubscribe(unsubscribe_url(left.pk).rstrip("/").rpartition("/")[2])
    suppression = Suppression.objects.get()

    suppressing.lift(suppression.pk, make_user(), "They called.", database_now())

    left.refresh_from_db()
    recipient.subscription.refresh_from_db()
    assert left.state == SubscriptionState.UNSUBSCRIBED
    assert recipient.subscription.state == SubscriptionState.ACTIVE
    assert suppressing.lift(suppression.pk, make_user(), "Again.", database_now()) is None


def test_a_suppression_may_be_about_one_live_blog(blog: LiveBlog) -> None:
    here, there = subscribe(ADA, blog), subscribe(ADA, make_blog())
    now = database_now()

    ended = suppressing.suppress({ADA: ""}, SuppressionReason.BY_HAND, now, blog=blog)

    here.refresh_from_db()
    there.refresh_from_db()
    assert ended == 1
    assert (here.state, there.state) == (SubscriptionState.SUPPRESSED, SubscriptionState.ACTIVE)
    with pytest.raises(ValidationError):
        subscribe(ADA, blog)
    suppressing.suppress({ADA: ""}, SuppressionReason.COMPLAINT, now)
    suppressing.lift(Suppression.objects.get(blog=blog).pk, make_user(), "", now)
    here.refresh_from_db()
    assert here.state == SubscriptionState.SUPPRESSED, "the other one still stands"


def test_of_an_erased_address_only_its_hash_is_kept(blog: LiveBlog) -> None:
    suppressing.suppress({ADA: ""}, SuppressionReason.ERASED, database_now())

    assert ADA not in str(list(Suppression.objects.values()))
    with pytest.raises(ValidationError, match="data erased"):
        subscribe(ADA, blog)
    assert subscribe(ADA, blog, by_own_wish=True).state == SubscriptionState.ACTIVE
