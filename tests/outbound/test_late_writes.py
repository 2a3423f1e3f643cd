"""A process that is stopped just before its first byte, and goes on when it is too late."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from syndicator.outbound import late_writes

#: Connects, stops itself where *argv[3]* says, and would then write; told to by its hook.
SENDER = """
import os, signal, sys
from datetime import timedelta
from syndicator.outbound import late_writes
from syndicator.outbound.deadline import Deadline
from syndicator.outbound.http import make_session
from syndicator.steps import Step, strike_with
url, seconds, step = sys.argv[1], float(sys.argv[2]), Step(sys.argv[3])
late_writes.GRACE = 0.3
def stop(reached):
    if reached is step:
        os.kill(os.getpid(), signal.SIGSTOP)
strike_with(stop)
with Deadline(timedelta(seconds=seconds)) as deadline:
    with make_session(deadline, allow_private_addresses=True) as session:
        session.post(url, data=b"a post")
"""


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.settimeout(10)
        yield server


def stopped(listener: socket.socket, seconds: float, step: str) -> subprocess.Popen[bytes]:
    """A sender that has stopped itself at *step*."""
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    command = [sys.executable, "-c", SENDER, url, str(seconds), step]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    return process


def received(listener: socket.socket) -> bytes:
    connection, _ = listener.accept()
    with closing(connection):
        connection.settimeout(5)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        got = b""
        while piece := connection.recv(4096):
            got += piece
    return got


def test_what_goes_on_too_late_ends_before_it_writes(listener: socket.socket) -> None:
    process = stopped(listener, 0.5, "send.connected")
    time.sleep(1.0)
    process.send_signal(signal.SIGCONT)
    assert process.wait(10) == -signal.SIGALRM
    assert received(listener) == b""


@pytest.mark.parametrize("step", ["send.connected", "send.requested"])
def test_what_goes_on_in_time_is_written(listener: socket.socket, step: str) -> None:
    process = stopped(listener, 30, step)
    process.send_signal(signal.SIGCONT)
    assert b"a post" in received(listener)
    assert process.wait(10) == 0


def test_a_stop_after_the_writing_ends_nothing(listener: socket.socket) -> None:
    """The request is out; whoever waits for the answer is not a danger any more."""
    process = stopped(listener, 0.5, "send.requested")
    time.sleep(1.0)
    process.send_signal(signal.SIGCONT)
    assert process.wait(10) == 1, "it ended by itself: the deadline had passed"


def test_no_timer_runs_when_nothing_is_written() -> None:
    with late_writes.none_after(100):
        with late_writes.none_after(50):
            assert 50 < signal.getitimer(signal.ITIMER_REAL)[0] <= 50 + late_writes.GRACE
        assert 100 < signal.getitimer(signal.ITIMER_REAL)[0] <= 100 + late_writes.GRACE
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_somebody_elses_timer_is_left_alone() -> None:
    before = signal.signal(signal.SIGALRM, lambda *_: None)
    try:
        with late_writes.none_after(1):
            assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
    finally:
        signal.signal(signal.SIGALRM, before)
