from __future__ import annotations

import pytest

from syndicator.destinations.models import Destination
from syndicator.entries.models import LiveBlog
from tests.factories import make_blog, make_destination

RETURN_ADDRESS = "bounces@paper.example"


@pytest.fixture
def blog() -> LiveBlog:
    return make_blog(title="Live: Stadtrat", slug="rat", language="de")


@pytest.fixture
def destination() -> Destination:
    return make_destination("email", "smtp://127.0.0.1:9", return_address=RETURN_ADDRESS)
