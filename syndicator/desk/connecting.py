"""How far an account is connected: the steps that the desk leads a person through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.urls import reverse
from django.utils.translation import gettext as _

from syndicator import secrets
from syndicator.channels.base import Channel
from syndicator.destinations.models import AccountProfile, Destination
from syndicator.destinations.trial import can_be_tried


@dataclass(frozen=True, slots=True)
class Step:
    """*address* is where to do it; empty if that is not possible yet."""

    label: str
    address: str = ""
    done: bool = False
    current: bool = False
    #: Nothing waits for it.
    optional: bool = False


def steps(
    channel: Channel | None = None,
    destination: Destination | None = None,
    profile: AccountProfile | None = None,
    *,
    tried: bool = False,
    posts: bool = False,
) -> list[Step]:
    """All steps, one of them the current one, unless nothing is left to do."""
    found = list(_steps(channel, destination, profile, tried=tried, posts=posts))
    for number, step in enumerate(found):
        if not (step.done or step.optional):
            found[number] = replace(step, current=True)
            break
    return found


def is_complete(found: list[Step]) -> bool:
    return not any(step.current for step in found)


def has_keys(destination: Destination) -> bool:
    """Whether there is what posting needs, and no sign-in has to bring it first."""
    channel = destination.channel
    if channel.sign_in is None:
        return True
    try:
        known = set(secrets.decrypt(destination.encrypted_secrets))
    except secrets.UnreadableSecrets:
        return False
    return bool(known - set(channel.sign_in.needs))


def is_checked(profile: AccountProfile | None) -> bool:
    return bool(profile and profile.asked_at and not profile.problem and not profile.missing)


def _steps(
    channel: Channel | None,
    destination: Destination | None,
    profile: AccountProfile | None,
    *,
    tried: bool,
    posts: bool,
) -> Iterator[Step]:
    account = reverse("desk:account", args=[destination.pk]) if destination else ""
    yield Step(_("Platform"), reverse("desk:choose_platform"), done=channel is not None)
    keys = reverse("desk:destination", args=[destination.pk]) if destination else ""
    yield Step(_("Settings"), keys, done=destination is not None)
    if channel is None or channel.sign_in is not None:
        signed_in = destination is not None and has_keys(destination)
        yield Step(_("Sign in"), account and f"{account}#sign-in", done=signed_in)
    yield Step(_("Check"), account and f"{account}#account", done=is_checked(profile))
    if channel is None or can_be_tried(channel):
        yield Step(_("Test post"), account and f"{account}#test-post", done=tried, optional=True)
    yield Step(_("Start posting"), account and f"{account}#start", done=posts)
