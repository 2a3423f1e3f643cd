"""When a whole account stops working, and when it works again: what people are told."""

from __future__ import annotations

from datetime import datetime

from syndicator.alerts.raising import end_alert, raise_alert
from syndicator.destinations.models import Destination, DestinationState
from syndicator.wording import Wording, gettext_noop

PAUSED = gettext_noop("%(name)s is paused")
PAUSED_WHY = gettext_noop(
    "%(why)s Its posts are kept and wait. Mend it on the desk under Destinations, then resume."
)
FAILING = gettext_noop("%(name)s cannot be reached")
FAILING_WHY = gettext_noop(
    "%(tries)s tries in a row failed, at last with: %(why)s It is tried again every few minutes; "
    "its posts wait. You can try at once on the desk under Destinations."
)
REFUSED = gettext_noop("The platform refuses the access to %(name)s")
REFUSED_WHY = gettext_noop(
    "%(why)s The daily check of the account found it; posts will not go out there. "
    "Mend it on the desk under Destinations, Account."
)


def pause_and_tell(destination: Destination, reason: Wording, now: datetime) -> None:
    """The platform no longer takes the account: keep its queue, and have a person mend it."""
    if Destination.pause(destination.pk, reason, now):
        destination.state = DestinationState.PAUSED
        raise_alert(
            alert_key(destination, "paused"),
            Wording(PAUSED, {"name": destination.name}),
            Wording(PAUSED_WHY, {"why": reason}),
            now,
        )


def open_circuit(destination: Destination, reason: Wording, now: datetime) -> None:
    """So many tries failed that only a probe is made now and then. The caller saves."""
    if destination.circuit_opened_at is None:
        destination.circuit_opened_at = now
        raise_alert(
            alert_key(destination, "failing"),
            Wording(FAILING, {"name": destination.name}),
            Wording(FAILING_WHY, {"tries": destination.failures, "why": reason}),
            now,
        )


def close_circuit(destination: Destination, now: datetime) -> None:
    """It takes posts again, or a person wants it tried. The caller saves."""
    destination.failures = 0
    if destination.circuit_opened_at is not None:
        destination.circuit_opened_at = None
        end_alert(alert_key(destination, "failing"), now)


def access_refused(destination: Destination, reason: Wording, now: datetime) -> None:
    """The platform no longer knows the account's keys, and no post has run into that yet."""
    raise_alert(
        alert_key(destination, "refused"),
        Wording(REFUSED, {"name": destination.name}),
        Wording(REFUSED_WHY, {"why": reason}),
        now,
    )


def access_works(destination: Destination, now: datetime) -> None:
    end_alert(alert_key(destination, "refused"), now)


def resumed(destination: Destination, now: datetime) -> None:
    """A person has mended it."""
    end_alert(alert_key(destination, "paused"), now)
    access_works(destination, now)


def alert_key(destination: Destination, trouble: str) -> str:
    """The key of the alert about *trouble* (“paused”, “failing” and so on) with *destination*."""
    return f"destination-{destination.pk}-{trouble}"
