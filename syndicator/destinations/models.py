"""Where posts go, and by which policy each live blog's entries get there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from urllib.parse import urlsplit

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from syndicator import secrets
from syndicator.channels import registry
from syndicator.channels.base import Channel
from syndicator.destinations.quiet_hours import quiet_until
from syndicator.destinations.tracking import check_template
from syndicator.entries.models import LiveBlog
from syndicator.wording import Wording


class DestinationState(models.TextChoices):
    ACTIVE = "active", _("active")
    PAUSED = "paused", _("paused")
    DISCONNECTED = "disconnected", _("disconnected")


class Destination(models.Model):
    """An account on a channel. Its row is also the lock that keeps its posts in order."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    channel_name = models.CharField(_("platform"), max_length=40)
    base_url = models.CharField(_("address of the platform"), max_length=500)
    settings = models.JSONField(default=dict, blank=True)
    encrypted_secrets = models.TextField(blank=True, default="", editable=False)
    #: Which account it is, wherever its keys come from; empty for one saved before this was known.
    account_key = models.CharField(max_length=64, blank=True, default="", editable=False)
    state = models.CharField(
        max_length=12, choices=DestinationState, default=DestinationState.ACTIVE
    )
    pause_reason = models.JSONField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    #: Not before this time: the platform asked to wait, or the circuit is open. NULL: at once.
    next_post_at = models.DateTimeField(null=True, blank=True)
    #: When that was written: a clock that was ahead at the time is recognised by it.
    next_post_set_at = models.DateTimeField(null=True, blank=True, editable=False)
    #: Tries in a row that failed through no fault of their post.
    failures = models.PositiveSmallIntegerField(default=0)
    #: Since when so many failed in a row that only a probe is made now and then.
    circuit_opened_at = models.DateTimeField(null=True, blank=True)
    #: In US dollars; NULL: no limit. What would go beyond it waits for an editor.
    daily_budget = models.DecimalField(
        _("budget a day, US dollars"), max_digits=9, decimal_places=2, null=True, blank=True
    )
    monthly_budget = models.DecimalField(
        _("budget a month, US dollars"), max_digits=9, decimal_places=2, null=True, blank=True
    )
    #: Whose pictures it may show (`picture_rights`): lists as in `syndicator.entries.word_lists`.
    refused_credits = models.TextField(blank=True, default="")
    only_credits = models.TextField(blank=True, default="")
    pictures_without_credit = models.BooleanField(default=True)
    #: Until when one worker renews its access keys, and how often that was begun.
    renewing_until = models.DateTimeField(null=True, editable=False)
    renewals = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    @property
    def channel(self) -> Channel:
        return registry.channel(self.channel_name).for_settings(self.settings)

    @property
    def has_budget(self) -> bool:
        return self.daily_budget is not None or self.monthly_budget is not None

    @property
    def pause_wording(self) -> Wording | None:
        return Wording.from_json(self.pause_reason)

    def configure(self, values: Mapping[str, str]) -> None:
        """Take over *values* by the channel's settings; an empty secret keeps the stored one."""
        kept = secrets.decrypt(self.encrypted_secrets)
        for setting in self.channel.settings:
            if setting.kept and setting.name not in values:
                continue
            value = values.get(setting.name, "").strip()
            if not setting.secret:
                self.settings[setting.name] = value
            elif value:
                kept[setting.name] = value
        self.encrypted_secrets = secrets.encrypt(kept) if kept else ""
        self.account_key = self._account_key({**self.settings, **kept})

    def _account_key(self, settings: Mapping[str, str]) -> str:
        place = urlsplit(self.base_url)
        # Without the port, which a sandbox may change at every start.
        parts = (self.channel_name, place.hostname, place.path, self.channel.account_name(settings))
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    def not_before(self, until: datetime, now: datetime) -> None:
        """Let nothing go out before *until*, nor before what was said earlier. The caller saves."""
        if self.next_post_at and self.next_post_set_at and self.next_post_set_at > now:
            # A clock wrote it that was ahead and has been set back: it must not hide *until*.
            self.next_post_at -= self.next_post_set_at - now
            self.next_post_set_at = now
        if self.next_post_at is None or self.next_post_at < until:
            self.next_post_at, self.next_post_set_at = until, now

    @classmethod
    def pause(cls, pk: int, reason: Wording, now: datetime) -> bool:
        """Stop posting and keep the queue; False if it was not active."""
        active = cls.objects.filter(pk=pk, state=DestinationState.ACTIVE)
        return bool(
            active.update(
                state=DestinationState.PAUSED, pause_reason=reason.to_json(), paused_at=now
            )
        )


