"""Asks hubs: to call us, to go on with it, and to stop (WebSub, 5.1).

What is asked for is written before, under a lease; nothing counts until the hub has confirmed it by
a call of its own (`syndicator.following.hub_calls`). Asking twice is harmless: the hub knows a
subscription by topic and callback.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urljoin

import requests
import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse

from syndicator import queue, secrets
from syndicator.clock import database_now
from syndicator.following import alarms
from syndicator.following.hubs import can_be_called, new_secret
from syndicator.following.models import HubState, HubSubscription
from syndicator.following.robots import USER_AGENT
from syndicator.outbound.clocks import retry_after
from syndicator.outbound.deadline import Deadline, DeadlinePassed
from syndicator.outbound.http import make_session
from syndicator.wording import Wording, gettext_noop

log = structlog.get_logger(__name__)

#: Longer than asking, and what is written after it, may take.
LEASE = timedelta(minutes=1)
TOTAL_TIME = timedelta(seconds=20)
#: What hubs are asked for; they say themselves for how long they call.
LEASE_ASKED = timedelta(days=10)
#: For so long a hub may take its time to confirm.
CONFIRMATION = timedelta(minutes=5)
#: A hub that does not confirm that it stops is left to the end of its lease.
MOST_GOODBYES = 3
LONGEST_WAIT = timedelta(hours=6)
_FIRST_WAIT = timedelta(minutes=1)
_MOST_REDIRECTS = 3
_LARGEST_ANSWER = 64 * 1024
#: A time to ask that is later than any was set by a clock that was ahead.
_TOO_FAR = timedelta(days=60)
_NOT_REACHABLE = timedelta(hours=6)

NOT_REACHED = gettext_noop("The hub %(host)s was not reached.")
REFUSED = gettext_noop("The hub %(host)s answered with status %(status)s.")
UNCONFIRMED = gettext_noop(
    "The hub %(host)s took our request, but did not confirm it by calling us."
)


def due(now: datetime) -> QuerySet[HubSubscription]:
    """The subscriptions about which a hub is to be asked now."""
    return HubSubscription.objects.filter(Q(due_at__lte=now) | Q(due_at__gt=now + _TOO_FAR))


def ring_for_due() -> int:
    pks = list(due(database_now()).order_by("due_at").values_list("pk", flat=True))
    for pk in pks:
        queue.ring(queue.ASK_HUB, pk)
    return len(pks)


def ask(pk: int) -> bool:
    """Ask for what is due; False if nothing is, or somebody is at it."""
    hub = _claim(pk)
    if hub is None:
        return False
    try:
        answer = _post(hub)
    except (requests.RequestException, DeadlinePassed, ValueError):
        _not_taken(hub, Wording(NOT_REACHED, {"host": hub.host}))
        return True
    if 200 <= answer.status_code < 300:
        _taken(hub)
    else:
        why = Wording(REFUSED, {"host": hub.host, "status": answer.status_code})
        _not_taken(hub, why, answer)
    return True


def callback_url(hub: HubSubscription) -> str:
    return settings.BASE_URL + reverse("following:hub_calls", args=[hub.token])


def _claim(pk: int) -> HubSubscription | None:
    with transaction.atomic():
        now = database_now()
        hub = (
            due(now)
            .select_for_update(of=("self",))
            .select_related("following__source__blog")
            .filter(pk=pk)
            .first()
        )
        if hub is None:
            return None
        hub.epoch += 1
        if not can_be_called():
            hub.due_at = now + _NOT_REACHABLE
            hub.save(update_fields=["epoch", "due_at"])
            return None
        if hub.state in (HubState.WANTED, HubState.DENIED):
            hub.state = HubState.ASKED
        hub.asked_at, hub.due_at = now, now + LEASE
        try:
            secrets.decrypt(hub.encrypted_secrets)
        except secrets.UnreadableSecrets:
            hub.encrypted_secrets = new_secret()
        hub.save(update_fields=["epoch", "state", "asked_at", "due_at", "encrypted_secrets"])
        return hub


def _post(hub: HubSubscription) -> requests.Response:
    """The hub's answer, where redirects that keep the method led (WebSub, 5.1.1)."""
    form = {
        "hub.mode": "unsubscribe" if hub.state == HubState.ENDING else "subscribe",
        "hub.topic": hub.topic_url,
        "hub.callback": callback_url(hub),
    }
    if hub.state != HubState.ENDING:
        form["hub.secret"] = secrets.decrypt(hub.encrypted_secrets)["secret"]
        form["hub.lease_seconds"] = str(int(LEASE_ASKED.total_seconds()))
    url = hub.hub_url
    with (
        Deadline(TOTAL_TIME) as deadline,
        make_session(
            deadline,
            allow_private_addresses=settings.ALLOW_PRIVATE_ADDRESSES,
            largest_answer=_LARGEST_ANSWER,
        ) as session,
    ):
        session.headers["User-Agent"] = USER_AGENT
        answer = session.post(url, data=form)
        for _ in range(_MOST_REDIRECTS):
            if answer.status_code not in (307, 308):
                break
            url = urljoin(url, answer.headers.get("location", ""))
            answer = session.post(url, data=form)
    return answer


def _taken(hub: HubSubscription) -> None:
    """The hub will call; until it has, this is a try like one that failed."""
    with transaction.atomic():
        current = _still_ours(hub)
        if current is None:
            return
        before = current.failures
        current.problem = (
            Wording(UNCONFIRMED, {"host": hub.host}).to_json() if before else current.problem
        )
        _try_later(current, CONFIRMATION)
    log.info("a hub was asked", hub=hub.host, source=str(hub.following), state=hub.state)


def _not_taken(hub: HubSubscription, why: Wording, answer: requests.Response | None = None) -> None:
    with transaction.atomic():
        current = _still_ours(hub)
        if current is None:
            return
        current.problem = why.to_json()
        asked = None
        if answer is not None and answer.status_code in (429, 503):
            asked = retry_after(answer.headers, now=database_now(), longest=LONGEST_WAIT)
        _try_later(current, asked or timedelta(0))
    log.warning("a hub was not asked", hub=hub.host, source=str(hub.following), why=str(why))


def _try_later(current: HubSubscription, at_least: timedelta) -> None:
    now = database_now()
    current.failures += 1
    wait = min(_FIRST_WAIT * 2.0 ** min(current.failures - 1, 20), LONGEST_WAIT)
    if current.lease_until is not None and current.is_live(now):
        # Once more when it ends: from then on the hub is not relied upon.
        wait = min(wait, current.lease_until - now)
    current.due_at = now + max(wait, at_least)
    if current.state == HubState.ENDING and current.failures >= MOST_GOODBYES:
        current.state, current.ended_at, current.due_at = HubState.ENDED, now, None
    current.save(update_fields=["failures", "problem", "due_at", "state", "ended_at"])
    alarms.hub_did_not_grant(current, now)


def _still_ours(hub: HubSubscription) -> HubSubscription | None:
    """The row as it is now, locked; None if the hub has called meanwhile, or it was given up."""
    return HubSubscription.objects.select_for_update().filter(pk=hub.pk, epoch=hub.epoch).first()
