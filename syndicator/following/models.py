"""The sources that are followed, what was read there, and what of it a person has to decide."""

from __future__ import annotations

import gzip
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from syndicator.entries.models import Entry, Source, web_address
from syndicator.following.pace import LEASE
from syndicator.wording import Wording

#: A hub that did not tell of news so many times in a row is not relied upon.
MOST_UNTOLD = 2
#: Calls in a row that are wrongly signed, before a hub is no longer relied upon.
MOST_MISSIGNED = 3


class Following(models.Model):
    """That a source is followed: where, how, and how that goes.

    *due_at* is when to look next (NULL: it is switched off), or when the lease of who is looking
    ends; *epoch* grows with every look and fences what is written after it. *began_at* is when the
    first look told what had been there before (NULL: none yet). *asked_at* is the last look,
    *answered_at* the last one that was answered, *page_changed_at* the last one that found other
    bytes, *news_at* the last one that found another entry or another text. *problem* says why the
    last look failed, *failures* how many did in a row.
    """

    source = models.OneToOneField(
        Source, on_delete=models.CASCADE, primary_key=True, related_name="following"
    )
    url = models.CharField(_("address"), max_length=2000, validators=[web_address])
    #: The reader's name; empty: whichever recognises what comes.
    reader = models.CharField(max_length=40, blank=True, default="")
    #: In seconds: never more often, and never less often while all is well.
    shortest = models.PositiveIntegerField(
        _("look at most every … seconds"),
        default=15,
        validators=[MinValueValidator(5), MaxValueValidator(3600)],
    )
    longest = models.PositiveIntegerField(
        _("look at least every … seconds"),
        default=300,
        validators=[MinValueValidator(15), MaxValueValidator(86_400)],
    )
    silence_minutes = models.PositiveIntegerField(
        _("alarm after so many minutes without news"),
        default=40,
        validators=[MaxValueValidator(10_080)],
        help_text=_(
            "If the page changes all the while, but no entry does. Where entries are rarer, it "
            "waits longer by itself. 0: no alarm."
        ),
    )
    due_at = models.DateTimeField(null=True, db_index=True)
    epoch = models.PositiveIntegerField(default=0)
    began_at = models.DateTimeField(null=True)
    #: Of the oldest entry that the first look saw (`horizon`): what is older is no news.
    horizon = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    page_changed_at = models.DateTimeField(null=True)
    news_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    problem = models.JSONField(null=True)
    etag = models.CharField(max_length=200, blank=True, default="")
    last_modified = models.CharField(max_length=200, blank=True, default="")
    #: Hex SHA-256 of the bytes that were read last.
    digest = models.CharField(max_length=64, blank=True, default="")

    def __str__(self) -> str:
        return str(self.source)

    @property
    def is_on(self) -> bool:
        return self.due_at is not None

    @property
    def problem_wording(self) -> Wording | None:
        return Wording.from_json(self.problem)

    @property
    def is_looked_at(self) -> bool:
        """Whether somebody has claimed it and is not done."""
        return self.asked_at is not None and self.due_at == self.asked_at + LEASE

    @property
    def hub(self) -> HubSubscription | None:
        """The subscription to the hub that the source named last; None if it never named one."""
        return self.subscriptions.filter(state__in=HubSubscription.CURRENT).first()

    @property
    def span(self) -> tuple[timedelta, timedelta]:
        return timedelta(seconds=self.shortest), timedelta(seconds=self.longest)


class Reading(models.Model):
    """Append-only, one for each look that brought news, and now and then for one that did not: what
    was read, and what came of it. Kept for some days, to look up and to play again.

    *warnings* are the reader's sentences.
    """

    following = models.ForeignKey(Following, on_delete=models.CASCADE, related_name="readings")
    read_at = models.DateTimeField(db_index=True)
    reader = models.CharField(max_length=40)
    first_run = models.BooleanField(default=False)
    entries = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    withdrawn = models.PositiveIntegerField(default=0)
    held = models.PositiveIntegerField(default=0)
    warnings = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["following", "-read_at"], name="readings_of_a_source")]


