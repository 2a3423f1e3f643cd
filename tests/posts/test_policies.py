"""What becomes of an entry on a route, and how the post says why."""

from __future__ import annotations

from typing import Any

import pytest

from syndicator import steps
from syndicator.content import BulletList, EntryContent, Image, Paragraph, Quote
from syndicator.destinations.models import Destination, KeyEvents, Otherwise, Policy, Route
from syndicator.entries.ingest import ingest
from syndicator.entries.models import Entry, LiveBlog
from syndicator.posts import review
from syndicator.posts.models import Action, Post, PostState
from syndicator.posts.policies import Course, rule
from syndicator.posts.render import render
from syndicator.steps import Step
from syndicator.wording import Wording
from tests.factories import make_blog, make_content, make_entry, make_route, make_source, make_user
from tests.posts.conftest import Newsroom

BLOG = LiveBlog(never_automatic="Anschlag*, Tote und Verletzte", never_automatic_tags="Terror")


def entry(*texts: str, **values: Any) -> EntryContent:
    blocks = tuple(map(Paragraph, texts or ("Ein Satz.",)))
    return EntryContent("e1", **{"author": "Jana Brandt, Genf", "blocks": blocks, **values})


def course(content: EntryContent, blog: LiveBlog = BLOG, **route: Any) -> tuple[Course, str]:
    ruled = rule(Route(**{"policy": Policy.AUTOMATIC, **route}), blog, content)
    return ruled.course, str(ruled.why)


@pytest.mark.parametrize(
    "content",
    [
        entry(headline="Der Anschlag von gestern"),
        entry("Nichts.", "Der Anschlagsort ist abgesperrt."),
        entry(blocks=(BulletList(("eins", "ein Anschlag")),)),
        entry(blocks=(Quote("Es war ein Anschlag"),)),
        entry(blocks=(Quote("So war es", "Sprecher nach dem Anschlag"),)),
        entry(blocks=(Image("Nach dem Anschlag"),)),
        entry(blocks=(Image(alt="Ort eines Anschlags"),)),
    ],
)
def test_a_listed_word_waits_for_an_editor_wherever_it_stands(content: EntryContent) -> None:
    became, said = course(content)
    assert became == Course.REVIEW
    assert said.startswith("Waits for an editor: the word “Anschlag*” is on the list of what never")


def test_a_listed_tag_waits_and_other_entries_do_not() -> None:
    assert course(entry(tags=("terror",)))[0] == Course.REVIEW
    assert course(entry("Tote und Gerettete", tags=("Terrorismus",)))[0] == Course.AUTOMATIC


def test_a_list_changes_nothing_where_an_editor_sees_everything_or_nothing_is_posted() -> None:
    content = entry("Ein Anschlag.")
    said = "Waits for an editor: so the route is set."
    assert course(content, policy=Policy.REVIEW) == (Course.REVIEW, said)
    assert course(content, policy=Policy.OFF)[0] == Course.LEFT_OUT


@pytest.mark.parametrize(
    ("route", "passing", "left_out", "why"),
    [
        (
            {"only_tags": "Eilmeldung, Genf"},
            entry(tags=("genf",)),
            entry(tags=("Sport",)),
            "has none of the tags",
        ),
        ({"not_tags": "Intern"}, entry(), entry(tags=("intern",)), "has the tag “Intern”"),
        (
            {"only_authors": "Jana Brandt"},
            entry(author="Tom Weiß und Jana Brandt"),
            entry(author="Jana Brandthoff"),
            "by none of the authors",
        ),
        ({"not_authors": "dpa"}, entry(), entry(author="Brandt/dpa"), "is by dpa"),
        ({"key_events": KeyEvents.ONLY}, entry(key_event=True), entry(), "no key event"),
        ({"key_events": KeyEvents.NONE}, entry(), entry(key_event=True), "is a key event"),
    ],
)
def test_a_filter_leaves_out_or_asks_and_says_why(
    route: dict[str, str], passing: EntryContent, left_out: EntryContent, why: str
) -> None:
    assert course(passing, **route)[0] == Course.AUTOMATIC
    became, said = course(left_out, **route)
    assert became == Course.LEFT_OUT
    assert said.startswith("Left out by the route's filters: the entry ")
    assert why in said
    became, said = course(left_out, otherwise=Otherwise.REVIEW, **route)
    assert became == Course.REVIEW
    assert why in said


def test_what_goes_out_by_itself_says_by_what() -> None:
    assert "tag “Eilmeldung”" in course(entry(tags=("eilmeldung",)), only_tags="Eilmeldung")[1]
    assert "by Jana Brandt" in course(entry(), only_authors="Jana Brandt")[1]
    assert "key events" in course(entry(key_event=True), key_events=KeyEvents.ONLY)[1]
    assert course(entry())[1] == "Goes out automatically: so the route is set."


