"""Waits after wrong passwords, longer each time, kept in the database for all processes.

A try is counted before the password is looked at, so that a thousand at once are no way round.
Nobody is locked out by others: whoever signed in from the same address lately has a count of
their own there, and is not held up by what others try on the account or from the address.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils.crypto import salted_hmac

from syndicator.clock import database_now
from syndicator.entrance.models import FailedTries, FamiliarPlace
from syndicator.entrance.places import neighbourhood


@dataclass(frozen=True, slots=True)
class Limit:
    """*free* failures cost no wait; the last wait repeats. After *forgotten* all begins anew."""

    free: int
    waits: tuple[timedelta, ...]
    forgotten: timedelta

    def wait(self, failures: int) -> timedelta:
        step = failures - self.free
        return self.waits[min(step, len(self.waits)) - 1] if step > 0 else timedelta(0)


OF_ACCOUNT = Limit(
    free=4,
    waits=tuple(timedelta(seconds=seconds) for seconds in (5, 10, 30, 60, 300, 900)),
    forgotten=timedelta(days=1),
)
#: Many people may sit behind one address: more is free, and no wait is long.
OF_ADDRESS = Limit(
    free=20,
    waits=tuple(timedelta(seconds=seconds) for seconds in (5, 10, 30)),
    forgotten=timedelta(hours=1),
)
FAMILIAR = timedelta(days=30)


class TooManyTries(Exception):
    """Not even looked at; *wait* says for how long nothing will be."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"wait {wait}")
        self.wait = wait


@dataclass(frozen=True, slots=True)
class _Counter:
    key: str
    limit: Limit


@dataclass(frozen=True, slots=True)
class Try:
    """One try that was let through. It counts as failed until `succeeded` is called."""

    _of_account: _Counter
    _of_address: _Counter | None
    _place: str

    def succeeded(self) -> None:
        now = database_now()
        with transaction.atomic():
            FailedTries.objects.filter(key=self._of_account.key).delete()
            if self._of_address:
                # The others' failures stay: a guesser may have an account of their own.
                FailedTries.objects.filter(key=self._of_address.key, failures__gt=0).update(
                    failures=F("failures") - 1
                )
            FamiliarPlace.objects.update_or_create(key=self._place, defaults={"last_at": now})
            forget_old()


def begin(account: str, address: str, of: str = "password") -> Try:
    """Count a try of *account* (whether or not there is one) from *address*; `TooManyTries` if one
    has to wait first. *of* keeps tries of different things apart."""
    account, address = account.casefold(), neighbourhood(address)
    now = database_now()
    place = _key("place", account, address)
    if FamiliarPlace.objects.filter(key=place, last_at__gt=now - FAMILIAR).exists():
        here = _Counter(_key(of, "account here", account, address), OF_ACCOUNT)
        _count([here])
        return Try(here, None, place)
    anywhere = _Counter(_key(of, "account", account), OF_ACCOUNT)
    of_address = _Counter(_key(of, "address", address), OF_ADDRESS)
    _count([anywhere, of_address])
    return Try(anywhere, of_address, place)


def count(what: str, limits: Mapping[str, Limit]) -> None:
    """Count one more *what* for each key of *limits*, none of which outlasts a day, however it
    ends; `TooManyTries`, and none is counted, if one of them has to wait first.

    Within a transaction the counters stay locked until its end.
    """
    _count([_Counter(_key("count", what, key), limit) for key, limit in limits.items()])


def forget_old() -> None:
    """Delete what counts for nothing any more."""
    now = database_now()
    FailedTries.objects.filter(last_at__lt=now - OF_ACCOUNT.forgotten).delete()
    FamiliarPlace.objects.filter(last_at__lt=now - FAMILIAR).delete()


def _count(counters: Sequence[_Counter]) -> None:
    with transaction.atomic():
        rows = [(_locked(counter.key), counter.limit) for counter in counters]
        # Only now: others may have counted while this one waited for the rows.
        now = database_now()
        waits = [row.wait_until - now for row, _limit in rows if row.wait_until]
        if waits and max(waits) > timedelta(0):
            raise TooManyTries(max(waits))
        for row, limit in rows:
            row.failures = row.failures + 1 if now - row.last_at < limit.forgotten else 1
            row.last_at = now
            row.wait_until = now + limit.wait(row.failures)
            row.save()


def _locked(key: str) -> FailedTries:
    FailedTries.objects.get_or_create(key=key, defaults={"last_at": database_now()})
    return FailedTries.objects.select_for_update(no_key=True).get(key=key)


def _key(*parts: str) -> str:
    return salted_hmac("syndicator.throttle", "\0".join(parts), algorithm="sha256").hexdigest()
