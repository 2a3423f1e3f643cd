from __future__ import annotations

from collections.abc import Iterator

import pytest

from syndicator.destinations.models import Destination
from syndicator.entries.models import LiveBlog
from tests.channels.email.scripted_relay import ScriptedRelay, serving
from tests.factories import make_blog, make_destination
from tests.rings import Rung, listening


@pytest.fixture
def relay() -> Iterator[ScriptedRelay]:
    with serving() as running:
        yield running


@pytest.fixture
def blog() -> LiveBlog:
    return make_blog(title="Live: Stadtrat", slug="rat", language="de")


@pytest.fixture
def destination(relay: ScriptedRelay) -> Destination:
    return make_destination("email", relay.url)


@pytest.fixture
def rung() -> Iterator[Rung]:
    with listening("mailing") as collect:
        yield collect
