"""One row for each outward act, and the append-only record of who decided and what was tried."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from syndicator.channels.base import ALSO, Act, Message
from syndicator.destinations.models import Destination
from syndicator.entries.models import Entry, EntryState
from syndicator.wording import Wording


class PostState(models.TextChoices):
    PENDING = "pending", _("waiting for an editor")
    APPROVED = "approved", _("approved")
    SENDING = "sending", _("being sent")
    SENT = "sent", _("sent")
    FAILED = "failed", _("failed")
    UNCERTAIN = "uncertain", _("uncertain")
    REJECTED = "rejected", _("rejected")
    CANCELLED = "cancelled", _("cancelled")
    SKIPPED = "skipped", _("skipped")
    DELETED = "deleted", _("taken back")
    GATHERED = "gathered", _("gathered")


class Action(models.TextChoices):
    PUBLISH = "publish", _("publish")
    EDIT = "edit", _("edit")
    DELETE = "delete", _("delete")
    CORRECT = "correct", _("correction reply")


#: What makes a post that was not there before. To do one of these twice makes two; the others
#: change nothing more.
MAKES_A_POST = (Action.PUBLISH, Action.CORRECT)


#: A post in one of these is out, or may be, or will be: an entry has at most one per destination.
STANDING = (
    PostState.PENDING,
    PostState.APPROVED,
    PostState.SENDING,
    PostState.SENT,
    PostState.UNCERTAIN,
    PostState.GATHERED,
)


#: What only a person can bring to an end: decide, look, try again, or mend by hand.
WAITING = (
    Q(state__in=(PostState.PENDING, PostState.FAILED))
    | Q(state=PostState.UNCERTAIN, due_at=None)
    | Q(state=PostState.SKIPPED, action__in=(Action.EDIT, Action.DELETE))
)


class Post(models.Model):
    """What one entry becomes on one destination.

    *payload* is the frozen `Message`, *payload_hash* its fingerprint. *due_at* is the one clock of
    the row: when to send (approved), when the sender's lease ends (sending), when to look it up
    (uncertain); NULL when the row has ended or waits for a person. *epoch* grows with every claim
    and fences every later write. Whatever *due_at* says, nothing is sent before *not_before* (an
    embargo, or a time an editor set) or *quiet_until* (the route's quiet hours). *breaking* and
    *published_at* are its place in the line of its destination; after *fresh_until* it is no longer
    news that goes out unasked.

    Until *gathers_until* minor entries may join it: then *payload* tells all of them, while the
    row of each (`Gathered`) keeps what it says by itself.
    """

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="posts")
    destination = models.ForeignKey(Destination, on_delete=models.PROTECT, related_name="posts")
    action = models.CharField(max_length=10, choices=Action, default=Action.PUBLISH)
    revision = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=PostState)
    payload = models.JSONField()
    payload_hash = models.CharField(max_length=64)
    breaking = models.BooleanField(default=False)
    published_at = models.DateTimeField()
    fresh_until = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    #: Where an editor said how long it is news, instead of the route: then *fresh_until* is this.
    not_after = models.DateTimeField(null=True)
    quiet_until = models.DateTimeField(null=True)
    gathers_until = models.DateTimeField(null=True)
    #: Who holds it, if somebody does: then nobody approves it before it is released.
    held_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    epoch = models.PositiveIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    #: Why the post is in its state: a `Wording`.
    reason = models.JSONField(null=True)
    #: Why it went out by itself, waited, or was left out when it was made: a `Wording`. It stays.
    ruling = models.JSONField(null=True)
    #: The platform's own names; of a deletion all that are to go, each after an `ALSO`.
    remote_id = models.TextField(blank=True, default="")
    remote_url = models.CharField(max_length=2000, blank=True, default="")
    #: What the platform charges for it, in US dollars.
    cost = models.DecimalField(max_digits=9, decimal_places=4, default=Decimal(0))
    #: Approved by somebody who saw that the destination's budget is used up.
    over_budget = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "entry", "destination", "action", "revision", name="one_post_per_act"
            ),
            models.UniqueConstraint(
                "entry",
                "destination",
                name="one_standing_publication",
                condition=Q(action=Action.PUBLISH, state__in=STANDING),
            ),
        ]
        indexes = [
            models.Index("due_at", "id", name="posts_due", condition=Q(due_at__isnull=False)),
            models.Index(
                "fresh_until", name="posts_going_stale", condition=Q(state=PostState.APPROVED)
            ),
            models.Index("destination", "state", name="posts_of_destination"),
            models.Index(
                "destination",
                models.F("breaking").desc(),
                "published_at",
                "entry",
                "id",
                name="posts_in_line",
                condition=Q(due_at__isnull=False),
            ),
            models.Index("state", "changed_at", name="posts_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.entry} → {self.destination}"

    @property
    def message(self) -> Message:
        return Message.from_json(self.payload)

    @property
    def makes_a_post(self) -> bool:
        return self.action in MAKES_A_POST

    @property
    def act(self) -> Act:
        """What is done on the platform."""
        return Act.PUBLISH if self.makes_a_post else Act(self.action)

    @property
    def names(self) -> frozenset[str]:
        """The platform's names for the posts that it is about, or is."""
        if self.action == Action.CORRECT:
            return frozenset({self.message.in_reply_to})
        return frozenset(self.remote_id.split(ALSO)) - {""}

    @property
    def wording(self) -> Wording | None:
        return Wording.from_json(self.reason)

    @property
    def ruling_wording(self) -> Wording | None:
        return Wording.from_json(self.ruling)

    @property
    def idempotency_key(self) -> str:
        """The same at every try; another for another text, or in another installation."""
        return f"syndicator-{self.pk}-{self.payload_hash[:16]}"

    @property
    def waits_for_person(self) -> bool:
        """As `WAITING`, for one row."""
        return (
            self.state in (PostState.PENDING, PostState.FAILED)
            or (self.state == PostState.UNCERTAIN and self.due_at is None)
            or self.is_note
        )

    @property
    def is_note(self) -> bool:
        """Whether the row is about something that is to be done to a post that is out."""
        return self.state == PostState.SKIPPED and not self.makes_a_post

    @property
    def outdated(self) -> bool:
        """Whether the entry says something else by now, or nothing; reads the entry's row."""
        return self.differs_from(Entry.objects.get(pk=self.entry_id))

    def differs_from(self, entry: Entry) -> bool:
        """Whether *entry*, this post's, says something else in its row as read."""
        if self.action == Action.DELETE:
            # Whatever it says: it was decided that this post must go. What was noted late about an
            # earlier version has to go with all others.
            withdrawn = entry.state == EntryState.WITHDRAWN
            return entry.render_due_at is not None or (
                entry.revision != self.revision and not withdrawn
            )
        return (
            entry.state != EntryState.LIVE
            or entry.revision != self.revision
            or entry.render_due_at is not None
        )


class Gathered(models.Model):
    """That *post* (in the state gathered) was told in *carrier*, another entry's post.

    From *joined_at*, which is before the first try, to *left_at*, which is NULL as long as it is.
    Tries of the carrier up to the epoch *left_epoch* told it.
    """

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="gatherings")
    carrier = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="gathered")
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)
    left_epoch = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("post", name="in_one_carrier", condition=models.Q(left_at=None))
        ]
        ordering = ["id"]


