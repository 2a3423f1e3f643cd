"""What signing in leaves behind, and what it asks for besides the password."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils.crypto import salted_hmac

from syndicator.accounts.models import Role

if TYPE_CHECKING:
    from syndicator.entrance.sessions import SessionStore


class FailedTries(models.Model):
    """How often in a row something was tried in vain: one account, or from one address.

    *key* is a keyed hash; neither names nor addresses are kept.
    """

    key = models.CharField(max_length=64, unique=True)
    failures = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField()
    wait_until = models.DateTimeField(null=True)


class FamiliarPlace(models.Model):
    """An address from which an account was signed in to lately; *key* hashes both."""

    key = models.CharField(max_length=64, unique=True)
    last_at = models.DateTimeField()


class PersonSession(AbstractBaseSession):
    """A session with what a person recognises it by. *person* is NULL before the log-in."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="sessions"
    )
    browser = models.CharField(max_length=300, blank=True, default="")
    address = models.CharField(max_length=45, blank=True, default="")
    seen_at = models.DateTimeField(null=True)

    @classmethod
    def get_session_store_class(cls) -> type[SessionStore]:
        from syndicator.entrance.sessions import SessionStore  # noqa: PLC0415

        return SessionStore

    @property
    def handle(self) -> str:
        """Names the session in an address; its key must not leave the cookie."""
        return salted_hmac("syndicator.session", self.session_key).hexdigest()[:16]


class Authenticator(models.Model):
    """An authenticator app (TOTP). It counts once *confirmed_at* is set.

    *last_step* is the time step of the last code that was taken: none is taken twice.
    """

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="authenticator"
    )
    encrypted_secrets = models.TextField()
    confirmed_at = models.DateTimeField(null=True)
    last_step = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"authenticator app of {self.person}"


class RecoveryCode(models.Model):
    """One of the codes for whoever has lost the phone; kept as a keyed hash, good for one use."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="recovery_codes"
    )
    code_hash = models.CharField(max_length=64, unique=True)


class Passkey(models.Model):
    """A WebAuthn credential that its owner unlocks by PIN, finger or face."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="passkeys"
    )
    name = models.CharField(max_length=60)
    credential_id = models.CharField(max_length=1400, unique=True)
    public_key = models.BinaryField()
    sign_count = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class SecondStepRule(models.Model):
    """People of this role must have an authenticator app or a passkey."""

    role = models.CharField(max_length=10, choices=Role, unique=True)

    def __str__(self) -> str:
        return str(Role(self.role).label)


class Invitation(models.Model):
    """Somebody may make an account of their own. The link is kept as its hash."""

    email = models.EmailField()
    role = models.CharField(max_length=10, choices=Role)
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    invited_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    def __str__(self) -> str:
        return self.email


class OutsideIdentity(models.Model):
    """Who a person is at the provider of the single sign-on."""

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="outside_identity"
    )
    issuer = models.CharField(max_length=500)
    subject = models.CharField(max_length=255)

    class Meta:
        constraints = [models.UniqueConstraint("issuer", "subject", name="one_person_per_identity")]

    def __str__(self) -> str:
        return str(self.person)
