"""Prepares a data folder for the demo; safe to repeat, and keeps what is there."""

from __future__ import annotations

import secrets
from pathlib import Path

from django.core.management import call_command
from django.db import transaction

from syndicator.accounts.models import Role, User
from syndicator.channels.sandboxes import SANDBOX_SETTINGS
from syndicator.demo.memory import Memory
from syndicator.demo.player import sample
from syndicator.destinations.models import Destination, Policy, Route
from syndicator.entries.models import LiveBlog, Source
from syndicator.newsletter.models import Pace, Subscription
from syndicator.newsletter.pacing import set_pace
from syndicator.newsletter.subscribing import subscribe
from syndicator.signup.settings import set_up, usual_consent

#: Destination → channel and policy. X and mail go out by themselves, Facebook waits for an editor.
DESTINATIONS = {
    "X account (sandbox)": ("x", Policy.AUTOMATIC),
    "Facebook page (sandbox)": ("facebook", Policy.REVIEW),
    "Email subscribers (sandbox)": ("email", Policy.AUTOMATIC),
}
SUBSCRIBERS = ("leserin@example.org", "leser@example.org", "archiv@example.net")
#: Gets one digest when the live blog ends, or when an editor has it made.
DIGEST_READER = "sammlerin@example.org"


def prepare(folder: Path, sandbox_url: str, smtp_address: tuple[str, int]) -> Memory:
    """Migrate, and create users, live blog, destinations, routes and subscribers once.

    The sandbox's addresses are written anew at every start: its ports may have changed.
    """
    call_command("migrate", interactive=False, verbosity=0)
    memory = Memory.load(folder)
    with transaction.atomic():
        blog, is_new = LiveBlog.objects.get_or_create(
            slug=sample()["live_blog"]["slug"], defaults=sample()["live_blog"]
        )
        _connect(blog, sandbox_url, smtp_address)
        if is_new:
            for address in SUBSCRIBERS:
                subscribe(address, blog)
            set_up(blog, is_open=True, paces=list(Pace), consent=usual_consent(blog))
        if not Subscription.objects.filter(subscriber__email=DIGEST_READER).exists():
            set_pace(subscribe(DIGEST_READER, blog).pk, Pace.AT_CLOSE)
        _people(memory)
        source, created = Source.objects.get_or_create(blog=blog, name="demo")
        if created or not memory.token:
            memory.token = source.issue_token()
    memory.save(folder)
    return memory


def _connect(blog: LiveBlog, sandbox_url: str, smtp_address: tuple[str, int]) -> None:
    base_urls = {
        "x": f"{sandbox_url}/x",
        "facebook": f"{sandbox_url}/facebook",
        "email": "smtp://{}:{}".format(*smtp_address),
    }
    for name, (channel, policy) in DESTINATIONS.items():
        destination = Destination.objects.filter(name=name).first() or Destination(
            name=name, channel_name=channel
        )
        destination.base_url = base_urls[channel]
        destination.configure(SANDBOX_SETTINGS[channel])
        destination.save()
        Route.objects.get_or_create(blog=blog, destination=destination, defaults={"policy": policy})


def _people(memory: Memory) -> None:
    memory.admin_password = memory.admin_password or secrets.token_urlsafe(9)
    memory.editor_password = memory.editor_password or secrets.token_urlsafe(9)
    for name, role, password in (
        ("admin", Role.ADMIN, memory.admin_password),
        ("editor", Role.EDITOR, memory.editor_password),
    ):
        user, created = User.objects.get_or_create(username=name, defaults={"role": role})
        if created:
            user.set_password(password)
            user.save()
