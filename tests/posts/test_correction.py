"""Correcting what is out by a public reply: on the sandboxes of all platforms that have replies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syndicator.accounts.models import User
from syndicator.channels import registry
from syndicator.channels.base import Channel
from syndicator.channels.sandbox.server import SandboxServer
from syndicator.content import EntryContent, Paragraph, Story
from syndicator.destinations.accounts import account_of
from syndicator.destinations.models import Route
from syndicator.entries.ingest import ingest, withdraw
from syndicator.posts import correction, reconcile, retraction, review
from syndicator.posts.correction import choose_again, correct, difference
from syndicator.posts.models import Action, Post, PostState, Verdict
from syndicator.posts.render import render
from syndicator.posts.review import ReviewRefused
from syndicator.posts.sweep import sweep_in_turn
from tests.factories import (
    make_blog,
    make_destination,
    make_due,
    make_route,
    make_source,
    make_user,
)
from tests.posts.conftest import Newsroom

ANSWERS = ("x", "facebook", "mastodon", "bluesky")
#: What is about the engine is tried where a reply is looked up, and where it is found by its name.
everywhere = pytest.mark.parametrize("newsroom", ANSWERS, indirect=True)
FIRST = "In Genf sind 120 Menschen versammelt. Die Lage ist ruhig."
SECOND = "In Genf sind 210 Menschen versammelt. Die Lage ist ruhig."
THIRD = "In Genf sind 210 Menschen versammelt. Die Lage ist angespannt."


@pytest.fixture(params=["facebook", "bluesky"])
def newsroom(request: pytest.FixtureRequest, sandbox: SandboxServer) -> Iterator[Newsroom]:
    destination = make_destination(request.param, f"{sandbox.http_url}/{request.param}")
    blog = make_blog()
    make_route(blog, destination)
    return Newsroom(blog, destination, sandbox)


@pytest.fixture
def editor() -> User:
    return make_user()


def published(newsroom: Newsroom) -> Post:
    post = newsroom.post(external_id="one", headline="", blocks=(Paragraph(FIRST),))
    newsroom.deliver()
    post.refresh_from_db()
    assert post.state == PostState.SENT
    return post


def changed(post: Post, text: str) -> Post:
    """The note about a new version of the entry of *post*, which says *text*."""
    source, content = make_source(post.entry.blog), post.entry.content
    ingest(source, replace(content, blocks=(Paragraph(text),)))
    render(post.entry_id)
    return Post.objects.filter(action=Action.EDIT).latest("pk")


def drafted(post: Post, editor: User, text: str = SECOND) -> Post:
    note = changed(post, text)
    return correct(note.pk, editor, note.payload_hash)


def approved(reply: Post, editor: User) -> Post:
    review.approve(reply.pk, editor, reply.payload_hash)
    return reply


def corrected(newsroom: Newsroom, post: Post, editor: User, text: str = SECOND) -> Post:
    reply = approved(drafted(post, editor, text), editor)
    newsroom.deliver()
    reply.refresh_from_db()
    assert reply.state == PostState.SENT, reply.wording
    return reply


def readers_see(newsroom: Newsroom) -> list[str]:
    posts = newsroom.sandbox.store.posts(newsroom.destination.channel_name)
    return [post.text for post in reversed(posts)]


@pytest.mark.django_db
@everywhere
def test_the_reply_is_drafted_edited_approved_and_sent(newsroom: Newsroom, editor: User) -> None:
    post = published(newsroom)
    reply = drafted(post, editor)
    permalink = post.entry.permalink
    assert reply.state == PostState.PENDING
    told, _, ending = reply.message.text.rpartition("\n\n")
    assert (told, ending) == ("Korrektur: In Genf sind 210 Menschen versammelt.", permalink)
    assert reply.message.in_reply_to == post.remote_id
    Route.objects.update(four_eyes=True)
    text = f"Korrektur: Es sind 210, nicht 120. {permalink}"
    review.edit(reply.pk, editor, reply.payload_hash, text)
    reply.refresh_from_db()
    with pytest.raises(ReviewRefused, match="somebody else"):
        review.approve(reply.pk, editor, reply.payload_hash)
    approved(reply, make_user())
    newsroom.deliver()
    reply.refresh_from_db()
    assert (reply.state, reply.message.text) == (PostState.SENT, text)
    assert reply.remote_id not in ("", post.remote_id)
    assert len(readers_see(newsroom)) == 2
    attempt = reply.attempts.get()
    assert attempt.cost == (Decimal("0.2") if newsroom.destination.channel_name == "x" else 0)
    verdicts = list(reply.decisions.values_list("verdict", flat=True))
    assert verdicts == [Verdict.CORRECT, Verdict.EDIT, Verdict.APPROVE]


@pytest.mark.django_db
@everywhere
@pytest.mark.parametrize("is_out", [True, False])
def test_an_unclear_reply_is_looked_up_and_never_out_twice(
    newsroom: Newsroom, editor: User, *, is_out: bool
) -> None:
    post = published(newsroom)
    reply = approved(drafted(post, editor), editor)
    newsroom.fault("accept-then-500" if is_out else "500")
    newsroom.deliver()
    reply.refresh_from_db()
    assert reply.state == PostState.UNCERTAIN
    for _ in range(1 if is_out else reconcile.ABSENCES_NEEDED):
        reconcile.reconcile(make_due(reply).pk)
    reply.refresh_from_db()
    if not is_out:
        assert reply.state == PostState.APPROVED
        make_due(reply)
        newsroom.deliver()
        reply.refresh_from_db()
    assert reply.state == PostState.SENT
    assert len(readers_see(newsroom)) == 2


@pytest.mark.django_db
def test_a_second_correction_answers_the_first(newsroom: Newsroom, editor: User) -> None:
    """So that each is known by what it answers, however much they are alike."""
    post = published(newsroom)
    first = corrected(newsroom, post, editor)
    second = drafted(post, editor, THIRD)
    assert second.message.text.startswith("Korrektur: Die Lage ist angespannt.")
    assert second.message.in_reply_to == first.remote_id
    approved(second, editor)
    newsroom.fault("500")
    newsroom.deliver()
    for _ in range(reconcile.ABSENCES_NEEDED):
        reconcile.reconcile(make_due(second).pk)
    make_due(second)
    newsroom.deliver()
    second.refresh_from_db()
    assert second.state == PostState.SENT
    assert len(readers_see(newsroom)) == 3


@pytest.mark.django_db
def test_a_retraction_takes_the_replies_back_as_well(newsroom: Newsroom, editor: User) -> None:
    post = published(newsroom)
    corrected(newsroom, post, editor)
    unclear = approved(drafted(post, editor, THIRD), editor)
    newsroom.fault("accept-then-500")
    newsroom.deliver()
    retraction.retract(post.entry_id, editor, "Falsche Meldung")
    render(post.entry_id)
    newsroom.deliver()
    assert len(readers_see(newsroom)) == 3, "what has to go must be known first"
    reconcile.reconcile(make_due(unclear).pk)
    sweep_in_turn()
    newsroom.deliver()
    assert readers_see(newsroom) == []
    states = set(Post.objects.filter(action__in=("publish", "correct")).values_list("state"))
    assert states == {(PostState.DELETED,)}
    deletion = Post.objects.get(action=Action.DELETE)
    price = Decimal("0.03") if newsroom.destination.channel_name == "x" else Decimal(0)
    assert (deletion.state, deletion.cost) == (PostState.SENT, price)


@pytest.mark.django_db
@everywhere
def test_a_post_that_is_gone_cannot_be_corrected(newsroom: Newsroom, editor: User) -> None:
    post = published(newsroom)
    reply = approved(drafted(post, editor), editor)
    store = newsroom.sandbox.store
    destination = post.destination
    destination.channel.client(account_of(destination)).delete(
        post.remote_id, key="key", deadline=timedelta(seconds=20)
    )
    newsroom.deliver()
    reply.refresh_from_db()
    assert reply.state == PostState.FAILED
    assert "no longer on" in str(reply.wording)
    assert store.posts(destination.channel_name) == []
    note = choose_again(reply.pk, editor)
    assert note.is_note


@pytest.mark.django_db
def test_another_way_may_be_chosen_and_this_one_again(newsroom: Newsroom, editor: User) -> None:
    reply = drafted(published(newsroom), editor)
    text = f"Korrektur: Von Hand. {reply.message.permalink}"
    review.edit(reply.pk, editor, reply.payload_hash, text)
    note = choose_again(reply.pk, editor)
    assert (note.action, note.state) == (Action.EDIT, PostState.SKIPPED)
    with pytest.raises(ReviewRefused):
        choose_again(reply.pk, editor)
    again = correct(note.pk, editor, note.payload_hash)
    assert (again.pk, again.state, again.message.text) == (reply.pk, PostState.PENDING, text)
    with pytest.raises(ReviewRefused):
        correct(note.pk, editor, note.payload_hash)


@pytest.mark.django_db
@pytest.mark.parametrize("what", ["changed", "withdrawn"])
def test_what_is_outdated_does_not_go_out(newsroom: Newsroom, editor: User, what: str) -> None:
    post = published(newsroom)
    reply = approved(drafted(post, editor), editor)
    if what == "changed":
        changed(post, THIRD)
    else:
        withdraw(make_source(post.entry.blog), "one")
        render(post.entry_id)
    newsroom.deliver()
    reply.refresh_from_db()
    assert reply.state == PostState.CANCELLED
    assert len(readers_see(newsroom)) == 1


@pytest.mark.django_db
def test_what_nobody_can_name_is_not_deleted_in_part(newsroom: Newsroom, editor: User) -> None:
    """A person found the reply: the platform's name for it is not known."""
    post = published(newsroom)
    reply = approved(drafted(post, editor), editor)
    newsroom.fault("accept-then-500")
    newsroom.deliver()
    Post.objects.filter(pk=reply.pk).update(due_at=None)
    review.confirm_sent(reply.pk, editor)
    retraction.retract(post.entry_id, editor, "Falsche Meldung")
    render(post.entry_id)
    note = Post.objects.get(action=Action.DELETE)
    assert note.is_note
    with pytest.raises(ReviewRefused, match="not known which post the correction reply is"):
        review.carry_out(note.pk, editor, note.payload_hash)


