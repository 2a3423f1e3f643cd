"""The accounts that posts go to: whether their plug-ins load and their access keys can be read."""

from __future__ import annotations

from syndicator import secrets
from syndicator.alerts.models import Alert
from syndicator.channels.registry import UnknownChannel
from syndicator.clock import database_now
from syndicator.destinations.endings import STEPS
from syndicator.destinations.models import AccountProfile, Destination, DestinationState
from syndicator.destinations.trouble import alert_key
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
ENDS = gettext_noop("The access to %(destination)s ends at %(until)s.")
HAS_ENDED = gettext_noop("The access to %(destination)s ended at %(until)s.")
CONNECT_ANEW = Wording(
    gettext_noop("Connect the account anew: on the desk under Destinations, Account.")
)
REFUSED = gettext_noop("The platform refuses the access to %(destination)s.")


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


def access_lasts() -> list[Finding]:
    """Which accounts have to be connected anew soon, and which already."""
    now = database_now()
    soon = AccountProfile.objects.filter(
        destination__in=_connected(), ends_at__lte=now + STEPS[0]
    ).select_related("destination")
    found = []
    for profile in soon.order_by("ends_at"):
        assert profile.ends_at is not None
        what = TimedWording(
            HAS_ENDED if profile.ends_at <= now else ENDS,
            {"destination": profile.destination.name, "until": profile.ends_at},
        )
        found.append(problem(what, CONNECT_ANEW))
    return found


def access_is_accepted() -> list[Finding]:
    """Which accounts their platforms refused at the daily check."""
    refused = dict(
        Alert.objects.filter(ended_at=None, key__endswith="-refused").values_list(
            "key", "raised_at"
        )
    )
    return [
        problem(TimedWording(REFUSED, {"destination": one.name}), CONNECT_ANEW, since)
        for one in _connected()
        if (since := refused.get(alert_key(one, "refused")))
    ]


def _connected() -> list[Destination]:
    return list(Destination.objects.exclude(state=DestinationState.DISCONNECTED).order_by("name"))
