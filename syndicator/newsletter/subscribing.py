"""How a person gets on a live blog's list, and off it again with one click."""

from __future__ import annotations

import functools

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.signing import BadSignature
from django.core.validators import validate_email
from django.db import transaction
from django.urls import reverse
from django.utils.encoding import punycode
from django.utils.translation import gettext, gettext_lazy

from syndicator.channels.email.addresses import is_address
from syndicator.clock import database_now
from syndicator.content import clean_text
from syndicator.entries.models import LiveBlog
from syndicator.newsletter import suppressing
from syndicator.newsletter.macs import LinkSigner
from syndicator.newsletter.models import Pace, Subscriber, Subscription, SubscriptionState

_signer = LinkSigner("syndicator.newsletter.unsubscribe")
_preferences_signer = LinkSigner("syndicator.newsletter.preferences")

NOT_AN_ADDRESS = gettext_lazy("This is not an email address that mail can be sent to.")
HAS_LEFT = gettext_lazy("This person has unsubscribed. Only they can ask to get mail again.")


class UnknownToken(LookupError):
    """The link was not made here, is damaged, or its subscription was deleted."""


def normalise(email: str) -> str:
    """The one form in which an address is kept: lower case, its domain in ASCII.

    `ValidationError` if it is not an address that mail can be sent to.
    """
    local, _, domain = email.strip().rpartition("@")
    try:
        ascii_domain = punycode(domain)
        # Python knows the IDNA of 2003 only, which makes another domain of some (straße.de).
        same = domain.isascii() or ascii_domain.encode().decode("idna") == domain.lower()
    except UnicodeError:
        raise ValidationError(NOT_AN_ADDRESS) from None
    address = f"{local}@{ascii_domain}".lower()
    if not (same and is_address(address)):
        raise ValidationError(NOT_AN_ADDRESS)
    validate_email(address)
    return address


def subscribe(
    email: str,
    blog: LiveBlog,
    name: str = "",
    *,
    by_own_wish: bool = False,
    pace: Pace = Pace.EVERY_ENTRY,
    daily_hour: int = 7,
) -> Subscription:
    """Put *email* on the list of *blog*; who is on it already stays on it, at their own pace.

    A digest will start from now. `ValidationError` says what is wrong with the address. It also
    refuses those who have left, unless they are coming back *by_own_wish*: an import must not
    bring them back. A suppressed address, also one that was erased, is refused likewise; an own
    wish, proven by a mail that arrived there, outdoes some (`suppressing.OUTDONE_BY_OWN_WISH`).
    """
    address = normalise(email)
    now = database_now()
    with transaction.atomic():
        if by_own_wish:
            suppressing.lift_by_own_wish(address, blog, now)
        if suppression := suppressing.standing([address], blog).get(address):
            raise ValidationError(suppressing.refusal(suppression).said(gettext))
        subscriber, _ = Subscriber.objects.get_or_create(
            email=address, defaults={"name": clean_text(name)[:200]}
        )
        begun = {"pace": pace, "daily_hour": daily_hour, "confirmed_at": now}
        subscription, _ = Subscription.objects.select_for_update().get_or_create(
            subscriber=subscriber, blog=blog, defaults=begun
        )
        if subscription.state != SubscriptionState.ACTIVE:
            if not by_own_wish:
                raise ValidationError(HAS_LEFT)
            for name_of_field, value in begun.items():
                setattr(subscription, name_of_field, value)
            subscription.state = SubscriptionState.ACTIVE
            subscription.unsubscribed_at = None
            # They have missed what came in between, and do not miss it.
            subscription.told_by, subscription.told_until = None, now
            subscription.digests_from = now
            subscription.save()
        return subscription


def find(token: str) -> Subscription:
    """The subscription that *token* is for; `UnknownToken` if there is none."""
    try:
        return Subscription.objects.select_related("blog").get(pk=_signer.unsign(token))
    except (BadSignature, Subscription.DoesNotExist):
        raise UnknownToken from None


def unsubscribe(token: str) -> Subscription:
    """Take the holder of *token* off the list, now; twice is as good as once."""
    subscription = find(token)
    leave(subscription.pk)
    subscription.refresh_from_db()
    return subscription


def leave(subscription_id: int) -> bool:
    """End a subscription, now; False if it has ended before."""
    subscribed = (SubscriptionState.ACTIVE, SubscriptionState.SUPPRESSED)
    running = Subscription.objects.filter(pk=subscription_id, state__in=subscribed)
    return bool(
        running.update(state=SubscriptionState.UNSUBSCRIBED, unsubscribed_at=database_now())
    )


def unsubscribe_url(subscription_id: int) -> str:
    """The public address where one subscription is ended. It never expires."""
    token = _signer.sign(str(subscription_id))
    return settings.BASE_URL + _path_of("newsletter:unsubscribe").replace("TOKEN", token)


def find_by_preferences(token: str) -> Subscription:
    """The subscription whose mail bore the link with *token*; `UnknownToken` if there is none."""
    try:
        return Subscription.objects.select_related("blog", "subscriber").get(
            pk=_preferences_signer.unsign(token)
        )
    except (BadSignature, Subscription.DoesNotExist):
        raise UnknownToken from None


def preferences_url(subscription_id: int) -> str:
    """The public address where the person of a subscription changes or ends all of theirs."""
    token = _preferences_signer.sign(str(subscription_id))
    return settings.BASE_URL + _path_of("signup:preferences").replace("TOKEN", token)


@functools.cache
def _path_of(page: str) -> str:
    """With TOKEN for the token: finding it takes longer than all else that is done for a mail."""
    return reverse(page, args=["TOKEN"])
