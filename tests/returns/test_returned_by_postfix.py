"""A real Postfix returns what cannot be delivered: from the mail to the suppressed address."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from syndicator.clock import database_now
from syndicator.destinations.models import Destination
from syndicator.entries.models import LiveBlog
from syndicator.newsletter.fanout import send_due
from syndicator.newsletter.models import (
    Mailing,
    RecipientState,
    SubscriptionState,
    Suppression,
    SuppressionReason,
)
from syndicator.newsletter.return_path import return_path
from syndicator.returns.listening import Listener
from syndicator.returns.taking_in import Outcome, take_in
from tests.factories import make_destination
from tests.newsletter.mailings import make_mailing, states
from tests.ports import quiet_port
from tests.returns.postfix import BOUNCES, NOBODY, READER, Postfix, is_installed, serving_postfix

pytestmark = [
    pytest.mark.services,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        not is_installed() and "SYNDICATOR_TEST_NEEDS_POSTFIX" not in os.environ,
        reason="needs Postfix, and the right to run one",
    ),
]


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not pytest's own: Postfix's users may not look into that.
    with tempfile.TemporaryDirectory(prefix="syndicator-postfix-") as name:
        yield Path(name)


def sent(postfix: Postfix, blog: LiveBlog) -> Mailing:
    """A mailing to somebody and to nobody, which Postfix took both."""
    destination: Destination = make_destination("email", postfix.url, return_address=BOUNCES)
    mailing = make_mailing(destination, blog, READER, NOBODY)
    for _ in range(10):  # a machine that is busy may need longer than one task has
        send_due(mailing.pk)
    # The bounce may be here already.
    assert set(states(mailing).values()) <= {RecipientState.ACCEPTED, RecipientState.BOUNCED}
    return mailing


def check_effects(mailing: Mailing) -> None:
    nobody = mailing.recipients.select_related("subscription").get(address=NOBODY)
    assert states(mailing) == {
        "ada": RecipientState.ACCEPTED,
        "nobody-there": RecipientState.BOUNCED,
    }
    assert str(nobody.wording) == "The address does not exist."
    assert "unknown user" in nobody.answer
    assert nobody.subscription.state == SubscriptionState.SUPPRESSED
    suppression = Suppression.objects.get()
    assert (suppression.address, suppression.reason) == (NOBODY, SuppressionReason.HARD_BOUNCE)


def test_a_bounce_in_a_mailbox(folder: Path, blog: LiveBlog) -> None:
    with serving_postfix(folder) as postfix:
        mailing = sent(postfix, blog)
        (arrived,) = postfix.mails("ada")
        (bounce,) = postfix.mails("bounces")

    reader = mailing.recipients.get(address=READER)
    path = return_path(reader.pk, BOUNCES, on=mailing.created_at)
    assert f"Return-Path: <{path}>".encode() in arrived
    assert take_in(bounce, database_now()) == Outcome.BOUNCED
    assert take_in(bounce, database_now()) == Outcome.KNOWN
    check_effects(mailing)


def test_a_bounce_handed_over_by_lmtp(folder: Path, blog: LiveBlog) -> None:
    port = quiet_port()
    listener = Listener("127.0.0.1", port)
    listener.start()
    try:
        with serving_postfix(folder, lmtp_port=port) as postfix:
            mailing = sent(postfix, blog)
            postfix.mails("ada")
            for _ in range(600):
                if RecipientState.BOUNCED in states(mailing).values():
                    break
                time.sleep(0.05)
    finally:
        listener.stop()
    check_effects(mailing)
