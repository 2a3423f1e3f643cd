"""What hubs say when they call (WebSub, 5.2, 5.3 and 7)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import timedelta

import structlog
from django.db import transaction

from syndicator import secrets
from syndicator.clock import database_now
from syndicator.content import clean_text
from syndicator.following import alarms, hubs
from syndicator.following.models import (
    MOST_MISSIGNED,
    Following,
    HubState,
    HubSubscription,
)
from syndicator.following.subscribing import LEASE_ASKED
from syndicator.outbound.clocks import whole_number
from syndicator.wording import Wording, gettext_noop

log = structlog.get_logger(__name__)

#: SHA-1, too: hubs choose, and many know nothing else. As a MAC it is not broken, and all that a
#: right signature does is that we look at the source ourselves.
METHODS = ("sha1", "sha256", "sha384", "sha512")
#: Renewed when so much of a lease is over, but never in less time than that.
_RENEWED_AT = 0.8
_SOONEST_RENEWAL = timedelta(seconds=30)
LONGEST_LEASE = timedelta(days=30)
#: A hub that denied is asked again after so long.
DENIED_FOR = timedelta(days=1)
LONGEST_CHALLENGE = 4000
_LONGEST_REASON = 300

DENIED = gettext_noop("The hub %(host)s does not tell us of changes.")
DENIED_WHY = gettext_noop(
    "The hub %(host)s does not tell us of changes (for the technician: %(reason)s)"
)


def answer_to(token: str, said: Mapping[str, str]) -> str | None:
    """What to answer to a question of a hub; None if it asks for what we did not want.

    *said* are the parameters of its call.
    """
    with transaction.atomic():
        hub = HubSubscription.objects.select_for_update().filter(token=token).first()
        if hub is None or said.get("hub.topic") != hub.topic_url:
            return None
        challenge = said.get("hub.challenge", "")
        asks = 0 < len(challenge) <= LONGEST_CHALLENGE
        match said.get("hub.mode"):
            case "subscribe" if hub.state in (HubState.ASKED, HubState.LIVE) and asks:
                _confirm(hub, said.get("hub.lease_seconds", ""))
            case "unsubscribe" if hub.state in (HubState.ENDING, HubState.ENDED) and asks:
                _stop(hub)
            case "denied" if hub.state != HubState.ENDED:
                _deny(hub, said.get("hub.reason", ""))
                return ""
            case _:
                return None
    return challenge


def is_signed(hub: HubSubscription, signature: str, body: Iterable[bytes]) -> bool:
    """Whether *signature*, of ``X-Hub-Signature``, is that of *body* by the hub's secret."""
    method, _, given = signature.partition("=")
    if method not in METHODS:
        return False
    try:
        secret = secrets.decrypt(hub.encrypted_secrets)["secret"]
    except secrets.UnreadableSecrets:
        return False
    right = hmac.new(secret.encode(), digestmod=getattr(hashlib, method))
    for piece in body:
        right.update(piece)
    return hmac.compare_digest(right.hexdigest().encode(), given.encode())


def news(hub: HubSubscription) -> None:
    """A rightly signed call: the source has changed."""
    with transaction.atomic():
        following = Following.objects.select_for_update().get(pk=hub.following_id)
        current = HubSubscription.objects.get(pk=hub.pk)
        if current.state in (HubState.ASKED, HubState.LIVE):
            hubs.called(following, current, database_now())


def missigned(pk: int) -> None:
    """A call that was not rightly signed: it changes nothing, but tells that something is wrong."""
    with transaction.atomic():
        hub = HubSubscription.objects.select_for_update().get(pk=pk)
        # Whoever calls on and on is not written about on and on.
        if hub.missigned >= MOST_MISSIGNED or hub.state not in HubSubscription.CURRENT:
            return
        hub.missigned += 1
        hub.save(update_fields=["missigned"])
        if hub.missigned == MOST_MISSIGNED:
            alarms.hub_missigned(hub, database_now())


def _confirm(hub: HubSubscription, lease_seconds: str) -> None:
    now = database_now()
    seconds = whole_number(lease_seconds)
    lease = LEASE_ASKED if not seconds else min(timedelta(seconds=seconds), LONGEST_LEASE)
    hub.state, hub.verified_at, hub.lease_until = HubState.LIVE, now, now + lease
    hub.due_at = now + max(lease * _RENEWED_AT, _SOONEST_RENEWAL)
    hub.failures, hub.problem = 0, None
    _save(hub)
    alarms.hub_granted(hub, now)
    until = hub.lease_until.isoformat()
    log.info("a hub confirmed", hub=hub.host, source=str(hub.following), until=until)


def _stop(hub: HubSubscription) -> None:
    if hub.state == HubState.ENDING:
        hub.state, hub.ended_at, hub.due_at, hub.problem = (
            HubState.ENDED,
            database_now(),
            None,
            None,
        )
        _save(hub)


def _deny(hub: HubSubscription, reason: str) -> None:
    now = database_now()
    reason = clean_text(reason)[:_LONGEST_REASON]
    sentence = DENIED_WHY if reason else DENIED
    hub.problem = Wording(sentence, {"host": hub.host, "reason": reason}).to_json()
    if hub.state == HubState.ENDING:
        hub.state, hub.ended_at, hub.due_at = HubState.ENDED, now, None
    else:
        hub.state, hub.lease_until, hub.due_at = HubState.DENIED, None, now + DENIED_FOR
    _save(hub)
    alarms.hub_did_not_grant(hub, now)
    log.warning("a hub denied", hub=hub.host, source=str(hub.following), reason=reason)


def _save(hub: HubSubscription) -> None:
    """Whatever is being asked for just now has its answer."""
    hub.epoch += 1
    hub.save()
