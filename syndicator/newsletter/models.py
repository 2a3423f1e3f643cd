"""Subscribers and their subscriptions; mailings and what became of each recipient."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models.functions import Coalesce
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
    SUPPRESSED = "suppressed", _("blocked")


class Pace(models.TextChoices):
    """How often a subscriber gets mail of a live blog."""

    EVERY_ENTRY = "entry", _("every entry at once")
    KEY_EVENTS = "key_event", _("key events at once")
    HOURLY = "hourly", _("a digest every hour")
    DAILY = "daily", _("a digest once a day")
    AT_CLOSE = "at_close", _("one digest when the live blog ends")


class Subscription(models.Model):
    """A subscriber × live blog. Its row stays when they leave: no import may bring them back.

    It is suppressed while a `Suppression` keeps mail from an address that is still subscribed.

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
        # It stands in the audit trail, which is never changed: not by whom.
        return f"{self.blog} #{self.pk}"


class MailingState(models.TextChoices):
    """*Paused* and *cancelled* is what an editor did to it."""

    SENDING = "sending", _("being sent")
    PAUSED = "paused", _("paused")
    CANCELLED = "cancelled", _("cancelled")
    DONE = "done", _("done")


class Lane(models.TextChoices):
    """What a mailing waits behind: breaking news for nothing, a digest for everything else."""

    BREAKING = "breaking", _("breaking news")
    ENTRY = "entry", _("an entry")
    DIGEST = "digest", _("a digest")


class Mailing(models.Model):
    """One message to everybody who was subscribed when it was made.

    *key* is the idempotency key it was asked for with, *message* the frozen `Message`.
    *paused_until* and *reason* are set while the relay cannot be used. A digest's *tells* has the
    primary keys of the entries in it; it *follows* the one that its readers had before.
    *purged_at* is when its recipients' addresses were deleted.
    """

    destination = models.ForeignKey(Destination, on_delete=models.PROTECT, related_name="mailings")
    blog = models.ForeignKey(LiveBlog, on_delete=models.PROTECT, related_name="mailings")
    key = models.CharField(max_length=200, unique=True)
    message = models.JSONField()
    tells = models.JSONField(default=list)
    follows = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    lane = models.CharField(max_length=8, choices=Lane, default=Lane.ENTRY)
    state = models.CharField(max_length=10, choices=MailingState, default=MailingState.SENDING)
    paused_until = models.DateTimeField(null=True)
    reason = models.JSONField(null=True)
    created_at = models.DateTimeField()
    purged_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                "id", name="mailings_open", condition=models.Q(state=MailingState.SENDING)
            ),
            models.Index(
                "created_at",
                name="mailings_to_purge",
                condition=models.Q(purged_at__isnull=True),
            ),
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
    COMPLAINED = "complained", _("reported as spam")
    SUPPRESSED = "suppressed", _("unsubscribed or blocked before it was sent")
    WITHDRAWN = "withdrawn", _("taken back before it was sent")
    UNCERTAIN = "uncertain", _("uncertain")


