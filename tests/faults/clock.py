"""The database's clock, set forward or back while an installation runs.

On SQLite its own function `strftime` is replaced; on PostgreSQL a function of the same name stands
before the server's own on the search path. The product's statements are the same.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

FILE = "clock"
#: For a fresh PostgreSQL database, before anything connects to it.
SET_UP = """
CREATE SCHEMA clock;
CREATE TABLE clock.ahead (seconds double precision NOT NULL);
INSERT INTO clock.ahead VALUES (0);
CREATE FUNCTION clock.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
    SELECT pg_catalog.clock_timestamp() + (SELECT seconds FROM clock.ahead) * interval '1 second'
$$;
DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %I SET search_path = clock, public, pg_catalog',
                   current_database());
END $$;
"""


def follow(folder: Path) -> None:
    """Let SQLite connections of this process tell the time by *folder*'s file."""

    def told(asked: str, value: str) -> str:
        if (asked, value) != ("%Y-%m-%dT%H:%M:%f+00:00", "now"):
            raise ValueError(f"the tests' clock does not know strftime({asked!r}, {value!r})")
        now = datetime.now(UTC) + timedelta(seconds=ahead(folder))
        return now.isoformat(timespec="milliseconds")

    def connected(connection: BaseDatabaseWrapper, **_: Any) -> None:
        if connection.vendor == "sqlite":
            connection.connection.create_function("strftime", 2, told)

    connection_created.connect(connected, weak=False)


def ahead(folder: Path) -> float:
    """Seconds by which SQLite's clock is ahead of the machine's."""
    try:
        return float((folder / FILE).read_text() or 0)
    except FileNotFoundError:
        return 0.0


def put_ahead(folder: Path, database_url: str, seconds: float) -> None:
    """Set the database's clock so many seconds before the machine's (behind it, if negative)."""
    if database_url:
        with psycopg.connect(database_url) as connection:
            connection.execute("UPDATE clock.ahead SET seconds = %s", (seconds,))
        return
    fresh = folder / f"{FILE}.fresh"
    fresh.write_text(str(seconds))
    fresh.rename(folder / FILE)
