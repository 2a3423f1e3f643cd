"""What the first entry after a start would wait for has been done by then."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

#: Prints what was imported between the warm-up and the recorded end of the first delivery.
FIRST_DELIVERY = """
import gc, json, sys
from syndicator.boot import boot
boot()
from django.core.management import call_command
call_command("migrate", interactive=False, verbosity=0)
from syndicator.warm_up import warm_up
from syndicator.entries.ingest import ingest
from syndicator.posts.deliver import deliver
from syndicator.posts.render import render
from tests import factories
blog = factories.make_blog()
for channel, base_url in {"x": "http://127.0.0.1:9", "email": "smtp://127.0.0.1:9"}.items():
    factories.make_route(blog, factories.make_destination(channel, base_url))
source = factories.make_source(blog)
warm_up()
assert gc.get_freeze_count()
before = set(sys.modules)
entry = ingest(source, factories.make_content()).entry
render(entry.pk)
for post in entry.posts.all():
    deliver(post.destination_id)
assert all(post.tries == 1 for post in entry.posts.all())
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def test_the_first_delivery_imports_nothing_more(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FIRST_DELIVERY],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "SYNDICATOR_DATA": str(tmp_path),
            "SYNDICATOR_ALLOW_PRIVATE_ADDRESSES": "yes",
        },
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []
