"""Sends a sample entry to the sandbox as a destination would post it, and never to the platform.

What the entry becomes is the destination's own doing: its channel, its settings. Where it goes is
not: the sandbox says at which address it imitates the platform, and brings the keys of a test
account along. The destination's secrets stay where they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import requests
import structlog
from django.conf import settings
from django.utils.translation import get_language, gettext

from syndicator.channels.base import Account, Channel, ChannelError, Message
from syndicator.clock import database_now
from syndicator.content import EntryContent, Paragraph, Story
from syndicator.destinations.models import Destination
from syndicator.outbound.answers import json_object
from syndicator.outbound.deadline import Deadline, DeadlinePassed
from syndicator.outbound.http import make_session
from syndicator.wording import Wording, gettext_noop

log = structlog.get_logger(__name__)

DEADLINE = timedelta(seconds=10)
#: Where the sandbox tells what it imitates.
ACCOUNTS = "/_sandbox/accounts"
PERMALINK = "https://example.org/liveblog#test-%s"

NO_SANDBOX = gettext_noop(
    "No sandbox answers at %(address)s. Start one with “syndicator sandbox” on the machine that "
    "the desk runs on, then send again."
)
NO_PLATFORM = gettext_noop("The sandbox at %(address)s does not imitate this platform.")
NOTHING_TO_SAY = Wording(gettext_noop("This platform's plug-in makes no post of the sample entry."))
UNFORESEEN = Wording(
    gettext_noop("The test post failed. Ask an administrator to look into the log.")
)


@dataclass(frozen=True, slots=True)
class Trial:
    """What was sent, and *timeline*, the sandbox's page where it is seen; or the *problem*."""

    message: Message | None = None
    timeline: str = ""
    problem: Wording | None = None


@dataclass(frozen=True, slots=True)
class _TestAccount:
    base_url: str
    credentials: Mapping[str, str]


def can_be_tried(channel: Channel) -> bool:
    """Mail goes to subscribers and to no account, so there is nothing to try it on."""
    return urlsplit(channel.default_base_url).scheme in ("http", "https")


def send_test_post(destination: Destination, deadline: timedelta = DEADLINE) -> Trial:
    """Post a sample entry to the sandbox; never raises for what that answers."""
    found = _test_account(destination.channel_name, deadline)
    if isinstance(found, Wording):
        return Trial(problem=found)
    message: Message | None = None
    try:
        message = destination.channel.render(_sample())
        if message is None:
            return Trial(problem=NOTHING_TO_SAY)
        if problems := destination.channel.problems(message):
            return Trial(message, problem=problems[0])
        account = Account(
            base_url=found.base_url,
            settings={**found.credentials, **_preferences(destination)},
            allow_private_addresses=True,
        )
        destination.channel.client(account).send(message, key=uuid4().hex, deadline=deadline)
    except ChannelError as error:
        return Trial(message, found.base_url, error.reason)
    except Exception:
        log.exception("a test post failed", destination=destination.pk)
        return Trial(message, found.base_url, UNFORESEEN)
    return Trial(message, found.base_url)


def _preferences(destination: Destination) -> dict[str, str]:
    """How a person wants posts to be: what has a default. The rest says which account it is."""
    names = {one.name for one in destination.channel.settings if one.default and not one.secret}
    return {name: said for name, said in destination.settings.items() if name in names}


def _test_account(channel_name: str, deadline: timedelta) -> _TestAccount | Wording:
    """The sandbox's account for this channel, or why there is none."""
    address: str = settings.SANDBOX_URL
    try:
        with (
            Deadline(deadline) as ends,
            make_session(ends, allow_private_addresses=True) as session,
        ):
            answer = session.request("GET", address + ACCOUNTS)
    except (requests.RequestException, DeadlinePassed, ValueError):
        return Wording(NO_SANDBOX, {"address": address})
    accounts = json_object(answer).get("accounts")
    if answer.status_code != requests.codes.ok or not isinstance(accounts, dict):
        # Whatever it is, it is no sandbox: nothing is posted there.
        return Wording(NO_SANDBOX, {"address": address})
    match accounts.get(channel_name):
        case {"path": str(path), "credentials": dict(credentials)} if path.startswith("/"):
            return _TestAccount(address + path, credentials)
    return Wording(NO_PLATFORM, {"address": address})


def _sample() -> Story:
    number = uuid4().hex[:8]
    return Story(
        EntryContent(
            external_id=f"test-{number}",
            author="Syndicator",
            # Numbered: platforms refuse the same words twice.
            headline=gettext("Test post %(number)s") % {"number": number},
            published_at=database_now(),
            permalink=PERMALINK % number,
            blocks=(
                Paragraph(
                    gettext(
                        "So an entry of a live blog looks here. It went to the sandbox only; "
                        "nobody outside sees it."
                    )
                ),
            ),
        ),
        blog_slug="test",
        blog_title=gettext("Live blog"),
        blog_url=PERMALINK.partition("#")[0],
        language=get_language() or settings.LANGUAGE_CODE,
    )
