"""How many processes sign beside a sender."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from syndicator.destinations.models import Destination
from syndicator.entries.models import LiveBlog
from syndicator.newsletter.journal import Journal
from syndicator.newsletter.lanes import signing_processes
from syndicator.newsletter.limits import Limits
from syndicator.newsletter.models import Lane, Mailing
from syndicator.newsletter.senders import at_work
from tests.factories import make_blog
from tests.newsletter.mailings import make_mailing, subscribe_many


@pytest.fixture
def machine(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Callable[[int], None]:
    """Nobody sends on it yet; call it with the number of its cores."""
    settings.JOURNAL_FOLDER = tmp_path
    return lambda cores: monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(cores)))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("cores", "senders", "beside_each"),
    [(1, 1, 0), (2, 1, 1), (2, 2, 0), (8, 1, 3), (8, 2, 3), (8, 4, 1), (8, 5, 0), (2, 4, 0)],
)
def test_the_senders_on_a_machine_share_its_cores(
    blog: LiveBlog,
    destination: Destination,
    machine: Callable[[int], None],
    cores: int,
    senders: int,
    beside_each: int,
) -> None:
    machine(cores)
    subscribe_many(blog, 1001)
    mailing = make_mailing(destination, blog)
    with ExitStack() as at_work:
        for _ in range(senders):
            at_work.callback(Journal().end)
        assert signing_processes(mailing) == beside_each


@pytest.mark.django_db
def test_for_few_mails_no_process_is_started(
    blog: LiveBlog,
    destination: Destination,
    machine: Callable[[int], None],
) -> None:
    machine(8)
    subscribe_many(blog, 1000)
    assert signing_processes(make_mailing(destination, blog)) == 0


@pytest.mark.django_db(transaction=True)
def test_breaking_news_shares_the_cores_with_no_digest(
    blog: LiveBlog,
    destination: Destination,
    machine: Callable[[int], None],
) -> None:
    machine(4)
    subscribe_many(blog, 1001)
    breaking = make_mailing(destination, blog)
    Mailing.objects.filter(pk=breaking.pk).update(lane=Lane.BREAKING)
    breaking.refresh_from_db()
    digest = make_mailing(destination, make_blog(), "anna@example.org")
    with at_work(digest, Limits()), at_work(breaking, Limits()):
        assert signing_processes(breaking) == 3
        Mailing.objects.filter(pk=digest.pk).update(lane=Lane.BREAKING)
        assert signing_processes(breaking) == 1
