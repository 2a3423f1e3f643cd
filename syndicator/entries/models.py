"""The live blog, where its entries come from, and the entries with all their revisions."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from syndicator.content import EntryContent, Story, blocks_from_json

web_address = URLValidator(schemes=["http", "https"])


def known_time_zone(name: str) -> None:
    """`ValidationError` unless *name* is an IANA time zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValidationError(
            _("“%(name)s” is no time zone. Use a name like Europe/Berlin."), params={"name": name}
        ) from None


class LiveBlog(models.Model):
    slug = models.SlugField(_("short name"), unique=True, max_length=80)
    title = models.CharField(_("title"), max_length=300)
    lead = models.TextField(_("lead"), blank=True)
    canonical_url = models.CharField(
        _("address of the page"), max_length=2000, validators=[web_address]
    )
    language = models.CharField(_("language"), max_length=10, default="de")
    time_zone = models.CharField(
        _("time zone"), max_length=60, default="Europe/Berlin", validators=[known_time_zone]
    )
    breaking_tags = models.CharField(
        _("tags of breaking news"),
        max_length=300,
        blank=True,
        default="Eilmeldung, Eil, Breaking, Breaking news",
        help_text=_("Separated by commas. An entry with one of them overtakes what waits."),
    )
    never_automatic = models.TextField(
        max_length=10_000,
        blank=True,
        default="",
        help_text=_(
            "Words and phrases, one a line or separated by commas. An entry with one of them waits "
            "for an editor on every route. “*” stands for any ending or beginning: “Anschlag*”."
        ),
    )
    never_automatic_tags = models.CharField(
        max_length=300,
        blank=True,
        default="",
        help_text=_("Separated by commas. An entry with one of them waits for an editor."),
    )
    #: When an editor said that it is over; NULL: it goes on.
    closed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.title

    def is_breaking(self, tags: Iterable[str]) -> bool:
        """Whether one of an entry's *tags* is one of breaking news, however it is written."""
        breaking = {tag.strip().casefold() for tag in self.breaking_tags.split(",")} - {""}
        return any(tag.strip().casefold() in breaking for tag in tags)


class Source(models.Model):
    """Something that feeds a live blog: a push client with its own token, or imported files."""

    blog = models.ForeignKey(LiveBlog, on_delete=models.CASCADE, related_name="sources")
    name = models.CharField(_("name"), max_length=80)
    token_hash = models.CharField(max_length=64, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("blog", "name", name="one_source_per_name"),
            models.UniqueConstraint(
                "token_hash", name="one_source_per_token", condition=~models.Q(token_hash="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.blog.slug}/{self.name}"

    def issue_token(self) -> str:
        """Make a new push token, which replaces the old one; only its hash is kept."""
        token = f"syn_{secrets.token_urlsafe(32)}"
        self.token_hash = hash_token(token)
        self.save(update_fields=["token_hash"])
        return token


def hash_token(token: str) -> str:
    """Hex SHA-256. A token has 256 random bits, so a slow hash would add nothing."""
    return hashlib.sha256(token.encode()).hexdigest()


class EntryState(models.TextChoices):
    LIVE = "live", _("live")
    WITHDRAWN = "withdrawn", _("withdrawn")


class Entry(models.Model):
    """The current revision of one entry."""

    blog = models.ForeignKey(LiveBlog, on_delete=models.CASCADE, related_name="entries")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="entries")
    external_id = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=EntryState, default=EntryState.LIVE)
    revision = models.PositiveIntegerField(default=1)
    content_hash = models.CharField(max_length=64)
    author = models.CharField(max_length=300, blank=True)
    headline = models.CharField(max_length=1000, blank=True)
    permalink = models.CharField(max_length=2000)
    blocks = models.JSONField(default=list)
    key_event = models.BooleanField(default=False)
    tags = models.JSONField(default=list)
    published_at = models.DateTimeField()
    #: Nothing of it goes out before this time.
    embargo_until = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    #: It was public before anybody followed its source: it is known, and never posted.
    from_before = models.BooleanField(default=False)
    changed_at = models.DateTimeField()
    #: When to render this revision for its routes; NULL once that is done. What the sweeper reads.
    render_due_at = models.DateTimeField(null=True, db_index=True)
    #: When rendering this revision was first begun (NULL before that), and how often it was since.
    render_tried_at = models.DateTimeField(null=True)
    render_tries = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint("blog", "external_id", name="one_entry_per_external_id")
        ]
        indexes = [models.Index("blog", "published_at", "id", name="entries_in_order")]
        verbose_name_plural = "entries"

    def __str__(self) -> str:
        return self.headline or self.external_id

    @property
    def in_force_at(self) -> datetime:
        """When it came in, or when its embargo ends: from then on readers may be told of it."""
        return max(self.received_at, self.embargo_until or self.received_at)

    @property
    def content(self) -> EntryContent:
        return EntryContent(
            external_id=self.external_id,
            author=self.author,
            headline=self.headline,
            published_at=self.published_at,
            permalink=self.permalink,
            blocks=blocks_from_json(self.blocks),
            key_event=self.key_event,
            tags=tuple(self.tags),
            embargo_until=self.embargo_until,
        )

    @property
    def story(self) -> Story:
        return Story(
            entry=self.content,
            blog_slug=self.blog.slug,
            blog_title=self.blog.title,
            blog_url=self.blog.canonical_url,
            language=self.blog.language,
            time_zone=self.blog.time_zone,
            breaking=self.blog.is_breaking(self.tags),
        )


class EntryRevision(models.Model):
    """Append-only: what an entry said at each of its revisions."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="revisions")
    revision = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=EntryState)
    content = models.JSONField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("entry", "revision", name="one_row_per_entry_revision")
        ]
        ordering = ["revision"]


class Retraction(models.Model):
    """An editor took an entry back. Until somebody lifts it, it outranks the source.

    Meanwhile *source_state* and *source_content* (None: as the entry's own) are what the source
    last said. They make no revision, so nothing disturbs the deletions under way, and are what a
    lifted entry goes on with.
    """

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="retractions")
    reason = models.CharField(max_length=300)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField()
    source_state = models.CharField(max_length=10, choices=EntryState)
    source_content = models.JSONField(null=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "entry", name="one_standing_retraction", condition=models.Q(lifted_at=None)
            )
        ]

    @property
    def kept(self) -> EntryContent | None:
        """What the source said since, if that is something else."""
        return content_from_json(self.source_content) if self.source_content else None


def content_from_json(data: dict[str, Any]) -> EntryContent:
    """The reverse of `EntryContent.to_json`."""
    times = {
        name: datetime.fromisoformat(data[name]) if data.get(name) else None
        for name in ("published_at", "embargo_until")
    }
    return EntryContent(
        **{
            **data,
            **times,
            "blocks": blocks_from_json(data["blocks"]),
            "tags": tuple(data["tags"]),
        }
    )
