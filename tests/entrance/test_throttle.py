"""Waits after wrong passwords: growing, for each account and address, and nobody else's trouble."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection

from syndicator.entrance import throttle
from syndicator.entrance.models import FailedTries
from syndicator.entrance.throttle import OF_ACCOUNT, OF_ADDRESS, TooManyTries

pytestmark = pytest.mark.django_db
HOME, ELSEWHERE = "192.0.2.7", "198.51.100.9"


def fail(account: str = "edda", address: str = HOME, times: int = 1) -> None:
    for _ in range(times):
        throttle.begin(account, address)


def time_passes(by: timedelta) -> None:
    """As if everything had happened that much earlier."""
    for row in FailedTries.objects.all():
        row.last_at -= by
        row.wait_until = row.wait_until and row.wait_until - by
        row.save()


def refused(account: str = "edda", address: str = HOME) -> timedelta:
    with pytest.raises(TooManyTries) as refusal:
        throttle.begin(account, address)
    return refusal.value.wait


def test_waits_grow_to_a_quarter_of_an_hour() -> None:
    fail(times=OF_ACCOUNT.free)
    for wait in (*OF_ACCOUNT.waits, OF_ACCOUNT.waits[-1]):
        fail()
        assert wait - timedelta(seconds=2) < refused() <= wait
        time_passes(wait)


def test_a_refused_try_does_not_make_the_wait_longer() -> None:
    fail(times=OF_ACCOUNT.free + 1)
    first = refused()
    for _ in range(10):
        assert refused() <= first


def test_names_are_one_account_however_they_are_written() -> None:
    fail("Edda", times=OF_ACCOUNT.free)
    fail("EDDA")
    assert refused("edda")


def test_a_success_begins_anew() -> None:
    fail(times=OF_ACCOUNT.free - 1)
    throttle.begin("edda", HOME).succeeded()
    fail(times=OF_ACCOUNT.free)
    fail()
    assert refused() <= OF_ACCOUNT.waits[0]


def test_all_is_forgotten_after_a_day() -> None:
    fail(times=OF_ACCOUNT.free)
    time_passes(timedelta(days=1, seconds=1))
    fail(times=OF_ACCOUNT.free)


def test_guessing_many_names_from_one_address_is_slowed_down() -> None:
    for number in range(OF_ADDRESS.free + 1):
        fail(f"name-{number}")
    assert refused("one-more") <= OF_ADDRESS.waits[0]
    fail("one-more", ELSEWHERE)


def test_the_address_of_an_ipv6_network_is_one() -> None:
    for number in range(OF_ADDRESS.free + 1):
        fail(f"name-{number}", f"2001:db8:1:2::{number:x}")
    assert refused("one-more", "2001:db8:1:2:ffff::1")
    fail("one-more", "2001:db8:1:3::1")


def test_who_is_known_there_is_not_held_up_by_a_guesser_at_the_same_address() -> None:
    throttle.begin("edda", HOME).succeeded()
    for number in range(OF_ADDRESS.free + 1):
        fail(f"name-{number}")
    assert refused("jana")
    fail("edda")


def test_who_is_known_there_is_not_locked_out_by_a_guesser_elsewhere() -> None:
    throttle.begin("edda", HOME).succeeded()
    fail("edda", ELSEWHERE, times=OF_ACCOUNT.free + 1)
    assert refused("edda", ELSEWHERE)
    throttle.begin("edda", HOME).succeeded()
    assert refused("edda", ELSEWHERE), "a success at home does not help the guesser"


def test_known_places_have_limits_too() -> None:
    throttle.begin("edda", HOME).succeeded()
    fail(times=OF_ACCOUNT.free + 1)
    assert refused()


def test_a_code_is_counted_apart_from_a_password() -> None:
    fail(times=OF_ACCOUNT.free + 1)
    throttle.begin("edda", HOME, of="code")


@pytest.mark.django_db(transaction=True)
def test_guesses_at_the_same_moment_are_counted_one_by_one() -> None:
    together, through, held = Barrier(12), [], []

    def guess() -> None:
        together.wait()
        try:
            throttle.begin("edda", HOME)
            through.append(1)
        except TooManyTries:
            held.append(1)
        finally:
            connection.close()

    threads = [Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(through) == OF_ACCOUNT.free + 1
    assert len(held) == 12 - len(through)


def test_neither_names_nor_addresses_are_kept() -> None:
    fail()
    kept = " ".join(FailedTries.objects.values_list("key", flat=True))
    assert "edda" not in kept
    assert HOME not in kept
