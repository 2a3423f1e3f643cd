"""A mailing on the desk: how far it is, each recipient's fate, and what an editor does to it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from syndicator.accounts.models import AuditEntry
from syndicator.clock import database_now
from syndicator.newsletter.models import (
    Lane,
    Mailing,
    MailingRecipient,
    MailingState,
    RecipientState,
    Sender,
)
from syndicator.newsletter.senders import SILENCE
from syndicator.wording import Wording
from tests.factories import make_blog, make_destination
from tests.newsletter.mailings import make_mailing, subscribe_many

pytestmark = pytest.mark.django_db

S = RecipientState


def mailing_to(count: int, **values: object) -> Mailing:
    blog = make_blog(language="de")
    subscribe_many(blog, count)
    mailing = make_mailing(make_destination("email", "smtp://127.0.0.1:1"), blog)
    Mailing.objects.filter(pk=mailing.pk).update(**values)
    mailing.refresh_from_db()
    return mailing


def test_the_page_tells_how_far_it_is_and_how_long_it_takes(editor: Browser) -> None:
    mailing = mailing_to(
        10, reason=Wording("The mail server %(host)s cannot be reached.", {"host": "mx"}).to_json()
    )
    MailingRecipient.objects.filter(pk__in=mailing.recipients.all()[:4]).update(
        state=S.ACCEPTED, due_at=None, answer="250 2.0.0 Ok: queued"
    )
    Sender.objects.create(
        token="0", mailing=mailing, connections=5, rate=3.0, until=database_now() + SILENCE
    )
    page = editor.get(f"/mailings/{mailing.pk}/").content.decode()
    for said in (
        "4 of 10",
        "3 a second",
        "2 seconds left",
        "4 sent",
        "6 waiting",
        "250 2.0.0 Ok: queued",
        "The mail server mx cannot be reached.",
    ):
        assert said in page


def test_recipients_are_found_by_state_address_and_the_relays_words(editor: Browser) -> None:
    mailing = mailing_to(3)
    one, two, three = mailing.recipients.order_by("id")
    MailingRecipient.objects.filter(pk=two.pk).update(
        state=S.BOUNCED, answer="550 5.1.1 No such mailbox"
    )
    for query, shown in (
        ("", [one, two, three]),
        ("state=bounced", [two]),
        ("words=such+mailbox", [two]),
        (f"words={three.address}", [three]),
        ("state=queued&words=mailbox", []),
    ):
        page = editor.get(f"/mailings/{mailing.pk}/?{query}").content.decode()
        found = [row for row in (one, two, three) if f"<td>{row.address}</td>" in page]
        assert found == shown, query


def test_the_number_of_queries_does_not_grow_with_the_recipients(editor: Browser) -> None:
    numbers = []
    for count in (2, 150):
        mailing = mailing_to(count)
        editor.get(f"/mailings/{mailing.pk}/")
        with CaptureQueriesContext(connection) as made:
            editor.get(f"/mailings/{mailing.pk}/")
        numbers.append(len(made))
    assert numbers[0] == numbers[1]


def test_an_editor_pauses_goes_on_and_cancels(editor: Browser) -> None:
    mailing = mailing_to(3, lane=Lane.DIGEST)
    MailingRecipient.objects.filter(pk=mailing.recipients.first().pk).update(state=S.ACCEPTED)

    def act(name: str) -> MailingState:
        assert editor.post(f"/mailings/{mailing.pk}/{name}/").status_code == 302
        mailing.refresh_from_db()
        return MailingState(mailing.state)

    assert act("pause") == MailingState.PAUSED
    assert "Go on" in editor.get(f"/mailings/{mailing.pk}/").content.decode()
    assert act("pause") == MailingState.PAUSED, "the second click"
    assert act("resume") == MailingState.SENDING
    assert act("cancel") == MailingState.CANCELLED
    assert act("resume") == MailingState.CANCELLED, "not any more"
    assert sorted(mailing.recipients.values_list("state", flat=True)) == [
        S.ACCEPTED,
        S.WITHDRAWN,
        S.WITHDRAWN,
    ]
    acts = AuditEntry.objects.filter(what="newsletter.mailing").order_by("pk")
    assert list(acts.values_list("act", flat=True)) == ["paused", "resumed", "cancelled"]


@pytest.mark.parametrize(("act", "state"), [("again", S.QUEUED), ("settle", S.ACCEPTED)])
def test_an_editor_decides_about_uncertain_mails(editor: Browser, act: str, state: S) -> None:
    mailing = mailing_to(3, state=MailingState.DONE)
    mailing.recipients.update(state=S.ACCEPTED, due_at=None)
    unsure = mailing.recipients.order_by("-id").first()
    assert unsure
    MailingRecipient.objects.filter(pk=unsure.pk).update(state=S.UNCERTAIN)
    assert "may get it twice" in editor.get(f"/mailings/{mailing.pk}/").content.decode()
    editor.post(f"/mailings/{mailing.pk}/{act}/")
    unsure.refresh_from_db()
    assert unsure.state == state
    mailing.refresh_from_db()
    assert mailing.state == (MailingState.SENDING if act == "again" else MailingState.DONE)
    assert AuditEntry.objects.filter(what="newsletter.mailing").count() == 1
