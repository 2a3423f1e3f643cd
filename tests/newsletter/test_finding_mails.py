"""How the database finds the mails that are due next, of which it may know very little.

PostgreSQL's statistics are as old as its last look at the table. That is often before a mailing was
made to very many, and then it takes one way to a row to be as good as any other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from syndicator.clock import database_now
from syndicator.destinations.models import Destination
from syndicator.newsletter.claiming import are_due
from syndicator.newsletter.fanout import close_finished
from syndicator.newsletter.lanes import senders_wanted, unattended
from syndicator.newsletter.limits import Limits
from syndicator.newsletter.models import Mailing, MailingRecipient, RecipientState
from syndicator.newsletter.sweep import bring_times_into_line, mark_abandoned
from syndicator.newsletter.throttle import claim_allowed
from tests.factories import make_blog
from tests.newsletter.mailings import make_mailing, subscribe_many

MANY = 3000
TABLE = MailingRecipient._meta.db_table
EXPLAIN = {"sqlite": "EXPLAIN QUERY PLAN ", "postgresql": "EXPLAIN "}
SORTS = {"sqlite": "TEMP B-TREE", "postgresql": "Sort"}
#: What a plan says where all rows of the table are looked at, or all that wait for each mailing.
ALL = {
    "sqlite": re.compile(rf"SCAN ({TABLE}|[UV]\d)$", re.MULTILINE),
    "postgresql": re.compile(rf"Seq Scan on {TABLE}|Semi Join"),
}


@pytest.fixture
def plans() -> Iterator[list[str]]:
    """How the database is about to carry out each statement on the table that comes."""
    made: list[str] = []

    def explain(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if TABLE in sql:
            *_, context = rest
            execute(EXPLAIN[connection.vendor] + sql, *rest)
            made.append("\n".join(str(row[-1]) for row in context["cursor"].fetchall()))
        return execute(sql, *rest)

    with connection.execute_wrapper(explain):
        yield made


@pytest.fixture
def tempting(transactional_db: None) -> Iterator[None]:
    """An index, smaller than the right one, that an administrator may have made for a report."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE INDEX tempting ON {TABLE} (mailing_id)")
        try:
            yield
        finally:
            cursor.execute("DROP INDEX tempting")


def to_many(destination: Destination) -> Mailing:
    blog = make_blog()
    subscribe_many(blog, MANY)
    return make_mailing(destination, blog)


@pytest.fixture
def waiting(transactional_db: None, destination: Destination) -> Mailing:
    """A mailing to very many, of which the statistics know nothing: they are as old as the last
    one, of which no mail waits any more."""
    old = to_many(destination)
    sent = MailingRecipient.objects.filter(mailing=old)
    sent.update(state=RecipientState.ACCEPTED, due_at=None, attempts=1)
    if connection.vendor == "postgresql":  # SQLite is never analysed
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return to_many(destination)


@pytest.mark.usefixtures("tempting")
@pytest.mark.parametrize("limits", [Limits(), Limits(domains={"other.example": 6000})])
def test_a_claim_sorts_nothing(waiting: Mailing, plans: list[str], limits: Limits) -> None:
    assert len(claim_allowed(waiting.pk, waiting.destination_id, "sender", 200, limits)) == 200
    assert plans
    for plan in plans:
        assert "recipients_in_order" in plan, plan
        assert SORTS[connection.vendor] not in plan, plan


def of_one_mailing(mailing: Mailing) -> None:
    assert are_due(mailing.pk)
    assert not are_due(mailing.pk, more_than=1)
    assert senders_wanted(mailing) == 1


def of_all_that_are_sent(mailing: Mailing) -> None:
    assert mailing in unattended()
    assert close_finished() == 1, "the old one"


@pytest.mark.parametrize("ask", [of_one_mailing, of_all_that_are_sent])
@pytest.mark.parametrize("are_known", [False, True])
def test_for_a_mailing_to_few_nobody_looks_through_those_to_very_many(
    waiting: Mailing, plans: list[str], ask: Callable[[Mailing], None], are_known: bool
) -> None:
    """Whether the statistics know of those or not."""
    if are_known and connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    few = make_mailing(waiting.destination, make_blog(), "one@reader.example")
    plans.clear()
    ask(few)
    assert plans
    for plan in plans:
        assert found_by(plan) == {"recipients_in_order"}, plan


def test_a_sweep_looks_at_those_that_were_tried_and_at_no_others(
    waiting: Mailing, plans: list[str]
) -> None:
    now = database_now()
    with transaction.atomic():
        mark_abandoned(now)
        bring_times_into_line(now)
    assert plans
    for plan in plans:
        # Those under way have a second one, by their senders.
        known = {"recipients_tried", "recipients_in_order", "recipients_of_sender"}
        assert found_by(plan), plan
        assert found_by(plan) <= known, plan


def test_waits_that_no_right_clock_wrote_are_ended_of_mails_tried_or_not(waiting: Mailing) -> None:
    now = database_now()
    untried, tried, often = MailingRecipient.objects.filter(mailing=waiting)[:3]
    ahead = now + timedelta(days=1)
    MailingRecipient.objects.filter(pk=untried.pk).update(due_at=ahead)
    MailingRecipient.objects.filter(pk=tried.pk).update(due_at=ahead, attempts=1)
    MailingRecipient.objects.filter(pk=often.pk).update(due_at=ahead, attempts=9)
    assert bring_times_into_line(now) == 3
    for mail, wait in ((untried, 0), (tried, 1), (often, 240)):
        mail.refresh_from_db()
        assert mail.due_at == now + timedelta(minutes=wait)


def found_by(plan: str) -> set[str]:
    """The indexes by which mails are found, one by one; none if it takes looking at all."""
    return (
        set() if ALL[connection.vendor].search(plan) else set(re.findall(r"recipients_\w+", plan))
    )
