"""The picture of a share page whose bytes are in a bucket."""

from __future__ import annotations

import pytest

from syndicator.entries.models import LiveBlog
from tests.pictures.buckets import Bucket, bucket
from tests.share.conftest import path_of
from tests.share.test_share_pages import FACEBOOK, get, tags, with_picture

__all__ = ["bucket"]
pytestmark = pytest.mark.django_db


def test_no_cache_keeps_that_the_bucket_was_away(blog: LiveBlog, bucket: Bucket) -> None:
    entry = with_picture(blog)
    address = tags(get(path_of(entry), FACEBOOK))["og:image"]
    path = address.removeprefix("http://127.0.0.1:8800")
    answer = get(path, FACEBOOK)
    assert (answer.status_code, answer.content) == (200, next(iter(bucket.objects.values())))
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    bucket.fault = "500"
    answer = get(path, FACEBOOK)
    assert (answer.status_code, answer["Cache-Control"]) == (503, "no-store")
