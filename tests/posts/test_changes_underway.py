"""What happens when an entry, a route or a destination changes while its post is on its way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from syndicator.channels import registry
from syndicator.channels.base import ALSO, Rejected, TryLater, Unauthorised, Unknown
from syndicator.channels.sandbox.faults import Fault
from syndicator.channels.sandbox.server import SandboxServer
from syndicator.content import EntryContent, Paragraph
from syndicator.destinations.models import Destination, DestinationState, Policy, Route
from syndicator.entries.ingest import ingest, withdraw
from syndicator.entries.models import Entry, LiveBlog
from syndicator.posts import deliver, reconcile, review
from syndicator.posts.models import WAITING, Action, Post, PostState
from syndicator.posts.render import render, switch_off
from syndicator.posts.review import ReviewRefused
from syndicator.posts.sweep import stalled_since, sweep
from syndicator.wording import Wording
from tests.factories import (
    make_blog,
    make_content,
    make_destination,
    make_due,
    make_route,
    make_source,
    make_user,
)

pytestmark = pytest.mark.django_db

SAID = Wording("So sagt die Plattform.")


@pytest.fixture
def destination(sandbox: SandboxServer) -> Destination:
    return make_destination("x", f"{sandbox.http_url}/x")


@pytest.fixture
def blog(destination: Destination) -> LiveBlog:
    blog = make_blog()
    make_route(blog, destination)
    return blog


@pytest.fixture
def accepted(sandbox: SandboxServer) -> Callable[[], list[str]]:
    return lambda: [act.text.partition("\n")[0] for act in sandbox.store.accepted("x")]


def push(blog: LiveBlog, headline: str, external_id: str = "e1") -> Entry:
    return ingest(make_source(blog), make_content(external_id, headline=headline)).entry


def publications(entry: Entry) -> list[tuple[int, str]]:
    posts = Post.objects.filter(entry=entry, action=Action.PUBLISH).order_by("revision")
    return list(posts.values_list("revision", "state"))


def claimed(blog: LiveBlog, destination: Destination) -> tuple[Entry, deliver.Claim]:
    entry = push(blog, "Erste Fassung")
    render(entry.pk)
    claim = deliver.claim_next(destination.pk)
    assert claim is not None
    return entry, claim


@pytest.mark.parametrize("change", ["edit", "withdraw"])
def test_an_approved_post_of_a_changed_entry_is_not_sent_before_it_is_rendered_anew(
    blog: LiveBlog, destination: Destination, accepted: Callable[[], list[str]], change: str
) -> None:
    entry = push(blog, "Erste Fassung")
    render(entry.pk)
    if change == "edit":
        push(blog, "Zweite Fassung")
    else:
        withdraw(make_source(blog), "e1")
    assert deliver.deliver(destination.pk) == 0
    render(entry.pk)
    deliver.deliver(destination.pk)
    assert accepted() == (["Zweite Fassung"] if change == "edit" else [])


def test_an_editor_cannot_approve_what_has_changed_since(blog: LiveBlog) -> None:
    Route.objects.update(policy=Policy.REVIEW)
    entry = push(blog, "Erste Fassung")
    render(entry.pk)
    post = Post.objects.get()
    push(blog, "Zweite Fassung")
    with pytest.raises(ReviewRefused, match="changed or was withdrawn"):
        review.approve(post.pk, make_user(), post.payload_hash)


@pytest.mark.parametrize(
    "error", [TryLater(SAID, retry_after=timedelta(0)), Rejected(SAID), Unauthorised(SAID)]
)
@pytest.mark.parametrize("change", ["edit", "withdraw"])
def test_a_try_that_failed_while_the_entry_changed_gives_way_to_the_new_revision(
    blog: LiveBlog,
    destination: Destination,
    accepted: Callable[[], list[str]],
    error: TryLater | Rejected | Unauthorised,
    change: str,
) -> None:
    entry, claim = claimed(blog, destination)
    if change == "edit":
        push(blog, "Zweite Fassung")
    else:
        withdraw(make_source(blog), "e1")
    render(entry.pk)
    deliver.record(claim, error, go_on=False)
    assert deliver.deliver(destination.pk) == 0
    render(entry.pk)
    Destination.objects.update(state=DestinationState.ACTIVE, next_post_at=None)
    deliver.deliver(destination.pk)
    if change == "edit":
        assert accepted() == ["Zweite Fassung"]
        assert publications(entry) == [(1, PostState.CANCELLED), (2, PostState.SENT)]
    else:
        assert accepted() == []
        assert publications(entry) == [(1, PostState.CANCELLED)]
    assert not Post.objects.filter(WAITING).exists()


def test_an_uncertain_post_that_is_absent_gives_way_too(
    blog: LiveBlog, destination: Destination, accepted: Callable[[], list[str]]
) -> None:
    entry, claim = claimed(blog, destination)
    deliver.record(claim, Unknown(SAID), go_on=False)
    push(blog, "Zweite Fassung")
    render(entry.pk)
    for _ in range(reconcile.ABSENCES_NEEDED):
        reconcile.reconcile(make_due(claim.post).pk)
    render(entry.pk)
    deliver.deliver(destination.pk)
    assert accepted() == ["Zweite Fassung"]


def test_a_person_who_says_it_is_not_out_does_not_send_an_old_version(
    blog: LiveBlog, destination: Destination, accepted: Callable[[], list[str]]
) -> None:
    entry, claim = claimed(blog, destination)
    deliver.record(claim, Unknown(SAID), go_on=False)
    Post.objects.update(due_at=None)
    withdraw(make_source(blog), "e1")
    render(entry.pk)
    assert review.confirm_absent(claim.post.pk, make_user()).state == PostState.CANCELLED
    render(entry.pk)
    deliver.deliver(destination.pk)
    assert accepted() == []


def test_a_failed_post_of_a_withdrawn_entry_is_not_sent_again(
    blog: LiveBlog, destination: Destination
) -> None:
    entry, claim = claimed(blog, destination)
    deliver.record(claim, Rejected(SAID), go_on=False)
    withdraw(make_source(blog), "e1")
    with pytest.raises(ReviewRefused, match="changed or was withdrawn"):
        review.retry(claim.post.pk, make_user())
    render(entry.pk)
    assert publications(entry) == [(1, PostState.CANCELLED)]


def test_a_failed_post_can_be_edited_and_sent(
    blog: LiveBlog, destination: Destination, accepted: Callable[[], list[str]]
) -> None:
    _, claim = claimed(blog, destination)
    deliver.record(claim, Rejected(SAID), go_on=False)
    editor = make_user()
    edited = review.edit(
        claim.post.pk, editor, claim.post.payload_hash, f"Neu\n\n{claim.post.message.permalink}"
    )
    review.approve(edited.pk, editor, edited.payload_hash)
    deliver.deliver(destination.pk)
    assert accepted() == ["Neu"]


def test_what_an_editor_wrote_is_not_replaced_without_asking(
    blog: LiveBlog, destination: Destination
) -> None:
    entry = push(blog, "Erste Fassung")
    render(entry.pk)
    post = Post.objects.get()
    review.edit(post.pk, make_user(), post.payload_hash, f"Von Hand\n\n{post.message.permalink}")
    push(blog, "Zweite Fassung")
    render(entry.pk)
    assert publications(entry) == [(1, PostState.CANCELLED), (2, PostState.PENDING)]


def test_a_change_after_posting_waits_for_a_person_and_says_where(
    blog: LiveBlog, destination: Destination
) -> None:
    entry = push(blog, "Erste Fassung")
    render(entry.pk)
    deliver.deliver(destination.pk)
    push(blog, "Zweite Fassung")
    render(entry.pk)
    note = Post.objects.get(WAITING)
    assert note.action == Action.EDIT
    assert "Zweite Fassung" in note.message.text
    assert note.remote_url == Post.objects.get(state=PostState.SENT).remote_url
    review.dismiss(note.pk, make_user())
    assert not Post.objects.filter(WAITING).exists()


def test_only_the_latest_note_about_an_entry_is_open(
    blog: LiveBlog, destination: Destination
) -> None:
    entry = push(blog, "Erste Fassung")
    render(entry.pk)
    deliver.deliver(destination.pk)
    push(blog, "Zweite Fassung")
    render(entry.pk)
    withdraw(make_source(blog), "e1")
    render(entry.pk)
    assert Post.objects.get(WAITING).action == Action.DELETE


@pytest.mark.parametrize("thread", ["", f"{ALSO}17"])
def test_two_entries_with_one_permalink_are_not_taken_for_each_other(
    blog: LiveBlog, destination: Destination, sandbox: SandboxServer, thread: str
) -> None:
    """However much of the other one's thread is found with it."""
    source, same = make_source(blog), "https://m.example.org/live"
    for number in (1, 2):
        render(ingest(source, make_content(f"e{number}", permalink=same)).entry.pk)
    first, second = Post.objects.order_by("id")
    sandbox.faults.switch_on("x", Fault("500"))
    Post.objects.filter(pk=first.pk).update(state=PostState.PENDING, due_at=None)
    deliver.deliver(destination.pk)
    Post.objects.filter(pk=first.pk).update(state=PostState.APPROVED, due_at=first.due_at)
    Post.objects.filter(pk=second.pk).update(due_at=None)
    deliver.deliver(destination.pk)
    first.refresh_from_db()
    assert first.remote_id
    Post.objects.filter(pk=first.pk).update(remote_id=first.remote_id + thread)
    Post.objects.filter(pk=second.pk).update(due_at=second.created_at)
    reconcile.reconcile(second.pk)
    second.refresh_from_db()
    assert second.waits_for_person