class MailingRecipient(models.Model):
    """One mail of a mailing.

    *due_at* is the one clock of the row: when to send (queued), when the sender's lease ends (in
    flight); NULL when the row has ended. *epoch* grows with every claim and fences the write that
    follows it. *sender* is the token of the `Sender` that claimed it last: its journal knows more.
    *message_id* is the same at every try. *answer* is the relay's last one, or what the recipient's
    mail server wrote back. *bounce* is what that says about the address (a
    `delivery_status.Bounce`; empty: none, or not judged yet), *returned_at* when it was judged, or
    when a complaint came. *address* and *answer* are emptied some time after the mailing. Of
    somebody who was erased the row stays for the counts; *subscription* is NULL then.
    """

    # PostgreSQL adds to nearly every index whenever a mail gets on, so there is none that is not
    # needed: the two foreign keys begin others, and nobody asks for beginnings of message ids.
    mailing = models.ForeignKey(
        Mailing, on_delete=models.CASCADE, related_name="recipients", db_index=False
    )
    subscription = models.ForeignKey(
        Subscription,
        on_delete=models.SET_NULL,
        null=True,
        related_name="received",
        db_index=False,
    )
    address = models.EmailField(blank=True)
    message_id = models.CharField(max_length=350)
    state = models.CharField(max_length=10, choices=RecipientState, default=RecipientState.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    epoch = models.PositiveIntegerField(default=0)
    sender = models.CharField(max_length=32, blank=True, default="")
    answer = models.CharField(max_length=500, blank=True, default="")
    reason = models.JSONField(null=True)
    accepted_at = models.DateTimeField(null=True)
    bounce = models.CharField(max_length=8, blank=True, default="")
    returned_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("subscription", "mailing", name="one_mail_per_subscription"),
            models.UniqueConstraint("message_id", name="one_mail_per_message_id"),
        ]
        indexes = [
            # With the id: PostgreSQL would sort all that are due at one time for every claim.
            models.Index("mailing", "state", "due_at", "id", name="recipients_in_order"),
            # Without those that wait for their first try: PostgreSQL would look through the mails
            # of all mailings for those of one.
            models.Index(
                "state",
                "due_at",
                name="recipients_tried",
                condition=models.Q(attempts__gt=0, due_at__isnull=False),
            ),
            models.Index(
                "id",
                name="recipients_to_judge",
                condition=models.Q(state=RecipientState.BOUNCED, bounce=""),
            ),
            models.Index(
                "returned_at",
                name="recipients_returned",
                condition=models.Q(returned_at__isnull=False),
            ),
            models.Index(
                "sender",
                name="recipients_of_sender",
                condition=models.Q(state__in=("in_flight", "uncertain")),
            ),
        ]

    def __str__(self) -> str:
        return self.address

    @property
    def wording(self) -> Wording | None:
        return Wording.from_json(self.reason)


class SuppressionReason(models.TextChoices):
    HARD_BOUNCE = "hard_bounce", _("the address does not work")
    SOFT_BOUNCES = "soft_bounces", _("undeliverable too often")
    COMPLAINT = "complaint", _("reported as spam")
    BY_HAND = "by_hand", _("blocked by hand")
    ERASED = "erased", _("data erased on request")


class Suppression(models.Model):
    """An address that gets no mail, whatever list it is on, until somebody lifts that.

    It holds for one live blog (*blog*) or for all. *key* is the address's keyed hash
    (`suppressing.key_of`), *address* the address itself, empty where it was erased. *detail* is
    what the remote wrote, or the person who blocked it. The row stays when it is lifted.
    """

    key = models.CharField(max_length=64)
    address = models.EmailField(_("email address"), blank=True)
    blog = models.ForeignKey(
        LiveBlog,
        on_delete=models.CASCADE,
        null=True,
        related_name="suppressions",
        verbose_name=_("live blog"),
    )
    reason = models.CharField(_("reason"), max_length=12, choices=SuppressionReason)
    detail = models.CharField(max_length=500, blank=True, default="")
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    lift_reason = models.CharField(_("why it was lifted"), max_length=300, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "key",
                Coalesce("blog", 0),
                "reason",
                name="one_suppression_per_scope_and_reason",
                condition=models.Q(lifted_at=None),
            )
        ]
        indexes = [
            models.Index("address", name="suppressions_by_address"),
            models.Index("made_at", name="suppressions_by_time"),
        ]

    def __str__(self) -> str:
        return self.address or f"{self.key[:12]}…"


class Sender(models.Model):
    """One worker on its way through a mailing. It is gone when the row is, or after *until*.

    *token* names its claims and its journal, *connections* is its share of what the relay allows,
    *rate* how many mails a second it hands in at present.
    """

    token = models.CharField(max_length=32, primary_key=True)
    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="senders")
    connections = models.PositiveSmallIntegerField()
    rate = models.FloatField(default=0)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.token} → {self.mailing_id}"


class Allowance(models.Model):
    """What a destination's relay may still be given: over all workers, and so in the database.

    A token bucket for all its mails (*domain* empty) or for those to one domain. *day_count* is
    the number of mails on *day* (UTC), *first_day* the one on which its warm-up began.
    """

    destination = models.ForeignKey(
        Destination, on_delete=models.CASCADE, related_name="allowances"
    )
    domain = models.CharField(max_length=255, blank=True, default="")
    tokens = models.FloatField(default=0)
    filled_at = models.DateTimeField()
    day = models.DateField(null=True)
    day_count = models.PositiveIntegerField(default=0)
    first_day = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("destination", "domain", name="one_allowance_per_domain")
        ]

    def __str__(self) -> str:
        return f"{self.destination}: {self.domain or '*'}"
