"""How long a backlog takes once everything runs again, and how much of that is HTTP alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import requests

from tests.bench.backends import Backend, call, must_be_sent
from tests.bench.figures import Row, SystemFailed
from tests.bench.platform import Arrival, Platform

DESTINATIONS = 10
#: Posts a second below which the bench gives up.
SLOWEST = 10


def post(base_urls: Sequence[str], each: int) -> None:
    """*each* bare posts to every account, one thread an account; a session for each post."""

    def to(base_url: str) -> None:
        for number in range(each):
            with requests.Session() as session:
                text = f"In Genf ist Satz {number} gefallen. https://m.example.org/lb#w{number}"
                session.post(f"{base_url}/2/tweets", json={"text": text}).raise_for_status()

    with ThreadPoolExecutor(len(base_urls)) as pool:
        list(pool.map(to, base_urls))


def measure(backend: Backend, posts: int) -> Iterator[Row]:
    with Platform() as platform:
        base_urls = [platform.base_url(number) for number in range(DESTINATIONS)]
        with backend.installed(base_urls) as installation:
            call(installation, "preparing.let_wait", posts)
            backend.start(installation)
            arrivals = platform.wait_for_all(posts, posts / SLOWEST)
            must_be_sent(installation, posts)
            _must_be_whole(arrivals, posts)
    with Platform() as platform:
        base_urls = [platform.base_url(number) for number in range(DESTINATIONS)]
        with backend.installed(base_urls) as installation:
            call(installation, "drain.post", base_urls, posts // DESTINATIONS)
            bare = platform.wait_for_all(posts, 0)
    yield Row(
        f"{posts:,} waiting posts over {DESTINATIONS} destinations",
        backend.name,
        _span(arrivals),
        "s",
        _span(bare),
        "bare requests from one process",
        "first to last arrival; the platform answers at once",
    )
    yield Row(
        "the same as a rate",
        backend.name,
        len(arrivals) / _span(arrivals),
        "/s",
        len(bare) / _span(bare),
        "bare requests from one process",
        "posts a second, all destinations",
    )


def _span(arrivals: Sequence[Arrival]) -> float:
    return arrivals[-1].at - arrivals[0].at


def _must_be_whole(arrivals: Sequence[Arrival], posts: int) -> None:
    """Every post once, and those of each account in the entries' order."""
    twice = [
        key for key, n in Counter((a.account, a.external_id) for a in arrivals).items() if n > 1
    ]
    if twice or len(arrivals) != posts:
        raise SystemFailed(f"{len(arrivals)} of {posts} posts came; twice: {twice[:5]}")
    for account in range(DESTINATIONS):
        numbers = [int(a.external_id[1:]) for a in arrivals if a.account == account]
        if numbers != sorted(numbers):
            raise SystemFailed(f"the posts of account {account} came out of order")
