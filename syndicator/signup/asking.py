"""Takes an ask in: within limits, and without ever looking at who is subscribed.

What the mail will say is found out by the worker that writes it. So the answer, and the time it
takes, are the same for everybody.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from syndicator import queue
from syndicator.clock import database_now
from syndicator.entrance import throttle
from syndicator.entrance.places import neighbourhood, network
from syndicator.entrance.throttle import Limit, TooManyTries
from syndicator.newsletter.models import Pace
from syndicator.signup.models import LASTS, Ask, AskKind, AskState, ConsentText

#: Mails of both kinds together that one mailbox gets within a day, whoever asks for them.
MAILS_A_DAY = 4
_OF_ADDRESS = Limit(free=MAILS_A_DAY - 1, waits=(timedelta(days=1),), forgotten=timedelta(days=1))
#: Asks from one address (of IPv6: its first 64 bits). A school has one, too: the waits are short.
_OF_NEIGHBOURHOOD = Limit(
    free=20,
    waits=tuple(timedelta(seconds=seconds) for seconds in (30, 60, 300)),
    forgotten=timedelta(hours=1),
)
_OF_NETWORK = Limit(
    free=100,
    waits=tuple(timedelta(seconds=seconds) for seconds in (30, 60, 300)),
    forgotten=timedelta(hours=1),
)
#: Who presses the button twice wants one mail.
SAME_ASK = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Wishes:
    """How somebody wants to get mail. *time_zone* is an IANA name; empty: the live blog's."""

    pace: Pace
    daily_hour: int = 7
    time_zone: str = ""


class _AlreadyAsked(Exception):
    pass


def count(from_address: str) -> None:
    """Count one ask from there; `TooManyTries` says how long the next one has to wait."""
    throttle.count(
        "sign-up",
        {
            f"near {neighbourhood(from_address)}": _OF_NEIGHBOURHOOD,
            f"in {network(from_address)}": _OF_NETWORK,
        },
    )


def ask_to_subscribe(address: str, consent: ConsentText, wishes: Wishes, from_address: str) -> None:
    """Note that *address* (normalised) is to be asked whether it wants the mails of the consent's
    live blog, and ring. Beyond the day's limit of the address nothing happens."""
    now = database_now()
    _take_in(
        Ask(
            kind=AskKind.SUBSCRIBE,
            address=address,
            blog=consent.blog,
            consent=consent,
            pace=wishes.pace,
            daily_hour=wishes.daily_hour,
            time_zone=wishes.time_zone,
            asked_from=network(from_address),
            **_fresh(now),
        )
    )


def ask_for_own_data(address: str) -> None:
    """The same for a link to one's own data, which only goes to addresses that are known."""
    _take_in(Ask(kind=AskKind.OWN_DATA, address=address, **_fresh(database_now())))


def _fresh(now: datetime) -> dict[str, str | datetime]:
    nonce = secrets.token_urlsafe(24)
    return {"nonce": nonce, "asked_at": now, "due_at": now, "ends_at": now + LASTS}


def _take_in(ask: Ask) -> None:
    try:
        with transaction.atomic():
            # Its row is also the lock that lets two asks at once see each other.
            throttle.count("mail to reader", {_mailbox(ask.address): _OF_ADDRESS})
            if _same(ask).exists():
                raise _AlreadyAsked
            ask.save()
            queue.after_commit(queue.MAIL_ASKS)
    except (TooManyTries, _AlreadyAsked):
        return


def _mailbox(address: str) -> str:
    """What is left of *address* without the “+anything” that leads to the same mailbox."""
    local, _at, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _same(ask: Ask) -> QuerySet[Ask]:
    return Ask.objects.filter(
        kind=ask.kind,
        address=ask.address,
        blog=ask.blog,
        pace=ask.pace,
        daily_hour=ask.daily_hour,
        time_zone=ask.time_zone,
        state__in=(AskState.WAITING, AskState.SENDING, AskState.SENT),
        confirmed_at=None,
        asked_at__gt=ask.asked_at - SAME_ASK,
    )
