"""Who gets the mail of one entry at once, and what a change of pace means for what waits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from syndicator.channels.base import Message
from syndicator.entries.models import Entry, LiveBlog
from syndicator.newsletter.models import Pace, Subscription
from syndicator.newsletter.pacing import set_pace, told_at_once
from syndicator.newsletter.subscribing import subscribe
from tests.channels.email.stories import make_message
from tests.factories import make_entry

pytestmark = pytest.mark.django_db


def reader(name: str, blog: LiveBlog, pace: Pace) -> int:
    made = subscribe(f"{name}@reader.example", blog)
    Subscription.objects.filter(pk=made.pk).update(pace=pace)
    return made.pk


def names(blog: LiveBlog, entry: Entry, *, urgent: bool = False) -> set[str]:
    found = told_at_once(blog, entry.permalink, urgent=urgent)
    return {email.partition("@")[0] for email in found.values_list("subscriber__email", flat=True)}


def test_each_pace_gets_what_it_asked_for(blog: LiveBlog) -> None:
    for pace in Pace:
        reader(pace.value.replace("_", "-"), blog, pace)
    entry = make_entry(blog)
    assert names(blog, entry) == {"entry"}
    assert names(blog, entry, urgent=True) == {"entry", "key-event"}


def test_what_waits_while_somebody_changes_reaches_them_one_way(blog: LiveBlog) -> None:
    to_digests = reader("to-digests", blog, Pace.EVERY_ENTRY)
    to_mails = reader("to-mails", blog, Pace.HOURLY)
    before = make_entry(blog)
    set_pace(to_digests, Pace.HOURLY)
    set_pace(to_mails, Pace.EVERY_ENTRY)
    after = make_entry(blog)
    # A change and an entry may fall into one millisecond.
    Entry.objects.filter(pk=after.pk).update(received_at=after.received_at + timedelta(seconds=1))
    Entry.objects.filter(pk=before.pk).update(received_at=before.received_at - timedelta(seconds=1))
    assert names(blog, before) == {"to-digests"}
    assert names(blog, after) == {"to-mails"}


def test_an_urgent_message_is_frozen_as_such_and_others_as_before() -> None:
    urgent, plain = make_message(key_event=True), make_message(key_event=False)
    assert Message.from_json(urgent.to_json()) == urgent
    assert urgent.urgent
    assert "urgent" not in plain.to_json()
