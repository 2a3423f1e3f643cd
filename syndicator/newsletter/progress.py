"""How far a mailing has come."""

from __future__ import annotations

from django.db.models import Count

from syndicator.newsletter.models import MailingRecipient, RecipientState


def progress(mailing_id: int) -> dict[RecipientState, int]:
    """The number of a mailing's recipients in each state, zeros included; one query."""
    counted = (
        MailingRecipient.objects.filter(mailing=mailing_id)
        .values_list("state")
        .annotate(number=Count("pk"))
    )
    return dict.fromkeys(RecipientState, 0) | {
        RecipientState(state): number for state, number in counted
    }
