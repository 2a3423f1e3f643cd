"""The database: whether it answers, is up to date, and has this host's time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.db.migrations.executor import MigrationExecutor

from syndicator.clock import database_now
from syndicator.diagnosis.findings import Finding, in_a_line, problem, unreachable
from syndicator.wording import TimedWording, Wording, gettext_noop

#: Platforms refuse requests that are signed minutes off, and logs do not match from less.
CLOCKS_APART = timedelta(seconds=2)

DOES_NOT_ANSWER = gettext_noop("The database does not answer: %(error)s")
SEE_TO_THE_DATABASE = Wording(
    gettext_noop("Start it, or correct SYNDICATOR_DATABASE_URL. Nothing goes out until then.")
)
NOT_UP_TO_DATE = gettext_noop("The database lacks %(count)s changes of this version.")
MIGRATE = Wording(gettext_noop("Run: syndicator migrate (“up” does it by itself at its start)."))
HOST_AHEAD = gettext_noop("This host's clock is %(seconds)s seconds ahead of the database's.")
HOST_BEHIND = gettext_noop("This host's clock is %(seconds)s seconds behind the database's.")
SET_THE_CLOCK = Wording(gettext_noop("Let a time service (NTP) set the clocks of both hosts."))


def opens_for_reading(patience: float) -> list[Finding]:
    """Open this thread's connection, for reading alone; no statement takes over *patience* s."""
    connection = connections[DEFAULT_DB_ALIAS]
    try:
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("PRAGMA query_only = ON")
            else:
                cursor.execute("SET default_transaction_read_only = on")
                cursor.execute(
                    "SELECT set_config('statement_timeout', %s, false)", [f"{patience}s"]
                )
    except Error as error:
        gaps = {"error": in_a_line(error)}
        return [unreachable(TimedWording(DOES_NOT_ANSWER, gaps), SEE_TO_THE_DATABASE)]
    return []


def is_up_to_date() -> list[Finding]:
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not missing:
        return []
    return [problem(TimedWording(NOT_UP_TO_DATE, {"count": len(missing)}), MIGRATE)]


def has_the_same_time() -> list[Finding]:
    before = datetime.now(UTC)
    there = database_now()
    here = before + (datetime.now(UTC) - before) / 2
    apart = here - there
    if abs(apart) < CLOCKS_APART:
        return []
    sentence = HOST_AHEAD if apart > timedelta(0) else HOST_BEHIND
    seconds = round(abs(apart).total_seconds())
    return [problem(TimedWording(sentence, {"seconds": seconds}), SET_THE_CLOCK)]
