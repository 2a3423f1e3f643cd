"""Asks a platform about an account, outside of any transaction, and keeps what it said."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from django.db import IntegrityError, transaction
from PIL import ImageOps

from syndicator.channels.base import AccountCheck, ChannelError, Outcome
from syndicator.clock import database_now
from syndicator.destinations.accounts import account_of
from syndicator.destinations.endings import tell_of_end
from syndicator.destinations.models import AccountProfile, Destination
from syndicator.destinations.trouble import access_works
from syndicator.pictures.encoding import UnusablePicture, opened
from syndicator.secrets import UnreadableSecrets
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


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking: *said*, or the *problem*, or neither where a platform cannot be asked.

    *refused*: the platform itself says that the account cannot be used.
    """

    said: AccountCheck | None = None
    problem: Wording | None = None
    refused: bool = False


def check_account(destination: Destination, deadline: timedelta = DEADLINE) -> AccountProfile:
    """What the platform says about *destination*'s account now, stored; never raises for it.

    Where the check fails, *problem* of the profile says why, and what was known stays known.
    """
    return keep(destination, ask(destination, deadline))


def ask(destination: Destination, deadline: timedelta = DEADLINE) -> Asked:
    """Ask the platform; never raises for what it answers."""
    try:
        return Asked(destination.channel.client(account_of(destination)).check(deadline=deadline))
    except NotImplementedError:
        return Asked()
    except ChannelError as error:
        return Asked(problem=error.reason, refused=error.outcome == Outcome.UNAUTHORISED)
    except UnreadableSecrets:
        return Asked(problem=UNREADABLE)
    except Exception:
        log.exception("an account could not be checked", destination=destination.pk)
        return Asked(problem=UNFORESEEN)


def keep(destination: Destination, asked: Asked) -> AccountProfile:
    """Write down what came of asking, and end or raise what people are told about it."""
    now = database_now()
    told: dict[str, Any] = {
        "asked_at": now,
        "recheck_at": None,
        "problem": asked.problem.to_json() if asked.problem else None,
    }
    if said := asked.said:
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
        with transaction.atomic():
            profile, _ = AccountProfile.objects.update_or_create(
                destination=destination, defaults=told
            )
            if said:
                access_works(destination, now)
                tell_of_end(profile, now)
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
