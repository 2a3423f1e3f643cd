"""Pictures in the database and in a bucket, and their way from one to the other."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as cheaply
from hypothesis import strategies as st
from pytest_django import Settings

from syndicator.content import Picture
from syndicator.pictures import moving, storage
from syndicator.pictures.encoding import Encoded, encode
from syndicator.pictures.fetching import fetch_all
from syndicator.pictures.models import PictureFetch, StoredPicture
from syndicator.pictures.moving import GivenUp, move_all
from syndicator.pictures.storage import PictureAway, PictureGone, read, read_digest, store
from tests.factories import make_user
from tests.pictures.buckets import Bucket, bucket
from tests.pictures.conftest import PictureServer, photo

__all__ = ["bucket"]
pytestmark = pytest.mark.django_db
HERE = "s3://paper/pictures"


def some(number: int) -> Encoded:
    """Bytes that no other number gives."""
    return Encoded(f"picture {number}".encode(), "image/png", 1, 1)


def shown(one: Encoded) -> Picture:
    return Picture(
        digest=one.digest,
        media_type=one.media_type,
        size=len(one.data),
        width=1,
        height=1,
        alt="",
        credit="",
    )


def places() -> list[str | None]:
    return list(StoredPicture.objects.order_by("digest").values_list("place", flat=True))


def test_a_new_picture_is_in_the_bucket_and_not_in_the_database(bucket: Bucket) -> None:
    one = some(1)
    row = store(one)
    assert (row.place, bytes(row.data), row.size) == (HERE, b"", len(one.data))
    assert bucket.objects == {f"paper/pictures/{one.digest}": one.data}
    assert read(shown(one)) == one.data
    assert store(one).pk == row.pk


@pytest.mark.parametrize("fault", ["403", "404", "500", "lost", "wrong"])
def test_what_the_bucket_does_not_take_is_kept_in_the_database(bucket: Bucket, fault: str) -> None:
    bucket.fault, bucket.faulty = fault, ("PUT",)
    one = some(1)
    assert store(one).place is None
    bucket.faulty = ("GET",)
    assert read(shown(one)) == one.data


def test_a_fetched_picture_is_in_the_bucket_before_its_row(
    bucket: Bucket, web: PictureServer
) -> None:
    web.files |= {f"/{number}.jpg": photo(20 + number, 20) for number in range(3)}
    fetch_all([f"{web.url}{path}" for path in web.files])
    assert places() == [HERE] * 3
    assert PictureFetch.objects.filter(picture=None).count() == 0
    assert len(bucket.objects) == 3


def test_both_places_are_read_whatever_is_set(bucket: Bucket, settings: Settings) -> None:
    in_bucket, in_database = some(1), some(2)
    store(in_bucket)
    settings.PICTURE_STORE = ""
    store(in_database)
    assert {read(shown(in_bucket)), read(shown(in_database))} == {in_bucket.data, in_database.data}


@pytest.mark.parametrize("fault", ["403", "404", "500", "301", "cut", "wrong", "huge"])
def test_a_picture_that_cannot_be_had_now_is_not_gone(bucket: Bucket, fault: str) -> None:
    one = some(1)
    store(one)
    bucket.fault = fault
    with pytest.raises(PictureAway):
        read(shown(one))
    bucket.fault = ""
    assert read(shown(one)) == one.data


def test_a_picture_that_the_bucket_lacks_is_gone(bucket: Bucket) -> None:
    one = some(1)
    store(one)
    bucket.objects.clear()
    with pytest.raises(PictureGone):
        read(shown(one))


def test_bytes_that_changed_in_the_database_are_not_shown(settings: Settings) -> None:
    one = some(1)
    store(one)
    StoredPicture.objects.update(data=b"something else")
    with pytest.raises(PictureAway):
        read(shown(one))


def test_a_slow_bucket_is_left(bucket: Bucket) -> None:
    one = replace(some(1), data=b"x" * 400)
    store(one)
    bucket.fault = "slow"
    with pytest.raises(PictureAway):
        read_digest(one.digest, timedelta(seconds=0.3))


def test_a_picture_that_is_moved_while_it_is_read_is_read_where_it_went(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = some(1)
    store(one)
    old = StoredPicture.objects.get()
    list(move_all(None, delete_behind=True))
    rows = iter([old, StoredPicture.objects.get()])
    monkeypatch.setattr(storage, "_row", lambda _digest: next(rows))
    assert read(shown(one)) == one.data


def test_there_and_back_again_nothing_is_lost(bucket: Bucket) -> None:
    pictures = [some(number) for number in range(5)]
    for one in pictures:
        store(one)
    objects = dict(bucket.objects)
    assert [moved.problem for moved in move_all(None)] == [""] * 5
    assert places() == [None] * 5
    assert bucket.objects == objects, "older backups of the database need them"
    assert len(list(move_all(HERE))) == 5
    assert {bytes(row.data) for row in StoredPicture.objects.all()} == {b""}
    list(move_all("s3://other", delete_behind=True))
    assert places() == ["s3://other"] * 5
    assert set(bucket.objects) == {f"other/{one.digest}" for one in pictures}
    list(move_all(None, delete_behind=True))
    assert bucket.objects == {}
    assert all(read(shown(one)) == one.data for one in pictures)


@pytest.mark.parametrize("fault", ["500", "lost", "wrong"])
def test_what_did_not_arrive_stays_where_it_was(
    bucket: Bucket, settings: Settings, fault: str
) -> None:
    settings.PICTURE_STORE = ""
    one = some(1)
    store(one)
    bucket.fault, bucket.faulty = fault, ("PUT",)
    assert [bool(moved.problem) for moved in move_all(HERE, delete_behind=True)] == [True]
    assert places() == [None]
    assert read(shown(one)) == one.data


@pytest.mark.parametrize("fault", ["500", "lost", "wrong"])
def test_a_picture_that_comes_again_harms_the_stored_one_in_no_way(
    bucket: Bucket, fault: str
) -> None:
    one = some(1)
    store(one)
    bucket.fault, bucket.faulty = fault, ("PUT",)
    store(one)
    assert places() == [HERE]
    assert read(shown(one)) == one.data


def test_what_is_not_the_picture_is_written_over(bucket: Bucket) -> None:
    one = some(1)
    bucket.fault, bucket.faulty = "wrong", ("PUT",)
    store(one)
    assert places() == [None]
    bucket.fault = ""
    assert [moved.problem for moved in move_all(HERE)] == [""]
    assert read(shown(one)) == one.data


def test_a_move_that_fails_again_and_again_ends(bucket: Bucket) -> None:
    for number in range(moving.FAILURES + 3):
        store(some(number))
    bucket.fault = "500"
    bucket.calls.clear()
    with pytest.raises(GivenUp):
        list(move_all(None))
    assert len(bucket.calls) == moving.FAILURES
    bucket.fault = ""
    assert len(list(move_all(None))) == moving.FAILURES + 3


def test_what_was_copied_to_the_new_bucket_by_hand_needs_only_its_row(bucket: Bucket) -> None:
    one = some(1)
    store(one)
    bucket.objects = {f"new/{one.digest}": one.data}
    assert [moved.problem for moved in move_all("s3://new")] == [""]
    assert read(shown(one)) == one.data
    bucket.objects.clear()
    assert [bool(moved.problem) for moved in move_all("s3://newer")] == [True]
    assert places() == ["s3://new"]


@cheaply(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("store"), st.integers(0, 4)),
            st.tuples(st.just("switch"), st.sampled_from(["", HERE, "s3://other"])),
            st.tuples(st.just("fault"), st.sampled_from(["", "", "500", "lost", "wrong"])),
            st.tuples(st.just("move"), st.integers(0, 4)),
            st.tuples(st.just("move and delete"), st.integers(0, 4)),
        ),
        max_size=12,
    )
)
def test_whatever_happens_every_stored_picture_is_there_and_in_one_place(
    bucket: Bucket, settings: Settings, steps: list[tuple[str, int | str]]
) -> None:
    StoredPicture.objects.all().delete()
    bucket.objects.clear()
    bucket.fault, bucket.faulty, settings.PICTURE_STORE = "", ("PUT", "DELETE"), HERE
    kept = set()
    for step, value in steps:
        match step, value:
            case "store", int(number):
                store(some(number))
                kept.add(number)
            case "switch", str(place):
                settings.PICTURE_STORE = place
            case "fault", str(fault):
                bucket.fault = fault
            case _, int(most):
                moves = move_all(settings.PICTURE_STORE or None, delete_behind=step != "move")
                for _ in zip(range(most), moves, strict=False):
                    pass
    assert StoredPicture.objects.count() == len(kept)
    assert all(read(shown(some(number))) == some(number).data for number in kept)
    for row in StoredPicture.objects.all():
        assert bool(row.data) != bool(row.place)


def test_the_desk_shows_it_from_the_bucket_and_keeps_no_failure(
    bucket: Bucket, client: Client
) -> None:
    client.force_login(make_user())
    row = store(encode(photo()))
    address = f"/pictures/{row.pk}/"
    answer = client.get(address)
    assert (answer.status_code, answer.content) == (200, next(iter(bucket.objects.values())))
    assert "immutable" in answer["Cache-Control"]
    bucket.fault = "500"
    answer = client.get(address)
    assert (answer.status_code, answer["Cache-Control"]) == (503, "no-store")
    assert answer["Retry-After"]
    bucket.fault = ""
    bucket.objects.clear()
    assert client.get(address).status_code == 404
