"""Writes down which waiting posts are to be mailed to whom, and hands the mails in.

Claim (committed, under a lease), hand in (outside any transaction), record. A worker that dies in
between leaves the same mail to be sent again; its link is the same.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F, Q
from django.utils import translation
from django.utils.translation import gettext

from syndicator.accounts.models import Role, User
from syndicator.alerts.relay import Relay
from syndicator.approval_mail import links
from syndicator.approval_mail.models import ApprovalMail
from syndicator.clock import database_now
from syndicator.outbound.deadline import Deadline
from syndicator.posts.models import Post, PostState

log = structlog.get_logger(__name__)

#: How far back posts are looked for that came to wait.
LOOK_BACK = timedelta(minutes=10)
#: What could not be mailed for so long is decided on the desk.
GIVE_UP = timedelta(minutes=30)
#: All mails of one claim are handed in within this time; shorter than the lease.
DEADLINE = timedelta(seconds=40)
LEASE = timedelta(minutes=2)
WAIT = timedelta(seconds=30)
AT_ONCE = 40


def mail_due() -> int:
    """Mail what is due; the number of mails handed in."""
    if not settings.EMAIL_HOST:
        return 0
    now = database_now()
    plan(now)
    claimed = claim(now)
    if not claimed:
        return 0
    handed_in = _hand_in(claimed)
    for row in claimed:
        # Only by the holder of the lease.
        held = ApprovalMail.objects.filter(pk=row.pk, due_at=row.due_at)
        if row.pk in handed_in:
            held.update(due_at=None, mailed_at=database_now())
        else:
            held.update(due_at=database_now() + WAIT)
    return len(handed_in)


def plan(now: datetime) -> None:
    """Note every post that came to wait, as it stands, for everybody who wants mail of it."""
    people = User.objects.filter(
        is_active=True, role__in=(Role.EDITOR, Role.ADMIN), mails_waiting=True
    ).exclude(email="")
    if not people:
        return
    lately = now - LOOK_BACK
    came = Q(changed_at__gte=lately) | Q(gathers_until__gte=lately)
    # What still gathers minor entries would be another post by the time its mail is read.
    waiting = list(
        Post.objects.filter(came, state=PostState.PENDING).exclude(gathers_until__gt=now)
    )
    known = set(
        ApprovalMail.objects.filter(post__in=waiting).values_list("post", "person", "payload_hash")
    )
    ApprovalMail.objects.bulk_create(
        [
            ApprovalMail(
                post=post,
                person=person,
                payload_hash=post.payload_hash,
                said=post.message.as_posted(),
                nonce=secrets.token_hex(16),
                made_at=now,
                due_at=now,
            )
            for person in people
            for post in waiting
            if (post.pk, person.pk, post.payload_hash) not in known
        ],
        # Another worker may be at it.
        ignore_conflicts=True,
    )


def claim(now: datetime) -> list[ApprovalMail]:
    """Take due mails for one try, and commit that; what is decided or old by now is dropped."""
    claimed = []
    with transaction.atomic(durable=True):
        due = ApprovalMail.objects.select_related("post__entry", "post__destination", "person")
        for row in due.filter(due_at__lte=now).order_by("pk")[:AT_ONCE]:
            as_seen = ApprovalMail.objects.filter(pk=row.pk, due_at=row.due_at)
            post = row.post
            if (
                post.state != PostState.PENDING
                or post.payload_hash != row.payload_hash
                or row.made_at < now - GIVE_UP
            ):
                as_seen.update(due_at=None)
                continue
            row.due_at, row.ends_at = now + LEASE, now + links.LASTS
            if as_seen.update(due_at=row.due_at, ends_at=row.ends_at, tries=F("tries") + 1):
                claimed.append(row)
    return claimed


def compose(row: ApprovalMail) -> EmailMessage:
    post = row.post
    with translation.override(settings.ALERT_LANGUAGE):
        title = post.entry.headline or post.message.text
        subject = gettext("Waits for you: %(title)s (%(name)s)") % {
            "title": _one_line(title, 80),
            "name": _one_line(post.destination.name, 40),
        }
        return EmailMessage(
            subject=subject,
            body="\n\n".join(
                [
                    row.said,
                    gettext("Look at it, and approve or reject it, within 30 minutes:"),
                    links.address(row),
                    gettext(
                        "The link is yours alone: whoever has it can decide in your name. "
                        "You asked for these mails in your account on the desk."
                    ),
                ]
            )
            + "\n",
            to=[row.person.email],
            headers={"Auto-Submitted": "auto-generated"},
        )


def _hand_in(rows: Sequence[ApprovalMail]) -> set[int]:
    """The rows whose mail the server took."""
    taken = set()
    try:
        with Deadline(DEADLINE) as limit, Relay(limit) as relay:
            for row in rows:
                try:
                    relay.send_messages([compose(row)])
                    taken.add(row.pk)
                except (OSError, ValueError) as error:  # ValueError: an address not to be written
                    log.warning("post for approval not mailed", post=row.post_id, error=str(error))
    except OSError as error:
        log.warning("posts for approval not mailed: no way into the server", error=str(error))
    return taken


def _one_line(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
