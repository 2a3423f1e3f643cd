"""Links that let somebody in who has none but the link: signed, and known here by their hash."""

from __future__ import annotations

import secrets
from hashlib import sha256

from django.core.signing import BadSignature, Signer


class UnknownLink(LookupError):
    """The link was not made here, is damaged, used, too old, or was taken back."""


def make(purpose: str) -> tuple[str, str]:
    """A new token for an address, and the hash to keep of it."""
    token = _signer(purpose).sign(secrets.token_urlsafe(24))
    return token, _hash(token)


def hash_of(purpose: str, token: str) -> str:
    """The hash to look for; `UnknownLink` if the signature is not ours."""
    try:
        _signer(purpose).unsign(token)
    except BadSignature:
        raise UnknownLink from None
    return _hash(token)


def _signer(purpose: str) -> Signer:
    # Not ":", which a mail program may take for the end of a link in plain text.
    return Signer(salt=f"syndicator.link.{purpose}", sep=".")


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