class AccountProfile(models.Model):
    """What the platform last said about a destination's account. Apart from its row, which is the
    lock of its posts, so that a check never waits for one and no post loads a picture.

    *asked_at* is the last check (NULL: none yet), *checked_at* the last one that was answered;
    *problem* says why the last one was not. *picture* is a small PNG. *ends_at*: None if never, or
    not known.
    *recheck_at* is the earliest time of the next check by itself; NULL: a day after *asked_at*.
    *told_step* is how far people were warned that access ends at *told_end* (`endings`).
    """

    destination = models.OneToOneField(
        Destination, on_delete=models.CASCADE, primary_key=True, related_name="profile"
    )
    name = models.CharField(max_length=200, blank=True, default="")
    url = models.CharField(max_length=500, blank=True, default="")
    picture = models.BinaryField(default=bytes)
    missing = models.JSONField(default=list)
    notes = models.JSONField(default=list)
    ends_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    problem = models.JSONField(null=True)
    recheck_at = models.DateTimeField(null=True)
    told_step = models.PositiveSmallIntegerField(default=0)
    told_end = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name

    @property
    def problem_wording(self) -> Wording | None:
        return Wording.from_json(self.problem)

    @property
    def missing_wordings(self) -> list[Wording]:
        return [said for data in self.missing if (said := Wording.from_json(data))]

    @property
    def note_wordings(self) -> list[Wording]:
        return [said for data in self.notes if (said := Wording.from_json(data))]


class DailySpend(models.Model):
    """What one destination's platform charged on one day (UTC), in US dollars."""

    destination = models.ForeignKey(Destination, on_delete=models.CASCADE, related_name="spend")
    day = models.DateField()
    amount = models.DecimalField(max_digits=10, decimal_places=4, default=Decimal(0))

    class Meta:
        constraints = [
            models.UniqueConstraint("destination", "day", name="one_spend_per_destination_and_day")
        ]

    def __str__(self) -> str:
        return f"{self.destination}, {self.day}: ${self.amount}"


class Policy(models.TextChoices):
    AUTOMATIC = "automatic", _("post automatically")
    REVIEW = "review", _("wait for an editor")
    DIGEST = "digest", _("digests only")
    OFF = "off", _("do not post")


class KeyEvents(models.TextChoices):
    """Which entries a route takes, by whether they are key events."""

    ALL = "all", _("all entries")
    ONLY = "only", _("key events only")
    NONE = "none", _("all but key events")


class Otherwise(models.TextChoices):
    """What becomes of an entry that a route's filters leave out."""

    SKIP = "skip", _("is not posted")
    REVIEW = "review", _("waits for an editor")


