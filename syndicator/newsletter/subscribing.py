"""How a person gets on a live blog's list, and off it again with one click."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.signing import BadSignature, Signer
from django.core.validators import validate_email
from django.db import transaction
from django.urls import reverse
from django.utils.encoding import punycode
from django.utils.translation import gettext_lazy as _

from syndicator.channels.email.addresses import is_address
from syndicator.clock import database_now
from syndicator.content import clean_text
from syndicator.entries.models import LiveBlog
from syndicator.newsletter.models import Subscriber, Subscription, SubscriptionState

#: Not ":", which a mail program may take for the end of a link in plain text.
_signer = Signer(salt="syndicator.newsletter.unsubscribe", sep=".")


class UnknownToken(LookupError):
    """The link was not made here, is damaged, or its subscription was deleted."""


def normalise(email: str) -> str:
    """The one form in which an address is kept: lower case, its domain in ASCII.

    `ValidationError` if it is not an address that mail can be sent to.
    """
    local, at, domain = email.strip().rpartition("@")
    ...
