"""What became of the mailings that posts turned into."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from syndicator.channels.email.delivery_status import Bounce
from syndicator.newsletter.models import Mailing, MailingRecipient, RecipientState
from syndicator.newsletter.progress import progress
from syndicator.posts.models import Post

#: Recipients of a mailing that are listed one by one.
RECIPIENTS = 100


#: What the bounces of a mailing are about.
BOUNCES = {
    Bounce.HARD: _("Addresses that do not work"),
    Bounce.SOFT: _("Not deliverable at present"),
    Bounce.REFUSED: _("Our mail was refused"),
}


@dataclass(frozen=True, slots=True)
class MailingReport:
    """What became of a mailing: how many mails are in which state, what *bounces* are about, and
    the first mails, those that came back before all others."""

    mailing: Mailing
    counts: list[tuple[RecipientState, int]]
    bounces: list[tuple[str, int]]
    recipients: list[MailingRecipient]


def reports(posts: Iterable[Post]) -> dict[str, MailingReport]:
    """Reports of the mailings that *posts* became, by the posts' idempotency keys."""
    keys = [post.idempotency_key for post in posts]
    return {
        mailing.key: MailingReport(
            mailing,
            [(state, count) for state, count in progress(mailing.pk).items() if count],
            _bounces(mailing),
            _first(mailing),
        )
        for mailing in Mailing.objects.filter(key__in=keys)
    }


def _bounces(mailing: Mailing) -> list[tuple[str, int]]:
    counted = dict(
        mailing.recipients.filter(state=RecipientState.BOUNCED)
        .exclude(bounce="")
        .values_list("bounce")
        .annotate(number=Count("pk"))
    )
    return [(str(label), counted[sort]) for sort, label in BOUNCES.items() if sort in counted]


def _first(mailing: Mailing) -> list[MailingRecipient]:
    returned = mailing.recipients.filter(returned_at__isnull=False).order_by("-returned_at", "id")
    first = list(returned[:RECIPIENTS])
    others = mailing.recipients.filter(returned_at=None).order_by("id")
    return first + list(others[: RECIPIENTS - len(first)])