class Route(models.Model):
    """A live blog × destination, and what happens to each entry on it."""

    blog = models.ForeignKey(LiveBlog, on_delete=models.CASCADE, related_name="routes")
    destination = models.ForeignKey(Destination, on_delete=models.CASCADE, related_name="routes")
    policy = models.CharField(_("policy"), max_length=10, choices=Policy, default=Policy.REVIEW)
    hold_seconds = models.PositiveIntegerField(
        _("hold time in seconds"),
        default=0,
        help_text=_("How long an approved post waits, so that a typing error can be mended."),
    )
    limit_minutes = models.PositiveIntegerField(
        _("newsworthy for, in minutes"),
        default=60,
        help_text=_(
            "An approved post that could not go out for longer than this waits for an editor "
            "instead, so that a long backlog does not flood the readers. 0: it always goes out."
        ),
    )

    with_pictures = models.BooleanField(
        _("with pictures"),
        default=False,
        help_text=_(
            "The entry's pictures go out with the post. Some platforms then show no link card."
        ),
    )
    as_thread = models.BooleanField(
        _("long entries as a thread"),
        default=False,
        help_text=_("What does not fit into one post goes on in answers to it."),
    )
    gather_minutes = models.PositiveSmallIntegerField(
        _("gather minor entries: within minutes"),
        default=0,
        validators=[MaxValueValidator(120)],
        help_text=_(
            "Entries that are neither key events nor breaking news and come within this time go "
            "out in one post, a line for each. 0: each by itself."
        ),
    )

    review_digests = models.BooleanField(
        default=False, help_text=_("A digest waits for an editor before it goes out.")
    )
    four_eyes = models.BooleanField(
        default=False, help_text=_("Whoever wrote or edited a text may not approve it.")
    )
    hold_broken_links = models.BooleanField(
        default=False,
        help_text=_(
            "An entry whose permalink readers cannot open waits for an editor. Otherwise the desk "
            "only warns of it."
        ),
    )
    #: The filters: lists as in `syndicator.entries.word_lists`; an empty one lets everything pass.
    only_tags = models.CharField(max_length=300, blank=True, default="")
    not_tags = models.CharField(max_length=300, blank=True, default="")
    only_authors = models.CharField(max_length=300, blank=True, default="")
    not_authors = models.CharField(max_length=300, blank=True, default="")
    key_events = models.CharField(max_length=4, choices=KeyEvents, default=KeyEvents.ALL)
    otherwise = models.CharField(max_length=6, choices=Otherwise, default=Otherwise.SKIP)
    #: By the live blog's clock; NULL: never quiet.
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_to = models.TimeField(null=True, blank=True)
    urgent_in_quiet_hours = models.BooleanField(default=True)
    #: Parameters for its links: see `syndicator.destinations.tracking`.
    tracking = models.CharField(max_length=300, blank=True, default="", validators=[check_template])
    #: Its links lead to the entries' share pages, where the live blog has them.
    share_page = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint("blog", "destination", name="one_route_per_destination")
        ]

    def __str__(self) -> str:
        return f"{self.blog} → {self.destination}"

    @property
    def hold(self) -> timedelta:
        return timedelta(seconds=self.hold_seconds)

    @property
    def gathers(self) -> timedelta:
        """How long a minor entry's post waits for others to join it; zero: not at all."""
        return timedelta(minutes=self.gather_minutes)

    def quiet_until(self, now: datetime, zone: str, *, urgent: bool) -> datetime | None:
        """Until when nothing goes out on it; None if something may *now*. *zone* is the blog's."""
        if self.quiet_from is None or self.quiet_to is None:
            return None
        if urgent and self.urgent_in_quiet_hours:
            return None
        return quiet_until(now, self.quiet_from, self.quiet_to, zone)

    def fresh_until(self, due_at: datetime) -> datetime | None:
        """Until when a post that is due at *due_at* may go out unasked; None: for ever."""
        return due_at + timedelta(minutes=self.limit_minutes) if self.limit_minutes else None


class Stop(models.Model):
    """The red button, pressed: nothing goes out where it holds, until somebody lifts it.

    It holds for everything, or for one live blog (*blog*), or for one platform (*channel_name*).
    """

    blog = models.ForeignKey(LiveBlog, on_delete=models.CASCADE, null=True, related_name="stops")
    channel_name = models.CharField(max_length=40, blank=True, default="")
    reason = models.CharField(max_length=300)
    pressed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    pressed_at = models.DateTimeField()
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "channel_name",
                Coalesce("blog", 0),
                name="one_stop_per_scope",
                condition=models.Q(lifted_at=None),
            )
        ]
