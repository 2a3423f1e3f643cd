"""What is done about returned mail by itself: refusals judged, mailings stopped, old addresses."""

from __future__ import annotations

from datetime import timedelta

import pytest

from syndicator.alerts.models import Alert
from syndicator.clock import database_now
from syndicator.destinations.models import Destination
from syndicator.entries.models import LiveBlog
from syndicator.newsletter import suppressing
from syndicator.newsletter.claiming import due
from syndicator.newsletter.models import (
    Mailing,
    MailingRecipient,
    MailingState,
    RecipientState,
    Subscription,
    SubscriptionState,
    Suppression,
    SuppressionReason,
)
from syndicator.newsletter.progress import progress
from syndicator.newsletter.subscribing import subscribe
from syndicator.returns.models import THE_RULES, Rules
from syndicator.returns.rates import watch_rates
from syndicator.returns.sweep import sweep
from tests.newsletter.mailings import make_mailing
from tests.returns.mails import gone_out

pytestmark = pytest.mark.django_db


def test_what_the_relay_itself_refused_is_judged_too(
    destination: Destination, blog: LiveBlog
) -> None:
    recipients = gone_out(destination, blog, *(f"{n}@reader.example" for n in "abcd"))
    answers = ("550 5.1.1 No such user", "552 5.2.2 Full", "554 5.7.1 Spam", "451 4.3.0 Busy")
    for recipient, answer in zip(recipients, answers, strict=True):
        MailingRecipient.objects.filter(pk=recipient.pk).update(
            state=RecipientState.BOUNCED, answer=answer
        )

    assert sweep().judged == 4

    assert list(MailingRecipient.objects.order_by("pk").values_list("bounce", flat=True)) == [
        "hard",
        "soft",
        "refused",
        "soft",
    ]
    assert list(Suppression.objects.values_list("address", flat=True)) == ["a@reader.example"]
    assert sweep().judged == 0


def many(destination: Destination, blog: LiveBlog, number: int, returned: int) -> Mailing:
    """A mailing under way: *number* mails out, *returned* of them bounced, one waiting. It takes
    40 mails to judge by."""
    Rules.objects.get_or_create(pk=THE_RULES, defaults={"from_mails": 40})
    mailing = make_mailing(destination, blog, *(f"{n}@reader.example" for n in range(number + 1)))
    pks = list(mailing.recipients.order_by("pk").values_list("pk", flat=True))
    MailingRecipient.objects.filter(pk__in=pks[:number]).update(
        state=RecipientState.ACCEPTED, due_at=None
    )
    MailingRecipient.objects.filter(pk__in=pks[:returned]).update(
        state=RecipientState.BOUNCED, answer="550 5.7.1 No"
    )
    return mailing


def test_a_mailing_of_which_too_much_comes_back_is_stopped_once(
    destination: Destination, blog: LiveBlog
) -> None:
    mailing = many(destination, blog, number=40, returned=3)
    assert due().count() == 1

    assert sweep().stopped == 1

    mailing.refresh_from_db()
    assert mailing.state == MailingState.PAUSED
    assert str(mailing.wording) == "3 of 40 mails could not be delivered."
    assert due().count() == 0
    alert = Alert.objects.get(ended_at=None)
    assert "3 of 40" in str(alert.text_wording)
    # Somebody has looked and lets it go on: it is not stopped a second time.
    Mailing.objects.update(state=MailingState.SENDING)
    assert sweep().stopped == 0
    assert not Alert.objects.filter(ended_at=None).exists()


@pytest.mark.parametrize(("number", "returned"), [(39, 20), (40, 2)])
def test_few_mails_or_few_bounces_stop_nothing(
    number: int, returned: int, destination: Destination, blog: LiveBlog
) -> None:
    many(destination, blog, number, returned)

    assert sweep().stopped == 0
    assert not Alert.objects.exists()


def test_a_few_complaints_are_many(destination: Destination, blog: LiveBlog) -> None:
    mailing = many(destination, blog, number=40, returned=0)
    first = mailing.recipients.order_by("pk").values("pk")[:1]
    MailingRecipient.objects.filter(pk__in=list(first.values_list("pk", flat=True))).update(
        state=RecipientState.COMPLAINED, returned_at=database_now()
    )

    assert watch_rates(database_now()) == 1
    assert "reported as spam" in str(Alert.objects.get().text_wording)


def test_of_a_mailing_that_is_out_people_are_told(destination: Destination, blog: LiveBlog) -> None:
    mailing = many(destination, blog, number=40, returned=5)
    Mailing.objects.update(state=MailingState.DONE)

    assert sweep().stopped == 0

    mailing.refresh_from_db()
    assert mailing.state == MailingState.DONE
    alert = Alert.objects.get()
    assert "came back" in str(alert.title_wording)
    watch_rates(database_now() + timedelta(days=2))
    alert.refresh_from_db()
    assert alert.ended_at is not None


def test_recipients_of_long_ago_are_forgotten_and_their_number_is_not(
    destination: Destination, blog: LiveBlog
) -> None:
    recipients = gone_out(destination, blog, "ada@reader.example", "bob@reader.example")
    MailingRecipient.objects.update(answer="250 2.0.0 <ada@reader.example> taken")
    before = progress(recipients[0].mailing_id)
    assert sweep().forgotten == 0
    Mailing.objects.update(created_at=database_now() - timedelta(days=91))

    assert sweep().forgotten == 2

    assert "reader.example" not in str(
        list(MailingRecipient.objects.values("address", "answer", "reason"))
    )
    assert progress(recipients[0].mailing_id) == before
    assert sweep().forgotten == 0


def test_who_subscribed_at_the_moment_of_the_bounce_is_found(blog: LiveBlog) -> None:
    late = subscribe("ada@reader.example", blog)
    suppressing.suppress({late.subscriber.email: ""}, SuppressionReason.BY_HAND, database_now())
    Subscription.objects.update(state=SubscriptionState.ACTIVE)

    assert sweep().late == 1

    late.refresh_from_db()
    assert late.state == SubscriptionState.SUPPRESSED
