"""What of a live blog the world can read here, and how often the links to it were followed."""

from __future__ import annotations

import secrets

from django.db import models
from django.utils.translation import gettext_lazy as _

from syndicator.entries.models import Entry, LiveBlog


def new_secret() -> str:
    return secrets.token_urlsafe(32)


class SharePages(models.Model):
    """What a live blog shows the world. Without a row: nothing.

    *secret* makes its entries' addresses (`addresses.key_of`) and is never changed: links that are
    out must lead somewhere, whatever becomes of the installation's own keys.
    """

    blog = models.OneToOneField(
        LiveBlog, on_delete=models.CASCADE, primary_key=True, related_name="share_pages"
    )
    is_on = models.BooleanField(_("Share pages and share bars"), default=False)
    feeds_on = models.BooleanField(_("Feeds of what was posted"), default=False)
    #: Origins, one a line. Empty: that of the live blog's own page.
    framed_by = models.TextField(
        _("Websites that may show the share bar in a frame"),
        max_length=2000,
        blank=True,
        default="",
    )
    secret = models.CharField(
        _("what its addresses are made with"), max_length=64, default=new_secret, editable=False
    )
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.blog)


class Clicks(models.Model):
    """How many people followed the links to one entry's share page on one day (UTC)."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="clicks")
    day = models.DateField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint("entry", "day", name="one_row_of_clicks_per_day")]
        verbose_name_plural = "clicks"

    def __str__(self) -> str:
        return f"{self.entry}, {self.day}: {self.count}"
