"""What sources sign their pushes with, and what came of each that was taken."""

from __future__ import annotations

from django.db import models

from syndicator.entries.models import Source


class SigningSecret(models.Model):
    """That a source may push by signed calls, to an address of its own that *key* is part of.

    *key* is no secret: who has nothing else can do nothing. *encrypted_secrets* are ``current``
    and, until *replaced_until* (NULL: there is none), ``replaced``.
    """

    source = models.OneToOneField(
        Source, on_delete=models.CASCADE, primary_key=True, related_name="signing_secret"
    )
    key = models.CharField(max_length=40, unique=True)
    encrypted_secrets = models.TextField()
    issued_at = models.DateTimeField()
    replaced_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.source)


class TakenPush(models.Model):
    """A call that was taken, by its ``webhook-id``, and what it was answered: for when it comes
    again. Kept for some days.

    *digest* is the hex SHA-256 of what it said. *results* are `IngestedOut` as JSON.
    """

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="taken_pushes")
    message_id = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    results = models.JSONField()
    taken_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("source", "message_id", name="one_push_per_message_id")
        ]
        verbose_name_plural = "taken pushes"


class LastTold(models.Model):
    """When what a source told last about an entry happened, by the source's own clock."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="last_told")
    external_id = models.CharField(max_length=200)
    happened_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "external_id"], name="told_last_once_per_entry"
            )
        ]
        verbose_name_plural = "last told"
