"""A picture goes only where its credit may be shown: when the post is written, and when it goes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syndicator.channels.sandbox.server import SandboxServer
from syndicator.content import Image, Picture
from syndicator.destinations.models import Destination, Policy, Route
from syndicator.destinations.picture_rights import allowed, objection
from syndicator.entries.models import Entry
from syndicator.posts import deliver, review
from syndicator.posts.models import Post, PostState
from syndicator.posts.picturing import fetch_pictures
from syndicator.posts.render import render
from tests.factories import make_blog, make_destination, make_entry, make_route, make_user
from tests.pictures.conftest import PictureServer, photo, web

__all__ = ["web"]
pytestmark = pytest.mark.django_db

PICTURE = Picture("0" * 64, "image/jpeg", 1000, 64, 48)


def place(**rights: object) -> Destination:
    return Destination(name="X – Redaktion", **rights)


@pytest.mark.parametrize(
    ("credit", "refused"),
    [
        ("dpa", True),
        ("Anna Foto/DPA", True),
        ("picture alliance/dpa", True),
        ("Reuters/Jane Doe", True),
        ("REUTERSTV", True),
        ("AFP via Getty Images", True),
        ("AFP", False),
        ("Getty Images", False),
        ("Jana Brandt", False),
        ("", False),
    ],
)
def test_credits_that_are_listed_are_refused(credit: str, refused: bool) -> None:
    to = place(refused_credits="dpa, Reuters*\nAFP via Getty")
    told = objection(to, replace(PICTURE, credit=credit))
    assert (told is not None) is refused
    if told:
        assert credit in str(told)
        assert "X – Redaktion" in str(told)


@pytest.mark.parametrize(("credit", "fine"), [("Jana Brandt", True), ("dpa", False), ("", True)])
def test_where_only_some_may_be_shown_all_others_are_refused(credit: str, fine: bool) -> None:
    to = place(only_credits="Jana Brandt; Privat")
    assert bool(allowed(to, [replace(PICTURE, credit=credit)])) is fine


def test_a_list_without_a_word_in_it_allows_nothing() -> None:
    assert allowed(place(only_credits="***"), [replace(PICTURE, credit="dpa")]) == ()


def test_pictures_without_a_credit_may_be_refused() -> None:
    to = place(pictures_without_credit=False)
    assert allowed(to, [PICTURE]) == ()
    assert allowed(to, [replace(PICTURE, credit="dpa")])


@pytest.fixture
def route(sandbox: SandboxServer) -> Route:
    destination = make_destination("x", f"{sandbox.http_url}/x")
    route = make_route(make_blog(), destination, Policy.AUTOMATIC)
    route.with_pictures = True
    route.save()
    return route


def pictured(route: Route, web: PictureServer, *credited: str) -> Entry:
    blocks = []
    for number, credit in enumerate(credited):
        web.files[f"/{number}.jpg"] = photo()
        blocks.append(Image("Der Saal", credit, "Ein Saal", f"{web.url}/{number}.jpg"))
    entry = make_entry(route.blog, blocks=tuple(blocks))
    fetch_pictures(entry.pk)
    return entry


def refuse(listed: str) -> None:
    Destination.objects.update(refused_credits=listed)


def test_the_post_is_written_without_the_picture(route: Route, web: PictureServer) -> None:
    refuse("dpa")
    render(pictured(route, web, "Anna Foto/dpa", "Jana Brandt").pk)
    post = Post.objects.get()
    assert post.state == PostState.APPROVED
    assert [one.credit for one in post.message.all_pictures] == ["Jana Brandt"]


def test_what_was_refused_since_waits_for_an_editor_and_goes_without_it(
    route: Route, web: PictureServer, sandbox: SandboxServer
) -> None:
    render(pictured(route, web, "dpa").pk)
    refuse("dpa")
    assert deliver.deliver(route.destination_id) == 0
    post = Post.objects.get()
    assert post.state == PostState.PENDING
    assert "dpa" in str(post.wording)
    assert not post.attempts.exists()
    editor = make_user()
    with pytest.raises(review.ReviewRefused, match="dpa"):
        review.approve(post.pk, editor, post.payload_hash)
    edited = review.edit(post.pk, editor, post.payload_hash, post.message.text)
    assert edited.message.all_pictures == ()
    review.approve(post.pk, editor, edited.payload_hash)
    assert deliver.deliver(route.destination_id) == 1
    assert Post.objects.get().state == PostState.SENT
    assert len(sandbox.store.accepted("x")) == 1


def test_what_may_be_shown_goes_out_with_it(route: Route, web: PictureServer) -> None:
    refuse("Reuters")
    render(pictured(route, web, "dpa").pk)
    assert deliver.deliver(route.destination_id) == 1
    post = Post.objects.get()
    assert post.state == PostState.SENT
    assert post.message.pictures


def test_a_card_shows_no_picture_that_may_not_be_shown(web: PictureServer) -> None:
    route = make_route(make_blog(), make_destination("bluesky"), Policy.REVIEW)
    route.with_pictures = True
    route.save()
    refuse("dpa")
    render(pictured(route, web, "dpa").pk)
    assert Post.objects.get().message.all_pictures == ()


def test_a_mail_is_written_without_it_and_an_approved_one_waits(web: PictureServer) -> None:
    route = make_route(make_blog(), make_destination("email"), Policy.REVIEW)
    route.with_pictures = True
    route.save()
    render(pictured(route, web, "dpa").pk)
    before = Post.objects.get()
    assert before.message.pictures
    refuse("dpa")
    editor = make_user()
    with pytest.raises(review.ReviewRefused, match="dpa"):
        review.approve(before.pk, editor, before.payload_hash)
    with pytest.raises(review.ReviewRefused, match="dpa"):
        review.edit(before.pk, editor, before.payload_hash, before.message.text)
    told = before.message.text.split("\n\n")
    without = "\n\n".join(block for block in told if not block.startswith("["))
    edited = review.edit(before.pk, editor, before.payload_hash, without)
    assert edited.message.all_pictures == ()
    assert "cid:" not in edited.message.html
    render(pictured(route, web, "dpa").pk)
    assert Post.objects.latest("pk").message.pictures == ()
