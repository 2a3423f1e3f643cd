"""What a channel's client is given of a destination."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.conf import settings

from syndicator import secrets
from syndicator.channels.base import Account, Unauthorised
from syndicator.content import Picture
from syndicator.destinations.models import Destination
from syndicator.destinations.renewal import renew
from syndicator.pictures.storage import read
from syndicator.wording import Wording


def account_of(
    destination: Destination, open_picture: Callable[[Picture], bytes] = read
) -> Account:
    """Decrypts the secrets: `UnreadableSecrets` if that cannot be done."""
    known = secrets.decrypt(destination.encrypted_secrets)
    return Account(
        base_url=destination.base_url,
        settings={**destination.settings, **known, "destination_id": str(destination.pk)},
        allow_private_addresses=settings.ALLOW_PRIVATE_ADDRESSES,
        open_picture=open_picture,
        renew=partial(renew, destination.pk, known) if destination.pk else None,
    )


def usable_account_of(destination: Destination) -> Account:
    """The same for who sends: `Unauthorised`, which stops the destination, if it cannot be done."""
    try:
        return account_of(destination)
    except secrets.UnreadableSecrets as error:
        raise Unauthorised(Wording(str(error))) from error
