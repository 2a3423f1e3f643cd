"""Who gets the mail about the night, when, and which nights they were told of."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from syndicator.entries.models import LiveBlog


class NightMail(models.Model):
    """A person wants the mail, at *hour* of their live blog's zone; of all live blogs without one.

    *language* is that of the desk when they said so.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="night_mail",
    )
    hour = models.PositiveSmallIntegerField()
    blog = models.ForeignKey(LiveBlog, on_delete=models.SET_NULL, null=True, related_name="+")
    language = models.CharField(max_length=10)

    def __str__(self) -> str:
        return f"{self.user}: {self.hour}:00"


class ToldNight(models.Model):
    """One person's mail about the night before *day*: written before it is handed in.

    *due_at* is when to try again, and only set where the mail server certainly did not take it;
    NULL otherwise, so that nobody gets one twice. *sent_at* is when it was handed in.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="told_nights"
    )
    day = models.DateField()
    claimed_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=1)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("user", "day", name="one_night_mail_per_person_and_day")
        ]
