"""Whoever wrote or edited a text does not approve it, where the route says so."""

from __future__ import annotations

import pytest

from syndicator.accounts.models import Role, User
from syndicator.channels.base import Capability
from syndicator.clock import database_now
from syndicator.destinations.models import Policy, Route
from syndicator.entries.ingest import ingest, withdraw
from syndicator.posts import four_eyes, review
from syndicator.posts.models import Action, Post, PostState
from syndicator.posts.render import render
from syndicator.posts.review import ReviewRefused
from tests.factories import make_content, make_destination, make_post, make_source, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def post() -> Post:
    made = make_post(Policy.REVIEW, author="Jana Brandt, Genf")
    Route.objects.update(four_eyes=True)
    return made


@pytest.fixture
def edda() -> User:
    return make_user(first_name="Edda", last_name="Kranz")


@pytest.fixture
def jana() -> User:
    return make_user(first_name="Jana", last_name="Brandt")


def edit(post: Post, user: User) -> Post:
    text = f"Von Hand. {post.message.permalink}"
    return review.edit(post.pk, user, post.payload_hash, text)


def test_who_edited_a_text_does_not_approve_it(post: Post, edda: User, jana: User) -> None:
    other = make_user(Role.ADMIN, first_name="Ole", last_name="Voss")
    make_user(Role.AUTHOR, first_name="Ira", last_name="Autorin")
    make_user(first_name="Uwe", last_name="Weg", is_active=False)
    edited = edit(post, edda)
    later = database_now().replace(year=database_now().year + 1)
    for decide in (
        lambda: review.approve(post.pk, edda, edited.payload_hash),
        lambda: review.schedule(post.pk, edda, edited.payload_hash, later),
    ):
        with pytest.raises(ReviewRefused) as refused:
            decide()
        assert str(refused.value) == (
            "You edited this text, so somebody else has to approve it: Ole Voss."
        )
    assert Post.objects.get().state == PostState.PENDING
    assert review.approve(post.pk, other, edited.payload_hash).state == PostState.APPROVED


def test_who_wrote_the_entry_does_not_approve_it(post: Post, edda: User, jana: User) -> None:
    with pytest.raises(ReviewRefused, match=r"You wrote this entry.*: Edda Kranz"):
        review.approve(post.pk, jana, post.payload_hash)
    review.approve(post.pk, edda, post.payload_hash)


def test_where_nobody_else_is_left_it_says_whom_to_ask(post: Post, jana: User) -> None:
    with pytest.raises(ReviewRefused, match="ask an administrator"):
        review.approve(post.pk, jana, post.payload_hash)


def test_without_the_setting_everybody_approves(post: Post, jana: User) -> None:
    Route.objects.update(four_eyes=False)
    edited = edit(post, jana)
    assert review.approve(post.pk, jana, edited.payload_hash).state == PostState.APPROVED


@pytest.mark.parametrize(
    ("byline", "first", "last", "username", "is_theirs"),
    [
        ("Jana Brandt", "Jana", "Brandt", "jb", True),
        ("JANA BRANDT und Tom Weiß", "Jana", "Brandt", "jb", True),
        ("Jana Brandt/dpa", "Jana", "Brandt", "jb", True),
        ("jbr", "Jana", "Brandt", "jbr", True),
        ("Jana", "Jana", "", "jana.b", True),
        ("Jana Weiß", "Jana", "", "jana", False),
        ("Jana Brandthoff", "Jana", "Brandt", "jb", False),
        ("Tom Weiß", "Jana", "Brandt", "jb", False),
        ("", "", "", "jb", False),
    ],
)
def test_a_byline_names_its_author(
    post: Post, byline: str, first: str, last: str, username: str, *, is_theirs: bool
) -> None:
    post.entry.author = byline
    user = make_user(first_name=first, last_name=last, username=username)
    assert four_eyes.wrote(user, post.entry) is is_theirs


def changed_when_out(action: Action) -> Post:
    """A note about a post that is out on a platform which edits and deletes."""
    destination = make_destination("facebook")
    assert {Capability.EDIT, Capability.DELETE} <= destination.channel.capabilities
    post = make_post(destination=destination, author="Jana Brandt")
    Post.objects.update(state=PostState.SENT, remote_id="1_2", due_at=None)
    Route.objects.update(four_eyes=True)
    if action == Action.EDIT:
        content = make_content(post.entry.external_id, author="Jana Brandt")
        ingest(make_source(post.entry.blog), content)
    else:
        withdraw(make_source(post.entry.blog), post.entry.external_id)
    render(post.entry_id)
    return Post.objects.get(action=action)


def test_a_correction_needs_other_eyes_too(jana: User, edda: User) -> None:
    note = changed_when_out(Action.EDIT)
    with pytest.raises(ReviewRefused, match="You wrote this entry"):
        review.carry_out(note.pk, jana, note.payload_hash)
    assert review.carry_out(note.pk, edda, note.payload_hash).state == PostState.APPROVED


def test_what_is_wrong_comes_down_without_anybody_else(jana: User) -> None:
    note = changed_when_out(Action.DELETE)
    assert review.carry_out(note.pk, jana, note.payload_hash).state == PostState.APPROVED
