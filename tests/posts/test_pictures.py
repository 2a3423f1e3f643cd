"""Pictures on their way from the entry to the post: fetched once, waited for, never the reason
that an entry does not go out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from syndicator.channels.sandbox.server import SandboxServer
from syndicator.clock import database_now
from syndicator.content import Image
from syndicator.destinations.models import Destination, Policy, Route
from syndicator.entries.models import Entry
from syndicator.pictures.models import PictureFetch, StoredPicture
from syndicator.pictures.storage import PictureGone, read
from syndicator.posts import deliver, review
from syndicator.posts.circuit import FAILURES_ALLOWED
from syndicator.posts.models import Post, PostState
from syndicator.posts.picturing import PATIENCE, fetch_pictures, pictures_of
from syndicator.posts.render import render
from syndicator.uptime import uptime
from tests.factories import make_blog, make_destination, make_entry, make_route, make_user
from tests.pictures.buckets import Bucket, bucket
from tests.pictures.conftest import PictureServer, photo, web

__all__ = ["bucket", "web"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def route() -> Route:
    route = make_route(make_blog(), make_destination("x"), Policy.REVIEW)
    route.with_pictures = True
    route.save()
    return route


def entry_with(route: Route, *urls: str, alt: str = "Ein Saal") -> Entry:
    blocks = tuple(Image("Der Saal", "Anna Foto/dpa", alt, url) for url in urls)
    return make_entry(route.blog, blocks=blocks)


def test_a_picture_is_fetched_once_and_known_by_its_bytes(route: Route, web: PictureServer) -> None:
    web.files |= {"/a.jpg": photo(), "/b.jpg": b"no picture"}
    first = entry_with(route, f"{web.url}/a.jpg", f"{web.url}/b.jpg")
    fetch_pictures(first.pk)
    fetch_pictures(entry_with(route, f"{web.url}/a.jpg").pk)
    assert web.asked.count("/a.jpg") == 1
    (picture,) = pictures_of(first)
    assert (picture.width, picture.height) == (64, 48)
    assert (picture.alt, picture.credit) == ("Ein Saal", "Anna Foto/dpa")
    assert len(read(picture)) == picture.size
    assert PictureFetch.objects.get(url__endswith="b.jpg").wording is not None


def test_without_a_description_the_caption_describes_it(route: Route, web: PictureServer) -> None:
    web.files["/a.jpg"] = photo()
    entry = entry_with(route, f"{web.url}/a.jpg", alt="")
    fetch_pictures(entry.pk)
    assert pictures_of(entry)[0].alt == "Der Saal"


def test_rendering_waits_for_a_picture_but_not_for_long(route: Route, web: PictureServer) -> None:
    web.files["/a.jpg"] = photo()
    entry = entry_with(route, f"{web.url}/a.jpg")
    render(entry.pk)
    assert not Post.objects.exists()
    Entry.objects.update(render_tried_at=database_now() - PATIENCE - timedelta(seconds=1))
    render(entry.pk)
    assert Post.objects.get().message.pictures == ()


def test_one_that_cannot_be_fetched_is_given_up(route: Route, web: PictureServer) -> None:
    entry = entry_with(route, f"{web.url}/missing.jpg")
    for _ in range(5):
        fetch_pictures(entry.pk)
    assert web.asked == ["/missing.jpg"] * 3
    render(entry.pk)
    assert Post.objects.get().message.pictures == ()


def test_nothing_is_fetched_where_no_route_wants_pictures(route: Route, web: PictureServer) -> None:
    Route.objects.update(with_pictures=False)
    render(entry_with(route, f"{web.url}/a.jpg").pk)
    assert Post.objects.exists()
    assert not PictureFetch.objects.exists()


def test_private_addresses_are_not_asked(route: Route, web: PictureServer, settings: Any) -> None:
    settings.ALLOW_PRIVATE_ADDRESSES = False
    entry = entry_with(route, f"{web.url}/a.jpg")
    fetch_pictures(entry.pk)
    assert web.asked == []
    assert PictureFetch.objects.get().wording is not None


def test_a_post_goes_out_with_the_picture_that_was_approved(
    route: Route, web: PictureServer, sandbox: SandboxServer
) -> None:
    Destination.objects.update(base_url=f"{sandbox.http_url}/x")
    web.files["/a.jpg"] = photo()
    entry = entry_with(route, f"{web.url}/a.jpg")
    fetch_pictures(entry.pk)
    render(entry.pk)
    post = Post.objects.get()
    web.files["/a.jpg"] = photo(30, 30)
    review.approve(post.pk, make_user(), post.payload_hash)
    deliver.deliver(post.destination_id)
    (act,) = sandbox.store.accepted("x")
    (media,) = act.request["media"]["media_ids"]
    assert sandbox.store.raw("x-media", media) == read(post.message.pictures[0])
    assert "Foto: Anna Foto/dpa" in act.text


def test_a_post_whose_picture_is_gone_is_not_sent(route: Route, web: PictureServer) -> None:
    web.files["/a.jpg"] = photo()
    entry = entry_with(route, f"{web.url}/a.jpg")
    fetch_pictures(entry.pk)
    render(entry.pk)
    post = Post.objects.get()
    Post.objects.update(state=PostState.APPROVED, due_at=database_now())
    picture = post.message.pictures[0]
    PictureFetch.objects.all().delete()
    StoredPicture.objects.all().delete()
    with pytest.raises(PictureGone):
        read(picture)
    deliver.deliver(post.destination_id)
    post.refresh_from_db()
    assert (post.state, post.wording) == (PostState.FAILED, deliver.NO_PICTURE)


def approved_post(route: Route, web: PictureServer, sandbox: SandboxServer) -> Post:
    Destination.objects.update(base_url=f"{sandbox.http_url}/x")
    web.files["/a.jpg"] = photo()
    entry = entry_with(route, f"{web.url}/a.jpg")
    fetch_pictures(entry.pk)
    render(entry.pk)
    post = Post.objects.get()
    review.approve(post.pk, make_user(), post.payload_hash)
    return post


@pytest.mark.parametrize("fault", ["403", "404", "500", "cut", "wrong"])
def test_a_post_waits_for_its_picture_as_long_as_the_bucket_does_not_give_it(
    route: Route, web: PictureServer, sandbox: SandboxServer, bucket: Bucket, fault: str
) -> None:
    post = approved_post(route, web, sandbox)
    assert StoredPicture.objects.get().place == "s3://paper/pictures"
    bucket.fault = fault
    for _ in range(FAILURES_ALLOWED + 1):
        Post.objects.update(due_at=database_now())
        deliver.deliver(post.destination_id)
    post.refresh_from_db()
    assert (post.state, post.wording) == (PostState.APPROVED, deliver.PICTURE_AWAY)
    assert sandbox.store.accepted("x") == []
    assert Destination.objects.get().failures == 0, "it is not the platform that fails"
    bucket.fault = ""
    Post.objects.update(due_at=database_now())
    deliver.deliver(post.destination_id)
    (act,) = sandbox.store.accepted("x")
    (media,) = act.request["media"]["media_ids"]
    assert [sandbox.store.raw("x-media", media)] == list(bucket.objects.values())


def test_a_post_whose_picture_the_bucket_has_lost_is_not_sent(
    route: Route, web: PictureServer, sandbox: SandboxServer, bucket: Bucket
) -> None:
    post = approved_post(route, web, sandbox)
    bucket.objects.clear()
    deliver.deliver(post.destination_id)
    post.refresh_from_db()
    assert (post.state, post.wording) == (PostState.FAILED, deliver.NO_PICTURE)
    assert sandbox.store.accepted("x") == []


def test_a_slow_bucket_leaves_time_for_the_post(
    route: Route,
    web: PictureServer,
    sandbox: SandboxServer,
    bucket: Bucket,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    post = approved_post(route, web, sandbox)
    monkeypatch.setattr(deliver, "PICTURES_SPAN", 0.5)
    bucket.fault = "slow"
    began = uptime()
    deliver.deliver(post.destination_id)
    assert uptime() - began < 2
    post.refresh_from_db()
    assert (post.state, post.wording) == (PostState.APPROVED, deliver.PICTURE_AWAY)
