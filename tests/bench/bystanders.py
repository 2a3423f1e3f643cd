"""What healthy destinations notice of one that answers a byte a second and never ends."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from tests.bench.backends import Backend
from tests.bench.figures import Row, percentile
from tests.bench.latency import Newsroom, waits
from tests.bench.platform import Platform

HEALTHY = 3


def measure(backend: Backend, runs: int) -> Iterator[Row]:
    with Platform() as platform:
        base_urls = [platform.base_url(number) for number in range(HEALTHY + 1)]
        with backend.installed(base_urls) as installation:
            backend.start(installation)
            newsroom, healthy = Newsroom(installation), range(HEALTHY)
            waits(newsroom, platform, healthy, entries=3)
            without = [waits(newsroom, platform, healthy) for _ in range(runs)]
            platform.slow_accounts = frozenset({HEALTHY})
            beside = [waits(newsroom, platform, healthy) for _ in range(runs)]
    for percent in (50, 95):
        yield Row(
            f"accepted → first byte, {HEALTHY} healthy beside a slow loris, p{percent}",
            backend.name,
            median(percentile(run, percent) for run in beside),
            "ms",
            median(percentile(run, percent) for run in without),
            "all healthy",
            "aim: at most 1.2" if percent == 95 else "",
        )