class Verdict(models.TextChoices):
    APPROVE = "approve", _("approved")
    REJECT = "reject", _("rejected")
    EDIT = "edit", _("edited")
    RETRY = "retry", _("sent again")
    CONFIRM_SENT = "confirm_sent", _("confirmed as posted")
    CONFIRM_ABSENT = "confirm_absent", _("confirmed as not posted")
    DISMISS = "dismiss", _("taken care of")
    CARRY_OUT = "carry_out", _("told to be carried out")
    SCHEDULE = "schedule", _("approved for later")
    HOLD = "hold", _("held")
    RELEASE = "release", _("released")
    UNDO = "undo", _("took the decision back")
    TAKE_OUT = "take_out", _("taken out of a gathered post")
    CORRECT = "correct", _("to be corrected by a reply")
    CHOOSE_AGAIN = "choose_again", _("to be corrected another way")


class Decision(models.Model):
    """Append-only: who decided what, on which payload. *user* is NULL for the route's policy."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="decisions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True)
    verdict = models.CharField(max_length=15, choices=Verdict)
    payload_hash = models.CharField(max_length=64)
    comment = models.TextField(blank=True, default="")
    decided_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]


class AttemptKind(models.TextChoices):
    SEND = "send", _("sending")
    LOOK_UP = "look_up", _("looking it up")
    #: Where the platform recognises the key: an answer without a second post.
    REPEAT = "repeat", _("sending it again under the same key")


class AttemptOutcome(models.TextChoices):
    """What a try came to: the channels' closed set for sending, and what a look-up can show."""

    ACCEPTED = "accepted", _("accepted")
    TRY_LATER = "try_later", _("try later")
    REJECTED = "rejected", _("refused")
    UNAUTHORISED = "unauthorised", _("not allowed")
    DUPLICATE = "duplicate", _("said to be a duplicate")
    UNKNOWN = "unknown", _("unknown")
    FOUND = "found", _("found")
    ABSENT = "absent", _("not found")
    INCONCLUSIVE = "inconclusive", _("could not be looked up")


class Attempt(models.Model):
    """One try. Written before the first byte is sent; its outcome is filled in once, after.

    An attempt without an outcome is one whose worker died: nothing is known of it.
    """

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="attempts")
    kind = models.CharField(max_length=8, choices=AttemptKind)
    epoch = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    outcome = models.CharField(max_length=12, choices=AttemptOutcome, blank=True, default="")
    status = models.PositiveSmallIntegerField(null=True)
    duration_ms = models.PositiveIntegerField(null=True)
    answer = models.TextField(blank=True, default="")
    reason = models.JSONField(null=True)
    #: What the platform charged for it, in US dollars, as far as it is known.
    cost = models.DecimalField(max_digits=9, decimal_places=4, default=Decimal(0))
    #: `Destination.account_key` at that time.
    account_key = models.CharField(max_length=64, blank=True, default="")
    #: The post's id and address on the platform, if this try brought them to light.
    remote_id = models.CharField(max_length=200, blank=True, default="")
    remote_url = models.CharField(max_length=2000, blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint("post", "epoch", name="one_attempt_per_epoch")]
        ordering = ["id"]

    @property
    def wording(self) -> Wording | None:
        return Wording.from_json(self.reason)


class SweepReport(models.Model):
    """The one row about the sweeper: when it last ran, and what it found that time it found any.

    *rung_at* is when it last rang for everything due, not only for what had just become due.
    """

    swept_at = models.DateTimeField()
    rung_at = models.DateTimeField()
    found_at = models.DateTimeField(null=True)
    found = models.JSONField(default=dict)
