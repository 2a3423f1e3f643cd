"""Fills an installation's database; runs in a process with that installation's settings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.core.management import call_command

from syndicator.accounts.models import Role, User
from syndicator.channels.sandboxes import SANDBOX_SETTINGS
from syndicator.clock import database_now
from syndicator.content import Paragraph
from syndicator.destinations.models import Destination, Policy, Route
from syndicator.entries.models import Entry, LiveBlog, Source
from syndicator.posts.models import Post, PostState

BLOG_URL = "https://m.example.org/lb"
_AT_ONCE = 500


def connect(base_urls: Sequence[str]) -> str:
    """A live blog that posts to one X account at each of *base_urls*; the push token."""
    call_command("migrate", interactive=False, verbosity=0)
    blog = LiveBlog.objects.create(slug="genf", title="Genf", canonical_url=BLOG_URL)
    for number, base_url in enumerate(base_urls):
        destination = Destination(name=f"Account {number}", channel_name="x", base_url=base_url)
        destination.configure(SANDBOX_SETTINGS["x"])
        destination.save()
        Route.objects.create(blog=blog, destination=destination, policy=Policy.AUTOMATIC)
    return Source.objects.create(blog=blog, name="cms").issue_token()


def let_wait(count: int) -> None:
    """*count* approved posts of new entries, spread evenly over all destinations, due now."""
    blog, source, now = LiveBlog.objects.get(), Source.objects.get(), database_now()
    destinations = list(Destination.objects.all())
    known = Entry.objects.count()
    entries = [
        Entry(
            blog=blog,
            source=source,
            external_id=f"w{number}",
            headline=f"Nachricht {number}",
            permalink=f"{BLOG_URL}#w{number}",
            blocks=[Paragraph(f"In Genf ist Satz {number} gefallen.").to_json()],
            published_at=now + timedelta(milliseconds=number),
            received_at=now,
            changed_at=now,
        )
        for number in range(known, known + -(-count // len(destinations)))
    ]
    Entry.objects.bulk_create(entries, batch_size=_AT_ONCE)
    posts = []
    for entry in entries:
        message = destinations[0].channel.render(entry.story)
        assert message is not None
        posts += [
            Post(
                entry=entry,
                destination=destination,
                revision=entry.revision,
                state=PostState.APPROVED,
                payload=message.to_json(),
                payload_hash=message.fingerprint(),
                published_at=entry.published_at,
                due_at=now,
                created_at=now,
                changed_at=now,
            )
            for destination in destinations
        ]
    Post.objects.bulk_create(posts[:count], batch_size=_AT_ONCE)


def let_review(count: int) -> None:
    """*count* posts that wait for an editor; so will those of all new entries."""
    Route.objects.update(policy=Policy.REVIEW)
    let_wait(count)
    Post.objects.update(state=PostState.PENDING, due_at=None)


def add_editor(name: str, password: str) -> None:
    User.objects.create_user(name, password=password, role=Role.EDITOR)


def states() -> dict[str, int]:
    """How many posts are in which state."""
    found: dict[str, int] = {}
    for state in Post.objects.values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found
