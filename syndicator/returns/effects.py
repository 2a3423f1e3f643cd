"""What follows from a bounce or a complaint: for its mail, and for its address.

Every effect is one conditional write that the same report, coming again, does not change. The
remote's words are only kept for people to read.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, F, QuerySet
from django.db.models.functions import TruncDate

from syndicator.channels.email import delivery_status
from syndicator.channels.email.delivery_status import Bounce, status_in
from syndicator.newsletter import suppressing
from syndicator.newsletter.models import MailingRecipient, RecipientState, SuppressionReason
from syndicator.returns.models import Rules, the_rules
from syndicator.wording import Wording, gettext_noop

COMPLAINED = Wording(gettext_noop("The recipient reported this mail as spam."))
ANSWER_KEPT = 500
#: Mails judged in one transaction.
AT_ONCE = 500

#: A mail that went out may come back, and the report may be here before the relay's answer is on
#: record; of one that only waits, nothing can have come back.
_OUT = (RecipientState.ACCEPTED, RecipientState.UNCERTAIN, RecipientState.IN_FLIGHT)


def bounced(recipient_id: int, status: str, words: str, now: datetime) -> bool:
    """A mail was not delivered; False if that is known, or if it did not go out.

    *status* is an enhanced code or empty, *words* are the remote's.
    """
    with transaction.atomic():
        # The epoch keeps a sender that is still waiting for its answer from writing over it.
        written = _out(recipient_id).update(
            state=RecipientState.BOUNCED,
            epoch=F("epoch") + 1,
            due_at=None,
            answer=_with_status(status, words)[:ANSWER_KEPT],
            reason=delivery_status.said(status).to_json(),
            bounce="",
        )
        if written:
            _judge(MailingRecipient.objects.filter(pk=recipient_id), the_rules(), now)
        return bool(written)


def complained(recipient_id: int, kind: str, now: datetime) -> bool:
    """A reader reported a mail as spam; False if that is known, or if it did not go out."""
    with transaction.atomic():
        written = _out(recipient_id).update(
            state=RecipientState.COMPLAINED,
            epoch=F("epoch") + 1,
            due_at=None,
            reason=COMPLAINED.to_json(),
            returned_at=now,
        )
        if written:
            _suppress(
                MailingRecipient.objects.filter(pk=recipient_id),
                SuppressionReason.COMPLAINT,
                dict.fromkeys([recipient_id], kind),
                now,
            )
        return bool(written)


def judge_refused(now: datetime) -> int:
    """Judge what the relay itself refused, which the fan-out only wrote down; how many mails."""
    waiting = MailingRecipient.objects.filter(state=RecipientState.BOUNCED, bounce="")
    rules, judged = the_rules(), 0
    while some := list(waiting.order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        with transaction.atomic():
            judged += _judge(MailingRecipient.objects.filter(pk__in=some), rules, now)
    return judged


def _judge(mails: QuerySet[MailingRecipient], rules: Rules, now: datetime) -> int:
    """Write down what each bounce of *mails* says about its address, and act on it."""
    sorts: dict[Bounce, list[int]] = {sort: [] for sort in Bounce}
    answers = dict(mails.values_list("pk", "answer"))
    for pk, answer in answers.items():
        sorts[delivery_status.judge(status_in(answer), answer)].append(pk)
    for sort, pks in sorts.items():
        if pks:
            mails.filter(pk__in=pks).update(bounce=sort, returned_at=now)
    _suppress(mails.filter(pk__in=sorts[Bounce.HARD]), SuppressionReason.HARD_BOUNCE, answers, now)
    worn_out = _too_often(sorts[Bounce.SOFT], rules, now)
    _suppress(
        mails.filter(subscription__subscriber__in=worn_out, pk__in=sorts[Bounce.SOFT]),
        SuppressionReason.SOFT_BOUNCES,
        answers,
        now,
    )
    return len(answers)


def _too_often(softly_bounced: list[int], rules: Rules, now: datetime) -> list[int]:
    """Of the subscribers of these mails, those whose mail has come back on too many days."""
    if not softly_bounced:
        return []
    people = MailingRecipient.objects.filter(pk__in=softly_bounced).values(
        "subscription__subscriber"
    )
    return list(
        MailingRecipient.objects.filter(
            subscription__subscriber__in=people,
            bounce=Bounce.SOFT,
            returned_at__gt=now - timedelta(days=rules.within_days),
        )
        .values("subscription__subscriber")
        .annotate(days=Count(TruncDate("returned_at"), distinct=True))
        .filter(days__gte=rules.soft_days)
        .values_list("subscription__subscriber", flat=True)
    )


def _suppress(
    mails: QuerySet[MailingRecipient],
    reason: SuppressionReason,
    details: dict[int, str],
    now: datetime,
) -> None:
    """Suppress the addresses that *mails* went to, everywhere."""
    addresses = mails.values_list("pk", "address")
    found = {address: details[pk] for pk, address in addresses if address}
    if found:
        suppressing.suppress(found, reason, now)


def _out(recipient_id: int) -> QuerySet[MailingRecipient]:
    return MailingRecipient.objects.filter(pk=recipient_id, state__in=_OUT)


def _with_status(status: str, words: str) -> str:
    return words if not status or status in words else f"{status} {words}".strip()
