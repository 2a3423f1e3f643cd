"""Signing in at the newsroom's own OpenID Connect provider; roles may come from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import requests
import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.django_client import OAuth
from django.conf import settings
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponseRedirect
from joserfc.errors import JoseError

from syndicator.accounts import audit
from syndicator.accounts.models import Role, User
from syndicator.entrance.models import OutsideIdentity
from syndicator.statements import storable

log = structlog.get_logger(__name__)

#: Seconds for one answer.
PATIENCE = 8
#: The strongest first: of several roles that a person has there, this one counts.
_BY_POWER = (Role.ADMIN, Role.EDITOR, Role.AUTHOR, Role.VIEWER)


class NotReached(Exception):
    """The provider does not answer, or not as one."""


class NotProven(Exception):
    """The answer proves nobody's identity."""


class NotWelcome(Exception):
    """The person is who they say, and has no place on the desk."""


@dataclass(frozen=True, slots=True)
class _Claims:
    """What the provider says of a person."""

    subject: str
    said: Mapping[str, Any]

    def text(self, name: str, most: int = 150) -> str:
        value = self.said.get(name)
        return storable(value).strip()[:most] if isinstance(value, str) else ""

    @property
    def proven_email(self) -> str:
        return self.text("email", 254) if self.said.get("email_verified") is True else ""

    @property
    def role(self) -> Role | None:
        """What the provider's names of roles mean here; None if it names none that does."""
        named: Any = self.said
        # “realm_access.roles” is the claim within the claim.
        for part in settings.OIDC_ROLES_CLAIM.split("."):
            named = named.get(part) if isinstance(named, Mapping) else None
        names = {named} if isinstance(named, str) else set(filter(_is_text, named or ()))
        meant = {role for name, role in settings.OIDC_ROLES.items() if name in names}
        return next((role for role in _BY_POWER if role in meant), None)


def is_offered() -> bool:
    return bool(settings.OIDC_ISSUER)


def begin(request: HttpRequest, callback: str) -> HttpResponseRedirect:
    """To the provider. State, nonce and the PKCE verifier are kept in the session."""
    try:
        answer: HttpResponseRedirect = _provider().authorize_redirect(request, callback)
    except (requests.RequestException, AuthlibBaseError, RuntimeError, ValueError) as error:
        log.warning("single sign-on: provider not reached", error=str(error))
        raise NotReached from error
    return answer


def finish(request: HttpRequest, address: str) -> User:
    """Who has come back from the provider: a person here, made if the provider names a role."""
    try:
        provider = _provider()
        token = provider.authorize_access_token(request)
        proven = token.get("userinfo")
        if not proven or not isinstance(proven.get("sub"), str):
            raise NotProven
        said = {**_further(provider, token, proven["sub"]), **proven}
    except requests.RequestException as error:
        log.warning("single sign-on: provider not reached", error=str(error))
        raise NotReached from error
    except (AuthlibBaseError, JoseError, RuntimeError, ValueError, KeyError) as error:
        log.warning("single sign-on: not proven", error=str(error))
        raise NotProven from error
    return _person(_Claims(proven["sub"], said), address)


def _further(provider: Any, token: Any, subject: str) -> Mapping[str, Any]:
    """Many providers say the role only at this address."""
    if not provider.load_server_metadata().get("userinfo_endpoint"):
        return {}
    told: Mapping[str, Any] = provider.userinfo(token=token)
    return told if told.get("sub") == subject else {}


def _person(claims: _Claims, address: str) -> User:
    role = claims.role
    if settings.OIDC_ROLES and role is None:
        raise NotWelcome
    with transaction.atomic():
        identity = (
            OutsideIdentity.objects.select_related("person")
            .filter(issuer=settings.OIDC_ISSUER, subject=claims.subject)
            .first()
        )
        person = identity.person if identity else _known_or_new(claims, role, address)
        if not person.is_active:
            raise NotWelcome
        if role and person.role != role:
            with audit.recorded(None, "changed", person, address):
                person.role = role
                person.save(update_fields=["role"])
        return person


def _known_or_new(claims: _Claims, role: Role | None, address: str) -> User:
    email = claims.proven_email
    known = list(
        User.objects.filter(email__iexact=email, outside_identity=None)[:2] if email else ()
    )
    if len(known) == 1:
        person = known[0]
    elif role is None:
        raise NotWelcome
    else:
        person = User(
            username=_free_name(claims),
            first_name=claims.text("given_name"),
            last_name=claims.text("family_name"),
            email=email,
            role=role,
        )
        person.set_unusable_password()
        with audit.recorded(None, "created", person, address):
            person.save()
    OutsideIdentity.objects.create(
        person=person, issuer=settings.OIDC_ISSUER, subject=claims.subject
    )
    return person


def _free_name(claims: _Claims) -> str:
    """The name that they have there, if nobody has it here."""
    wanted = claims.text("preferred_username", 100) or claims.proven_email[:100] or "person"
    try:
        UnicodeUsernameValidator()(wanted)
    except ValidationError:
        wanted = "person"
    name, number = wanted, 2
    while User.objects.filter(username__iexact=name).exists():
        name, number = f"{wanted}-{number}", number + 1
    return name


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _provider() -> Any:
    return _made(settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET)


@lru_cache(maxsize=4)
def _made(issuer: str, client_id: str, client_secret: str) -> Any:
    made = OAuth().register(
        "oidc",
        client_id=client_id,
        client_secret=client_secret,
        server_metadata_url=f"{issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid email profile",
            "code_challenge_method": "S256",
            "default_timeout": PATIENCE,
        },
    )
    metadata = made.load_server_metadata()
    if str(metadata.get("issuer", "")).rstrip("/") != issuer.rstrip("/"):
        raise NotReached
    # Whoever signs with “none”, or with a secret that every client knows, signs nothing.
    offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
    metadata["id_token_signing_alg_values_supported"] = [
        name for name in offered if name.startswith(("RS", "PS", "ES", "Ed"))
    ]
    return made
