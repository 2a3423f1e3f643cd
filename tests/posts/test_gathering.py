"""Minor entries in a burst share a post, and each of them is still accounted for by itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from syndicator.accounts.models import Role
from syndicator.channels import registry
from syndicator.channels.base import Message, Receipt, Rejected, Unknown
from syndicator.channels.fitting import Draft, fit
from syndicator.clock import database_now
from syndicator.content import Story
from syndicator.destinations.models import Policy, Route
from syndicator.entries.ingest import ingest, withdraw
from syndicator.entries.models import Entry, LiveBlog
from syndicator.posts import deliver, gathering, retraction, review
from syndicator.posts.models import Action, Gathered, Post, PostState, Verdict
from syndicator.posts.policies import ROUTE_OFF
from syndicator.posts.render import draft_of, render, switch_off
from syndicator.posts.sweep import sweep
from syndicator.wording import Wording
from tests.factories import (
    NOON,
    make_blog,
    make_content,
    make_destination,
    make_due,
    make_route,
    make_source,
    make_user,
)
from tests.posts.test_acts import Board, BoardChannel

pytestmark = pytest.mark.django_db

WINDOW = timedelta(minutes=10)
SAID = Wording("So sagt die Plattform.")


class MuralChannel(BoardChannel):
    """A board with as much room as X has."""

    name = "mural"
    limit = 280

    def render(self, story: Story) -> Message | None:
        permalink = story.entry.permalink

        def write(draft: Draft) -> str:
            return "\n\n".join(filter(None, (draft.headline, draft.body, permalink)))

        text = fit(story, write, len, self.limit)
        return Message(text, permalink) if text else None


class Desk:
    """A live blog with one route that gathers, and what comes to stand on the platform."""

    def __init__(self, blog: LiveBlog, board: Board) -> None:
        self.blog, self.board, self.editor = blog, board, make_user()

    def write(
        self, name: str, headline: str = "", *, rendered: bool = True, **values: object
    ) -> Entry:
        content = make_content(
            name,
            headline=headline or f"Meldung {name}",
            published_at=NOON + timedelta(seconds=ord(name[0])),
            **values,
        )
        entry = ingest(make_source(self.blog), content).entry
        if rendered:
            render(entry.pk)
        return entry

    def withdraw(self, name: str, *, rendered: bool = True) -> Entry:
        withdraw(make_source(self.blog), name)
        entry = Entry.objects.get(external_id=name)
        if rendered:
            render(entry.pk)
        return entry

    def post(self, name: str, action: Action = Action.PUBLISH) -> Post:
        found = Post.objects.filter(entry__external_id=name, action=action)
        return found.select_related("destination", "entry__blog").latest("pk")

    def state(self, name: str) -> str:
        """Of the row that goes out for it."""
        return gathering.bearer(self.post(name)).state

    def told(self, name: str) -> list[str]:
        """Which entries the post that goes out for *name* tells, by the lines of its text."""
        text = gathering.bearer(self.post(name)).message.text
        return [letter for letter in "abcdefgh" if f"Meldung {letter}" in text]

    def deliver(self) -> None:
        for post in Post.objects.filter(state=PostState.APPROVED):
            make_due(post)
        deliver.deliver(Route.objects.get().destination_id)

    @property
    def readers_see(self) -> list[list[str]]:
        return [
            [letter for letter in "abcdefgh" if f"Meldung {letter}" in text]
            for text in self.board.posts.values()
        ]


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    channel = MuralChannel()
    known = {**registry.channels(), "mural": channel}
    monkeypatch.setattr(registry, "channels", lambda: known)
    blog = make_blog()
    make_route(blog, make_destination("mural"))
    Route.objects.update(gather_minutes=10)
    return Desk(blog, channel.board)


@pytest.fixture
def burst(desk: Desk) -> Desk:
    for name in "abc":
        desk.write(name)
    return desk


@pytest.fixture
def out(burst: Desk) -> Desk:
    burst.deliver()
    assert burst.readers_see == [["a", "b", "c"]]
    return burst


# --- Together -------------------------------------------------------------------------------------


def test_a_burst_goes_out_as_one_post_at_the_end_of_its_window(burst: Desk) -> None:
    carrier = burst.post("a")
    assert [burst.post(name).state for name in "abc"] == ["approved", "gathered", "gathered"]
    assert burst.told("c") == ["a", "b", "c"]
    assert carrier.message.carries_permalink()
    assert carrier.message.permalink == carrier.entry.permalink
    assert carrier.due_at is not None
    assert timedelta(0) <= carrier.created_at + WINDOW - carrier.due_at < timedelta(seconds=5)
    assert "within 10 minutes" in str(burst.post("b").ruling_wording)
    approved = carrier.decisions.latest("pk")
    assert (approved.user, approved.payload_hash) == (None, carrier.payload_hash)
    deliver.deliver(carrier.destination_id)
    assert burst.readers_see == [], "not before the window ends"
    burst.deliver()
    burst.deliver()
    assert burst.readers_see == [["a", "b", "c"]]
    assert {burst.state(name) for name in "abc"} == {PostState.SENT}


def test_one_entry_alone_is_a_post_like_any_other(desk: Desk) -> None:
    entry = desk.write("a")
    draft = draft_of(entry, Route.objects.get())
    assert desk.post("a").message == draft.message


@pytest.mark.parametrize(
    "apart",
    [{"key_event": True}, {"tags": ("Eil",)}, {"embargo_until": NOON + timedelta(days=9000)}],
)
def test_what_matters_more_goes_by_itself_in_the_middle_of_a_burst(
    burst: Desk, apart: dict[str, object]
) -> None:
    burst.write("d", **apart)
    post = burst.post("d")
    assert (post.state, post.gathers_until) == (PostState.APPROVED, None)
    assert burst.told("a") == ["a", "b", "c"]
    if "embargo_until" not in apart:
        deliver.deliver(post.destination_id)
        assert burst.readers_see == [["d"]]


def test_what_has_to_be_seen_by_an_editor_is_not_gathered(burst: Desk) -> None:
    burst.blog.never_automatic = "Anschlag"
    burst.blog.save()
    burst.write("d", "Meldung d: Anschlag")
    assert burst.post("d").state == PostState.PENDING
    assert burst.told("a") == ["a", "b", "c"]


def test_a_burst_ends_with_its_window_and_when_the_post_is_full(burst: Desk) -> None:
    long = "und dazu alles, was sich in eine Zeile bringen lässt, " * 2
    for name in "de":
        burst.write(name, f"Meldung {name}, {long}")
    burst.write("f")
    assert burst.told("a") == ["a", "b", "c", "d"]
    assert burst.told("e") == ["e", "f"]
    Post.objects.filter(gathers_until__isnull=False).update(gathers_until=database_now())
    burst.write("g")
    assert burst.post("g").state == PostState.APPROVED
    burst.deliver()
    assert sorted(burst.readers_see) == [["a", "b", "c", "d"], ["e", "f"], ["g"]]


def test_on_a_route_with_review_a_persons_decision_ends_the_burst(desk: Desk) -> None:
    Route.objects.update(policy=Policy.REVIEW)
    desk.write("a")
    seen = desk.post("a").payload_hash
    desk.write("b")
    carrier = desk.post("a")
    assert (carrier.state, desk.post("b").state) == (PostState.PENDING, PostState.GATHERED)
    with pytest.raises(review.ReviewRefused, match="changed while you were looking"):
        review.approve(carrier.pk, desk.editor, seen)
    review.approve(carrier.pk, desk.editor, carrier.payload_hash)
    desk.write("c")
    assert desk.post("c").state == PostState.PENDING
    assert desk.told("a") == ["a", "b"]


def test_nothing_joins_a_text_that_an_editor_has_made_their_own(desk: Desk) -> None:
    Route.objects.update(policy=Policy.REVIEW)
    desk.write("a")
    carrier = desk.post("a")
    review.edit(carrier.pk, desk.editor, carrier.payload_hash, f"{carrier.message.text} !")
    desk.write("b")
    assert desk.post("a").message.text.endswith("!")
    assert desk.told("b") == ["b"]


def test_who_wrote_any_of_the_entries_may_not_approve_the_post(desk: Desk) -> None:
    Route.objects.update(policy=Policy.REVIEW, four_eyes=True)
    desk.write("a", author="Jana Brandt")
    desk.write("b", author="Ole Petersen")
    ole = make_user(Role.EDITOR, first_name="Ole", last_name="Petersen")
    carrier = desk.post("a")
    with pytest.raises(review.ReviewRefused, match="You wrote this entry"):
        review.approve(carrier.pk, ole, carrier.payload_hash)


# --- Changed before it is out ---------------------------------------------------------------------


@pytest.mark.parametrize("rendered", [True, False])
def test_a_withdrawn_member_leaves_the_post(burst: Desk, rendered: bool) -> None:
    entry = burst.withdraw("b", rendered=rendered)
    burst.deliver()
    assert burst.readers_see == [["a", "c"]]
    if not rendered:
        render(entry.pk)
    assert burst.post("b").state == PostState.CANCELLED
    assert not Post.objects.exclude(action=Action.PUBLISH).exists(), "there is nothing to delete"


@pytest.mark.parametrize("name", ["a", "b"])
def test_a_corrected_entry_is_told_as_it_reads_now(burst: Desk, name: str) -> None:
    burst.write(name, f"Meldung {name}, verbessert")
    assert burst.told(name) == ["a", "b", "c"]
    burst.deliver()
    assert burst.readers_see == [["a", "b", "c"]]
    assert f"Meldung {name}, verbessert" in "".join(burst.board.posts.values())


def test_a_corrected_member_that_is_not_rendered_yet_does_not_go_out_as_it_was(burst: Desk) -> None:
    entry = burst.write("b", "Meldung b, verbessert", rendered=False)
    burst.deliver()
    assert burst.readers_see == [["a", "c"]]
    render(entry.pk)
    burst.deliver()
    assert burst.readers_see == [["a", "c"], ["b"]]


def test_a_member_that_becomes_a_key_event_goes_out_by_itself(burst: Desk) -> None:
    burst.write("b", "Meldung b, ganz groß", key_event=True)
    assert burst.told("a") == ["a", "c"]
    deliver.deliver(burst.post("b").destination_id)
    assert burst.readers_see == [["b"]]


def test_a_change_voids_the_approval_of_the_text_that_was_seen(burst: Desk) -> None:
    carrier = burst.post("a")
    edited = review.edit(
        carrier.pk, burst.editor, carrier.payload_hash, carrier.message.text + " !"
    )
    review.approve(carrier.pk, burst.editor, edited.payload_hash)
    burst.withdraw("b")
    carrier = burst.post("a")
    assert (carrier.state, carrier.wording) == (PostState.PENDING, gathering.TOLD_ANEW)
    assert burst.told("a") == ["a", "c"]
    kept = carrier.decisions.latest("pk")
    assert (kept.verdict, kept.user) == (Verdict.EDIT, None)
    assert kept.comment.endswith("!"), "an editor's words stay on record"


def test_a_withdrawn_carrier_hands_on_what_it_carried(burst: Desk) -> None:
    due_at = burst.post("a").gathers_until
    burst.withdraw("a")
    heir = burst.post("b")
    assert (heir.state, heir.gathers_until) == (PostState.APPROVED, due_at)
    assert heir.message.permalink == heir.entry.permalink
    burst.write("d")
    burst.deliver()
    assert burst.readers_see == [["b", "c", "d"]]
    assert burst.post("a").state == PostState.CANCELLED


# --- The carrier comes to another end -------------------------------------------------------------


def test_a_rejected_post_says_so_for_each_and_each_can_still_be_posted(burst: Desk) -> None:
    carrier = burst.post("a")
    review.reject(carrier.pk, burst.editor, "Belanglos.")
    sweep()
    assert {burst.state(name) for name in "abc"} == {PostState.REJECTED}
    taken = review.take_out(burst.post("b").pk, burst.editor)
    review.approve(taken.pk, burst.editor, taken.payload_hash)
    burst.deliver()
    assert burst.readers_see == [["b"]]
    review.undo(carrier.pk, burst.editor)
    carrier.refresh_from_db()
    review.approve(carrier.pk, burst.editor, carrier.payload_hash)
    burst.deliver()
    assert burst.readers_see == [["b"], ["a", "c"]]


def test_a_failed_post_keeps_its_entries_until_a_person_closes_it(burst: Desk) -> None:
    burst.board.answers = [Rejected(SAID)]
    claim = claimed(burst)
    deliver.record(claim, Rejected(SAID), go_on=False)
    sweep()
    assert {burst.state(name) for name in "abc"} == {PostState.FAILED}
    review.dismiss(claim.post.pk, burst.editor)
    sweep()
    for name in "bc":
        post = burst.post(name)
        assert (post.state, post.wording) == (PostState.PENDING, gathering.CARRIER_ENDED)
    post = burst.post("c")
    review.approve(post.pk, burst.editor, post.payload_hash)
    burst.deliver()
    assert burst.readers_see == [["c"]]


def test_what_fails_and_is_sent_again_is_out_with_all_its_entries(burst: Desk) -> None:
    claim = claimed(burst)
    deliver.record(claim, Rejected(SAID), go_on=False)
    burst.withdraw("c")
    carrier = burst.post("a")
    assert (carrier.state, burst.told("a")) == (PostState.PENDING, ["a", "b"])
    review.approve(carrier.pk, burst.editor, carrier.payload_hash)
    burst.deliver()
    assert burst.readers_see == [["a", "b"]]


def test_a_stale_post_waits_for_an_editor_with_all_its_entries(burst: Desk) -> None:
    Post.objects.filter(state=PostState.APPROVED).update(
        fresh_until=database_now() - timedelta(seconds=1)
    )
    sweep()
    assert {burst.state(name) for name in "abc"} == {PostState.PENDING}
    carrier = burst.post("a")
    review.approve(carrier.pk, burst.editor, carrier.payload_hash)
    burst.deliver()
    assert burst.readers_see == [["a", "b", "c"]]


def test_a_route_that_is_switched_off_ends_all_of_them_and_says_so(burst: Desk) -> None:
    Route.objects.update(policy=Policy.OFF)
    switch_off(Route.objects.get())
    sweep()
    for name in "abc":
        post = burst.post(name)
        assert (post.state, post.wording) == (PostState.CANCELLED, ROUTE_OFF)


def test_an_unclear_try_that_is_found_counts_for_all_of_them(burst: Desk) -> None:
    claim = claimed(burst)
    deliver.send(claim)
    deliver.record(claim, Unknown(SAID), go_on=False)
    assert {burst.state(name) for name in "abc"} == {PostState.UNCERTAIN}
    burst.write("b", "Meldung b, verbessert")
    note = burst.post("b", Action.EDIT)
    assert note.state == PostState.SKIPPED, "it may be out"
    review.confirm_sent(gathered_alone(burst, claim.post.pk), burst.editor)
    burst.deliver()
    assert burst.readers_see == [["a", "b", "c"]]


def test_an_unclear_try_that_is_absent_goes_again_with_what_still_holds(burst: Desk) -> None:
    claim = claimed(burst)
    deliver.record(claim, Unknown(SAID), go_on=False)
    burst.write("b", "Meldung b, verbessert")
    assert burst.post("b", Action.EDIT).state == PostState.SKIPPED
    review.confirm_absent(gathered_alone(burst, claim.post.pk), burst.editor)
    burst.deliver()
    # An editor had decided about the text that is another by now.
    carrier = burst.post("a")
    assert (carrier.state, burst.told("a")) == (PostState.PENDING, ["a", "c"])
    render(burst.post("b").entry_id)
    assert burst.post("b", Action.EDIT).state == PostState.CANCELLED
    review.approve(carrier.pk, burst.editor, carrier.payload_hash)
    burst.deliver()
    assert sorted(burst.readers_see) == [["a", "c"], ["b"]]


def test_a_late_answer_keeps_what_left_from_going_out_twice(burst: Desk) -> None:
    claim = claimed(burst)
    given_up = burst.post("a")
    Post.objects.filter(pk=given_up.pk).update(state=PostState.APPROVED, due_at=database_now())
    burst.withdraw("a")
    assert burst.post("b").state == PostState.APPROVED
    deliver.record(claim, Receipt("4711", "https://board.example.org/4711"), go_on=False)
    burst.deliver()
    heir = burst.post("b")
    assert burst.readers_see == []
    assert heir.state == PostState.PENDING
    assert "is out after all" in str(heir.wording)
    assert {note.entry.external_id for note in Post.objects.filter(state=PostState.SKIPPED)} == {
        "a",
        "b",
        "c",
    }


# --- Changed after it is out ----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a", "b"])
def test_a_correction_leaves_the_others_in_the_post(out: Desk, name: str) -> None:
    out.write(name, f"Meldung {name}, verbessert")
    note = out.post(name, Action.EDIT)
    assert note.remote_id == "1"
    assert note.message.permalink == out.post("a").entry.permalink
    review.carry_out(note.pk, out.editor, note.payload_hash)
    out.deliver()
    assert out.readers_see == [["a", "b", "c"]]
    assert f"Meldung {name}, verbessert" in out.board.posts["1"]


def test_no_correction_undoes_another(out: Desk) -> None:
    out.write("a", "Meldung a, verbessert")
    first = out.post("a", Action.EDIT)
    review.carry_out(first.pk, out.editor, first.payload_hash)
    out.write("b", "Meldung b, verbessert")
    stale = out.post("a", Action.EDIT)
    assert (stale.state, stale.wording) == (PostState.SKIPPED, gathering.TOLD_ANEW)
    for name in "ba":
        note = out.post(name, Action.EDIT)
        review.carry_out(note.pk, out.editor, note.payload_hash)
        out.deliver()
    assert "Meldung a, verbessert" in out.board.posts["1"]
    assert "Meldung b, verbessert" in out.board.posts["1"]


def test_a_correction_that_was_under_way_does_not_undo_a_later_one(out: Desk) -> None:
    out.write("a", "Meldung a, verbessert")
    first = out.post("a", Action.EDIT)
    review.carry_out(first.pk, out.editor, first.payload_hash)
    claim = deliver.claim_next(first.destination_id)
    assert claim is not None
    out.write("b", "Meldung b, verbessert")
    deliver.record(claim, Unknown(SAID), go_on=False)
    second = out.post("b", Action.EDIT)
    review.carry_out(second.pk, out.editor, second.payload_hash)
    out.deliver()
    out.deliver()
    assert "Meldung b, verbessert" in out.board.posts["1"]
    first.refresh_from_db()
    assert (first.state, first.payload_hash) == (PostState.SKIPPED, second.payload_hash)


def test_a_retracted_member_has_the_post_deleted_and_the_others_wait(out: Desk) -> None:
    retraction.retract(out.post("b").entry_id, out.editor, "Persönlichkeitsrechte")
    render(out.post("b").entry_id)
    out.deliver()
    assert out.board.posts == {}
    assert out.post("b").state == PostState.DELETED
    for name in "ac":
        post = out.post(name)
        assert (post.state, post.wording) == (PostState.PENDING, gathering.DELETED_ALONG)
        review.approve(post.pk, out.editor, post.payload_hash)
        out.deliver()
    assert out.readers_see == [["a"], ["c"]]


def test_a_retraction_waits_for_the_carrier_whose_try_is_unclear(burst: Desk) -> None:
    claim = claimed(burst)
    receipt = deliver.send(claim)
    retraction.retract(burst.post("b").entry_id, burst.editor, "Falsch")
    render(burst.post("b").entry_id)
    assert burst.post("b", Action.DELETE).state == PostState.SKIPPED
    deliver.record(claim, receipt, go_on=False)
    assert retraction.carry_on() == 1
    burst.deliver()
    assert burst.board.posts == {}


def test_a_corrected_member_can_be_posted_anew(out: Desk) -> None:
    out.write("b", "Meldung b, verbessert")
    note = out.post("b", Action.EDIT)
    review.repost(note.pk, out.editor, note.payload_hash)
    out.deliver()
    assert out.board.posts == {}
    render(out.post("b").entry_id)
    out.deliver()
    assert out.readers_see == [["b"]]
    assert {out.post(name).state for name in "ac"} == {PostState.PENDING}


# --- At the same time -----------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_render_at_once_fill_one_post(desk: Desk) -> None:
    entries = [desk.write(name, rendered=False) for name in "abcd"]

    def at_once(entry: Entry) -> None:
        render(entry.pk)
        connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(at_once, entries))
    for entry in entries:
        render(entry.pk)
    carriers = Post.objects.exclude(state=PostState.GATHERED)
    assert carriers.count() == 1
    assert desk.told(carriers.get().entry.external_id) == ["a", "b", "c", "d"]
    assert Gathered.objects.filter(left_at=None).count() == 3


def claimed(desk: Desk) -> deliver.Claim:
    make_due(Post.objects.get(state=PostState.APPROVED))
    claim = deliver.claim_next(Route.objects.get().destination_id)
    assert claim is not None
    return claim


def gathered_alone(desk: Desk, pk: int) -> int:
    """The uncertain post, as one that a person has to decide about."""
    Post.objects.filter(pk=pk).update(due_at=None)
    return pk
