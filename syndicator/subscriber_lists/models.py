"""An import of subscribers, in parts that are each worked off as a whole or not at all."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from syndicator.entries.models import LiveBlog
from syndicator.newsletter.models import Pace
from syndicator.subscriber_lists.columns import Origin


class ImportState(models.TextChoices):
    ARRIVING = "arriving", _("being uploaded")
    RUNNING = "running", _("under way")
    DONE = "done", _("done")


class SubscriberImport(models.Model):
    """A file of people, given by somebody who says how they agreed to get mail (*consent*).

    *origin* and *places* (pairs, for their order) are the file's `Columns`. *pace* is for whom the
    file says no other.
    """

    blog = models.ForeignKey(LiveBlog, on_delete=models.CASCADE, related_name="subscriber_imports")
    file_name = models.CharField(max_length=200)
    origin = models.CharField(max_length=10, choices=[(one, one) for one in Origin])
    places = models.JSONField()
    pace = models.CharField(max_length=10, choices=Pace)
    consent = models.CharField(max_length=500)
    state = models.CharField(max_length=8, choices=ImportState, default=ImportState.ARRIVING)
    #: Lines with a person, known once all have arrived.
    lines = models.PositiveIntegerField(default=0)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index("id", name="imports_open", condition=~models.Q(state=ImportState.DONE))
        ]

    def __str__(self) -> str:
        return self.file_name


class ImportPart(models.Model):
    """Some lines of a file. *lines* are pairs of a line's number and its used cells.

    Once it is worked off, *outcomes* says what became of each line, as `outcomes.Outcome` in
    JSON, *tally* how many of which kind there are, and *lines* is emptied.
    """

    batch = models.ForeignKey(SubscriberImport, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    lines = models.JSONField()
    outcomes = models.JSONField(null=True)
    tally = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint("batch", "number", name="one_part_per_number")]
        indexes = [
            models.Index(
                "batch", "number", name="parts_waiting", condition=models.Q(outcomes__isnull=True)
            )
        ]
