"""Who gets no mail whatever list they are on, and why; and how that ends.

A suppression is about an address. What the fan-out looks at is the subscription's state, so the
subscriptions of the address are set to suppressed with it, and back when the last one is lifted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.crypto import salted_hmac

from syndicator.accounts.models import User
from syndicator.entries.models import LiveBlog
from syndicator.newsletter.models import (
    Subscription,
    SubscriptionState,
    Suppression,
    SuppressionReason,
)
from syndicator.wording import Wording, gettext_noop

#: What the holder of an address undoes by subscribing anew, confirmed by a mail that arrived: that
#: proves that the address works, and that its owner wants to be known again. A complaint and what
#: a person blocked stay until somebody on the desk lifts them: what a provider has been told is
#: not taken back by a click, and it would count against every other reader's mail.
OUTDONE_BY_OWN_WISH = frozenset(
    {SuppressionReason.HARD_BOUNCE, SuppressionReason.SOFT_BOUNCES, SuppressionReason.ERASED}
)
#: Addresses in one statement.
AT_ONCE = 500
DETAIL_KEPT = 500

_REFUSALS = {
    SuppressionReason.HARD_BOUNCE: Wording(
        gettext_noop(
            "Mail to this address came back: it does not work. Whoever owns it can subscribe again."
        )
    ),
    SuppressionReason.SOFT_BOUNCES: Wording(
        gettext_noop(
            "Mail to this address came back too often. Whoever owns it can subscribe again."
        )
    ),
    SuppressionReason.COMPLAINT: Wording(
        gettext_noop(
            "This person reported a mail as spam, so this address gets none. An administrator can "
            "lift that under Settings, Blocked addresses."
        )
    ),
    SuppressionReason.BY_HAND: Wording(
        gettext_noop(
            "Somebody blocked this address. An administrator can lift that under Settings, Blocked "
            "addresses."
        )
    ),
    SuppressionReason.ERASED: Wording(
        gettext_noop("This person had their data erased. Only they can ask to get mail again.")
    ),
}


def key_of(address: str) -> str:
    """The keyed hash of *address* (normalised): hex, 64 characters. Worth nothing without the
    installation's secret key."""
    return salted_hmac("syndicator.newsletter.suppression", address, algorithm="sha256").hexdigest()


def refusal(suppression: Suppression) -> Wording:
    """Why its address cannot be put on a list, for the person who tries."""
    return _REFUSALS[SuppressionReason(suppression.reason)]


def standing(addresses: Iterable[str], blog: LiveBlog | None) -> dict[str, Suppression]:
    """Those of *addresses* (normalised) that get no mail of *blog* (None: of none at all), each
    with a suppression that says so: one its owner cannot undo, if there is one."""
    keys = {key_of(address): address for address in addresses}
    found: dict[str, Suppression] = {}
    for some in _batches(list(keys)):
        for suppression in _holding(blog).filter(key__in=some).order_by("pk"):
            address = keys[suppression.key]
            if address not in found or found[address].reason in OUTDONE_BY_OWN_WISH:
                found[address] = suppression
    return found


def suppress(
    details: Mapping[str, str],
    reason: SuppressionReason,
    now: datetime,
    *,
    blog: LiveBlog | None = None,
    by: User | None = None,
) -> int:
    """Let the addresses in *details* (normalised) get no mail of *blog*, or of none; the number of
    subscriptions that this ends for now. Doing it again changes nothing.

    What the values say is kept as the detail. Of an erased address only its hash is.
    """
    erased = reason == SuppressionReason.ERASED
    ended = 0
    for some in _batches(list(details)):
        with transaction.atomic():
            Suppression.objects.bulk_create(
                (
                    Suppression(
                        key=key_of(address),
                        address="" if erased else address,
                        blog=blog,
                        reason=reason,
                        detail=details[address][:DETAIL_KEPT],
                        made_at=now,
                        made_by=by,
                    )
                    for address in some
                ),
                ignore_conflicts=True,
            )
            ended += (
                _subscriptions(some, blog)
                .filter(state=SubscriptionState.ACTIVE)
                .update(state=SubscriptionState.SUPPRESSED)
            )
    return ended


def lift(pk: int, by: User, why: str, now: datetime) -> Suppression | None:
    """End a suppression; None if it is not standing. Who is still subscribed gets mail again,
    unless another suppression stands."""
    with transaction.atomic():
        suppression = Suppression.objects.select_for_update().filter(pk=pk, lifted_at=None).first()
        if suppression is None:
            return None
        suppression.lifted_at, suppression.lifted_by, suppression.lift_reason = now, by, why
        suppression.save(update_fields=["lifted_at", "lifted_by", "lift_reason"])
        if suppression.address:
            _bring_back(suppression.address)
    return suppression


def lift_by_own_wish(address: str, blog: LiveBlog, now: datetime) -> None:
    """End what keeps the holder of *address* (normalised) from mail of *blog*, as far as it is
    theirs to end."""
    with transaction.atomic():
        lifted = (
            _holding(blog)
            .filter(key=key_of(address), reason__in=OUTDONE_BY_OWN_WISH)
            .update(lifted_at=now)
        )
        if lifted:
            _bring_back(address)


def apply_since(moment: datetime) -> int:
    """Suppress what was subscribed at the very moment when its address was; how many."""
    late = 0
    recent = Suppression.objects.filter(made_at__gte=moment, lifted_at=None).exclude(address="")
    for blog_id in set(recent.values_list("blog", flat=True)):
        addresses = recent.filter(blog=blog_id).values("address")
        found = Subscription.objects.filter(
            subscriber__email__in=addresses, state=SubscriptionState.ACTIVE
        )
        if blog_id is not None:
            found = found.filter(blog=blog_id)
        late += found.update(state=SubscriptionState.SUPPRESSED)
    return late


def _bring_back(address: str) -> None:
    """Make those subscriptions of *address* active that nothing suppresses any longer."""
    suppressed = _subscriptions([address], None).filter(state=SubscriptionState.SUPPRESSED)
    standing_still = Suppression.objects.filter(key=key_of(address), lifted_at=None)
    scopes = set(standing_still.values_list("blog", flat=True))
    if None not in scopes:
        suppressed.exclude(blog__in=scopes).update(state=SubscriptionState.ACTIVE)


def _holding(blog: LiveBlog | None) -> QuerySet[Suppression]:
    """What stands for everything, and for *blog*."""
    scope = Q(blog=None) | Q(blog=blog) if blog else Q(blog=None)
    return Suppression.objects.filter(scope, lifted_at=None)


def _subscriptions(addresses: list[str], blog: LiveBlog | None) -> QuerySet[Subscription]:
    found = Subscription.objects.filter(subscriber__email__in=addresses)
    return found.filter(blog=blog) if blog else found


def _batches(addresses: list[str]) -> Iterable[list[str]]:
    return (addresses[at : at + AT_ONCE] for at in range(0, len(addresses), AT_ONCE))
