"""A digest shows only pictures that its mail destination may show."""

from __future__ import annotations

import pytest

from syndicator.channels.base import Message
from syndicator.content import Image
from syndicator.destinations.models import Destination, Policy, Route
from syndicator.digests import review
from syndicator.digests.making import make_due
from syndicator.digests.models import Digest
from syndicator.posts.picturing import fetch_pictures
from tests.digests.conftest import Newsroom
from tests.factories import make_user
from tests.pictures.conftest import PictureServer, photo, web

__all__ = ["web"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(newsroom: Newsroom, web: PictureServer) -> Digest:
    web.files["/a.jpg"] = photo()
    Route.objects.update(with_pictures=True, policy=Policy.REVIEW)
    newsroom.reader("anna")
    image = Image("Der Saal", "Anna Foto/dpa", "Ein Saal", f"{web.url}/a.jpg")
    fetch_pictures(newsroom.entry("a", blocks=(image,)).pk)
    newsroom.pass_time(hours=1)
    return newsroom.waiting()


def pictures(digest: Digest) -> tuple[object, ...]:
    return Message.from_json(digest.payload).all_pictures


def test_one_that_waits_is_made_anew_without_what_is_refused_since(waiting: Digest) -> None:
    assert pictures(waiting)
    Destination.objects.update(refused_credits="dpa")
    with pytest.raises(review.DigestRefused):
        review.approve(waiting.pk, make_user(), waiting.payload_hash)
    make_due()
    waiting.refresh_from_db()
    assert pictures(waiting) == ()
    assert "cid:" not in Message.from_json(waiting.payload).html
