"""The accounts that posts go to: whether their plug-ins load and their access keys can be read."""

from __future__ import annotations

from syndicator.channels.registry import UnknownChannel
from syndicator.destinations import secrets
from syndicator.destinations.models import Destination, DestinationState
from syndicator.diagnosis.findings import Finding, problem
from syndicator.wording import TimedWording, Wording, gettext_noop

NO_PLUG_IN = gettext_noop("%(destination)s cannot be used: %(error)s")
INSTALL = Wording(gettext_noop("Install the plug-in of this platform, or mend it; then resume."))
UNREADABLE = gettext_noop(
    "The access keys of %(destination)s cannot be decrypted with this installation's keys."
)
ENTER_AGAIN = Wording(
    gettext_noop(
        "Bring back the encryption keys (keys.json or SYNDICATOR_ENCRYPTION_KEYS), or enter the "
        "access keys again on the desk."
    )
)


def plug_ins_load() -> list[Finding]:
    found = []
    for destination in _connected():
        try:
            _ = destination.channel
        except UnknownChannel as error:
            gaps = {"destination": destination.name, "error": str(error)}
            found.append(problem(TimedWording(NO_PLUG_IN, gaps), INSTALL))
    return found


def keys_are_readable() -> list[Finding]:
    found = []
    for destination in _connected():
        try:
            secrets.decrypt(destination.encrypted_secrets)
        except secrets.UnreadableSecrets:
            gaps = {"destination": destination.name}
            found.append(problem(TimedWording(UNREADABLE, gaps), ENTER_AGAIN))
    return found


def _connected() -> list[Destination]:
    return list(Destination.objects.exclude(state=DestinationState.DISCONNECTED).order_by("name"))
