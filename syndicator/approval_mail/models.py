"""Which post was mailed to whom."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from syndicator.posts.models import Post


class ApprovalMail(models.Model):
    """One post as it stood, for one person: the outbox of the mail, and what its link is good for.

    *due_at* is when to try to hand the mail in, or when the lease of the try under way ends; NULL
    when it is in, or not worth it any more. The link is made of *nonce* and a signature, works
    until *ends_at*, and is used up at *used_at*. *said* is the text as it was mailed.
    """

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="approval_mails")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    payload_hash = models.CharField(max_length=64)
    said = models.TextField()
    nonce = models.CharField(max_length=43)
    made_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    mailed_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("post", "person", "payload_hash", name="one_mail_per_version")
        ]
        indexes = [
            models.Index("due_at", name="approval_mails_due", condition=Q(due_at__isnull=False))
        ]

    def __str__(self) -> str:
        return str(self.post)
