"""One clock for all times and leases: the database's.

Workers run on many hosts whose clocks differ; a lease that one host writes and another reads
must be measured by the one clock both can ask.
"""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import connection


def database_now() -> datetime:
    """The database server's time, aware, in UTC (SQLite: milliseconds; PostgreSQL: µs)."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            # julianday and unixepoch lose precision; the text form keeps milliseconds.
            cursor.execute("SELECT strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now')")
            return datetime.fromisoformat(cursor.fetchone()[0])
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
        return now.astimezone(UTC)
