"""Edits and deletions of what is out: carried out when a person says so, and safely twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar

import pytest

from syndicator.accounts.models import User
from syndicator.channels import registry
from syndicator.channels.base import (
    ALSO,
    Account,
    Act,
    Capability,
    Channel,
    ChannelError,
    Client,
    LookUp,
    LookUpStrength,
    Message,
    Receipt,
    Rejected,
    Unknown,
)
from syndicator.content import Story
from syndicator.destinations.models import Destination
from syndicator.entries.ingest import ingest, withdraw
from syndicator.posts import deliver, reconcile, review
from syndicator.posts.models import Action, Decision, Post, PostState, Verdict
from syndicator.posts.render import render
from syndicator.posts.review import ReviewRefused
from syndicator.posts.sweep import sweep
from syndicator.wording import Wording
from tests.factories import (
    make_blog,
    make_content,
    make_destination,
    make_due,
    make_entry,
    make_route,
    make_source,
    make_user,
)

pytestmark = pytest.mark.django_db


class Board:
    """What stands on the test's platform, and what it answers next instead of acting."""

    def __init__(self) -> None:
        self.posts: dict[str, str] = {}
        self.acts: list[str] = []
        self.answers: list[ChannelError] = []


class BoardClient(Client):
    def __init__(self, board: Board) -> None:
        self.board = board

    def _acts(self, what: str) -> None:
        self.board.acts.append(what)

    def _answered(self) -> Receipt | None:
        if self.board.answers:
            raise self.board.answers.pop(0)
        return None

    def send(self, message: Message, *, key: str, deadline: timedelta) -> Receipt:
        number = str(len(self.board.posts) + 1)
        self.board.posts[number] = message.text
        self._acts(f"publish {number}")
        return Receipt(number, url=f"https://board.example.org/{number}")

    def edit(self, remote_id: str, message: Message, *, key: str, deadline: timedelta) -> Receipt:
        self._acts(f"edit {remote_id}")
        self.board.posts[remote_id] = message.text
        self._answered()
        return Receipt(remote_id)

    def delete(self, remote_id: str, *, key: str, deadline: timedelta) -> Receipt:
        self._acts(f"delete {remote_id}")
        for name in remote_id.split(ALSO):
            self.board.posts.pop(name, None)
        self._answered()
        return Receipt(remote_id)

    def look_up(
        self, message: Message, *, key: str, since: datetime, deadline: timedelta
    ) -> LookUp:
        raise AssertionError("an edit or a deletion is not looked up")


class BoardChannel(Channel):
    """A platform in memory: the engine's part is tried here, not a platform's."""

    name = "board"
    label = "Board"
    default_base_url = "https://board.example.org"
    settings = ()
    look_up_strength = LookUpStrength.STRONG
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {Capability.EDIT, Capability.DELETE, Capability.REPLY}
    )

    def __init__(self) -> None:
        self.board = Board()

    def render(self, story: Story) -> Message | None:
        said = story.entry.headline or story.entry.blocks[0].text
        permalink = story.entry.permalink
        return Message(f"{said} {permalink}", permalink, in_reply_to=story.in_reply_to)

    def cost(self, message: Message, act: Act = Act.PUBLISH) -> Decimal:
        return Decimal("0.01") if act == Act.DELETE else Decimal("0.20")

    def client(self, account: Account) -> Client:
        return BoardClient(self.board)


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> Board:
    channel = BoardChannel()
    known = {**registry.channels(), "board": channel}
    monkeypatch.setattr(registry, "channels", lambda: known)
    return channel.board


@pytest.fixture
def editor() -> User:
    return make_user()


@pytest.fixture
def published(board: Board) -> Post:
    """A post that is out."""
    blog = make_blog()
    make_route(blog, make_destination("board"))
    entry = make_entry(blog, external_id="one", headline="Erste Meldung")
    render(entry.pk)
    post = Post.objects.get()
    deliver.deliver(post.destination_id)
    post.refresh_from_db()
    assert post.state == PostState.SENT
    return post


def change(post: Post, headline: str) -> Post:
    """The entry says something else: the note that asks for an edit."""
    source = make_source(post.entry.blog)
    ingest(source, make_content("one", headline=headline))
    render(post.entry_id)
    return Post.objects.filter(action=Action.EDIT).latest("pk")


