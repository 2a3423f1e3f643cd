"""The secret that a source signs with: issued, exchanged, and known again."""

from __future__ import annotations

import secrets as random_secrets
from datetime import datetime, timedelta

from django.db import transaction

from syndicator import secrets
from syndicator.clock import database_now
from syndicator.entries.models import Source
from syndicator.signed_push.models import SigningSecret
from syndicator.standard_webhooks import new_secret

#: A secret that was replaced is good for so long: the other side changes it in its own time.
OVERLAP = timedelta(hours=24)


def issue(source: Source) -> tuple[SigningSecret, str]:
    """A new secret (``whsec_…``) of *source*; the one before stays good for `OVERLAP`."""
    secret = new_secret()
    with transaction.atomic():
        Source.objects.select_for_update(no_key=True).get(pk=source.pk)
        row = SigningSecret.objects.select_for_update().filter(pk=source.pk).first()
        now = database_now()
        known = {"current": secret}
        if row is None:
            row = SigningSecret(source=source, key=random_secrets.token_urlsafe(16))
        else:
            row.replaced_until = now + OVERLAP
            known["replaced"] = _current(row)
        row.encrypted_secrets, row.issued_at = secrets.encrypt(known), now
        row.save()
    return row, secret


def good_secrets(row: SigningSecret, now: datetime) -> list[str]:
    """What *row*'s source may sign with at *now*; nothing where it cannot be decrypted."""
    try:
        known = secrets.decrypt(row.encrypted_secrets)
    except secrets.UnreadableSecrets:
        return []
    good = [known["current"]]
    if row.replaced_until is not None and now < row.replaced_until <= now + OVERLAP:
        good.append(known["replaced"])
    return [secret for secret in good if secret]


def _current(row: SigningSecret) -> str:
    """Empty where it cannot be decrypted: then nobody could sign with it before either."""
    try:
        return secrets.decrypt(row.encrypted_secrets)["current"]
    except secrets.UnreadableSecrets:
        return ""
