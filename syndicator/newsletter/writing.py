"""Writes the mails of one mailing, each when its turn has come."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from syndicator.channels.base import Account
from syndicator.channels.email.conversation import Errand
from syndicator.channels.email.mime import PREFERENCES, Addressee, Envelope
from syndicator.channels.email.relay import Relay
from syndicator.channels.email.signing import Signer
from syndicator.channels.email.splicing import Begun, prepare
from syndicator.newsletter.claiming import Claimed
from syndicator.newsletter.models import Mailing
from syndicator.newsletter.pictures import files_of
from syndicator.newsletter.return_path import return_address, return_path
from syndicator.newsletter.subscribing import preferences_url, unsubscribe_url


class Writing:
    """Raises, when it is made, as `Signer.from_settings` and `return_address`."""

    def __init__(self, mailing: Mailing, account: Account, relay: Relay) -> None:
        message = mailing.frozen_message
        # Mails made by an older version have no place for it.
        self._has_preferences = PREFERENCES in message.html
        common = Envelope(
            from_address=relay.from_address,
            from_name=relay.from_name,
            to_address=relay.from_address,
            message_id="<0@invalid>",
            list_id=f"<{mailing.blog.slug}.{relay.from_address.rpartition('@')[2]}>",
            unsubscribe_url=unsubscribe_url(0),
            preferences_url=preferences_url(0) if self._has_preferences else "",
            date=mailing.created_at,
        )
        self._made_on = mailing.created_at
        self._bounces_to = return_address(account.settings)
        self.signer = Signer.from_settings(account.settings)
        files = files_of(message, account.open_picture)
        self._form = prepare(message, common, files, self.signer)

    def errand(self, mail: Claimed, ends: float, data: Callable[[], bytes] | None = None) -> Errand:
        """What is to be handed in, until some `uptime`; *data* gives it if it is signed already."""
        bounces_to = self._bounces_to
        path = return_path(mail.pk, bounces_to, on=self._made_on) if bounces_to else ""
        data = data or partial(self._data, mail)
        return Errand(mail.pk, mail.address, data, path, ends, is_data=True)

    def begin(self, mail: Claimed) -> Begun:
        """All but the signature. `ValueError` if there is something in it that cannot be."""
        return self._form.begin(self._addressee(mail))

    def data(self, begun: Begun, signature: bytes) -> bytes:
        """What *begun* becomes with its signature."""
        return self._form.finish(begun, signature)

    def _data(self, mail: Claimed) -> bytes:
        return self._form.data(self._addressee(mail))

    def _addressee(self, mail: Claimed) -> Addressee:
        subscription = mail.subscription_id
        return Addressee(
            mail.address,
            mail.message_id,
            unsubscribe_url(subscription),
            preferences_url(subscription) if self._has_preferences else "",
        )
