"""The link that a post carries is its route's, and goes with it wherever it is looked for."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from syndicator.channels.base import Capability
from syndicator.channels.sandbox.server import SandboxServer
from syndicator.clock import database_now
from syndicator.content import Image, Paragraph
from syndicator.destinations.models import Policy, Route
from syndicator.entries.ingest import withdraw
from syndicator.newsletter.lanes import Lane
from syndicator.newsletter.models import Mailing, RecipientState, Subscription
from syndicator.newsletter.subscribing import subscribe
from syndicator.newsletter.taking_back import stop_withdrawn
from syndicator.posts import correction, deliver, reconcile, review
from syndicator.posts.links import link_of
from syndicator.posts.models import Action, Post, PostState
from syndicator.posts.render import render
from syndicator.share.models import SharePages
from tests.factories import (
    make_blog,
    make_destination,
    make_due,
    make_entry,
    make_route,
    make_source,
    make_user,
)
from tests.posts.conftest import Newsroom

pytestmark = pytest.mark.django_db

UTM = "utm_source={platform}&utm_campaign={blog}"
everywhere = pytest.mark.parametrize(
    "newsroom", ["x", "facebook", "mastodon", "bluesky"], indirect=True
)


@pytest.fixture
def newsroom(request: pytest.FixtureRequest, sandbox: SandboxServer) -> Newsroom:
    name = getattr(request, "param", "x")
    destination = make_destination(name, f"{sandbox.http_url}/{name}")
    blog = make_blog()
    make_route(blog, destination)
    Route.objects.update(tracking=UTM)
    return Newsroom(blog, destination, sandbox)


def finished(newsroom: Newsroom, post: Post) -> str:
    page, _hash, fragment = post.entry.permalink.partition("#")
    told = f"utm_source={newsroom.destination.channel_name}&utm_campaign={newsroom.blog.slug}"
    return f"{page}?{told}#{fragment}"


@everywhere
def test_the_post_carries_the_parameters(newsroom: Newsroom) -> None:
    post = newsroom.post()
    assert post.message.permalink == finished(newsroom, post)
    newsroom.deliver()
    assert newsroom.accepted() == [finished(newsroom, post)]


@everywhere
def test_an_uncertain_post_is_found_again_by_them(newsroom: Newsroom) -> None:
    post = newsroom.post()
    newsroom.fault("accept-then-500")
    newsroom.deliver()
    # Whatever is set meanwhile: the link is the post's own.
    Route.objects.update(tracking="utm_source=other")
    reconcile.reconcile(make_due(post).pk)
    post.refresh_from_db()
    assert post.state == PostState.SENT
    newsroom.deliver()
    assert newsroom.accepted() == [finished(newsroom, post)]


@everywhere
def test_an_edit_keeps_the_link_that_its_post_carries(newsroom: Newsroom) -> None:
    post = newsroom.post(external_id="one")
    newsroom.deliver()
    Route.objects.update(tracking="utm_source=other")
    entry = make_entry(
        newsroom.blog, external_id="one", blocks=(Paragraph("Es sind nun zwei Sätze."),)
    )
    render(entry.pk)
    note = Post.objects.get(entry=entry, action=Action.EDIT)
    assert note.message.permalink == post.message.permalink
    assert "zwei" in note.message.text
    if Capability.EDIT not in newsroom.destination.channel.capabilities:
        return
    review.carry_out(note.pk, make_user(), note.payload_hash)
    newsroom.deliver()
    note.refresh_from_db()
    assert note.state == PostState.SENT, note.reason


def test_an_edit_of_an_entry_with_a_new_permalink_has_the_new_link(newsroom: Newsroom) -> None:
    newsroom.post(external_id="one")
    newsroom.deliver()
    entry = make_entry(newsroom.blog, external_id="one", permalink="https://example.org/new#1")
    render(entry.pk)
    note = Post.objects.get(entry=entry, action=Action.EDIT)
    assert note.message.permalink.startswith("https://example.org/new?utm_source=x&")


@everywhere
def test_a_reply_that_corrects_carries_it_too(newsroom: Newsroom) -> None:
    post = newsroom.post(external_id="one")
    newsroom.deliver()
    entry = make_entry(newsroom.blog, external_id="one", blocks=(Paragraph("Neu ist das hier."),))
    render(entry.pk)
    note = Post.objects.get(entry=entry, action=Action.EDIT)
    reply = correction.correct(note.pk, make_user(), note.payload_hash)
    assert reply.message.permalink == post.message.permalink
    assert reply.message.carries_permalink()
    assert newsroom.destination.channel.problems(reply.message) == []


def test_what_the_text_names_is_not_told_twice(newsroom: Newsroom) -> None:
    link = "https://example.org/live#e9"
    post = newsroom.post(
        permalink=link,
        headline="",
        blocks=(Paragraph(f"Mehr dazu: {link} steht dort."), Image(f"Bild {link}", "x", "", "")),
    )
    assert post.state == PostState.APPROVED
    assert post.message.text.count("example.org") == 1
    assert newsroom.destination.channel.problems(post.message) == []


def test_gathered_entries_go_out_with_their_carriers_link(newsroom: Newsroom) -> None:
    Route.objects.update(gather_minutes=5)
    first, second = (newsroom.post(external_id=name) for name in ("one", "two"))
    assert second.state == PostState.GATHERED
    assert second.message.permalink == finished(newsroom, second)
    first.refresh_from_db()
    assert first.message.permalink == finished(newsroom, first)
    withdraw(make_source(newsroom.blog), "two")
    render(second.entry_id)
    first.refresh_from_db()
    assert first.message.permalink == finished(newsroom, first)
    assert newsroom.destination.channel.problems(first.message) == []


def test_the_longest_post_with_the_longest_parameters_still_fits(newsroom: Newsroom) -> None:
    Route.objects.update(tracking=f"utm_source={'a' * 250}&e={{entry}}")
    post = newsroom.post(blocks=(Paragraph("Ein Satz folgt dem anderen. " * 60),))
    assert post.state == PostState.APPROVED
    newsroom.deliver()
    assert newsroom.accepted() == [post.message.permalink]


def test_without_a_template_nothing_is_another() -> None:
    blog = make_blog()
    route, entry = make_route(blog), make_entry(blog)
    assert link_of(entry, route) == entry.permalink
    render(entry.pk)
    assert "about" not in Post.objects.get().payload


def test_share_pages_are_linked_where_blog_and_route_want_them() -> None:
    blog = make_blog()
    route, entry = make_route(blog), make_entry(blog)
    route.share_page = True
    assert link_of(entry, route) == entry.permalink
    shown = SharePages.objects.create(blog=blog, is_on=True, changed_at=database_now())
    entry.blog.refresh_from_db()
    link = link_of(entry, route)
    assert urlsplit(link).path.startswith(f"/e/{entry.pk}-")
    assert "?" not in link
    route.tracking = UTM
    assert parse_qsl(urlsplit(link_of(entry, route)).query) == [("r", str(route.pk))]
    shown.is_on = False
    shown.save()
    entry.blog.refresh_from_db()
    assert "/e/" not in link_of(entry, route)


# --- Mail -----------------------------------------------------------------------------------------


@pytest.fixture
def mailed() -> Post:
    """A breaking entry, of which one reader's mail waits."""
    blog = make_blog()
    route = make_route(blog, make_destination("email", "smtp://127.0.0.1:9"), Policy.AUTOMATIC)
    Route.objects.filter(pk=route.pk).update(tracking=UTM)
    subscribe("anna@reader.example", blog)
    entry = make_entry(blog, external_id="one", tags=("Eilmeldung",))
    render(entry.pk)
    deliver.deliver(route.destination_id)
    return Post.objects.get()