def take_back(post: Post) -> Post:
    withdraw(make_source(post.entry.blog), "one")
    render(post.entry_id)
    return Post.objects.filter(action=Action.DELETE).latest("pk")


def carry_out(note: Post, editor: User) -> Post:
    note.refresh_from_db()
    review.carry_out(note.pk, editor, note.payload_hash)
    deliver.deliver(note.destination_id)
    note.refresh_from_db()
    return note


def test_an_edit_is_carried_out_and_on_record(board: Board, published: Post, editor: User) -> None:
    note = carry_out(change(published, "Zweite Fassung"), editor)
    assert note.state == PostState.SENT
    assert note.remote_url == "https://board.example.org/1"
    assert "Zweite Fassung" in board.posts["1"]
    assert board.acts == ["publish 1", "edit 1"]
    decision = Decision.objects.get(post=note)
    assert (decision.verdict, decision.user) == (Verdict.CARRY_OUT, editor)
    assert note.attempts.get().cost == Decimal("0.20")


def test_a_deletion_takes_the_post_back_and_the_entry_may_come_again(
    board: Board, published: Post, editor: User
) -> None:
    note = carry_out(take_back(published), editor)
    published.refresh_from_db()
    assert (note.state, published.state) == (PostState.SENT, PostState.DELETED)
    assert board.posts == {}

    again = make_content("one", headline="Doch wieder da")
    ingest(make_source(published.entry.blog), again)
    render(published.entry_id)
    deliver.deliver(published.destination_id)
    assert list(board.posts.values()) == [f"Doch wieder da {again.permalink}"]


def test_nothing_is_done_before_a_person_says_so(board: Board, published: Post) -> None:
    change(published, "Zweite Fassung")
    deliver.deliver(published.destination_id)
    assert board.acts == ["publish 1"]


@pytest.mark.parametrize("act", ["edit", "delete"])
def test_an_unclear_answer_is_not_looked_up_but_done_again(
    board: Board, published: Post, editor: User, act: str
) -> None:
    board.answers = [Unknown(Wording("?"))]
    note = change(published, "Neu") if act == "edit" else take_back(published)
    note = carry_out(note, editor)
    assert note.state == PostState.APPROVED
    assert note.due_at is not None
    deliver.deliver(make_due(note).destination_id)
    note.refresh_from_db()
    assert note.state == PostState.SENT
    assert board.acts == ["publish 1", f"{act} 1", f"{act} 1"]


def test_a_worker_that_dies_meanwhile_has_it_done_again(
    board: Board, published: Post, editor: User
) -> None:
    note = change(published, "Neu")
    review.carry_out(note.pk, editor, note.payload_hash)
    claim = deliver.claim_next(note.destination_id)
    assert claim is not None
    deliver.send(claim)
    make_due(note)
    assert sweep().abandoned == 1
    reconcile.reconcile(make_due(note).pk)
    note.refresh_from_db()
    assert note.state == PostState.APPROVED
    deliver.deliver(note.destination_id)
    note.refresh_from_db()
    assert note.state == PostState.SENT


def test_after_so_many_deaths_a_person_is_asked(
    board: Board, published: Post, editor: User
) -> None:
    note = change(published, "Neu")
    review.carry_out(note.pk, editor, note.payload_hash)
    assert deliver.claim_next(note.destination_id) is not None
    Post.objects.filter(pk=note.pk).update(tries=deliver.MAX_TRIES)
    sweep_dead = make_due(note)
    sweep()
    reconcile.reconcile(make_due(sweep_dead).pk)
    note.refresh_from_db()
    assert (note.state, note.due_at) == (PostState.FAILED, None)


def test_a_refused_edit_fails_and_can_be_tried_again(
    board: Board, published: Post, editor: User
) -> None:
    board.answers = [Rejected(Wording("Zu alt."))]
    note = carry_out(change(published, "Neu"), editor)
    assert note.state == PostState.FAILED
    review.retry(note.pk, editor)
    deliver.deliver(note.destination_id)
    note.refresh_from_db()
    assert note.state == PostState.SENT


