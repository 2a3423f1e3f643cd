"""The broker, and the sweeper that it carries."""

from __future__ import annotations

from datetime import timedelta

from celery import current_app
from kombu.exceptions import OperationalError

from syndicator.clock import database_now
from syndicator.diagnosis.findings import Finding, in_a_line, problem, unreachable
from syndicator.posts.models import SweepReport
from syndicator.wording import TimedWording, Wording, gettext_noop

#: Seconds for the broker to take a connection.
PATIENCE = 3
#: It runs every second; a worker that is busy may be late.
LATE = timedelta(seconds=30)

DOES_NOT_ANSWER = gettext_noop("The broker at %(address)s does not answer: %(error)s")
START_THE_BROKER = Wording(
    gettext_noop(
        "Start it, or correct SYNDICATOR_BROKER_URL. Nothing is lost; nothing goes out until then."
    )
)
NEVER_RAN = TimedWording(gettext_noop("The sweeper has never run."))
DOES_NOT_RUN = TimedWording(
    gettext_noop("The sweeper does not run, so what waits is not sent when its time comes.")
)
START_SYNDICATOR = Wording(
    gettext_noop(
        "Start Syndicator (syndicator up), or on many machines beat and the worker of “sweep”."
    )
)


def answers() -> list[Finding]:
    """An embedded broker is part of the process whose sweeper is looked at."""
    with current_app.connection_for_write() as connection:
        try:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=PATIENCE)
        except (OperationalError, OSError) as error:
            said = {"address": connection.as_uri(), "error": in_a_line(error)}
            return [unreachable(TimedWording(DOES_NOT_ANSWER, said), START_THE_BROKER)]
    return []


def sweeper_runs() -> list[Finding]:
    report = SweepReport.objects.first()
    if report is None:
        return [problem(NEVER_RAN, START_SYNDICATOR)]
    if database_now() - report.swept_at < LATE:
        return []
    return [problem(DOES_NOT_RUN, START_SYNDICATOR, report.swept_at)]