def test_a_mail_links_with_parameters_and_knows_its_entry(mailed: Post) -> None:
    message = mailed.message
    assert mailed.state == PostState.SENT
    assert "?utm_source=email&utm_campaign=" in message.permalink
    assert message.own_permalink == mailed.entry.permalink
    assert message.html.count("utm_source") >= 1
    channel = mailed.destination.channel
    revised = channel.revise(message, f"Kurz.\n\n{message.permalink}")
    assert revised.own_permalink == mailed.entry.permalink
    assert channel.problems(revised) == []
    assert Mailing.objects.get().lane == Lane.BREAKING


def test_a_mail_of_a_withdrawn_entry_is_stopped(mailed: Post) -> None:
    assert stop_withdrawn() == 0
    withdraw(make_source(mailed.entry.blog), "one")
    assert stop_withdrawn() == 1
    recipient = Mailing.objects.get().recipients.get()
    assert recipient.state == RecipientState.WITHDRAWN


def test_who_reads_mail_at_once_since_later_gets_no_earlier_entry() -> None:
    blog = make_blog()
    route = make_route(blog, make_destination("email", "smtp://127.0.0.1:9"))
    Route.objects.filter(pk=route.pk).update(tracking=UTM)
    entry = make_entry(blog)
    render(entry.pk)
    later = subscribe("later@reader.example", blog)
    Subscription.objects.filter(pk=later.pk).update(at_once_from=database_now())
    subscribe("anna@reader.example", blog)
    deliver.deliver(route.destination_id)
    addressed = Mailing.objects.get().recipients.values_list("address", flat=True)
    assert list(addressed) == ["anna@reader.example"]
