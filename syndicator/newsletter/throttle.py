"""Claims no more than a mail server may be given now, whoever else gives it mails.

Token buckets in the database: one for all mails of a destination, and one for each domain that has
a rule. They are locked while mails are claimed, so that all workers together keep to them.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from syndicator.clock import database_now
from syndicator.newsletter.claiming import Claimed, claim
from syndicator.newsletter.limits import Limits
from syndicator.newsletter.models import Allowance

MINUTE = timedelta(minutes=1)
#: What a bucket holds, as a share of a minute's mails: enough for the time between two sweeps.
BUCKET_SHARE = 11


def claim_allowed(
    mailing_id: int, destination_id: int, sender: str, wanted: int, limits: Limits
) -> list[Claimed]:
    """Take up to *wanted* due mails of a mailing, and commit that; fewer if *limits* say so."""
    with transaction.atomic(durable=True):
        if not limits.on_mails:
            return claim(mailing_id, sender, wanted)
        buckets = _locked(destination_id, limits)
        whole, room, claimed = buckets[""], wanted, []
        if limits.per_minute:
            room = min(room, int(whole.tokens))
        if (ceiling := _ceiling(whole, limits)) is not None:
            room = min(room, ceiling - whole.day_count)
        for domain in limits.domains:
            bucket = buckets[domain]
            some = claim(mailing_id, sender, min(room, int(bucket.tokens)), only=domain)
            bucket.tokens -= len(some)
            room -= len(some)
            claimed += some
        claimed += claim(mailing_id, sender, room, but=limits.domains)
        whole.tokens -= len(claimed) if limits.per_minute else 0
        whole.day_count += len(claimed)
        for bucket in buckets.values():
            bucket.save()
        return claimed


def daily_ceiling(destination_id: int, limits: Limits) -> int | None:
    """How many mails the warm-up allows today, if it has been reached; else None."""
    whole = Allowance.objects.filter(destination=destination_id, domain="").first()
    if whole is None or whole.day != database_now().date():
        return None
    ceiling = _ceiling(whole, limits)
    return ceiling if ceiling is not None and whole.day_count >= ceiling else None


def _locked(destination_id: int, limits: Limits) -> dict[str, Allowance]:
    """The buckets by domain, filled up to now."""
    now = database_now()
    rates = {"": limits.per_minute, **limits.domains}
    Allowance.objects.bulk_create(
        [
            Allowance(
                destination_id=destination_id,
                domain=domain,
                tokens=_size(rate) if rate else 0,
                filled_at=now,
            )
            for domain, rate in rates.items()
        ],
        ignore_conflicts=True,
    )
    # In one order for all, or two workers wait for each other.
    rows = (
        Allowance.objects.select_for_update(no_key=True)
        .filter(destination=destination_id, domain__in=rates)
        .order_by("domain")
    )
    buckets = {bucket.domain: bucket for bucket in rows}
    for domain, bucket in buckets.items():
        _fill(bucket, rates[domain], now)
    _begin_day(buckets[""], limits, now)
    return buckets


def _fill(bucket: Allowance, rate: int | None, now: datetime) -> None:
    if rate:
        # A clock that was set back has no time pass rather than a negative one.
        minutes = max(timedelta(0), now - bucket.filled_at) / MINUTE
        # So that a full bucket and what runs in are a minute's mails together.
        inflow = rate - _size(rate) if rate > BUCKET_SHARE else rate
        bucket.tokens = min(_size(rate), bucket.tokens + minutes * inflow)
    bucket.filled_at = now


def _size(rate: int) -> float:
    return max(1.0, rate / BUCKET_SHARE)


def _begin_day(whole: Allowance, limits: Limits, now: datetime) -> None:
    today = now.date()
    if whole.day != today:
        whole.day, whole.day_count = today, 0
    if limits.warm_up is None:
        whole.first_day = None
    elif whole.first_day is None:
        whole.first_day = today


def _ceiling(whole: Allowance, limits: Limits) -> int | None:
    if limits.warm_up is None or whole.day is None or whole.first_day is None:
        return None
    return limits.warm_up.ceiling(max(0, (whole.day - whole.first_day).days))
