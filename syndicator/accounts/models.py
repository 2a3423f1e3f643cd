"""Who works on the desk."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
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
