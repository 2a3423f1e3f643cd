"""The link in the mail: what it shows, and what it is good for, once, within thirty minutes."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.urls import reverse

from syndicator.accounts import audit
from syndicator.approval_mail.models import ApprovalMail
from syndicator.clock import database_now
from syndicator.posts import review
from syndicator.posts.models import Post, PostState

LASTS = timedelta(minutes=30)
#: For how long after that the page still says what became of the post.
SHOWN_FOR = timedelta(days=1)
#: Not ":", which a mail program may take for the end of a link in plain text.
_signer = Signer(salt="syndicator.approval", sep=".")


class UnknownLink(LookupError):
    """The link was not made here, is damaged, or its person may not decide any more."""


class SpentLink(Exception):
    """Used, or too old."""


def address(row: ApprovalMail) -> str:
    token = _signer.sign(f"{row.pk}-{row.nonce}")
    return settings.BASE_URL + reverse("desk:approval_link", args=[token])


def find(token: str) -> ApprovalMail:
    """The mail that *token* came with, whether or not it is good for anything still."""
    try:
        pk, _dash, nonce = _signer.unsign(token).partition("-")
    except BadSignature:
        raise UnknownLink from None
    row = (
        ApprovalMail.objects.select_related("post__entry__blog", "post__destination", "person")
        .filter(pk=int(pk), nonce=nonce)
        .first()
    )
    if row is None or not row.person.may_decide or not row.person.mails_waiting:
        raise UnknownLink
    if row.ends_at is None or row.ends_at < database_now() - SHOWN_FOR:
        raise UnknownLink
    return row


def is_spent(row: ApprovalMail) -> bool:
    return row.used_at is not None or row.ends_at is None or row.ends_at <= database_now()


def has_changed(row: ApprovalMail) -> bool:
    """Whether the post, or its entry, says something else than the mail."""
    post = row.post
    waits = post.state == PostState.PENDING
    return post.payload_hash != row.payload_hash or (waits and post.outdated)


def approve(row: ApprovalMail, from_address: str) -> Post:
    """Approve what was mailed, as the person it was mailed to. `review.ReviewRefused` says why not;
    then the link is as good as before."""
    with transaction.atomic():
        _use_up(row, from_address)
        return review.approve(row.post_id, row.person, row.payload_hash)


def reject(row: ApprovalMail, reason: str, from_address: str) -> Post:
    with transaction.atomic():
        _use_up(row, from_address)
        if has_changed(row):
            raise review.ReviewRefused(review.CHANGED)
        return review.reject(row.post_id, row.person, reason)


def _use_up(row: ApprovalMail, from_address: str) -> None:
    now = database_now()
    fresh = ApprovalMail.objects.filter(pk=row.pk, used_at=None, ends_at__gt=now)
    # By one of all who tap at once.
    if not fresh.update(used_at=now):
        raise SpentLink
    audit.record(row.person, "mail link used", row, address=from_address)
