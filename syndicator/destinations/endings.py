"""Warns before the access to an account ends: in good time, again shortly before, and when it has.

Each step is told once, however often it is looked at. When a later end becomes known, because
somebody has connected the account anew, the warning is over.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Q

from syndicator.alerts.raising import end_alert, raise_alert
from syndicator.clock import database_now
from syndicator.destinations.models import AccountProfile, DestinationState
from syndicator.destinations.trouble import alert_key
from syndicator.wording import Wording, gettext_noop

#: How long before the end people are told, step by step.
STEPS = (timedelta(days=14), timedelta(days=3), timedelta(0))
#: An end that moves by less is the same end: some platforms count it from the moment of asking.
SAME_END = timedelta(days=1)

ENDS = gettext_noop("The access to %(name)s ends on %(day)s")
ENDS_WHY = gettext_noop(
    "After that, nothing goes out there. Connect the account anew before then: "
    "on the desk under Destinations, Account."
)
ENDED = gettext_noop("The access to %(name)s has ended")
ENDED_WHY = gettext_noop(
    "Nothing goes out there until the account is connected anew: "
    "on the desk under Destinations, Account."
)


def step(ends_at: datetime | None, now: datetime) -> int:
    """How many of `STEPS` have come; 0 if there is nothing to tell."""
    return sum(now >= ends_at - before for before in STEPS) if ends_at else 0


def tell_of_ends() -> int:
    """Look at all accounts whose access may end soon; the number of warnings raised."""
    now = database_now()
    near = Q(ends_at__lte=now + STEPS[0]) | Q(told_step__gt=0)
    raised = 0
    for profile in AccountProfile.objects.filter(near).order_by("pk"):
        if not _is_news(profile, now):
            continue
        with transaction.atomic():
            row = (
                AccountProfile.objects.select_for_update(no_key=True, of=("self",))
                .select_related("destination")
                .filter(pk=profile.pk)
                .first()
            )
            raised += row is not None and tell_of_end(row, database_now())
    return raised


def tell_of_end(profile: AccountProfile, now: datetime) -> bool:
    """Raise the warning that is due for *profile*, in the caller's transaction, or end it."""
    if not _is_news(profile, now):
        return False
    destination = profile.destination
    come = _step(profile, now)
    for told in range(1, len(STEPS) + 1):
        end_alert(alert_key(destination, f"ends-{told}"), now)
    profile.told_step, profile.told_end = come, profile.ends_at if come else None
    profile.save(update_fields=["told_step", "told_end"])
    if not come or profile.ends_at is None:
        return False
    ended = come == len(STEPS)
    name = {"name": destination.name}
    title = (
        Wording(ENDED, name)
        if ended
        else Wording(ENDS, {**name, "day": f"{profile.ends_at.astimezone(UTC):%Y-%m-%d}"})
    )
    key = alert_key(destination, f"ends-{come}")
    return raise_alert(key, title, Wording(ENDED_WHY if ended else ENDS_WHY), now)


def _is_news(profile: AccountProfile, now: datetime) -> bool:
    come = _step(profile, now)
    if not come or not profile.told_end or not profile.ends_at:
        return come != profile.told_step
    # A clock that was set back takes no step back.
    same_end = abs(profile.ends_at - profile.told_end) <= SAME_END
    return come > profile.told_step if same_end else True


def _step(profile: AccountProfile, now: datetime) -> int:
    gone = profile.destination.state == DestinationState.DISCONNECTED
    return 0 if gone else step(profile.ends_at, now)
