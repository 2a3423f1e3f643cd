"""Inviting people: a link by mail, good once and for seven days, to make an account with."""

from __future__ import annotations

from datetime import timedelta

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext

from syndicator.accounts import audit
from syndicator.accounts.models import Role, User
from syndicator.alerts.relay import Relay
from syndicator.clock import database_now
from syndicator.entrance import links
from syndicator.entrance.links import UnknownLink
from syndicator.entrance.models import Invitation
from syndicator.outbound.deadline import Deadline

log = structlog.get_logger(__name__)

LASTS = timedelta(days=7)
DEADLINE = timedelta(seconds=10)
_PURPOSE = "invitation"


def invite(email: str, role: Role, admin: User) -> tuple[Invitation, str]:
    """The invitation and its token; earlier ones to the same address end."""
    now = database_now()
    token, token_hash = links.make(_PURPOSE)
    with transaction.atomic():
        waiting(email).update(revoked_at=now)
        invitation = Invitation.objects.create(
            email=email,
            role=role,
            token_hash=token_hash,
            invited_by=admin,
            invited_at=now,
            ends_at=now + LASTS,
        )
    return invitation, token


def waiting(email: str | None = None) -> QuerySet[Invitation]:
    """Invitations that can still be accepted: all, or those to one address."""
    open_ones = Invitation.objects.filter(
        accepted_at=None, revoked_at=None, ends_at__gt=database_now()
    )
    return open_ones if email is None else open_ones.filter(email__iexact=email)


def find(token: str) -> Invitation:
    found = waiting().filter(token_hash=links.hash_of(_PURPOSE, token)).first()
    if found is None:
        raise UnknownLink
    return found


def accept(token: str, person: User) -> User:
    """Save *person*, who is new, with the role and address of the invitation, which is used up."""
    with transaction.atomic():
        invitation = find(token)
        person.role, person.email = invitation.role, invitation.email
        person.save()
        # By one of all who try at once; the others' person is not saved.
        taken = waiting().filter(pk=invitation.pk)
        if not taken.update(accepted_at=database_now(), person=person):
            raise UnknownLink
        audit.record(person, "accepted", invitation, after={"role": person.role})
    return person


def revoke(pk: int) -> bool:
    return bool(waiting().filter(pk=pk).update(revoked_at=database_now()))


def mail(invitation: Invitation, address: str) -> bool:
    """Whether the mail server took the mail with the link *address*."""
    if not settings.EMAIL_HOST:
        return False
    letter = EmailMessage(
        subject=gettext("Your account on the desk"),
        body="\n\n".join(
            [
                gettext("%(who)s invites you to the desk of Syndicator, as: %(role)s.")
                % {"who": invitation.invited_by, "role": Role(invitation.role).label},
                gettext("Choose a name and a password here, within seven days:"),
                address,
                gettext("The link works once. If you do not expect this mail, ignore it."),
            ]
        )
        + "\n",
        to=[invitation.email],
        headers={"Auto-Submitted": "auto-generated"},
    )
    try:
        with Deadline(DEADLINE) as limit, Relay(limit) as relay:
            return bool(relay.send_messages([letter]))
    except (OSError, ValueError) as error:  # ValueError: an address that cannot be written
        log.warning("invitation not mailed", error=str(error))
        return False
