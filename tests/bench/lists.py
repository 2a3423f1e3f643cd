"""What it costs to take a long list of subscribers in, and that its length costs no memory."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

from tests.bench.backends import Backend
from tests.bench.figures import Row

SHORT, LONG = 10_000, 1_000_000
TAKING_IN = """
import io, resource, sys
from syndicator.boot import boot
boot()
from syndicator.entries.models import LiveBlog
from syndicator.newsletter.models import Pace
from syndicator.subscriber_lists.importing import begin, work_off
from datetime import timedelta
blog, _ = LiveBlog.objects.get_or_create(slug="list", defaults={"title": "List"})
with open(sys.argv[1], "rb") as file:
    batch = begin(file, blog, name="list.csv", consent="bench", pace=Pace.DAILY, who=None)
work_off(batch.pk, timedelta(days=1))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def measure(backend: Backend) -> Iterator[Row]:
    with backend.installed([]) as installation:
        found = {}
        for number in (SHORT, LONG):
            began = monotonic()
            answer = subprocess.run(
                [sys.executable, "-c", TAKING_IN, str(_list(installation.folder, number))],
                env=installation.environment,
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
            found[number] = (int(answer.stdout) / 1024, number / (monotonic() - began))
        yield Row("import of a list, lines", backend.name, found[LONG][1], "/s")
        yield Row(
            "memory of an import, 1,000,000 lines", backend.name, found[LONG][0], "MB",
            found[SHORT][0], "10,000 lines",
        )  # fmt: skip


def _list(folder: Path, number: int) -> Path:
    file = folder / f"list-{number}.csv"
    with file.open("w") as out:
        out.write("email,name\n")
        out.writelines(f"reader{n}@example.org,Reader {n}\n" for n in range(number))
    return file
