"""Pictures are fetched whoever wants them, within bounds of size and time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from syndicator.content import Image
from syndicator.pictures import fetching
from syndicator.pictures.models import PictureFetch
from syndicator.posts.picturing import fetch_pictures, pictures_of
from tests.factories import make_entry
from tests.pictures.conftest import PictureServer, photo

pytestmark = pytest.mark.django_db


def test_an_entrys_pictures_are_fetched_though_no_route_wants_any(web: PictureServer) -> None:
    web.files["/a.jpg"] = photo()
    entry = make_entry(blocks=(Image("Der Saal", "dpa", "", f"{web.url}/a.jpg"),))
    fetch_pictures(entry.pk)
    assert len(pictures_of(entry)) == 1


def test_a_file_that_is_too_large_is_refused(
    web: PictureServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "LARGEST", 1000)
    web.files["/a.jpg"] = photo()
    fetching.fetch_all([f"{web.url}/a.jpg"])
    row = PictureFetch.objects.get()
    assert row.picture is None
    assert "larger" in str(row.wording)


def test_a_server_that_is_too_slow_is_given_up(
    web: PictureServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "TOTAL_TIME", timedelta(0))
    web.files["/a.jpg"] = photo()
    fetching.fetch_all([f"{web.url}/a.jpg"])
    row = PictureFetch.objects.get()
    assert row.picture is None
    assert row.wording is not None
