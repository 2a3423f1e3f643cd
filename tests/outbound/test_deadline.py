from __future__ import annotations

import socket
import ssl
import threading
from datetime import timedelta

import pytest

from syndicator.outbound.deadline import Deadline, DeadlinePassed, no_call_after
from syndicator.uptime import uptime

SOON = timedelta(milliseconds=50)
LATER = timedelta(minutes=1)


def test_a_blocked_read_ends_when_the_time_is_over() -> None:
    here, there = socket.socketpair()
    with here, there, Deadline(SOON) as deadline:
        deadline.watch(here)
        assert here.recv(1) == b""
        assert deadline.expired
        with pytest.raises(BrokenPipeError):
            here.sendall(b"late")


def test_a_tls_handshake_that_never_ends_ends_when_the_time_is_over() -> None:
    here, there = socket.socketpair()
    with there, Deadline(SOON) as deadline:
        deadline.watch(here)
        # wrap_socket() takes the descriptor away from the watched socket object.
        with pytest.raises(OSError):
            ssl.create_default_context().wrap_socket(here, server_hostname="example.org")


def test_nothing_is_begun_after_the_time_is_over() -> None:
    here, there = socket.socketpair()
    with here, there, Deadline(timedelta(0)) as deadline:
        with pytest.raises(DeadlinePassed) as refusal:
            deadline.watch(here)
        assert not refusal.value.sent
        with pytest.raises(DeadlinePassed):
            deadline.sending()
        assert not deadline.sent


def test_it_knows_whether_a_byte_may_be_out() -> None:
    with Deadline(LATER) as deadline:
        assert not deadline.sent
        deadline.sending()
        assert deadline.sent


def test_sockets_outlive_a_deadline_that_was_left_in_time() -> None:
    here, there = socket.socketpair()
    with here, there:
        with Deadline(SOON) as deadline:
            deadline.watch(here)
        deadline._timer.join()
        there.sendall(b"x")
        assert here.recv(1) == b"x"


def test_no_timer_thread_is_left_behind() -> None:
    before = threading.active_count()
    with Deadline(LATER) as deadline:
        timer = deadline._timer
        assert timer.is_alive()
    timer.join()
    assert threading.active_count() <= before


def test_no_deadline_that_begins_in_the_block_ends_after_it() -> None:
    with no_call_after(uptime() + 1), Deadline(timedelta(seconds=30)) as deadline:
        assert deadline.remaining <= 1
    with no_call_after(uptime() - 1), Deadline(timedelta(seconds=30)) as deadline:
        with pytest.raises(DeadlinePassed):
            deadline.sending()
        assert not deadline.sent
    with Deadline(timedelta(seconds=30)) as deadline:
        assert deadline.remaining > 1
