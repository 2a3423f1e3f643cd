"""A sign-in under way at a platform: kept in the session, encrypted, for one use and ten minutes.

Nothing of it is in an address but *state*, which the platform hands back.
"""

from __future__ import annotations

import hmac
import json
import secrets as random
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from django.contrib.sessions.backends.base import SessionBase

from syndicator import secrets
from syndicator.channels.base import Choice

LASTS = 10 * 60
_UNDER_WAY, _CHOICES = "sign_in", "sign_in_choices"


@dataclass(frozen=True, slots=True)
class SignInUnderWay:
    """*kept* is what the channel's `SignIn.begin` wants to be told again."""

    destination: int
    state: str
    kept: Mapping[str, str]


def new_state() -> str:
    return random.token_urlsafe(32)


def remember(session: SessionBase, under_way: SignInUnderWay) -> None:
    _put(session, _UNDER_WAY, json.dumps(asdict(under_way)))


def take(session: SessionBase, state: str) -> SignInUnderWay | None:
    """The sign-in that *state* belongs to, which is over then; None if there is none, or it took
    too long.

    With another *state* it goes on: anybody's link can bring the browser here.
    """
    said = _read(session.get(_UNDER_WAY))
    if said is None:
        return None
    under_way = SignInUnderWay(**json.loads(said))
    if not hmac.compare_digest(under_way.state.encode(), state.encode("utf-8", "replace")):
        return None
    del session[_UNDER_WAY]
    return under_way


def offer(session: SessionBase, destination: int, choices: Sequence[Choice]) -> None:
    said = [[choice.label, dict(choice.settings)] for choice in choices]
    _put(session, _CHOICES, json.dumps([destination, said]))


def offered(session: SessionBase) -> tuple[int, list[Choice]] | None:
    """The destination's pk and the accounts to choose from, if that is still open."""
    said = _read(session.get(_CHOICES))
    if said is None:
        return None
    destination, choices = json.loads(said)
    return destination, [Choice(label, settings) for label, settings in choices]


def end_offer(session: SessionBase) -> None:
    session.pop(_CHOICES, None)


def _put(session: SessionBase, name: str, said: str) -> None:
    session[name] = secrets.encrypt({"until": str(time.time() + LASTS), "said": said})


def _read(token: object) -> str | None:
    if not isinstance(token, str):
        return None
    try:
        values = secrets.decrypt(token)
    except secrets.UnreadableSecrets:
        return None
    return values["said"] if time.time() < float(values["until"]) else None
