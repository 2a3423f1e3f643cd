"""What became of the mailings that posts turned into."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from syndicator.newsletter.models import Mailing, MailingRecipient, RecipientState
from syndicator.newsletter.progress import progress
from syndicator.posts.models import Post

#: Recipients of a mailing that are listed one by one.
RECIPIENTS = 100


@dataclass(frozen=True, slots=True)
class MailingReport:
    """What became of a mailing: how many mails are in which state, and the first of them."""

    mailing: Mailing
    counts: list[tuple[RecipientState, int]]
    recipients: list[MailingRecipient]


def reports(posts: Iterable[Post]) -> dict[str, MailingReport]:
    """Reports of the mailings that *posts* became, by the posts' idempotency keys."""
    keys = [post.idempotency_key for post in posts]
    return {mailing.key: report_of(mailing) for mailing in Mailing.objects.filter(key__in=keys)}


def report_of(mailing: Mailing) -> MailingReport:
    return MailingReport(
        mailing,
        [(state, count) for state, count in progress(mailing.pk).items() if count],
        list(mailing.recipients.order_by("id")[:RECIPIENTS]),
    )
