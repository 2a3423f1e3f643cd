"""The demo without a person: plays the sample to its end, approves what waits, and reports."""

from __future__ import annotations

import time
from pathlib import Path

import requests
from django.db import connection
from django.urls import reverse

from syndicator.demo.memory import Memory
from syndicator.demo.player import sample
from syndicator.demo.report import Report
from syndicator.embedded.readiness import wait_until_ready
from syndicator.embedded.supervisor import Supervisor
from syndicator.entries.models import Entry
from syndicator.posts.models import Post, PostState

#: Seconds for all of it; what has not ended by then is reported as it is.
PATIENCE = 300.0
INTERVAL = 0.2


class Once:
    """One run. `run` goes in a thread beside the supervisor, which it stops at the end."""

    def __init__(
        self, folder: Path, desk_url: str, sandbox_url: str, memory: Memory, supervisor: Supervisor
    ) -> None:
        self._folder = folder
        self._desk_url = desk_url
        self._sandbox_url = sandbox_url
        self._memory = memory
        self._supervisor = supervisor
        self._report: Report | None = None

    def run(self) -> None:
        try:
            if wait_until_ready(self._desk_url):
                self._until_all_ended()
            self._report = Report.collect(self._sandbox_url)
        finally:
            connection.close()
            self._supervisor.stop()

    def report(self, form: str) -> int:
        """Print the report as a table or JSON; 0 if everything is as it should be, else 1."""
        if self._report is None:
            return 1
        self._report.print(form)
        return 0 if self._report.good else 1

    def _until_all_ended(self) -> None:
        ends = time.monotonic() + PATIENCE
        editor: Editor | None = None
        while time.monotonic() < ends:
            try:
                editor = editor or Editor(self._desk_url, "editor", self._memory.editor_password)
                editor.approve_what_waits()
                if self._played() and Report.collect(self._sandbox_url).ended:
                    return
            except requests.RequestException:
                # Somebody killed the desk or a sandbox; the supervisor starts it again.
                wait_until_ready(self._desk_url)
            time.sleep(INTERVAL)

    def _played(self) -> bool:
        played = Memory.load(self._folder).position == len(sample()["steps"])
        return played and not Entry.objects.filter(render_due_at__isnull=False).exists()


class Editor:
    """An editor at the desk, over HTTP like any other: logs in, and approves what is shown."""

    def __init__(self, desk_url: str, name: str, password: str) -> None:
        self._desk_url = desk_url
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.get(desk_url + reverse("desk:login"), timeout=10).raise_for_status()
        self._post(reverse("desk:login"), username=name, password=password).raise_for_status()

    def approve_what_waits(self) -> None:
        for post in Post.objects.filter(state=PostState.PENDING).order_by("entry", "pk"):
            # A refusal is no error: the entry may have changed since, and comes up again.
            self._post(reverse("desk:approve", args=[post.pk]), payload_hash=post.payload_hash)

    def _post(self, path: str, **fields: str) -> requests.Response:
        fields["csrfmiddlewaretoken"] = self._session.cookies["csrftoken"]
        return self._session.post(
            self._desk_url + path, data=fields, headers={"Referer": self._desk_url}, timeout=30
        )
