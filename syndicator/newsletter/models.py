"""Subscribers and their subscriptions; mailings and what became of each recipient."""

from __future__ import annotations

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from syndicator.channels.base import Message
from syndicator.destinations.models import Destination
from syndicator.entries.models import LiveBlog, known_time_zone
from syndicator.wording import Wording


class Subscriber(models.Model):
    """A person who gets mail. *email* is in the form `subscribing.normalise` gives it.

    *time_zone* is an IANA name; empty: that of the live blog.
    """

    email = models.EmailField(_("email address"), unique=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    time_zone = models.CharField(
        _("time zone"), max_length=60, blank=True, default="", validators=[known_time_zone]
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.email


class SubscriptionState(models.TextChoices):
    ACTIVE = "active", _("subscribed")
    UNSUBSCRIBED = "unsubscribed", _("unsubscribed")


class Pace(models.TextChoices):
    """How often a subscriber gets mail of a live blog."""

    EVERY_ENTRY = "entry", _("every entry at once")
    KEY_EVENTS = "key_event", _("key events at once")
    HOURLY = "hourly", _("a digest every hour")
    DAILY = "daily", _("a digest once a day")
    AT_CLOSE = "at_close", _("one digest when the live blog ends")


class Subscription(models.Model):
    """A subscriber × live blog. Its row stays when they leave: no import may bring them back.

    *daily_hour* (0 to 23, in the subscriber's zone) is when a daily digest goes out. *told_until*
    is the last time a digest was due that they had, or that had nothing to say; NULL: none yet.
    *told_by* is the last digest they had. What came in before *digests_from* no digest tells them
    (NULL: all since they joined), and what came in before *at_once_from* no mail of its own: it is
    where their pace changed from one to the other (`pacing`).
    """

    subscriber = models.ForeignKey(
        Subscriber, on_delete=models.CASCADE, related_name="subscriptions"
    )
    blog = models.ForeignKey(LiveBlog, on_delete=models.CASCADE, related_name="subscriptions")
    state = models.CharField(
        max_length=12, choices=SubscriptionState, default=SubscriptionState.ACTIVE
    )
    pace = models.CharField(max_length=10, choices=Pace, default=Pace.EVERY_ENTRY)
    daily_hour = models.PositiveSmallIntegerField(default=7, validators=[MaxValueValidator(23)])
    told_until = models.DateTimeField(null=True)
    told_by = models.ForeignKey("Mailing", on_delete=models.SET_NULL, null=True, related_name="+")
    digests_from = models.DateTimeField(null=True)
    at_once_from = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField()
    unsubscribed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("subscriber", "blog", name="one_subscription_per_blog")
        ]
        indexes = [models.Index("blog", "state", "pace", name="subscriptions_of_blog")]

    def __str__(self) -> str:
        return f"{self.subscriber} → {self.blog}"


class MailingState(models.TextChoices):
    SENDING = "sending", _("being sent")
    DONE = "done", _("done")


class Mailing(models.Model):
    """One message to everybody who was subscribed when it was made.

    *key* is the idempotency key it was asked for with, *message* the frozen `Message`.
    *paused_until* and *reason* are set while the relay cannot be used. A digest's *tells* has the
    primary keys of the entries in it; it *follows* the one that its readers had before.
    """

    destination = models.ForeignKey(Destination, on_delete=models.PROTECT, related_name="mailings")
    blog = models.ForeignKey(LiveBlog, on_delete=models.PROTECT, related_name="mailings")
    key = models.CharField(max_length=200, unique=True)
    message = models.JSONField()
    tells = models.JSONField(default=list)
    follows = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=8, choices=MailingState, default=MailingState.SENDING)
    paused_until = models.DateTimeField(null=True)
    reason = models.JSONField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index("id", name="mailings_open", condition=models.Q(state=MailingState.SENDING))
        ]

    def __str__(self) -> str:
        return self.frozen_message.subject

    @property
    def frozen_message(self) -> Message:
        return Message.from_json(self.message)

    @property
    def wording(self) -> Wording | None:
        return Wording.from_json(self.reason)


class RecipientState(models.TextChoices):
    QUEUED = "queued", _("waiting")
    IN_FLIGHT = "in_flight", _("being sent")
    ACCEPTED = "accepted", _("sent")
    BOUNCED = "bounced", _("undeliverable")
    SUPPRESSED = "suppressed", _("unsubscribed before it was sent")
    WITHDRAWN = "withdrawn", _("taken back before it was sent")
    UNCERTAIN = "uncertain", _("uncertain")


class MailingRecipient(models.Model):
    """One mail of a mailing.

    *due_at* is the one clock of the row: when to send (queued), when the sender's lease ends (in
    flight); NULL when the row has ended. *epoch* grows with every claim and fences the write that
    follows it. *message_id* is the same at every try. *answer* is the relay's last one.
    """

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="recipients")
    subscription = models.ForeignKey(
        Subscription, on_delete=models.CASCADE, related_name="received"
    )
    address = models.EmailField()
    message_id = models.CharField(max_length=350, unique=True)
    state = models.CharField(max_length=10, choices=RecipientState, default=RecipientState.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    epoch = models.PositiveIntegerField(default=0)
    answer = models.CharField(max_length=500, blank=True, default="")
    reason = models.JSONField(null=True)
    accepted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("mailing", "subscription", name="one_mail_per_subscription")
        ]
        indexes = [
            models.Index("mailing", "state", "due_at", name="recipients_of_mailing"),
            models.Index(
                "state", "due_at", name="recipients_due", condition=models.Q(due_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.address

    @property
    def wording(self) -> Wording | None:
        return Wording.from_json(self.reason)
