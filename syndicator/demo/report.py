"""What became of every entry on every destination, held against what the platforms accepted."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from textwrap import shorten
from typing import Any

import requests
from django.db.models import Prefetch
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from syndicator.channels.sandboxes import SANDBOX_SETTINGS
from syndicator.destinations.models import Destination
from syndicator.entries.models import Entry
from syndicator.newsletter.models import Mailing
from syndicator.newsletter.progress import progress
from syndicator.posts.models import Action, Post, PostState
from syndicator.posts.states import END_STATES

HEADINGS = ("Entry", "Channel", "State", "Remote id", "Seconds", "Posted, with the permalink")


@dataclass(slots=True)
class Row:
    """One entry on one destination. *seconds* from the entry's arrival to its post."""

    entry: str
    headline: str
    destination: str
    channel: str
    state: str
    posted: str
    permalink: str
    remote_id: str
    seconds: float | None
    reason: str
    notes: list[str] = field(default_factory=list)
    recipients: dict[str, int] = field(default_factory=dict)
    seen_on_platform: int = 0

    @property
    def ended(self) -> bool:
        unfinished = {"queued", "in_flight"} & set(self.recipients)
        return self.state in END_STATES and not unfinished

    @property
    def good(self) -> bool:
        """Ended, and if it was posted: once on the platform, with the exact permalink."""
        if self.state != PostState.SENT:
            return self.ended and self.seen_on_platform == 0
        expected = self.recipients.get("accepted", 0) if self.channel == "email" else 1
        return (
            self.ended
            and self.permalink in self.posted.split()
            and self.seen_on_platform == expected
        )


@dataclass(slots=True)
class Report:
    rows: list[Row]

    @classmethod
    def collect(cls, sandbox_url: str) -> Report:
        entries = Entry.objects.order_by("published_at", "id").prefetch_related(
            Prefetch("posts", Post.objects.select_related("destination").order_by("revision", "id"))
        )
        destinations = list(Destination.objects.order_by("id"))
        seen = _seen(sandbox_url)
        rows = []
        for entry in entries:
            for destination in destinations:
                posts = [p for p in entry.posts.all() if p.destination_id == destination.pk]
                row = _row(entry, destination, posts)
                row.seen_on_platform = seen.get((row.channel, entry.permalink), 0)
                rows.append(row)
        return cls(rows)

    @property
    def ended(self) -> bool:
        return all(row.ended for row in self.rows)

    @property
    def good(self) -> bool:
        return bool(self.rows) and all(row.good for row in self.rows)

    def summary(self) -> dict[str, Any]:
        times = sorted(row.seconds for row in self.rows if row.seconds is not None)
        states: dict[str, int] = {}
        for row in self.rows:
            states[row.state] = states.get(row.state, 0) + 1
        return {
            "entries": len({row.entry for row in self.rows}),
            "rows": len(self.rows),
            "states": states,
            "median_seconds": times[len(times) // 2] if times else None,
            "not_as_it_should_be": [
                f"{row.entry} → {row.destination}" for row in self.rows if not row.good
            ],
            "good": self.good,
        }

    def print(self, form: str) -> None:
        if form == "json":
            rows = [asdict(row) for row in self.rows]
            Console(soft_wrap=True).print_json(
                json.dumps({"rows": rows, "summary": self.summary()}), indent=2
            )
            return
        console = Console()
        if not console.is_terminal:
            console.width = 220
        cells = [_cells(row) for row in self.rows]
        table = Table(*HEADINGS, box=box.SIMPLE)
        # What was posted takes what the others leave; its beginning is enough to know it.
        others = sum(
            max(map(len, column)) + 2 for column in [*zip(HEADINGS, *cells, strict=True)][:-1]
        )
        left = max(20, console.width - others - 8)
        for *row, posted in cells:
            table.add_row(*map(Text, row), Text(shorten(posted, left, placeholder=" …")))
        console.print(table)
        summary = self.summary()
        counts = ", ".join(f"{count} {state}" for state, count in summary["states"].items())
        console.print(f"{summary['entries']} entries, {summary['rows']} rows: {counts}.")
        if summary["median_seconds"] is not None:
            console.print(f"Median time from entry to post: {summary['median_seconds']:.2f} s.")
        for problem in summary["not_as_it_should_be"]:
            console.print(f"Not as it should be: {problem}")


def _cells(row: Row) -> tuple[str, ...]:
    told = row.posted.replace(row.permalink, "").split() or [row.reason]
    return (
        row.entry,
        row.channel,
        _state(row),
        row.remote_id,
        f"{row.seconds:.2f}" if row.seconds is not None else "",
        " ".join([*told, *(f"[{note}]" for note in row.notes)]),
    )


def _row(entry: Entry, destination: Destination, posts: list[Post]) -> Row:
    published = [post for post in posts if post.action == Action.PUBLISH]
    # The one that is out counts; else the latest.
    post = next(
        (p for p in published if p.state == PostState.SENT), published[-1] if published else None
    )
    row = Row(
        entry=entry.external_id,
        headline=entry.headline,
        destination=destination.name,
        channel=destination.channel_name,
        state=post.state if post else "none",
        posted="",
        permalink=entry.permalink,
        remote_id="",
        seconds=None,
        reason=str(post.wording or "") if post else "",
        notes=[str(p.wording) for p in posts if p is not post and p.action != Action.PUBLISH],
    )
    if post and post.state == PostState.SENT:
        row.posted = post.message.as_posted()
        row.remote_id = post.remote_id
        if post.sent_at:
            arrived = entry.revisions.get(revision=post.revision).recorded_at
            row.seconds = round((post.sent_at - arrived).total_seconds(), 3)
        mailing = Mailing.objects.filter(key=post.idempotency_key).first()
        if mailing:
            row.recipients = {state.value: n for state, n in progress(mailing.pk).items() if n}
    return row


def _seen(sandbox_url: str) -> dict[tuple[str, str], int]:
    """How often each platform's own record holds each permalink."""
    seen: dict[tuple[str, str], int] = {}
    with requests.Session() as session:
        session.trust_env = False
        for channel in SANDBOX_SETTINGS:
            answer = session.get(
                f"{sandbox_url}/_sandbox/accepted", params={"platform": channel}, timeout=10
            )
            answer.raise_for_status()
            for act in answer.json():
                key = (channel, act["link"])
                seen[key] = seen.get(key, 0) + 1
    return seen


def _state(row: Row) -> str:
    if not row.recipients:
        return row.state
    return row.state + " (" + ", ".join(f"{n} {s}" for s, n in row.recipients.items()) + ")"
