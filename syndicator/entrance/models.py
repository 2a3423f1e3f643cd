"""Wrong passwords and the places that people are known from."""

from __future__ import annotations

from django.db import models


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
