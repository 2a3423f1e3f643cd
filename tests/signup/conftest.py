from __future__ import annotations

from collections.abc import Iterator

import pytest

from syndicator.destinations.models import Destination
from syndicator.entries.models import LiveBlog
from syndicator.newsletter.models import Pace
from syndicator.signup.models import SignUp
from syndicator.signup.settings import set_up, usual_consent
from tests.channels.email.scripted_relay import ScriptedRelay, serving
from tests.factories import make_blog, make_destination, make_route


@pytest.fixture
def relay() -> Iterator[ScriptedRelay]:
    with serving() as running:
        yield running


@pytest.fixture
def blog(db: None) -> LiveBlog:
    return make_blog(title="Live: Stadtrat", slug="rat", language="en")


@pytest.fixture
def destination(blog: LiveBlog, relay: ScriptedRelay) -> Destination:
    made = make_destination("email", relay.url)
    make_route(blog, made)
    return made


@pytest.fixture
def sign_up(blog: LiveBlog, destination: Destination) -> SignUp:
    return set_up(blog, is_open=True, paces=list(Pace), consent=usual_consent(blog))
