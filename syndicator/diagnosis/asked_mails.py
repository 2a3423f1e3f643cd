"""Mails that readers asked for on our pages, and that do not go out."""

from __future__ import annotations

from datetime import datetime

from syndicator.clock import database_now
from syndicator.destinations.stops import Held, held
from syndicator.diagnosis.findings import Finding, problem
from syndicator.signup.mailing import PATIENCE, destination_for, is_open
from syndicator.signup.models import Ask, AskState
from syndicator.wording import TimedWording, Wording, gettext_noop

#: Of those that wait longest; why the others do is seldom anything else.
LOOKED_AT = 500

NO_ACCOUNT = gettext_noop(
    "Mails that readers asked for and that no email account can send: %(count)s."
)
CONNECT_ONE = Wording(
    gettext_noop("Connect an email account, and make a route from the live blog to it.")
)
SHUT = gettext_noop(
    "Mails that readers asked for and that wait, because their email account is stopped or paused: "
    "%(count)s."
)
OPEN_IT = Wording(
    gettext_noop("End the stop, or see to the email account and let it go on, on its page.")
)
NOT_SENT = gettext_noop("Mails that readers asked for and that have not gone out: %(count)s.")
SEE_TO_BOTH = Wording(
    gettext_noop(
        "Start the worker of the queue “alert”, and look whether the mail server can be reached "
        "and takes mail."
    )
)


def asked_mails_go_out() -> list[Finding]:
    """Links that let somebody subscribe, or see their own data."""
    late = Ask.objects.filter(state=AskState.WAITING, asked_at__lt=database_now() - PATIENCE)
    stops = held()
    found: dict[str, list[datetime]] = {}
    for ask in late.select_related("blog").order_by("asked_at", "pk")[:LOOKED_AT]:
        found.setdefault(_why(ask, stops), []).append(ask.asked_at)
    advice = {NO_ACCOUNT: CONNECT_ONE, SHUT: OPEN_IT, NOT_SENT: SEE_TO_BOTH}
    return [
        problem(TimedWording(what, {"count": len(since)}), advice[what], since[0])
        for what, since in found.items()
    ]


def _why(ask: Ask, stops: Held) -> str:
    destination = destination_for(ask, ask.blog)
    if destination is None:
        return NO_ACCOUNT
    return NOT_SENT if is_open(destination, ask, stops) else SHUT
