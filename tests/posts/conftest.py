"""A newsroom with one destination on a sandbox platform, and short deadlines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from syndicator.channels.sandbox.faults import Fault
from syndicator.channels.sandbox.server import SandboxServer
from syndicator.destinations.models import Destination
from syndicator.entries.models import LiveBlog
from syndicator.posts import attempts, deliver, reconcile
from syndicator.posts.models import Post
from syndicator.posts.render import render
from tests.factories import make_blog, make_destination, make_entry, make_route


@dataclass
class Newsroom:
    """A live blog with one automatic route to a sandbox platform."""

    blog: LiveBlog
    destination: Destination
    sandbox: SandboxServer

    def post(self, **values: Any) -> Post:
        entry = make_entry(self.blog, **values)
        render(entry.pk)
        return Post.objects.get(entry=entry)

    def deliver(self) -> int:
        return deliver.deliver(self.destination.pk)

    def accepted(self) -> list[str]:
        """Permalinks the platform itself says it accepted, in order."""
        return [act.link for act in self.sandbox.store.accepted(self.destination.channel_name)]

    def fault(self, name: str, **values: Any) -> None:
        self.sandbox.faults.switch_on(self.destination.channel_name, Fault(name, **values))


@pytest.fixture(params=["x", "facebook"])
def newsroom(request: pytest.FixtureRequest, sandbox: SandboxServer) -> Iterator[Newsroom]:
    destination = make_destination(request.param, f"{sandbox.http_url}/{request.param}")
    blog = make_blog()
    make_route(blog, destination)
    return Newsroom(blog, destination, sandbox)


@pytest.fixture
def short_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second instead of thirty, so that hanging platforms are tested in a second."""
    for module in (attempts, deliver, reconcile):
        monkeypatch.setattr(module, "DEADLINE", timedelta(seconds=1))