def test_a_platform_that_never_takes_it_fails_the_post_in_the_end(
    blog: LiveBlog, destination: Destination, sandbox: SandboxServer
) -> None:
    sandbox.faults.switch_on("x", Fault("500", times=None))
    entry = push(blog, "Erste Fassung")
    render(entry.pk)
    post = Post.objects.get()
    for _ in range(deliver.MAX_TRIES):
        deliver.deliver(destination.pk)
        for _ in range(reconcile.ABSENCES_NEEDED):
            reconcile.reconcile(make_due(post).pk)
        Post.objects.filter(state=PostState.APPROVED).update(due_at=post.created_at)
        Destination.objects.update(next_post_at=None)
    post.refresh_from_db()
    assert post.state == PostState.FAILED


def test_an_entry_that_one_channel_cannot_render_goes_out_on_the_others(
    blog: LiveBlog,
    destination: Destination,
    accepted: Callable[[], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = make_destination("facebook")
    make_route(blog, broken)
    facebook = registry.channel("facebook")

    def fail(story: object) -> None:
        raise RuntimeError("a bug in the plug-in")

    monkeypatch.setattr(facebook, "render", fail)
    render(push(blog, "Erste Fassung").pk)
    deliver.deliver(destination.pk)
    assert accepted() == ["Erste Fassung"]
    assert Post.objects.get(WAITING).destination == broken


def test_a_missing_plug_in_stops_neither_the_sweeper_nor_other_destinations(
    blog: LiveBlog, destination: Destination, accepted: Callable[[], list[str]]
) -> None:
    gone = make_destination("facebook")
    make_route(blog, gone)
    render(push(blog, "Erste Fassung").pk)
    lost = Post.objects.get(destination=gone)
    assert deliver.claim_next(gone.pk) is not None
    Destination.objects.filter(pk=gone.pk).update(channel_name="gone")
    make_due(lost)
    assert sweep().abandoned == 1
    render(push(blog, "Zweite", "e2").pk)
    assert deliver.deliver(destination.pk) == 2
    assert len(accepted()) == 2


def test_keys_that_cannot_be_read_pause_the_destination_and_are_no_uncertainty(
    blog: LiveBlog, destination: Destination
) -> None:
    render(push(blog, "Erste Fassung").pk)
    Destination.objects.update(encrypted_secrets="not by this key")
    deliver.deliver(destination.pk)
    destination.refresh_from_db()
    assert destination.state == DestinationState.PAUSED
    assert Post.objects.get().state == PostState.APPROVED


def test_a_route_that_is_switched_off_cancels_what_waits(
    blog: LiveBlog, destination: Destination
) -> None:
    render(push(blog, "Erste Fassung").pk)
    route = Route.objects.get()
    route.policy = Policy.OFF
    route.save()
    assert switch_off(route) == 1
    assert deliver.deliver(destination.pk) == 0


def test_a_route_that_is_gone_does_not_keep_a_withdrawn_entry_waiting(
    blog: LiveBlog, destination: Destination
) -> None:
    entry = push(blog, "Erste Fassung")
    render(entry.pk)
    Route.objects.all().delete()
    withdraw(make_source(blog), "e1")
    render(entry.pk)
    assert publications(entry) == [(1, PostState.CANCELLED)]


def test_one_post_at_a_time_even_for_a_late_comer(blog: LiveBlog, destination: Destination) -> None:
    entry, _ = claimed(blog, destination)
    older = make_content("e0", published_at=entry.published_at - timedelta(hours=1))
    render(ingest(make_source(blog), older).entry.pk)
    assert deliver.claim_next(destination.pk) is None


@pytest.mark.parametrize("hostile", ["\0", "\ud800"])
def test_what_a_platform_answers_can_always_be_recorded(
    blog: LiveBlog, destination: Destination, hostile: str
) -> None:
    _, claim = claimed(blog, destination)
    refused = Wording("Sie sagt: %(answer)s", {"answer": hostile})
    deliver.record(claim, Rejected(refused, answer=f"nein{hostile}"), go_on=False)
    claim.post.refresh_from_db()
    assert claim.post.state == PostState.FAILED


def test_an_entry_that_nobody_works_on_is_noticed(blog: LiveBlog) -> None:
    entry = push(blog, "Erste Fassung")
    assert stalled_since(entry.changed_at) is None
    assert stalled_since(entry.changed_at + timedelta(minutes=3)) == entry.render_due_at


def test_an_entry_of_nothing_but_share_labels_is_skipped_and_waits_for_nobody(
    blog: LiveBlog,
) -> None:
    nothing = EntryContent(
        "e9", permalink="https://m.example.org/#e9", blocks=(Paragraph("Teilen"),)
    )
    render(ingest(make_source(blog), nothing).entry.pk)
    assert not Post.objects.filter(WAITING).exists()
