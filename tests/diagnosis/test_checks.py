"""Each check finds what is wrong, says since when and what to do; it is silent when all is well."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from celery import current_app
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from pytest_django import Settings

from syndicator.accounts.models import Role
from syndicator.clock import database_now
from syndicator.destinations.models import AccountProfile, Destination, Policy
from syndicator.destinations.trouble import access_refused
from syndicator.diagnosis import (
    accounts,
    broker,
    database,
    decisions,
    delivery,
    disk,
    mailings,
    people,
    sources,
)
from syndicator.diagnosis.examination import TOPICS
from syndicator.diagnosis.findings import Finding, Severity
from syndicator.entries.models import Entry
from syndicator.following import switching
from syndicator.following.models import Following
from syndicator.newsletter.fanout import RELAY_PAUSE
from syndicator.newsletter.models import Mailing, MailingRecipient, RecipientState
from syndicator.newsletter.subscribing import subscribe
from syndicator.outbound.fetch import NOT_OK
from syndicator.posts import review
from syndicator.posts.line import NO_LONGER_NEWS
from syndicator.posts.models import Action, Post, PostState, SweepReport
from syndicator.wording import Wording
from tests.desk.followed_sources import make_followed
from tests.factories import make_blog, make_destination, make_entry, make_post, make_user

pytestmark = pytest.mark.django_db

WHY = Wording("The key has expired.")


def told(finding: Finding) -> str:
    return str(finding.what.wording(datetime.isoformat))


def only(findings: list[Finding], severity: Severity = Severity.PROBLEM) -> Finding:
    """The one finding, of that severity; a problem says what to do."""
    (finding,) = findings
    assert finding.severity == severity
    assert finding.advice or severity != Severity.PROBLEM
    return finding


def change(post: Post, **values: object) -> None:
    Post.objects.filter(pk=post.pk).update(**values)


@pytest.fixture
def long_ago() -> datetime:
    return database_now() - timedelta(hours=2)


@pytest.fixture
def due(long_ago: datetime) -> Post:
    """A post that has been due for two hours."""
    post = make_post(Policy.AUTOMATIC)
    change(post, due_at=long_ago, fresh_until=None)
    return post


def test_nothing_is_wrong_with_a_new_installation_that_works(settings: Settings) -> None:
    settings.EMAIL_HOST = "mail.example.org"
    make_user(Role.ADMIN, email="admin@example.org")
    make_destination()
    now = database_now()
    SweepReport.objects.create(pk=1, swept_at=now, rung_at=now)
    found = [finding for topic in TOPICS for look in topic.looks for finding in look()]
    assert found == []


def test_missing_migrations() -> None:
    MigrationRecorder(connection).migration_qs.filter(app="posts").latest("id").delete()
    assert "lacks 1 changes" in told(only(database.is_up_to_date()))


@pytest.mark.parametrize(
    ("seconds", "said"), [(-90, "90 seconds ahead"), (90, "90 seconds behind")]
)
def test_clocks_that_differ(monkeypatch: pytest.MonkeyPatch, seconds: int, said: str) -> None:
    # A machine has one clock for its database and everything else: the other one is made up.
    real = database_now
    monkeypatch.setattr(database, "database_now", lambda: real() + timedelta(seconds=seconds))
    assert said in told(only(database.has_the_same_time()))


def test_a_broker_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current_app.conf, "broker_write_url", "redis://:secret@127.0.0.1:1/0")
    found = only(broker.answers(), Severity.UNREACHABLE)
    assert "127.0.0.1:1" in told(found)
    assert "secret" not in told(found)


def test_a_sweeper_that_never_ran_or_stopped(long_ago: datetime) -> None:
    assert "never run" in told(only(broker.sweeper_runs()))
    SweepReport.objects.create(pk=1, swept_at=long_ago, rung_at=long_ago)
    assert only(broker.sweeper_runs()).since == long_ago


def test_entries_that_nobody_renders(long_ago: datetime) -> None:
    make_entry()
    assert delivery.entries_are_rendered() == []
    Entry.objects.update(render_due_at=long_ago)
    found = only(delivery.entries_are_rendered())
    assert (found.since, found.what.gaps["count"]) == (long_ago, 1)


def test_senders_that_vanished(due: Post, long_ago: datetime) -> None:
    change(due, state=PostState.SENDING, due_at=database_now() + timedelta(seconds=30))
    assert delivery.senders_are_alive() == []
    change(due, due_at=long_ago)
    assert only(delivery.senders_are_alive()).since == long_ago


def test_a_stop(due: Post) -> None:
    stop, _ = review.stop(make_user(first_name="Mia"), "Falsche Zahl")
    found = only(delivery.nothing_is_stopped())
    assert "Mia stopped everything (Falsche Zahl); posts that wait: 1." in told(found)
    assert found.since == stop.pressed_at
    assert delivery.posts_are_sent() == []


def test_posts_that_no_worker_takes(due: Post, long_ago: datetime) -> None:
    found = only(delivery.posts_are_sent())
    assert "no worker takes: 1" in told(found)
    assert found.since == long_ago
    change(due, due_at=database_now())
    assert delivery.posts_are_sent() == []


def test_a_destination_that_a_platform_paused(due: Post, long_ago: datetime) -> None:
    Destination.pause(due.destination_id, WHY, long_ago)
    found = only(delivery.posts_are_sent())
    assert "paused; posts that wait: 1" in told(found)
    assert found.since == long_ago
    assert found.because is not None
    assert found.because.sentence == WHY.sentence


def test_a_destination_that_a_person_paused_is_no_problem_while_nothing_waits(due: Post) -> None:
    review.pause(due.destination_id, make_user(Role.ADMIN))
    only(delivery.posts_are_sent())
    change(due, state=PostState.REJECTED, due_at=None)
    only(delivery.posts_are_sent(), Severity.NOTE)


def test_an_open_circuit(due: Post, long_ago: datetime) -> None:
    until = database_now() + timedelta(minutes=5)
    Destination.objects.update(failures=6, circuit_opened_at=long_ago, next_post_at=until)
    found = only(delivery.posts_are_sent())
    assert f"next try at {until.isoformat()}" in told(found)
    assert found.since == long_ago


def platform_waits(post: Post) -> None:
    Destination.objects.update(next_post_at=database_now() + timedelta(minutes=5))


def entry_changed(post: Post) -> None:
    Entry.objects.update(render_due_at=database_now())


def older_entry_comes(post: Post) -> None:
    make_entry(post.entry.blog, published_at=post.published_at - timedelta(hours=1))


def older_post_in_flight(post: Post) -> None:
    older = make_post(Policy.AUTOMATIC, post.destination)
    change(older, state=PostState.SENDING, due_at=database_now() + timedelta(seconds=50))


def older_post_looked_up(post: Post) -> None:
    older = make_post(Policy.AUTOMATIC, post.destination)
    earlier = post.published_at - timedelta(hours=1)
    change(older, state=PostState.UNCERTAIN, published_at=earlier)


@pytest.mark.parametrize(
    ("arrange", "because"),
    [
        (platform_waits, "The platform asks to wait"),
        (entry_changed, "its new version is being prepared"),
        (older_entry_comes, "An earlier entry is still being prepared."),
        (older_post_in_flight, "An earlier post is being sent."),
        (older_post_looked_up, "being looked up on the platform"),
    ],
)
def test_what_ends_by_itself_is_noted_with_its_reason(
    due: Post, arrange: Callable[[Post], None], because: str
) -> None:
    arrange(due)
    found = only(delivery.posts_are_sent(), Severity.NOTE)
    assert found.because is not None
    assert because in str(found.because.wording(datetime.isoformat))


def test_what_passes_in_a_moment_is_not_worth_a_word(due: Post) -> None:
    change(due, due_at=database_now())
    older_post_in_flight(due)
    assert delivery.posts_are_sent() == []


def test_tries_that_fail_are_noted_before_the_circuit_opens() -> None:
    make_destination()
    Destination.objects.update(failures=2)
    assert "failed: 2" in told(only(delivery.posts_are_sent(), Severity.NOTE))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"state": PostState.PENDING}, "an editor's approval: 1"),
        ({"state": PostState.PENDING, "reason": NO_LONGER_NEWS.to_json()}, "while they were news"),
        ({"state": PostState.FAILED}, "failed: 1"),
        ({"state": PostState.UNCERTAIN}, "may be out, or not: 1"),
        ({"state": PostState.SKIPPED, "action": Action.DELETE}, "by hand on the platform: 1"),
    ],
)
def test_posts_that_wait_for_a_person(
    due: Post, long_ago: datetime, values: dict[str, object], said: str
) -> None:
    assert decisions.posts_wait_for_nobody() == []
    change(due, due_at=None, changed_at=long_ago, **values)
    found = only(decisions.posts_wait_for_nobody())
    assert said in told(found)
    assert found.since == long_ago


def test_an_editor_has_time_to_approve() -> None:
    make_post(Policy.REVIEW)
    only(decisions.posts_wait_for_nobody(), Severity.NOTE)


@pytest.fixture
def mailing(long_ago: datetime) -> Mailing:
    """Of which one mail has been due for two hours."""
    blog, destination = make_blog(), make_destination("email")
    made = Mailing.objects.create(
        destination=destination,
        blog=blog,
        key="k",
        message={"text": "", "permalink": "", "subject": "Gipfel"},
        created_at=long_ago,
    )
    MailingRecipient.objects.create(
        mailing=made,
        subscription=subscribe("leserin@example.org", blog),
        address="leserin@example.org",
        message_id="<1@example.org>",
        due_at=long_ago,
    )
    return made


def test_mails_that_no_worker_takes(mailing: Mailing, long_ago: datetime) -> None:
    assert only(mailings.mails_are_sent()).since == long_ago
    MailingRecipient.objects.update(due_at=database_now())
    assert mailings.mails_are_sent() == []


def test_a_mailing_that_is_held(mailing: Mailing) -> None:
    now = database_now()
    Mailing.objects.update(reason=WHY.to_json(), paused_until=now + RELAY_PAUSE)
    found = only(mailings.mailings_go_on())
    assert "“Gipfel” is held" in told(found)
    assert found.because is not None
    Mailing.objects.update(created_at=now)
    only(mailings.mailings_go_on(), Severity.NOTE)


def test_mails_of_which_nobody_knows(mailing: Mailing) -> None:
    MailingRecipient.objects.update(state=RecipientState.UNCERTAIN, due_at=None)
    assert "1" in told(only(mailings.mails_are_certain(), Severity.NOTE))
    Mailing.objects.update(created_at=database_now() - timedelta(days=8))
    assert mailings.mails_are_certain() == []


def test_a_plug_in_that_is_not_there() -> None:
    make_destination()
    Destination.objects.update(channel_name="gone")
    assert "No channel called “gone”" in told(only(accounts.plug_ins_load()))


def test_keys_that_decrypt_nothing() -> None:
    made = make_destination()
    Destination.objects.update(encrypted_secrets="gAAAAA-of-another-installation")
    assert made.name in told(only(accounts.keys_are_readable()))


def test_access_that_ends_or_is_refused() -> None:
    made = make_destination()
    now = database_now()
    profile = AccountProfile.objects.create(destination=made, ends_at=now + timedelta(days=15))
    assert accounts.access_lasts() == []
    profile.ends_at = now + timedelta(days=13)
    profile.save()
    assert f"{made.name} ends at" in told(only(accounts.access_lasts()))
    profile.ends_at = now
    profile.save()
    assert f"{made.name} ended at" in told(only(accounts.access_lasts()))
    assert accounts.access_is_accepted() == []
    access_refused(made, WHY, now)
    assert only(accounts.access_is_accepted()).since == now


def test_a_source_that_no_worker_looks_at(long_ago: datetime) -> None:
    following = make_followed(make_entry())
    assert sources.sources_are_looked_at() == []
    Following.objects.update(due_at=long_ago)
    found = only(sources.sources_are_looked_at())
    assert (found.since, found.what.gaps["count"]) == (long_ago, 1)
    switching.switch_off(following.pk)
    assert sources.sources_are_looked_at() == []


@pytest.mark.parametrize(
    ("status", "severity"), [(500, Severity.PROBLEM), (429, Severity.NOTE), (503, Severity.NOTE)]
)
def test_a_source_that_cannot_be_read(long_ago: datetime, status: int, severity: Severity) -> None:
    why = Wording(NOT_OK.sentence, {"host": "magazin.example.org", "status": status})
    following = make_followed(make_entry(), problem=why.to_json(), answered_at=long_ago)
    assert sources.sources_are_read() == []
    Following.objects.update(failures=sources.FEW_FAILURES)
    found = only(sources.sources_are_read(), severity)
    assert f"“{following.source.name}”" in told(found)
    assert found.since == long_ago
    assert found.because
    assert str(status) in str(found.because.wording(str))
    Following.objects.update(due_at=None)
    assert sources.sources_are_read() == []


def test_a_disk_with_little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    assert disk.has_room() == []
    # The real disk, and a larger idea of what is little.
    monkeypatch.setattr(disk, "LITTLE", 10**12)
    assert "are free on the disk of" in told(only(disk.has_room()))


def test_nobody_to_tell(settings: Settings) -> None:
    settings.EMAIL_HOST = ""
    make_user(Role.EDITOR, email="editor@example.org")
    make_user(Role.ADMIN, email="gone@example.org", is_active=False)
    assert [told(found) for found in people.somebody_is_told()] == [
        "No mail server is set, so nobody is told when something stops.",
        "No administrator has a mail address, so nobody is told when something stops.",
    ]
    settings.EMAIL_HOST = "mail.example.org"
    settings.ALERT_ADDRESSES = ["duty@example.org"]
    assert people.somebody_is_told() == []
