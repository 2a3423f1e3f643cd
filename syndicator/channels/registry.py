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
    loaded = {}
    for point in _entry_points():
        try:
            loaded[point.name] = _load(point)
        except UnknownChannel as error:
            log.error("a channel plug-in does not load", channel=point.name, error=str(error))
    return loaded


def channel(name: str) -> Channel:
    """The channel called *name*; `UnknownChannel` says what is wrong, or what is installed."""
    if found := channels().get(name):
        return found
    for point in _entry_points():
        if point.name == name:
            return _load(point)
    installed = ", ".join(channels()) or "none"
    raise UnknownChannel(f"No channel called “{name}” is installed. Installed: {installed}.")


def _entry_points() -> list[EntryPoint]:
    return sorted(entry_points(group=GROUP), key=lambda point: point.name)


def _load(point: EntryPoint) -> Channel:
    """The channel behind *point*; `UnknownChannel` names the distribution whose plug-in fails."""
    source = point.dist.name if point.dist else "an unknown package"
    try:
        made = point.load()()
    except Exception as error:
        raise UnknownChannel(
            f"The channel “{point.name}” of {source} does not load: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(made, Channel) or made.name != point.name:
        raise UnknownChannel(
            f"The channel “{point.name}” of {source} is broken: "
            f"{point.value} is not a Channel of that name."
        )
    return made
