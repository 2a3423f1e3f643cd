"""A tenth of the product's waits, all by the same factor, so that what outlasts what stays true.

Lease 6 s, deadline of a call 2 s, settle time 3 s, back-off from 0.5 s, an open circuit's rests
from 6 s, 90 s after a limit that names no time. What bounds them from below is not shortened: the
margin of 1 s before a lease's end, the grace of late writes, the allowed skew of clocks, and how
long later posts wait for an entry that cannot be rendered.
"""

from __future__ import annotations

from datetime import timedelta
from types import ModuleType
from typing import Any

from syndicator.channels import registry
from syndicator.channels.base import Channel
from syndicator.channels.bluesky import errors as bluesky_errors
from syndicator.channels.facebook import errors as facebook_errors
from syndicator.channels.facebook import usage as facebook_usage
from syndicator.channels.mastodon import errors as mastodon_errors
from syndicator.channels.x import errors as x_errors
from syndicator.channels.x import oauth2 as x_oauth2
from syndicator.posts import attempts, circuit, deliver, reconcile

FACTOR = 10
NAMES = ("LEASE", "DEADLINE", "BACKOFF", "RESTS", "LIMIT_WAIT")
#: All modules that know one of them by name.
MODULES: tuple[ModuleType, ...] = (
    attempts,
    circuit,
    deliver,
    reconcile,
    facebook_errors,
    facebook_usage,
    x_errors,
    x_oauth2,
    bluesky_errors,
    mastodon_errors,
)


def shorten() -> None:
    """Once in a process, before it works."""
    for module in MODULES:
        for name in NAMES:
            if hasattr(module, name):
                setattr(module, name, _shorter(getattr(module, name)))
    for channel in channel_classes():
        channel.settle_time = channel.settle_time / FACTOR


def channel_classes() -> list[type[Channel]]:
    return [type(channel) for channel in registry.channels().values()]


def _shorter(wait: Any) -> Any:
    if isinstance(wait, timedelta):
        return wait / FACTOR
    return tuple(_shorter(one) for one in wait)
