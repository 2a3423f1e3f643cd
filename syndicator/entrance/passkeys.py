"""Passkeys (WebAuthn): registering one, and signing in with it instead of a password.

The authenticator must have verified its owner, so that a passkey is both factors in one.
"""

from __future__ import annotations

import json
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import webauthn
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.db import IntegrityError, transaction
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from syndicator.accounts.models import User
from syndicator.clock import database_now
from syndicator.entrance.models import Passkey

_CHALLENGE = "passkey_challenge"
_LASTS = 5 * 60


class NotAccepted(Exception):
    """The browser's answer proves nothing."""


def are_possible() -> bool:
    """Browsers make passkeys for names only, and over https or on this machine."""
    parts = urlsplit(settings.BASE_URL)
    host = parts.hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return parts.scheme == "https" or host == "localhost"
    return False


def registration_options(person: User, session: SessionBase) -> dict[str, Any]:
    """What the browser needs to make a passkey for *person*."""
    options = webauthn.generate_registration_options(
        rp_id=_name(),
        rp_name="Syndicator",
        user_id=str(person.pk).encode(),
        user_name=person.username,
        user_display_name=str(person),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_known(person),
    )
    _keep(session, options.challenge)
    return _as_json(options)


def register(person: User, session: SessionBase, answer: str, name: str) -> Passkey:
    challenge = _take(session)
    try:
        verified = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=_name(),
            expected_origin=settings.BASE_URL,
            require_user_verification=True,
        )
        with transaction.atomic():
            return Passkey.objects.create(
                person=person,
                name=name,
                credential_id=bytes_to_base64url(verified.credential_id),
                public_key=verified.credential_public_key,
                sign_count=verified.sign_count,
                created_at=database_now(),
            )
    except (WebAuthnException, ValueError, IntegrityError) as error:
        raise NotAccepted from error


def sign_in_options(session: SessionBase, person: User | None = None) -> dict[str, Any]:
    """What the browser needs to ask for a passkey: one of *person*'s, or any for this desk."""
    options = webauthn.generate_authentication_options(
        rp_id=_name(),
        allow_credentials=_known(person) if person else None,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    _keep(session, options.challenge)
    return _as_json(options)


def owner(session: SessionBase, answer: str) -> User:
    """Who has signed in by *answer*."""
    challenge = _take(session)
    passkey = Passkey.objects.select_related("person").filter(credential_id=_id(answer)).first()
    if passkey is None or not passkey.person.is_active:
        raise NotAccepted
    try:
        verified = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=_name(),
            expected_origin=settings.BASE_URL,
            credential_public_key=bytes(passkey.public_key),
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError) as error:
        raise NotAccepted from error
    passkey.sign_count = verified.new_sign_count
    passkey.used_at = database_now()
    passkey.save(update_fields=["sign_count", "used_at"])
    return passkey.person


def _name() -> str:
    return urlsplit(settings.BASE_URL).hostname or ""


def _known(person: User) -> list[PublicKeyCredentialDescriptor]:
    ids = Passkey.objects.filter(person=person).values_list("credential_id", flat=True)
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(one)) for one in ids]


def _as_json(options: Any) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return made


def _id(answer: str) -> str:
    try:
        told = json.loads(answer)
    except ValueError:
        return ""
    return str(told.get("id", ""))[:1400] if isinstance(told, dict) else ""


def _keep(session: SessionBase, challenge: bytes) -> None:
    session[_CHALLENGE] = [bytes_to_base64url(challenge), database_now().timestamp()]


def _take(session: SessionBase) -> bytes:
    """The challenge that was set, for one use and five minutes."""
    kept = session.pop(_CHALLENGE, None)
    if kept is None or not 0 <= database_now().timestamp() - kept[1] <= _LASTS:
        raise NotAccepted
    return base64url_to_bytes(kept[0])
