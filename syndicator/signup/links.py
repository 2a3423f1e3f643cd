"""The links in the mails: signed, bound to one row and its random number, good for 48 hours."""

from __future__ import annotations

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse

from syndicator.clock import database_now
from syndicator.signup.models import Ask, AskKind


class UnknownLink(LookupError):
    """Not made here, damaged, made for something else, or too old."""


_PAGES = {AskKind.SUBSCRIBE: "signup:confirm", AskKind.OWN_DATA: "signup:own_data"}


def address(ask: Ask) -> str:
    """The page behind the link of *ask*'s mail; the same at every try to send it."""
    kind = AskKind(ask.kind)
    token = _signer(kind).sign(f"{ask.pk}-{ask.nonce}")
    return settings.BASE_URL + reverse(_PAGES[kind], args=[token])


def find(token: str, kind: AskKind) -> Ask:
    try:
        pk, _dash, nonce = _signer(kind).unsign(token).partition("-")
    except BadSignature:
        raise UnknownLink from None
    found = (
        Ask.objects.select_related("blog", "consent")
        .filter(pk=int(pk), nonce=nonce, kind=kind, ends_at__gt=database_now())
        .first()
    )
    if found is None:
        raise UnknownLink
    return found


def _signer(kind: AskKind) -> Signer:
    # Not ":", which a mail program may take for the end of a link in plain text.
    return Signer(salt=f"syndicator.signup.{kind.value}", sep=".")