class ReadPage(models.Model):
    """One document of a reading, as it came."""

    reading = models.ForeignKey(Reading, on_delete=models.CASCADE, related_name="pages")
    number = models.PositiveSmallIntegerField()
    url = models.TextField()
    gzipped = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint("reading", "number", name="one_page_per_number")]
        ordering = ["number"]

    @property
    def body(self) -> bytes:
        return gzip.decompress(self.gzipped)


class Sameness(models.TextChoices):
    OPEN = "open", _("open")
    SAME = "same", _("the same entry")
    ANOTHER = "another", _("another entry")


class Likeness(models.Model):
    """The source calls an entry by a new name, but it stands where a known one stood.

    Whether that is the same entry, a person says; until then nothing of it goes out, and *content*
    is what the source said last.
    """

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="likenesses")
    external_id = models.CharField(max_length=200)
    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="likenesses")
    content = models.JSONField()
    verdict = models.CharField(max_length=8, choices=Sameness, default=Sameness.OPEN)
    noticed_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint("source", "external_id", name="one_likeness_per_name")
        ]
        verbose_name_plural = "likenesses"

    def __str__(self) -> str:
        return str(self.entry)


class RobotsFile(models.Model):
    """A site's robots.txt when it was read last (RFC 9309). Empty text: all is allowed."""

    #: Scheme, host and port.
    origin = models.CharField(max_length=300, primary_key=True)
    text = models.TextField(blank=True, default="")
    read_at = models.DateTimeField()


class HubState(models.TextChoices):
    WANTED = "wanted", _("not subscribed yet")
    ASKED = "asked", _("waits for the hub")
    LIVE = "live", _("subscribed")
    DENIED = "denied", _("denied by the hub")
    ENDING = "ending", _("being ended")
    ENDED = "ended", _("ended")


class HubSubscription(models.Model):
    """That a hub is to call us when a followed source changes (WebSub).

    *token* is what its calls are addressed to, *encrypted_secrets* has the ``secret`` that it signs
    them with. *due_at* is when to ask it next for something (NULL: never), or when the lease of who
    is asking ends; *epoch* fences what is written after. *asked_at* is when it was asked last,
    *verified_at* when it confirmed, for until *lease_until*. *pinged_at* is its last call that was
    rightly signed, *untold* how often since then news was found without one, and *missigned* how
    many wrongly signed ones have come since, up to `MOST_MISSIGNED`. *failures* counts what
    it was asked for in a row without confirming it, and *problem* says why.
    """

    CURRENT = (HubState.WANTED, HubState.ASKED, HubState.LIVE, HubState.DENIED)

    following = models.ForeignKey(Following, on_delete=models.CASCADE, related_name="subscriptions")
    hub_url = models.CharField(max_length=2000)
    topic_url = models.CharField(max_length=2000)
    token = models.CharField(max_length=64, unique=True)
    encrypted_secrets = models.TextField()
    state = models.CharField(max_length=8, choices=HubState, default=HubState.WANTED)
    due_at = models.DateTimeField(null=True, db_index=True)
    epoch = models.PositiveIntegerField(default=0)
    asked_at = models.DateTimeField(null=True)
    verified_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    pinged_at = models.DateTimeField(null=True)
    untold = models.PositiveIntegerField(default=0)
    missigned = models.PositiveSmallIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    problem = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "following",
                name="one_hub_per_source",
                condition=models.Q(state__in=("wanted", "asked", "live", "denied")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.following} ({self.host})"

    @property
    def host(self) -> str:
        return urlsplit(self.hub_url).hostname or self.hub_url

    @property
    def problem_wording(self) -> Wording | None:
        return Wording.from_json(self.problem)

    def is_live(self, now: datetime) -> bool:
        """Whether the hub has promised to call."""
        return (
            self.state == HubState.LIVE and self.lease_until is not None and now < self.lease_until
        )

    def is_telling(self, now: datetime) -> bool:
        """Whether it does call, as far as is known."""
        called = self.pinged_at is not None and self.untold < MOST_UNTOLD
        return self.is_live(now) and called and self.missigned < MOST_MISSIGNED
