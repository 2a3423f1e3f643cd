"""A file of people becomes subscriptions, once, whatever happens on the way."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from syndicator.clock import database_now
from syndicator.entries.models import LiveBlog
from syndicator.newsletter.erasing import erase
from syndicator.newsletter.models import Pace, Subscriber, Subscription, SubscriptionState
from syndicator.newsletter.subscribing import subscribe
from syndicator.subscriber_lists import importing
from syndicator.subscriber_lists.exporting import rows
from syndicator.subscriber_lists.files import UnreadableFile
from syndicator.subscriber_lists.importing import PART, begin, work_off
from syndicator.subscriber_lists.models import ImportPart, ImportState, SubscriberImport
from syndicator.subscriber_lists.outcomes import Fate
from syndicator.subscriber_lists.report import outcomes, report
from syndicator.subscriber_lists.sweep import ARRIVAL, KEPT, sweep
from tests.factories import make_blog
from tests.rings import Rung
from tests.subscriber_lists.lists import subscriber_import

pytestmark = pytest.mark.django_db


@pytest.fixture
def blog() -> LiveBlog:
    return make_blog()


def active(blog: LiveBlog) -> set[str]:
    found = Subscription.objects.filter(blog=blog, state=SubscriptionState.ACTIVE)
    return set(found.values_list("subscriber__email", flat=True))


def many(number: int) -> str:
    return "email\n" + "".join(f"reader{n}@example.org\n" for n in range(number))


def fates(batch: SubscriberImport) -> dict[int, Fate]:
    return {one.line: one.fate for one in outcomes(batch)}


def test_every_line_has_its_outcome(blog: LiveBlog) -> None:
    subscribe("there@example.org", blog)
    gone = subscribe("gone@example.org", blog)
    Subscription.objects.filter(pk=gone.pk).update(state=SubscriptionState.UNSUBSCRIBED)
    batch = subscriber_import(
        blog,
        "email;name;status;unsubscribed_at\n"
        "new@example.org;Jo;;\n"
        "there@example.org;;;\n"
        "gone@example.org;;;\n"
        "nonsense;;;\n"
        "left@example.org;;unsubscribed;2020-01-01\n"
        "NEW@example.org;;;\n",
    )
    assert batch.state == ImportState.DONE
    assert fates(batch) == {
        2: Fate.ADDED,
        3: Fate.THERE,
        4: Fate.STAYS_AWAY,
        5: Fate.REFUSED,
        6: Fate.LEFT,
        7: Fate.THERE,
    }
    assert report(batch).tally == dict.fromkeys(Fate, 1) | {Fate.THERE: 2}
    assert active(blog) == {"new@example.org", "there@example.org"}
    assert Subscription.objects.get(subscriber__email="new@example.org").pace == Pace.HOURLY
    [refused] = report(batch).refused
    assert refused.line == 5
    assert "nonsense" in str(refused.reason)


def test_who_left_elsewhere_after_they_came_here_is_let_go(blog: LiveBlog) -> None:
    subscribe("stays@example.org", blog)
    subscribe("goes@example.org", blog)
    later = (database_now() + timedelta(minutes=1)).isoformat()
    subscriber_import(
        blog, f"email,unsub_time\nstays@example.org,2001-01-01\ngoes@example.org,{later}\n"
    )
    assert active(blog) == {"stays@example.org"}


def test_who_was_erased_is_not_brought_back(blog: LiveBlog) -> None:
    erase(subscribe("erased@example.org", blog).subscriber)
    batch = subscriber_import(blog, "email\nerased@example.org\nnew@example.org\n")
    assert fates(batch) == {2: Fate.STAYS_AWAY, 3: Fate.ADDED}
    assert not Subscriber.objects.filter(email="erased@example.org").exists()


def test_an_export_imported_again_changes_nothing(blog: LiveBlog) -> None:
    subscriber_import(blog, many(3))
    before = list(Subscription.objects.order_by("pk").values())
    exported = list(rows(blog))
    batch = subscriber_import(blog, "\n".join(map(",".join, exported)))
    assert report(batch).tally == {Fate.THERE: 3}
    assert list(Subscription.objects.order_by("pk").values()) == before
    other = make_blog()
    subscriber_import(other, "\n".join(map(",".join, exported)), Pace.DAILY)
    assert [row[:6] for row in rows(other)] == [row[:6] for row in exported]


def test_nobody_is_taken_from_a_file_that_breaks_off(blog: LiveBlog) -> None:
    with pytest.raises(UnreadableFile):
        subscriber_import(blog, many(PART * 2) + '"open')
    assert not Subscriber.objects.exists()
    assert not SubscriberImport.objects.exists()


def test_a_part_is_taken_in_as_a_whole_or_not_at_all(
    blog: LiveBlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = importing.enrol, []

    def dying(*arguments: object) -> object:
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(importing, "enrol", dying)
    with pytest.raises(KeyboardInterrupt):
        subscriber_import(blog, many(PART * 3))
    batch = SubscriberImport.objects.get()
    assert len(active(blog)) == PART
    work_off(batch.pk)
    assert len(active(blog)) == PART * 3
    assert set(fates(batch).values()) == {Fate.ADDED}
    assert len(fates(batch)) == PART * 3


def test_a_part_needs_few_statements(blog: LiveBlog) -> None:
    with CaptureQueriesContext(connection) as captured:
        subscriber_import(blog, many(PART))
    # SQLite takes a thousand values in one.
    assert len(captured) < PART / 15


def test_the_lines_themselves_are_not_kept(blog: LiveBlog) -> None:
    content = "email,telephone,name\nreader@example.org,0123456,Jo\n"
    begin(io.BytesIO(content.encode()), blog, name="x", consent="x", pace=Pace.DAILY, who=None)
    batch = SubscriberImport.objects.get()
    part = ImportPart.objects.get()
    assert "0123456" not in str(part.lines)
    work_off(batch.pk)
    part.refresh_from_db()
    assert part.lines == []
    SubscriberImport.objects.update(ended_at=database_now() - KEPT)
    sweep()
    assert not list(outcomes(batch))


def test_the_sweeper_rings_for_what_is_left_and_forgets_what_never_arrived(
    blog: LiveBlog, rung: Rung
) -> None:
    running = subscriber_import(blog)
    SubscriberImport.objects.update(state=ImportState.RUNNING)
    SubscriberImport.objects.create(
        blog=blog,
        file_name="broken off",
        origin="plain",
        places=[],
        pace=Pace.DAILY,
        consent="",
        created_at=database_now() - ARRIVAL,
    )
    sweep()
    assert [batch.pk for batch in SubscriberImport.objects.all()] == [running.pk]
    assert rung() == [("subscribers.take_in", (running.pk,))]
