"""Finds the installed channels by the entry-point group ``syndicator.channels``."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points

import structlog

from syndicator.channels.base import Channel

GROUP = "syndicator.channels"

log = structlog.get_logger(__name__)


class UnknownChannel(LookupError):
    """No installed plug-in provides the channel, or the one that should is broken."""


@cache
def channels() -> dict[str, Channel]:
    """All channels that load, by name. A broken plug-in is logged and takes no other down."""
    loaded: dict[str, Channel] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        try:
            loaded[point.name] = _load(point)
        except Exception as error:
            log.error(
                "a channel plug-in does not load",
                channel=point.name,
                distribution=point.dist.name if point.dist else "unknown",
                error=f"{type(error).__name__}: {error}",
            )
    return loaded


def channel(name: str) -> Channel:
    """The channel called *name*; `UnknownChannel` says what is installed instead."""
    try:
        return channels()[name]
    except KeyError:
        installed = ", ".join(channels()) or "none"
        raise UnknownChannel(
            f"No channel called “{name}” is installed or loads. Installed: {installed}."
        ) from None


def _load(point: EntryPoint) -> Channel:
    made = point.load()()
    if not isinstance(made, Channel) or made.name != point.name:
        raise TypeError(f"{point.value} is not a Channel named “{point.name}”")
    return made