def test_a_list_without_a_word_lets_everything_pass() -> None:
    assert course(entry(), only_tags=" , ", only_authors=";")[0] == Course.AUTOMATIC


# --- On the way from an entry to its posts -------------------------------------------------------


@pytest.mark.django_db
def test_every_post_keeps_why_it_went_out_or_waits(newsroom: Newsroom) -> None:
    Route.objects.update(only_tags="Eilmeldung", otherwise=Otherwise.REVIEW)
    sent, waiting = newsroom.post(tags=("Eilmeldung",)), newsroom.post()
    newsroom.deliver()
    review.approve(waiting.pk, make_user(), waiting.payload_hash)
    newsroom.deliver()
    for post, said in ((sent, "takes the tag “Eilmeldung”"), (waiting, "none of the tags")):
        post.refresh_from_db()
        assert post.state == PostState.SENT
        assert said in str(post.ruling_wording)


@pytest.mark.django_db
def test_what_a_filter_leaves_out_has_a_row_with_its_reason(newsroom: Newsroom) -> None:
    Route.objects.update(not_tags="Intern")
    post = newsroom.post(tags=("Intern",))
    assert (post.state, post.action) == (PostState.SKIPPED, Action.PUBLISH)
    assert str(post.wording) == "Left out by the route's filters: the entry has the tag “Intern”."
    assert not post.waits_for_person
    assert newsroom.deliver() == 0


def edited(newsroom: Newsroom, entry: Entry, **values: Any) -> list[tuple[str, str]]:
    """The actions and states of an entry's posts after an edit."""
    ingest(make_source(newsroom.blog), make_content(entry.external_id, **values))
    render(entry.pk)
    return list(Post.objects.filter(entry=entry).order_by("pk").values_list("action", "state"))


@pytest.mark.django_db
def test_an_edit_that_makes_an_entry_pass_a_filter_is_posted(newsroom: Newsroom) -> None:
    Route.objects.update(only_tags="Genf")
    post = newsroom.post()
    states = edited(newsroom, post.entry, tags=("Genf",))
    assert states == [("publish", "skipped"), ("publish", "approved")]
    assert newsroom.deliver() == 1


@pytest.mark.django_db
def test_an_edit_that_makes_an_entry_fail_a_filter_takes_back_what_is_not_out(
    newsroom: Newsroom,
) -> None:
    Route.objects.update(only_tags="Genf")
    post = newsroom.post(tags=("Genf",))
    assert edited(newsroom, post.entry) == [("publish", "cancelled"), ("publish", "skipped")]
    assert newsroom.deliver() == 0


@pytest.mark.django_db
def test_and_asks_for_a_correction_of_what_is_out(newsroom: Newsroom) -> None:
    Route.objects.update(only_tags="Genf")
    post = newsroom.post(tags=("Genf",))
    newsroom.deliver()
    assert edited(newsroom, post.entry, headline="Anders") == [
        ("publish", "sent"),
        ("edit", "skipped"),
    ]
    assert "Anders" in Post.objects.get(action=Action.EDIT).message.text


@pytest.mark.django_db
@pytest.mark.parametrize("which", ["list", "filter"])
def test_what_is_set_while_an_entry_is_prepared_counts(newsroom: Newsroom, which: str) -> None:
    def set_anew(step: Step) -> None:
        if step == Step.RENDER_DRAFTED:
            LiveBlog.objects.update(never_automatic="Genf" if which == "list" else "")
            Route.objects.update(not_tags="Sport" if which == "filter" else "")

    made = make_entry(newsroom.blog, tags=("Sport",))
    steps.strike_with(set_anew)
    try:
        render(made.pk)
        # The drafts were made for other filters: it begins again.
        assert Post.objects.exists() == (which == "list")
        render(made.pk)
    finally:
        steps.strike_with(None)
    expected = PostState.PENDING if which == "list" else PostState.SKIPPED
    assert Post.objects.get().state == expected


@pytest.mark.django_db
def test_every_entry_has_a_row_on_every_route() -> None:
    blog = make_blog(never_automatic="Anschlag")
    for number in range(3):
        make_route(blog)
        Route.objects.filter(pk=Route.objects.latest("pk").pk).update(
            only_tags="Genf" if number == 1 else "", not_authors="Brandt" if number == 2 else ""
        )
    for values in ({}, {"tags": ("Genf",)}, {"headline": "Anschlag"}):
        render(make_entry(blog, **values).pk)
    assert Post.objects.count() == Entry.objects.count() * Destination.objects.count() == 9
    assert all(isinstance(post.ruling_wording, Wording) for post in Post.objects.all())
