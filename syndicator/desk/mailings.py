"""What became of the mailings that posts turned into, and how far those are that still go out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django import forms
from django.db.models import Count, F, QuerySet
from django.utils.translation import gettext_lazy as _

from syndicator.channels.base import Unauthorised
from syndicator.channels.email.delivery_status import Bounce
from syndicator.newsletter.limits import Limits
from syndicator.newsletter.models import Mailing, MailingRecipient, MailingState, RecipientState
from syndicator.newsletter.progress import Pace, pace, progress
from syndicator.newsletter.throttle import daily_ceiling
from syndicator.posts.models import Post

#: Recipients of a mailing that are listed one by one.
RECIPIENTS = 100
#: The beginning of a post's idempotency key.
_POST = re.compile(r"syndicator-(?P<pk>\d{1,18})-")


#: What the bounces of a mailing are about.
BOUNCES = {
    Bounce.HARD: _("Addresses that do not work"),
    Bounce.SOFT: _("Not deliverable at present"),
    Bounce.REFUSED: _("Our mail was refused"),
}


@dataclass(frozen=True, slots=True)
class MailingReport:
    """What became of a mailing: how many mails are in which state, what *bounces* are about, and
    how fast it goes on.

    *ceiling* is how many mails the sender's warm-up allows today, once it has been reached.
    """

    mailing: Mailing
    counts: list[tuple[RecipientState, int]]
    bounces: list[tuple[str, int]]
    pace: Pace
    ceiling: int | None = None

    @property
    def all(self) -> int:
        return sum(count for _state, count in self.counts)

    @property
    def waiting(self) -> int:
        open_states = (RecipientState.QUEUED, RecipientState.IN_FLIGHT)
        return sum(count for state, count in self.counts if state in open_states)

    @property
    def ended(self) -> int:
        return self.all - self.waiting

    @property
    def uncertain(self) -> int:
        return dict(self.counts).get(RecipientState.UNCERTAIN, 0)

    @property
    def time_left(self) -> timedelta | None:
        return self.pace.left(self.waiting) if self.waiting else None

    @property
    def is_live(self) -> bool:
        """Whether it may look different in a moment."""
        return self.mailing.state == MailingState.SENDING or bool(self.waiting)


def reports(posts: Iterable[Post]) -> dict[str, MailingReport]:
    """Reports of the mailings that *posts* became, by the posts' idempotency keys."""
    keys = [post.idempotency_key for post in posts]
    found = Mailing.objects.filter(key__in=keys).select_related("destination", "blog")
    return {mailing.key: report(mailing) for mailing in found}


def post_of(mailing: Mailing) -> Post | None:
    """The post that became *mailing*; None for one that no post did."""
    posts = Post.objects.filter(destination=mailing.destination_id, entry__blog=mailing.blog_id)
    found = _POST.match(mailing.key)
    post = posts.filter(pk=found["pk"]).first() if found else None
    return post if post and post.idempotency_key == mailing.key else None


def report(mailing: Mailing) -> MailingReport:
    counts = [(state, count) for state, count in progress(mailing.pk).items() if count]
    ceiling = None
    if mailing.state == MailingState.SENDING:
        try:
            limits = Limits.from_settings(mailing.destination.settings)
        except Unauthorised:
            limits = Limits()  # the destination says what is wrong with them
        ceiling = daily_ceiling(mailing.destination_id, limits) if limits.warm_up else None
    return MailingReport(mailing, counts, _bounces(mailing), pace(mailing.pk), ceiling)


def _bounces(mailing: Mailing) -> list[tuple[str, int]]:
    counted = dict(
        mailing.recipients.filter(state=RecipientState.BOUNCED)
        .exclude(bounce="")
        .values_list("bounce")
        .annotate(number=Count("pk"))
    )
    return [(str(label), counted[sort]) for sort, label in BOUNCES.items() if sort in counted]


class RecipientFilter(forms.Form):
    """Which recipients of a mailing to show: by state, and by a part of the address or answer."""

    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("all")), *RecipientState.choices]
    )
    words = forms.CharField(label=_("Address or answer"), required=False, max_length=200)

    def chosen(self, mailing: Mailing) -> QuerySet[MailingRecipient]:
        # Those that came back before all others.
        rows = mailing.recipients.order_by(F("returned_at").desc(nulls_last=True), "id")
        if not self.is_valid():
            return rows
        if state := self.cleaned_data["state"]:
            rows = rows.filter(state=state)
        if words := self.cleaned_data["words"]:
            rows = rows.filter(address__icontains=words) | rows.filter(answer__icontains=words)
        return rows
