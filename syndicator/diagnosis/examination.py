"""Looks at everything, none of it for longer than it may take.

It works beside a running installation and when half of one is down: it only reads, each topic is
looked at in a thread of its own, and one that does not answer in time is left behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Thread

import structlog
from django.db import Error, connections

from syndicator.diagnosis import (
    accounts,
    asked_mails,
    broker,
    database,
    decisions,
    delivery,
    disk,
    mailings,
    people,
    pictures,
    sources,
)
from syndicator.diagnosis.findings import Finding, Severity, in_a_line, unreachable
from syndicator.wording import TimedWording, Wording, gettext_noop

log = structlog.get_logger(__name__)

#: Seconds for one topic. A database server that is away is noticed a little sooner.
PATIENCE = 7.0

NO_ANSWER = gettext_noop("No answer within %(seconds)s seconds.")
LOOK_AT_IT = Wording(gettext_noop("Look whether it runs, and whether it is reached from here."))
BROKEN = gettext_noop("This could not be looked at: %(error)s")
REPORT_IT = Wording(gettext_noop("The log says more."))

Look = Callable[[], list[Finding]]


@dataclass(frozen=True, slots=True)
class Topic:
    """What belongs together on the screen."""

    name: str
    looks: tuple[Look, ...]
    needs_database: bool = True


@dataclass(frozen=True, slots=True)
class Examined:
    """A topic and what was found; None if it could not be looked at for want of the database."""

    topic: Topic
    findings: list[Finding] | None


DATABASE = Topic("Database", (database.is_up_to_date, database.has_the_same_time))
BROKER = Topic("Broker", (broker.answers,), needs_database=False)
SWEEPER = Topic("Sweeper", (broker.sweeper_runs,))
ENTRIES = Topic("Entries", (delivery.entries_are_rendered,))
PICTURES = Topic("Pictures", (pictures.stores_answer, pictures.new_ones_are_in_the_store))
SOURCES = Topic("Sources", (sources.sources_are_looked_at, sources.sources_are_read))
STOPS = Topic("Stops", (delivery.nothing_is_stopped,))
DELIVERY = Topic("Delivery", (delivery.posts_are_sent, delivery.senders_are_alive))
DECISIONS = Topic("Decisions", (decisions.posts_wait_for_nobody,))
MAILINGS = Topic(
    "Mailings",
    (mailings.mailings_go_on, mailings.mails_are_sent, mailings.mails_are_certain),
)
ACCOUNTS = Topic(
    "Accounts",
    (
        accounts.plug_ins_load,
        accounts.keys_are_readable,
        accounts.access_is_accepted,
        accounts.access_lasts,
    ),
)
DISK = Topic("Disk", (disk.has_room,), needs_database=False)
SIGN_UP = Topic("Sign-up", (asked_mails.asked_mails_go_out,))
PEOPLE = Topic("People", (people.somebody_is_told,))

#: In the order in which to mend things.
TOPICS = (
    DATABASE,
    BROKER,
    SWEEPER,
    DISK,
    PICTURES,
    SOURCES,
    ENTRIES,
    STOPS,
    DELIVERY,
    MAILINGS,
    SIGN_UP,
    DECISIONS,
    ACCOUNTS,
    PEOPLE,
)

#: What the desk tells besides what its pages show anyway.
AT_A_GLANCE: tuple[Look, ...] = (
    broker.sweeper_runs,
    sources.sources_are_looked_at,
    delivery.entries_are_rendered,
    delivery.senders_are_alive,
    mailings.mails_are_sent,
    accounts.keys_are_readable,
)


def at_a_glance() -> list[Finding]:
    """What needs somebody who looks after the installation, for a page: quick, and calm."""
    return [found for look in AT_A_GLANCE for found in look() if found.severity != Severity.NOTE]


def examine(patience: float = PATIENCE) -> Iterator[Examined]:
    """Every topic in turn. Without a database that can be read the others that need it are left."""
    readable = True
    for topic in TOPICS:
        if topic.needs_database and not readable:
            yield Examined(topic, None)
            continue
        findings = _within(patience, topic)
        if topic.needs_database:
            lost = any(found.severity == Severity.UNREACHABLE for found in findings)
            readable = not lost and not (topic is DATABASE and _lacks_changes(findings))
        yield Examined(topic, findings)


def _lacks_changes(findings: list[Finding]) -> bool:
    return any(found.what.sentence == database.NOT_UP_TO_DATE for found in findings)


def _within(patience: float, topic: Topic) -> list[Finding]:
    found: list[list[Finding]] = []
    thread = Thread(target=lambda: found.append(_look(topic, patience)), daemon=True)
    thread.start()
    thread.join(patience)
    if found:
        return found[0]
    return [unreachable(TimedWording(NO_ANSWER, {"seconds": round(patience)}), LOOK_AT_IT)]


def _look(topic: Topic, patience: float) -> list[Finding]:
    try:
        if topic.needs_database and (gone := database.opens_for_reading(patience)):
            return gone
        return [finding for look in topic.looks for finding in look()]
    except Error as error:
        return [unreachable(TimedWording(BROKEN, {"error": in_a_line(error)}), LOOK_AT_IT)]
    except Exception as error:
        log.exception("a check failed", topic=topic.name)
        return [unreachable(TimedWording(BROKEN, {"error": in_a_line(error)}), REPORT_IT)]
    finally:
        connections.close_all()
