"""What people must hear of, since when, until when, and whether it has been mailed to them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from syndicator.wording import Wording


class Alert(models.Model):
    """Something that went wrong and lasts until *ended_at*; the row is also the outbox of its mail.

    *key* names the trouble, for instance ``destination-7-paused``: at most one alert of a key is
    open. *due_at* is the one clock of its mail: when to try next, or when the lease of the try
    under way ends; NULL when everybody has it, or no mail is wanted. *mailed_at* is when the first
    recipient's mail was handed in, *mailed_to* the addresses that need none any more; the webhook
    is one of them.
    """

    key = models.CharField(max_length=200)
    title = models.JSONField()
    text = models.JSONField()
    raised_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)
    mailed_to = models.JSONField(default=list)
    due_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "key", name="one_open_alert_per_key", condition=Q(ended_at__isnull=True)
            )
        ]
        indexes = [
            models.Index("due_at", name="alerts_due", condition=Q(due_at__isnull=False)),
            models.Index("key", "mailed_at", name="alerts_by_key"),
        ]

    def __str__(self) -> str:
        return str(self.title_wording)

    @property
    def title_wording(self) -> Wording:
        return _stored(self.title)

    @property
    def text_wording(self) -> Wording:
        return _stored(self.text)


class Webhook(models.Model):
    """The one address that alerts are posted to, if any, and how the last call ended.

    *salt* goes into the key that the calls are signed with: another one makes another key.
    """

    url = models.CharField(max_length=2000)
    salt = models.CharField(max_length=64)
    taken_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    problem = models.JSONField(null=True)

    def __str__(self) -> str:
        return self.url

    @property
    def problem_wording(self) -> Wording | None:
        return Wording.from_json(self.problem)


def _stored(data: dict[str, object]) -> Wording:
    wording = Wording.from_json(data)
    assert wording is not None, "an alert says something"
    return wording
