"""What a look at a followed source costs: many new entries at once, and very many old ones."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from statistics import median

from tests.bench.backends import Backend
from tests.bench.figures import Row
from tests.following.site import serving

NEW, KNOWN = 500, 10_000
FIGURES = (
    f"{NEW} new entries in one look",
    f"{KNOWN:,} known entries, nothing changed",
    f"{KNOWN:,} known entries, one edited",
)
#: Looks at what the parent process serves: a few, many more, the same again, and with one edited.
LOOKING = """
import json, sys
from time import monotonic
from syndicator.boot import boot
boot()
from django.db import connection
from django.test.utils import CaptureQueriesContext
from syndicator.clock import database_now
from syndicator.entries.models import LiveBlog
from syndicator.following.follow import follow
from syndicator.following.models import Following
from syndicator.following.switching import begin
url, number = sys.argv[1:]
blog = LiveBlog.objects.create(slug=f"f{number}", title="F", canonical_url="https://a.example/f")
following = begin(blog, "page", url, "")
for line in sys.stdin:
    Following.objects.update(due_at=database_now())
    with CaptureQueriesContext(connection) as statements:
        began = monotonic()
        assert follow(following.pk)
        seconds = monotonic() - began
    print(json.dumps([seconds, len(statements)]), flush=True)
"""


def measure(backend: Backend, runs: int) -> Iterator[Row]:
    known = _document(KNOWN)
    bodies = (_document(1), _document(NEW + 1), known, known, _document(KNOWN, "!"))
    found: list[list[tuple[float, int]]] = []
    with backend.installed([]) as installation:
        for run in range(runs):
            with serving() as site:
                child = subprocess.Popen(
                    [sys.executable, "-c", LOOKING, f"{site.url}/live.json", str(run)],
                    env=installation.environment,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
                assert child.stdin
                assert child.stdout
                looks = []
                for body in bodies:
                    site.put("/live.json", body)
                    child.stdin.write("\n")
                    child.stdin.flush()
                    looks.append(tuple(json.loads(child.stdout.readline())))
                child.stdin.close()
                child.wait()
                found.append(looks[1:2] + looks[3:])
    for place, figure in enumerate(FIGURES):
        yield Row(figure, backend.name, median(run[place][0] for run in found), "s")
        yield Row("its statements", backend.name, median(run[place][1] for run in found), "")


def _document(number: int, end: str = ".") -> str:
    """*number* entries of some 60 words; the first ends with *end*."""
    said = "In Genf sind die Gespräche am Abend ohne Ergebnis zu Ende gegangen. " * 5
    entries = [
        {
            "external_id": f"n{n}",
            "published_at": f"2026-11-17T{n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02}Z",
            "author": "Jana Brandt",
            "headline": f"Meldung {n}",
            "blocks": [{"type": "paragraph", "text": said + str(n) + (end if n == 0 else ".")}],
        }
        for n in range(number)
    ]
    return json.dumps({"entries": entries})
