"""Claiming and recording: one row at a time as the engine does, against many in one statement."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from time import monotonic, sleep

from django.db import connection, transaction

from syndicator.channels.base import Receipt
from syndicator.destinations.models import Destination
from syndicator.posts.deliver import claim_next, record
from tests.bench.backends import Backend, call
from tests.bench.figures import Row
from tests.bench.platform import Platform

DESTINATIONS = 10
#: Posts for the engine and for the statements, in each run.
ONE_BY_ONE, AT_ONCE = 600, 6000
BATCH = 200
#: Seconds until all processes have booted; they begin together.
BOOT = 3.0

_ROWS = {
    "sqlite": "(SELECT value->>'id' AS id, value->>'epoch' AS epoch FROM json_each(%s)) AS held",
    "postgresql": "jsonb_to_recordset(%s::jsonb) AS held(id bigint, epoch int)",
}
_LEASE = {
    "sqlite": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', '+60 seconds')",
    "postgresql": "clock_timestamp() + interval '60 seconds'",
}
_NOW = {
    "sqlite": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now')",
    "postgresql": "clock_timestamp()",
}
_SKIP_LOCKED = {"sqlite": "", "postgresql": "FOR UPDATE SKIP LOCKED"}


def one_by_one(share: int, shares: int, count: int, begin: float) -> float:
    """The engine's own claim and record, without a platform: rows a second."""
    destinations = list(Destination.objects.order_by("pk").values_list("pk", flat=True))
    mine = destinations[share::shares]
    each, done = count // shares // len(mine), 0
    connection.ensure_connection()
    began = _begin(begin)
    for pk in mine:
        claim = claim_next(pk)
        for number in range(1, each + 1):
            assert claim is not None
            receipt = Receipt(str(claim.post.pk), status=201, answer='{"data": {}}')
            claim = record(claim, receipt, go_on=number < each)
            done += 1
    return done / (monotonic() - began)


def at_once(share: int, shares: int, count: int, begin: float) -> float:
    """The same by statements over `BATCH` rows: rows a second."""
    vendor, mine, done = connection.vendor, count // shares, 0
    claim = f"""
        UPDATE posts_post SET state = 'sending', due_at = {_LEASE[vendor]}, epoch = epoch + 1,
            tries = tries + 1, changed_at = {_NOW[vendor]}
        WHERE id IN (SELECT id FROM posts_post WHERE state = 'approved' AND due_at IS NOT NULL
            ORDER BY due_at, id LIMIT {BATCH} {_SKIP_LOCKED[vendor]})
        RETURNING id, epoch"""
    attempt = f"""
        INSERT INTO posts_attempt (post_id, kind, epoch, account_key, started_at, outcome, answer,
            remote_id, remote_url)
        SELECT id, 'send', epoch, '', {_NOW[vendor]}, '', '', '', '' FROM {_ROWS[vendor]}"""
    sent = f"""
        UPDATE posts_post SET state = 'sent', due_at = NULL, sent_at = {_NOW[vendor]},
            changed_at = {_NOW[vendor]}, remote_id = 'r'
        FROM {_ROWS[vendor]} WHERE posts_post.id = held.id AND posts_post.epoch = held.epoch"""
    outcome = f"""
        UPDATE posts_attempt SET outcome = 'accepted', status = 201, duration_ms = 1
        FROM {_ROWS[vendor]}
        WHERE posts_attempt.post_id = held.id AND posts_attempt.epoch = held.epoch"""
    connection.ensure_connection()
    began = _begin(begin)
    with connection.cursor() as cursor:
        while done < mine:
            with transaction.atomic():
                cursor.execute(claim, [])
                held = [{"id": pk, "epoch": epoch} for pk, epoch in cursor.fetchall()]
                cursor.execute(attempt, [json.dumps(held)])
            assert held
            with transaction.atomic():
                cursor.execute(sent, [json.dumps(held)])
                cursor.execute(outcome, [json.dumps(held)])
            done += len(held)
    return done / (monotonic() - began)


def measure(backend: Backend, runs: int) -> Iterator[Row]:
    rates: dict[str, list[float]] = {"one_by_one": [], "at_once": []}
    with Platform() as platform:
        base_urls = [platform.base_url(number) for number in range(DESTINATIONS)]
        with backend.installed(base_urls) as installation:
            for _ in range(runs):
                call(installation, "preparing.let_wait", ONE_BY_ONE + AT_ONCE)
                for way, count in (("one_by_one", ONE_BY_ONE), ("at_once", AT_ONCE)):
                    arguments = (backend.senders, count, monotonic() + BOOT)
                    with ThreadPoolExecutor(backend.senders) as pool:
                        asked = [
                            pool.submit(call, installation, f"claims.{way}", share, *arguments)
                            for share in range(backend.senders)
                        ]
                    rates[way].append(sum(one.result() for one in asked))
    yield Row(
        f"claims and records, processes: {backend.senders}",
        backend.name,
        median(rates["one_by_one"]),
        "/s",
        median(rates["at_once"]),
        f"{BATCH} rows a statement",
        "what keeping order, one post at a time, costs against the database's best",
    )


def _begin(begin: float) -> float:
    """Wait for *begin*; the time it really is, on a machine that was slow to boot this process."""
    sleep(max(0.0, begin - monotonic()))
    return monotonic()
