"""What is asked for besides the password: a code of an authenticator app, or a recovery code."""

from __future__ import annotations

import hmac
import secrets as random
from collections.abc import Collection
from datetime import timedelta

import pyotp
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.crypto import salted_hmac

from syndicator import secrets
from syndicator.accounts.models import Role, User
from syndicator.clock import database_now
from syndicator.entrance import sessions
from syndicator.entrance.models import Authenticator, Passkey, RecoveryCode, SecondStepRule

ISSUER = "Syndicator"
RECOVERY_CODES = 10
#: Codes of the step before and after are taken, too: phones' clocks differ.
_STEPS = (-1, 0, 1)
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_LETTERS_A_CODE = 16


def is_set_up(person: User) -> bool:
    """Whether the password alone does not let this person in."""
    return has_app(person) or Passkey.objects.filter(person=person).exists()


def has_app(person: User) -> bool:
    return Authenticator.objects.filter(person=person, confirmed_at__isnull=False).exists()


def with_marks(people: QuerySet[User]) -> QuerySet[User]:
    """Each with *protected*: as `is_set_up`."""
    apps = Authenticator.objects.filter(person=OuterRef("pk"), confirmed_at__isnull=False)
    return people.annotate(
        protected=Exists(apps) | Exists(Passkey.objects.filter(person=OuterRef("pk")))
    )


def begin_app(person: User) -> None:
    """Make the secret for an authenticator app; it counts when `confirm_app` has seen a code."""
    with transaction.atomic():
        if not has_app(person):
            sealed = secrets.encrypt({"totp": pyotp.random_base32()})
            Authenticator.objects.update_or_create(
                person=person, defaults={"encrypted_secrets": sealed}
            )


def forget_unconfirmed_app(person: User) -> None:
    Authenticator.objects.filter(person=person, confirmed_at__isnull=True).delete()


def unconfirmed_app(person: User) -> tuple[str, str] | None:
    """Secret and address (for a QR code) of an app that is being set up."""
    row = Authenticator.objects.filter(person=person, confirmed_at__isnull=True).first()
    if row is None:
        return None
    totp = _totp(row)
    return totp.secret, totp.provisioning_uri(name=person.username, issuer_name=ISSUER)


def confirm_app(person: User, code: str) -> bool:
    """Whether *code* proves that the app knows the secret; from then on it is asked for."""
    row = Authenticator.objects.filter(person=person, confirmed_at__isnull=True).first()
    if row is None or not _takes(row, code):
        return False
    Authenticator.objects.filter(pk=row.pk).update(confirmed_at=database_now())
    return True


def remove_app(person: User) -> None:
    Authenticator.objects.filter(person=person).delete()
    forget_needless_codes(person)


def is_right(person: User, code: str) -> bool:
    """Take a code of the person's app, or a recovery code; each is good for one use."""
    code = "".join(code.split()).replace("-", "").casefold()
    row = Authenticator.objects.filter(person=person, confirmed_at__isnull=False).first()
    if row is not None and code.isdecimal() and _takes(row, code):
        return True
    used, _by_model = RecoveryCode.objects.filter(person=person, code_hash=_hash(code)).delete()
    return bool(used)


def new_recovery_codes(person: User) -> list[str]:
    """Ten new ones, to be shown once; the old ones end."""
    codes = [
        "".join(random.choice(_LETTERS) for _ in range(_LETTERS_A_CODE))
        for _ in range(RECOVERY_CODES)
    ]
    with transaction.atomic():
        RecoveryCode.objects.filter(person=person).delete()
        RecoveryCode.objects.bulk_create(
            RecoveryCode(person=person, code_hash=_hash(code)) for code in codes
        )
    return ["-".join(code[i : i + 4] for i in range(0, len(code), 4)) for code in codes]


def forget_needless_codes(person: User) -> None:
    """Recovery codes stand in for an app or a passkey, never for nothing."""
    if not is_set_up(person):
        RecoveryCode.objects.filter(person=person).delete()


def reset(person: User) -> None:
    """For somebody who has lost everything: the password alone lets them in again."""
    with transaction.atomic():
        Authenticator.objects.filter(person=person).delete()
        Passkey.objects.filter(person=person).delete()
        RecoveryCode.objects.filter(person=person).delete()
        sessions.end_all(person)


def demanded_of() -> set[Role]:
    return {Role(role) for role in SecondStepRule.objects.values_list("role", flat=True)}


def demand_of(roles: Collection[Role], but: str | None = None) -> None:
    """Demand it of exactly these roles. Whoever has none yet is signed out, but for the session
    with the key *but*, and sets one up at the next log-in."""
    with transaction.atomic():
        SecondStepRule.objects.exclude(role__in=roles).delete()
        for role in roles:
            SecondStepRule.objects.get_or_create(role=role)
        for person in User.objects.filter(role__in=roles):
            if not is_set_up(person):
                sessions.end_all(person, but)


def is_missing(person: User) -> bool:
    """Whether this person's role demands one, and they have none."""
    return Role(person.role) in demanded_of() and not is_set_up(person)


def _takes(row: Authenticator, code: str) -> bool:
    totp, now = _totp(row), database_now()
    for offset in _STEPS:
        moment = now + timedelta(seconds=offset * totp.interval)
        step = totp.timecode(moment)
        if hmac.compare_digest(totp.at(moment).encode(), code.encode()):
            # By one of all who try it at once.
            fresh = Authenticator.objects.filter(pk=row.pk, last_step__lt=step)
            return bool(fresh.update(last_step=step))
    return False


def _totp(row: Authenticator) -> pyotp.TOTP:
    return pyotp.TOTP(secrets.decrypt(row.encrypted_secrets)["totp"])


def _hash(code: str) -> str:
    return salted_hmac("syndicator.recovery", code, algorithm="sha256").hexdigest()
