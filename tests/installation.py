"""A whole installation in processes of its own, as a newsroom would run it, for journey tests.

The tests see it only from outside: the push API, what the sandbox platforms say they accepted, and
what a script with the installation's own settings reads from its database.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import requests

from syndicator.embedded.readiness import wait_until_ready
from tests.ports import quiet_port

SET_UP = """
import json, sys
from syndicator.boot import boot
boot()
from django.core.management import call_command
call_command("migrate", interactive=False, verbosity=0)
from syndicator.channels.sandboxes import SANDBOX_SETTINGS
from syndicator.destinations.models import Destination, Policy, Route
from syndicator.entries.models import LiveBlog, Source
from syndicator.newsletter.subscribing import subscribe
blog = LiveBlog.objects.create(slug="genf", title="Genf", canonical_url="https://m.example.org/lb")
for channel, base_url in json.loads(sys.argv[1]).items():
    destination = Destination(name=channel, channel_name=channel, base_url=base_url)
    destination.configure(SANDBOX_SETTINGS[channel])
    destination.save()
    Route.objects.create(blog=blog, destination=destination, policy=Policy.AUTOMATIC)
subscribe("leserin@example.org", blog)
print(Source.objects.create(blog=blog, name="cms").issue_token())
"""
READ = """
import json
from syndicator.boot import boot
boot()
from syndicator.newsletter.models import MailingRecipient
from syndicator.posts.models import Post
posts = Post.objects.order_by("destination_id", "entry__published_at", "id")
print(json.dumps({
    "posts": list(posts.values("entry__external_id", "destination__name", "state", "remote_id",
                               "tries")),
    "recipients": list(MailingRecipient.objects.values_list("state", flat=True)),
}))
"""


class Installation:
    """*environment* says which database and broker; `start` runs commands in it."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.port, self.sandbox_port, self.smtp_port = quiet_port(), quiet_port(), quiet_port()
        self.desk = f"http://127.0.0.1:{self.port}"
        kept = {k: v for k, v in os.environ.items() if not k.startswith("SYNDICATOR_")}
        self.environment = {
            **kept,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "SYNDICATOR_DATA": str(folder),
            "SYNDICATOR_BASE_URL": self.desk,
            "SYNDICATOR_ALLOW_PRIVATE_ADDRESSES": "yes",
            "SYNDICATOR_PROBE_PERMALINKS": "no",
            **(environment or {}),
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.token = ""

    def set_up(self) -> None:
        base_urls = {
            "x": f"http://127.0.0.1:{self.sandbox_port}/x",
            "facebook": f"http://127.0.0.1:{self.sandbox_port}/facebook",
            "email": f"smtp://127.0.0.1:{self.smtp_port}",
        }
        self.token = self.script(SET_UP, json.dumps(base_urls)).strip()

    def script(self, source: str, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", source, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, name: str, *command: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", *command],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def start_sandbox(self) -> None:
        self.start(
            "sandbox",
            "syndicator",
            "sandbox",
            f"--data={self.folder}",
            f"--http-port={self.sandbox_port}",
            f"--smtp-port={self.smtp_port}",
        )

    def kill(self, name: str) -> None:
        """SIGKILL to a process and all its children."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for name in list(self.processes):
            self.kill(name)

    def wait_until_ready(self) -> None:
        assert wait_until_ready(self.desk), self.logs()

    def push(self, external_id: str, **values: Any) -> requests.Response:
        entry = {
            "external_id": external_id,
            "author": "Jana Brandt",
            "headline": f"Nachricht {external_id}",
            "blocks": [{"type": "paragraph", "text": f"In Genf ist Satz {external_id} gefallen."}],
            **values,
        }
        while True:
            try:
                answer = requests.post(
                    f"{self.desk}/api/v1/blogs/genf/entries",
                    json=entry,
                    headers={"Authorization": f"Bearer {self.token}"},
                    timeout=10,
                )
            except requests.RequestException:
                # The desk was killed: a real CMS tries again, and so do we.
                time.sleep(0.1)
            else:
                assert answer.ok, answer.text
                return answer

    def read(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.script(READ))
        return read

    def accepted(self, platform: str) -> list[str]:
        """Permalinks of what the platform itself says it accepted, in order."""
        answer = requests.get(
            f"http://127.0.0.1:{self.sandbox_port}/_sandbox/accepted",
            params={"platform": platform},
            timeout=10,
        )
        answer.raise_for_status()
        return [act["link"] for act in answer.json()]

    def eventually(self, what: Callable[[], bool], seconds: float = 90) -> None:
        ends = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < ends, f"it did not happen in time\n{self.logs()}"
            time.sleep(0.1)

    def logs(self) -> str:
        return "\n".join(
            f"--- {path.name}\n{path.read_text(errors='replace')[-4000:]}"
            for path in sorted(self.folder.glob("*.log"))
        )


def permalinks(numbers: range) -> list[str]:
    return [f"https://m.example.org/lb#e{number}" for number in numbers]
