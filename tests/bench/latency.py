"""From an accepted entry to the first byte at the platform."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median
from time import monotonic, sleep

import requests

from tests.bench.backends import Backend, call, must_be_sent
from tests.bench.figures import Row, SystemFailed, percentile
from tests.bench.platform import Platform
from tests.installation import Installation

#: Entries of one run, and seconds between two of them.
ENTRIES = 20
INTERVAL = 0.5
#: Seconds after which a post that has not come is lost.
PATIENCE = 60.0
MANY = 10


@dataclass(slots=True)
class Newsroom:
    """Pushes entries over one connection and remembers when each was accepted."""

    installation: Installation
    accepted: dict[str, float] = field(default_factory=dict)
    session: requests.Session = field(default_factory=requests.Session)

    def push(self, count: int) -> list[str]:
        """The external ids of *count* new entries, `INTERVAL` apart."""
        pushed = []
        for _ in range(count):
            external_id = f"e{len(self.accepted)}"
            answer = self.session.post(
                f"{self.installation.desk}/api/v1/blogs/genf/entries",
                headers={"Authorization": f"Bearer {self.installation.token}"},
                json={
                    "external_id": external_id,
                    "author": "Jana Brandt",
                    "headline": f"Nachricht {external_id}",
                    "blocks": [{"type": "paragraph", "text": "Die Türen schlossen sich. " * 8}],
                },
                timeout=30,
            )
            self.accepted[external_id] = monotonic()
            answer.raise_for_status()
            pushed.append(external_id)
            sleep(INTERVAL)
        return pushed


def waits(
    newsroom: Newsroom, platform: Platform, accounts: range, entries: int = ENTRIES
) -> list[float]:
    """Milliseconds from accepted to first byte, for each of *entries* × *accounts*."""
    pushed = newsroom.push(entries)
    arrivals = platform.wait_for(pushed, accounts, PATIENCE)
    if len(arrivals) != len(pushed) * len(accounts):
        missing = len(pushed) * len(accounts) - len(arrivals)
        raise SystemFailed(f"{missing} posts never came\n{newsroom.installation.logs()}")
    return [1000 * (arrival.at - newsroom.accepted[arrival.external_id]) for arrival in arrivals]


def measure(backend: Backend, runs: int) -> Iterator[Row]:
    with Platform() as platform, backend.installed([platform.base_url(0)]) as installation:
        if backend.name == "embedded":
            hops = call(installation, "hop.embedded")
        else:
            celery = ("celery", "-A", "tests.bench.hop", "worker", "-Q", "sweep", "-c", "2")
            installation.start("hop", *celery)
            hops = call(installation, "hop.distributed")
            installation.kill("hop")
    yardsticks = {percent: 1000 * percentile(hops, percent) for percent in (50, 95)}
    for accounts in (1, MANY):
        with (
            Platform() as platform,
            backend.installed([platform.base_url(n) for n in range(accounts)]) as installation,
        ):
            backend.start(installation)
            newsroom = Newsroom(installation)
            first = waits(newsroom, platform, range(accounts), entries=1)
            measured = [waits(newsroom, platform, range(accounts)) for _ in range(runs)]
            must_be_sent(installation, accounts * (1 + runs * ENTRIES))
        where = "1 destination" if accounts == 1 else f"{accounts} destinations"
        for percent, hop in yardsticks.items():
            yield Row(
                f"accepted → first byte, {where}, p{percent}",
                backend.name,
                median(percentile(run, percent) for run in measured),
                "ms",
                hop,
                f"no-op task p{percent}",
                "how many bare hops over the same broker it takes",
            )
        yield Row(
            f"the same for the first entry after a start, {where}",
            backend.name,
            max(first),
            "ms",
            meaning="one entry, its last destination",
        )
