"""Who works on the desk, and what they did there."""

from __future__ import annotations

from typing import Any, NoReturn

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    VIEWER = "viewer", _("Viewer")
    AUTHOR = "author", _("Author")
    EDITOR = "editor", _("Editor")
    ADMIN = "admin", _("Administrator")


class User(AbstractUser):
    """A person with a log-in. What they may do follows from their role alone."""

    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.VIEWER)

    #: Each post that waits, by mail, with a link to decide on it: see `syndicator.approval_mail`.
    mails_waiting = models.BooleanField(_("mail about waiting posts"), default=False)

    @property
    def may_decide(self) -> bool:
        """Approve, reject and edit posts."""
        return self.is_active and self.role in (Role.EDITOR, Role.ADMIN)

    @property
    def may_configure(self) -> bool:
        """Connect destinations, set routes, add blogs, sources and subscribers."""
        return self.is_active and self.role == Role.ADMIN

    def __str__(self) -> str:
        return self.get_full_name() or self.username


class AppendOnly(TypeError):
    """Somebody tried to rewrite what was done."""


class _Trail(models.QuerySet["AuditEntry"]):
    def update(self, **_values: Any) -> NoReturn:
        raise AppendOnly

    def delete(self) -> NoReturn:
        raise AppendOnly


class AuditEntry(models.Model):
    """Append-only: one thing that somebody did to the desk itself, or tried to.

    What is decided about posts stands in `Decision`. *who* is NULL where nobody was signed in.
    *what* is the kind of thing (a model's label), *name* what it was called then. *before* and
    *after* hold the values that changed, and never a secret.
    """

    at = models.DateTimeField()
    who = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    act = models.CharField(max_length=40)
    what = models.CharField(max_length=60)
    what_id = models.BigIntegerField(null=True)
    name = models.CharField(max_length=200)
    before = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    after = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    address = models.CharField(max_length=45, blank=True, default="")

    objects = _Trail.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index("at", name="audit_by_time")]

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise AppendOnly
