"""Whether readers who follow a permalink get to what it promises: asked of the page itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import unquote, urldefrag

from django.db import models
from django.utils.translation import gettext_lazy as _

from syndicator.entries.models import Entry
from syndicator.wording import Wording

#: One page is asked for no more often, whoever waits for it: what it said so lately holds still.
SPACING = timedelta(seconds=30)


class ProbedPage(models.Model):
    """A page that permalinks lead to, and what it said last. One request serves all of them.

    *due_at* is when to ask for it (NULL: nobody waits for it), *leased_until* until when a worker
    does; *epoch* fences what that worker writes. *status* is 0 if there was no answer. *places* are
    the fragments that are there, kept only where a permalink has one.
    """

    #: Hex SHA-256 of *url*, which has no fragment.
    url_hash = models.CharField(max_length=64, unique=True)
    url = models.TextField()
    host = models.CharField(max_length=260, db_index=True)
    due_at = models.DateTimeField(null=True, db_index=True)
    leased_until = models.DateTimeField(null=True)
    epoch = models.PositiveIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True)
    fetched_at = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(default=0)
    places = models.JSONField(default=list)
    notes = models.JSONField(default=list)

    def __str__(self) -> str:
        return self.url

    def may_be_asked_at(self, now: datetime) -> datetime:
        if self.fetched_at is None or self.fetched_at > now:
            return now
        return max(now, self.fetched_at + SPACING)

    def was_seen_just_now(self, now: datetime) -> bool:
        fetched = self.fetched_at
        return fetched is not None and now - SPACING < fetched <= now


class Answer(models.TextChoices):
    WORKS = "works", _("works")
    GONE = "gone", _("not found")
    FAILS = "fails", _("does not open")
    NO_PLACE = "no_place", _("the place is not there")
    UNCHECKED = "unchecked", _("could not be checked")


#: Readers would not get to the entry.
BROKEN = (Answer.GONE, Answer.FAILS, Answer.NO_PLACE)


class Permalink(models.Model):
    """What came of following one entry's permalink.

    *answer* is empty until it was asked for; *why* is a sentence about it, unless it works, and
    *notes* are what else there is to say of the page. *due_at*: when to look (again), or NULL.
    *missing_at* is when its source's document was last found to lack the entry, and NULL once it
    tells of it again; *gone_at* when its page was first found gone since; *withdrawn_at* when the
    entry was withdrawn for that; *kept_at* when a person said that the entry stays although its
    place is gone.
    """

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="permalinks")
    page = models.ForeignKey(ProbedPage, on_delete=models.CASCADE, related_name="permalinks")
    #: Hex SHA-256 of the whole address.
    url_hash = models.CharField(max_length=64)
    fragment = models.CharField(max_length=2000, blank=True, default="")
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, db_index=True)
    tries = models.PositiveSmallIntegerField(default=0)
    answer = models.CharField(max_length=10, choices=Answer, blank=True, default="")
    why = models.JSONField(null=True)
    notes = models.JSONField(default=list)
    probed_at = models.DateTimeField(null=True)
    missing_at = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    kept_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint("entry", "url_hash", name="one_probe_per_permalink")]

    @property
    def is_broken(self) -> bool:
        return self.answer in BROKEN

    @property
    def page_shows_no_fault(self) -> bool:
        """Whether it was asked for and is not broken, and its page opens."""
        return bool(self.answer) and not self.is_broken and self.page.status == 200

    @property
    def place_is_gone(self) -> bool:
        """Whether the entry is neither in its source's document nor on its page any more."""
        missing = self.missing_at is not None and self.kept_at is None
        return missing and self.answer == Answer.NO_PLACE

    @property
    def wording(self) -> Wording | None:
        return Wording.from_json(self.why)

    @property
    def note_wordings(self) -> list[Wording]:
        return [said for data in self.notes if (said := Wording.from_json(data))]


def parted(permalink: str) -> tuple[str, str]:
    """The page of *permalink*, and the fragment in it; a text directive is none (WICG Scroll to
    Text Fragment)."""
    page, fragment = urldefrag(permalink)
    # No page has a place with a NUL in its name, and no database keeps one.
    return page, unquote(fragment.partition(":~:")[0]).replace("\0", "")