def test_a_newer_version_takes_the_place_of_an_edit_that_waits(
    board: Board, published: Post, editor: User
) -> None:
    older = change(published, "Zweite Fassung")
    review.carry_out(older.pk, editor, older.payload_hash)
    newer = change(published, "Dritte Fassung")
    older.refresh_from_db()
    assert older.state == PostState.CANCELLED
    deliver.deliver(published.destination_id)
    assert board.acts == ["publish 1"]
    carry_out(newer, editor)
    assert "Dritte Fassung" in board.posts["1"]


def test_it_is_refused_where_the_screen_is_old_or_the_account_another(
    board: Board, published: Post, editor: User
) -> None:
    note = change(published, "Neu")
    with pytest.raises(ReviewRefused):
        review.carry_out(note.pk, editor, "something else")
    Destination.objects.update(account_key="another")
    with pytest.raises(ReviewRefused) as refused:
        review.carry_out(note.pk, editor, note.payload_hash)
    assert refused.value.wording == review.OTHER_ACCOUNT


def test_nothing_is_deleted_on_another_account(board: Board, published: Post, editor: User) -> None:
    """There the post is not, which would count as deleted."""
    note = take_back(published)
    review.carry_out(note.pk, editor, note.payload_hash)
    Destination.objects.update(account_key="another")
    deliver.deliver(note.destination_id)
    note.refresh_from_db()
    assert note.state == PostState.PENDING
    assert board.acts == ["publish 1"]


def test_it_is_refused_where_the_platform_does_not_offer_it(
    board: Board, published: Post, editor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = change(published, "Neu")
    monkeypatch.setattr(BoardChannel, "capabilities", frozenset())
    with pytest.raises(ReviewRefused) as refused:
        review.carry_out(note.pk, editor, note.payload_hash)
    assert refused.value.wording == review.CANNOT


def test_deleted_and_posted_anew_with_the_corrected_text(
    board: Board, published: Post, editor: User
) -> None:
    note = change(published, "Zweite Fassung")
    act = review.repost(note.pk, editor, note.payload_hash)
    deliver.deliver(published.destination_id)
    render(published.entry_id)  # which the confirmed deletion rang for
    deliver.deliver(published.destination_id)
    assert board.acts == ["publish 1", "delete 1", "publish 1"]
    assert [text.partition(" http")[0] for text in board.posts.values()] == ["Zweite Fassung"]
    note.refresh_from_db()
    assert note.state == PostState.CANCELLED
    assert Decision.objects.get(post=act).user == editor


def test_nothing_is_posted_anew_before_the_old_one_is_gone(
    board: Board, published: Post, editor: User
) -> None:
    note = change(published, "Zweite Fassung")
    board.answers.append(Rejected(Wording("The platform refused.")))
    review.repost(note.pk, editor, note.payload_hash)
    deliver.deliver(published.destination_id)
    render(published.entry_id)
    deliver.deliver(published.destination_id)
    assert board.acts == ["publish 1", "delete 1"]
    assert Post.objects.get(action=Action.DELETE).state == PostState.FAILED


def test_only_an_edit_that_was_seen_is_posted_anew(
    board: Board, published: Post, editor: User
) -> None:
    note = change(published, "Zweite Fassung")
    with pytest.raises(ReviewRefused):
        review.repost(note.pk, editor, "another")
    with pytest.raises(ReviewRefused):
        review.repost(published.pk, editor, published.payload_hash)
    review.repost(note.pk, editor, note.payload_hash)
    with pytest.raises(ReviewRefused):
        review.repost(note.pk, editor, note.payload_hash)
    assert Post.objects.filter(action=Action.DELETE).count() == 1


def test_an_entry_that_came_back_while_its_post_was_deleted_is_posted_anew(
    board: Board, published: Post, editor: User
) -> None:
    note = take_back(published)
    review.carry_out(note.pk, editor, note.payload_hash)
    claim = deliver.claim_next(published.destination_id)
    assert claim is not None
    edit = change(published, "Doch wieder da")
    deliver.record(claim, deliver.send(claim), go_on=False)
    render(published.entry_id)
    deliver.deliver(published.destination_id)
    edit.refresh_from_db()
    assert edit.state == PostState.CANCELLED
    assert [text.partition(" http")[0] for text in board.posts.values()] == ["Doch wieder da"]
