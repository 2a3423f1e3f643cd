"""Asks a platform about an account, outside of any transaction, and keeps what it said."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import structlog
from django.db import IntegrityError
from PIL import ImageOps

from syndicator.channels.base import AccountCheck, ChannelError
from syndicator.clock import database_now
from syndicator.destinations.accounts import account_of
from syndicator.destinations.models import AccountProfile, Destination
from syndicator.destinations.secrets import UnreadableSecrets
from syndicator.pictures.encoding import UnusablePicture, opened
from syndicator.statements import storable
from syndicator.wording import Wording, gettext_noop

log = structlog.get_logger(__name__)

DEADLINE = timedelta(seconds=10)
#: What a picture may be before it is decoded, and what is kept of it (pixels of a square's side).
MOST_BYTES = 5_000_000
MOST_PIXELS = 16_000_000
SIDE = 96
LONGEST_NAME = 200
LONGEST_URL = 500

UNREADABLE = Wording(gettext_noop("The stored access keys cannot be read. Enter them again."))
UNFORESEEN = Wording(
    gettext_noop("The account could not be checked. Ask an administrator to look into the log.")
)


def check_account(destination: Destination, deadline: timedelta = DEADLINE) -> AccountProfile:
    """What the platform says about *destination*'s account now, stored; never raises for it.

    Where the check fails, *problem* of the profile says why, and what was known stays known.
    """
    said: AccountCheck | None = None
    problem: Wording | None = None
    try:
        said = destination.channel.client(account_of(destination)).check(deadline=deadline)
    except NotImplementedError:
        pass  # this platform cannot be asked
    except ChannelError as error:
        problem = error.reason
    except UnreadableSecrets:
        problem = UNREADABLE
    except Exception:
        log.exception("an account could not be checked", destination=destination.pk)
        problem = UNFORESEEN
    return _keep(destination, said, problem)


def _keep(
    destination: Destination, said: AccountCheck | None, problem: Wording | None
) -> AccountProfile:
    now = database_now()
    told: dict[str, Any] = {
        "asked_at": now,
        "problem": problem.to_json() if problem else None,
    }
    if said:
        told |= {
            "name": storable(said.name)[:LONGEST_NAME],
            "url": _address(said.url),
            "picture": small_picture(said.picture),
            "missing": [wording.to_json() for wording in said.missing],
            "notes": [wording.to_json() for wording in said.notes],
            "ends_at": said.ends_at,
            "checked_at": now,
        }
    try:
        profile, _ = AccountProfile.objects.update_or_create(destination=destination, defaults=told)
    except IntegrityError:
        # It was disconnected for good while the platform was asked.
        return AccountProfile(destination=destination, **told)
    return profile


def small_picture(raw: bytes) -> bytes:
    """*raw* as a small square PNG of our own making; empty if it is no picture, or hostile."""
    if len(raw) > MOST_BYTES:
        return b""
    try:
        picture = opened(raw, most_pixels=MOST_PIXELS).convert("RGBA")
    except UnusablePicture:
        return b""
    target = io.BytesIO()
    ImageOps.fit(picture, (SIDE, SIDE)).save(target, "PNG", optimize=True)
    return target.getvalue()


def _address(url: str) -> str:
    """*url*, if a link may lead there."""
    fine = url.startswith(("https://", "http://")) and len(url) <= LONGEST_URL
    return storable(url) if fine else ""