# --- What the draft says ------------------------------------------------------------------------


def content(text: str, headline: str = "") -> EntryContent:
    return EntryContent("1", headline=headline, blocks=(Paragraph(text),))


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (content(FIRST), content(SECOND), "In Genf sind 210 Menschen versammelt."),
        (content(FIRST), content(f"{FIRST} Es regnet."), "Es regnet."),
        (content(FIRST, "Alt"), content(FIRST, "Neu"), "Neu"),
        (content(FIRST), content("Die Lage ist ruhig."), "Die Lage ist ruhig."),
    ],
)
def test_the_draft_says_what_is_new(before: EntryContent, after: EntryContent, told: str) -> None:
    assert difference(before, after, "de") == told


@pytest.mark.parametrize(
    ("language", "said"), [("de", "Korrektur"), ("de-CH", "Korrektur"), ("en-GB", "Correction")]
)
def test_it_begins_in_the_language_of_the_live_blog(language: str, said: str) -> None:
    assert correction.opening(language) == said


PERMALINK = "https://magazin.example.org/genf#eintrag-1"
texts = st.text(st.characters(exclude_categories=("Cs", "Cc", "Co", "Cn")), min_size=1)


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(text=st.lists(texts, min_size=1, max_size=30).map(". ".join), name=st.sampled_from(ANSWERS))
def test_every_draft_fits_and_keeps_its_permalink(text: str, name: str) -> None:
    channel: Channel = registry.channels()[name]
    entry = EntryContent("1", permalink=PERMALINK, blocks=(Paragraph(f"Korrektur: {text}"),))
    made = channel.render(Story(entry, "genf", "Genf", PERMALINK, in_reply_to="4711"))
    if made is not None:
        assert channel.problems(made) == []
        assert made.carries_permalink()
        assert made.link == ""
        assert made.in_reply_to == "4711"
