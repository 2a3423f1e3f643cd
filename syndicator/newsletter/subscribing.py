"""How a person gets on a live blog's list, and off it again with one click."""

from __future__ import annotations

import functools

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.signing import BadSignature, Signer
from django.core.validators import validate_email
from django.db import transaction
from django.urls import reverse
from django.utils.encoding import punycode
from django.utils.translation import gettext_lazy

from syndicator.channels.email.addresses import is_address
from syndicator.clock import database_now
from syndicator.content import clean_text
from syndicator.entries.models import LiveBlog
from syndicator.newsletter.models import Subscriber, Subscription, SubscriptionState

#: Not ":", which a mail program may take for the end of a link in plain text.
_signer = Signer(salt="syndicator.newsletter.unsubscribe", sep=".")


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
    email: str, blog: LiveBlog, name: str = "", *, by_own_wish: bool = False
) -> Subscription:
    """Put *email* on the list of *blog*; who is on it already stays on it.

    `ValidationError` says what is wrong with the address. It also refuses those who have left,
    unless they are coming back *by_own_wish*: an import must not bring them back.
    """
    address = normalise(email)
    with transaction.atomic():
        subscriber, _ = Subscriber.objects.get_or_create(
            email=address, defaults={"name": clean_text(name)[:200]}
        )
        now = database_now()
        subscription, _ = Subscription.objects.select_for_update().get_or_create(
            subscriber=subscriber, blog=blog, defaults={"confirmed_at": now}
        )
        if subscription.state == SubscriptionState.UNSUBSCRIBED:
            if not by_own_wish:
                raise ValidationError(HAS_LEFT)
            subscription.state = SubscriptionState.ACTIVE
            subscription.confirmed_at, subscription.unsubscribed_at = now, None
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
    Subscription.objects.filter(pk=subscription.pk, state=SubscriptionState.ACTIVE).update(
        state=SubscriptionState.UNSUBSCRIBED, unsubscribed_at=database_now()
    )
    subscription.refresh_from_db()
    return subscription


def unsubscribe_url(subscription_id: int) -> str:
    """The public address where one subscription is ended. It never expires."""
    token = _signer.sign(str(subscription_id))
    return settings.BASE_URL + _unsubscribe_path().replace("TOKEN", token)


@functools.cache
def _unsubscribe_path() -> str:
    """With TOKEN for the token: finding it takes longer than all else that is done for a mail."""
    return reverse("newsletter:unsubscribe", args=["TOKEN"])
