"""Digests, what each of them tells, and who may read them on the web."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from syndicator.channels.base import Message
from syndicator.destinations.models import Destination
from syndicator.entries.models import Entry, LiveBlog
from syndicator.newsletter.models import Mailing, Pace
from syndicator.wording import Wording


def new_public_id() -> str:
    return secrets.token_urlsafe(12)


class Archive(models.TextChoices):
    """Who finds a live blog's digests on the web."""

    LISTED = "listed", _("everybody, also search engines")
    BY_LINK = "by_link", _("whoever has the link, which is in each mail")
    NOBODY = "nobody", _("nobody")


class DigestSettings(models.Model):
    """How a live blog's digests are kept. Its row is also the lock that makes them one by one."""

    blog = models.OneToOneField(
        LiveBlog, on_delete=models.CASCADE, primary_key=True, related_name="digest_settings"
    )
    archive = models.CharField(max_length=8, choices=Archive, default=Archive.BY_LINK)

    def __str__(self) -> str:
        return str(self.blog)


class DigestState(models.TextChoices):
    WAITING = "waiting", _("waits for an editor")
    SENT = "sent", _("handed over")
    REJECTED = "rejected", _("rejected")
    CANCELLED = "cancelled", _("cancelled")


class Digest(models.Model):
    """One mail to one group of readers (`due.Group`), who are called *readers*.

    *follows* is the mailing of the last digest they had; if there is none, their digests begin at
    *since* (NULL: with the live blog). *due_at* is when it was due, *ahead* that an editor asked
    for it before. *key*, made of whom it is for and when, is its mailing's, too: the same digest
    cannot be made twice. *payload* is the frozen `Message`, *payload_hash* its fingerprint: what an
    approval is bound to. *reason* says why it waits, or why it was rejected; *dropped* that what it
    told is not to be told by another, either.
    """

    blog = models.ForeignKey(LiveBlog, on_delete=models.CASCADE, related_name="digests")
    destination = models.ForeignKey(Destination, on_delete=models.CASCADE, related_name="digests")
    pace = models.CharField(max_length=10, choices=Pace)
    follows = models.ForeignKey(Mailing, on_delete=models.SET_NULL, null=True, related_name="+")
    since = models.DateTimeField(null=True)
    due_at = models.DateTimeField()
    readers = models.CharField(max_length=120)
    ahead = models.BooleanField(default=False)
    key = models.CharField(max_length=200, unique=True)
    public_id = models.CharField(max_length=24, unique=True, default=new_public_id)
    state = models.CharField(max_length=9, choices=DigestState)
    payload = models.JSONField()
    payload_hash = models.CharField(max_length=64)
    reason = models.JSONField(null=True)
    built_at = models.DateTimeField()
    mailing = models.OneToOneField(
        Mailing, on_delete=models.PROTECT, null=True, related_name="digest"
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    dropped = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index("blog", "state", "built_at", name="digests_of_blog"),
        ]

    def __str__(self) -> str:
        return self.message.subject

    @property
    def message(self) -> Message:
        return Message.from_json(self.payload)

    @property
    def wording(self) -> Wording | None:
        return Wording.from_json(self.reason)


class Shown(models.TextChoices):
    """How a digest tells of an entry."""

    TOLD = "told", _("told")
    COUNTED = "counted", _("counted among the others")
    CORRECTED = "corrected", _("corrected")
    RETRACTED = "retracted", _("taken back")


class DigestItem(models.Model):
    """An entry in a digest. *said* is the fingerprint of what readers read of it there."""

    digest = models.ForeignKey(Digest, on_delete=models.CASCADE, related_name="items")
    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="in_digests")
    revision = models.PositiveIntegerField()
    said = models.CharField(max_length=64)
    shown = models.CharField(max_length=9, choices=Shown)
    position = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint("digest", "entry", name="one_item_per_digest_and_entry")
        ]
        ordering = ["position"]

    def __str__(self) -> str:
        return f"{self.entry} ({self.shown})"
