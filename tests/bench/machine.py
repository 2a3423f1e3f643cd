"""Where the figures were taken."""

from __future__ import annotations

import os
import platform
import sqlite3
from pathlib import Path

import celery
import django
import psycopg
import redis

from tests.bench.backends import BROKER, DATABASE_SERVER


def facts() -> list[str]:
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    software = (
        f"Python {platform.python_version()}, Django {django.get_version()}, "
        f"Celery {celery.__version__}, SQLite {sqlite3.sqlite_version}"
    )
    return [
        f"{os.cpu_count()} cores ({_processor()}), {platform.system()} {platform.release()}",
        software,
        *servers(),
        f"load average at the start: {load}",
    ]


def servers() -> list[str]:
    """The distributed backend's servers; empty if one does not answer."""
    try:
        with psycopg.connect(DATABASE_SERVER, connect_timeout=3) as connection:
            version = connection.info.parameter_status("server_version")
        broker = redis.Redis.from_url(BROKER, socket_connect_timeout=3).info("server")
    except (psycopg.OperationalError, redis.ConnectionError):
        return []
    return [f"PostgreSQL {version}, Redis {broker['redis_version']}"]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
