"""Kills workers in the middle of a mailing, and judges by what the mail server has taken."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection

from syndicator.channels.email.signing import new_key
from syndicator.newsletter.models import Mailing, MailingState, RecipientState
from syndicator.newsletter.progress import progress
from syndicator.newsletter.senders import CONNECTIONS
from syndicator.newsletter.sweep import sweep
from tests.factories import make_blog, make_destination
from tests.newsletter.mailings import make_mailing, subscribe_many
from tests.newsletter.sink import Recorded

S = RecipientState

NURSERY = """
import os, sys, time
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
from pathlib import Path
settings.JOURNAL_FOLDER = Path(sys.argv[2])
import django
django.setup()
from syndicator.newsletter.fanout import send_due
from syndicator.newsletter.models import Mailing
import logging
logging.disable()
from syndicator.newsletter.subscribing import unsubscribe_url
unsubscribe_url(0)  # imports all pages
for _ in sys.stdin:
    parent, child = os.getpid(), os.fork()
    while not child and os.getppid() == parent:
        if not send_due(int(sys.argv[3])):
            time.sleep(0.05)
    if not child:
        break
    print(child, flush=True)
"""


class Nursery:
    """Bears workers that send one mailing, without booting Django for each."""

    def __init__(self, mailing: Mailing) -> None:
        arguments = (connection.settings_dict["NAME"], settings.JOURNAL_FOLDER, mailing.pk)
        self._process = subprocess.Popen(
            [sys.executable, "-c", NURSERY, *map(str, arguments)],
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )

    def bear(self) -> int:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def end(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe
            pipe.close()


@contextmanager
def nursery(mailing: Mailing) -> Iterator[Nursery]:
    made = Nursery(mailing)
    try:
        yield made
    finally:
        made.end()


def prepared(sink: Recorded, readers: int, *, signed: bool = False) -> Mailing:
    names = {"dkim_domain": "paper.example", "dkim_selector": "s1"}
    secrets = {**names, "dkim_key": new_key()} if signed else {}
    blog, destination = make_blog(), make_destination("email", sink.url, **secrets)
    subscribe_many(blog, readers)
    return make_mailing(destination, blog)


def kill_while_sending(mailing: Mailing, sink: Recorded, *, kills: int, workers: int) -> int:
    """Kill all workers at once, *kills* times; the number of uncertain mails in the end."""
    uncertain = 0
    with nursery(mailing) as born:
        for _ in range(kills):
            before = sink.message_ids().total()
            living = [born.bear() for _ in range(workers)]
            sink.has(
                min(before + 1, mailing.recipients.count() - progress(mailing.pk)[S.UNCERTAIN])
            )
            time.sleep(random.random() * 0.2)
            for child in living:
                os.kill(child, signal.SIGKILL)
            counts = settled(mailing)
            assert counts[S.UNCERTAIN] - uncertain <= CONNECTIONS * workers
            uncertain = counts[S.UNCERTAIN]
        if progress(mailing.pk)[S.QUEUED]:
            born.bear()
        ends = time.monotonic() + 300
        while progress(mailing.pk)[S.QUEUED] + progress(mailing.pk)[S.IN_FLIGHT]:
            assert time.monotonic() < ends, progress(mailing.pk)
            time.sleep(0.05)
    sweep()
    return uncertain


def settled(mailing: Mailing) -> dict[RecipientState, int]:
    """How it stands when the kernel has buried the workers, long before their leases end."""
    ends = time.monotonic() + 10
    while True:
        sweep()
        counts = progress(mailing.pk)
        if not counts[S.IN_FLIGHT]:
            return counts
        assert time.monotonic() < ends, "the journals should tell"


def judge(mailing: Mailing, sink: Recorded) -> None:
    taken = sink.message_ids()
    assert [name for name, times in taken.items() if times > 1] == []
    rows = dict(mailing.recipients.values_list("message_id", "state"))
    accepted = {name for name, state in rows.items() if state == S.ACCEPTED}
    uncertain = {name for name, state in rows.items() if state == S.UNCERTAIN}
    assert accepted | uncertain == set(rows)
    assert accepted <= set(taken)
    assert set(taken) <= set(rows)
    mailing.refresh_from_db()
    assert mailing.state == MailingState.DONE
    lost = uncertain - set(taken)
    print(f"{len(rows)} mails, {len(uncertain)} uncertain, {len(lost)} of them not out")
