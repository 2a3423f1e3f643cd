"""Writes down what became of claimed mails, many in one statement."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Self

from django.db import connection

from syndicator.channels.base import ChannelError, Outcome
from syndicator.clock import database_now
from syndicator.newsletter.claiming import Claimed
from syndicator.newsletter.models import (
    Mailing,
    MailingRecipient,
    MailingState,
    RecipientState,
)
from syndicator.statements import storable
from syndicator.wording import Wording, gettext_noop

#: The n-th wait after a relay's "later"; after the last one the mail counts as bounced.
BACKOFF = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 240))
ANSWER_KEPT = 500

GAVE_UP = gettext_noop("The relay put it off %(tries)s times, at last with: %(answer)s")

_TOLD = {
    "sqlite": """(SELECT value->>'id' AS id, value->>'epoch' AS epoch, value->>'state' AS state,
        value->>'due_at' AS due_at, value->>'attempts' AS attempts, value->>'answer' AS answer,
        value->>'reason' AS reason FROM json_each(%s)) AS told""",
    "postgresql": """jsonb_to_recordset(%s::jsonb) AS told(id bigint, epoch int, state text,
        due_at timestamptz, attempts int, answer text, reason text)""",
}
_AS_JSON = {"sqlite": "told.reason", "postgresql": "told.reason::jsonb"}
#: Of each mail its id, its epoch and the relay's words.
_ACCEPTED = {
    "sqlite": "json_each(%s)",
    "postgresql": "jsonb_array_elements(%s::jsonb)",
}


class Fate(NamedTuple):
    """What a try of one claimed mail came to. *outcome* None: it was not begun, which counts as
    no try. *reason* is a `Wording` as JSON."""

    pk: int
    epoch: int
    attempts: int
    outcome: Outcome | None
    answer: str = ""
    reason: dict[str, Any] | None = None

    @classmethod
    def of(cls, mail: Claimed, said: str | ChannelError | None) -> Self:
        """*said* is the relay's word for an accepted mail, or why it was not; None: not begun."""
        if said is None:
            return cls(mail.pk, mail.epoch, mail.attempts, None)
        if isinstance(said, str):
            return cls(mail.pk, mail.epoch, mail.attempts, Outcome.ACCEPTED, said[:ANSWER_KEPT])
        reason, answer = said.reason.to_json(), said.answer[:ANSWER_KEPT]
        return cls(mail.pk, mail.epoch, mail.attempts, said.outcome, answer, reason)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        outcome = data.pop("outcome")
        return cls(**data, outcome=Outcome(outcome) if outcome else None)

    def to_json(self) -> dict[str, Any]:
        # Not `dataclasses.asdict`: that copies deeply, which a mail is too cheap for.
        return {
            "pk": self.pk,
            "epoch": self.epoch,
            "attempts": self.attempts,
            "outcome": self.outcome,
            "answer": self.answer,
            "reason": self.reason,
        }


def record(fates: Iterable[Fate]) -> int:
    """Write down *fates*, but for mails that have been claimed anew since; how many it was.

    A lease that the sweeper ended meanwhile does not stand in the way: this knows more.
    """
    accepted: list[Fate] = []
    others: list[Fate] = []
    for fate in fates:
        (accepted if fate.outcome is Outcome.ACCEPTED else others).append(fate)
    recorded = 0
    if accepted:
        recorded += _record_accepted(accepted, database_now())
    if others:
        recorded += _record_others(others, database_now())
    return recorded


def _record_accepted(fates: Iterable[Fate], now: datetime) -> int:
    """What nearly all mails come to, and so with no more in the statement than differs."""
    told = [(fate.pk, fate.epoch, storable(fate.answer)) for fate in fates]
    sql = f"""
        UPDATE {MailingRecipient._meta.db_table} AS mail SET state = %s, due_at = NULL,
            answer = told.answer, reason = NULL, accepted_at = %s
        FROM (SELECT CAST(value->>0 AS bigint) AS id, CAST(value->>1 AS integer) AS epoch,
            value->>2 AS answer FROM {_ACCEPTED[connection.vendor]}) AS told
        WHERE mail.id = told.id AND mail.epoch = told.epoch"""  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, [RecipientState.ACCEPTED, _time(now), json.dumps(told)])
        recorded: int = cursor.rowcount
    return recorded


def _record_others(fates: Iterable[Fate], now: datetime) -> int:
    rows = [_row(fate, now) for fate in fates]
    sql = f"""
        UPDATE {MailingRecipient._meta.db_table} AS mail SET state = told.state,
            due_at = told.due_at, attempts = told.attempts, answer = told.answer,
            reason = {_AS_JSON[connection.vendor]}, accepted_at = NULL
        FROM {_TOLD[connection.vendor]}
        WHERE mail.id = told.id AND mail.epoch = told.epoch"""  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, [json.dumps(rows)])
        recorded: int = cursor.rowcount
    _go_on([row["id"] for row in rows if row["state"] == RecipientState.QUEUED])
    return recorded


def _go_on(waiting: list[int]) -> None:
    """A mailing that was done is not, if one of its mails waits again."""
    if waiting:
        mails = MailingRecipient.objects.filter(pk__in=waiting, state=RecipientState.QUEUED)
        Mailing.objects.filter(state=MailingState.DONE, pk__in=mails.values("mailing")).update(
            state=MailingState.SENDING
        )


def _row(fate: Fate, now: datetime) -> dict[str, Any]:
    """The columns of the row of a mail that was not accepted."""
    state, due_at = RecipientState.UNCERTAIN, None
    tries, reason = fate.attempts, fate.reason
    match fate.outcome:
        case None | Outcome.UNAUTHORISED:
            state, due_at, tries = RecipientState.QUEUED, now, tries - 1
        case Outcome.TRY_LATER if tries <= len(BACKOFF):
            state, due_at = RecipientState.QUEUED, now + BACKOFF[tries - 1]
        case Outcome.TRY_LATER:
            state = RecipientState.BOUNCED
            reason = Wording(GAVE_UP, {"tries": tries, "answer": fate.answer}).to_json()
        case Outcome.REJECTED:
            state = RecipientState.BOUNCED
    return {
        "id": fate.pk,
        "epoch": fate.epoch,
        "state": state,
        "due_at": _time(due_at),
        "attempts": tries,
        "answer": storable(fate.answer),
        "reason": storable(json.dumps(reason)) if reason else None,
    }


def _time(moment: datetime | None) -> str | None:
    """*moment* as the database's own text for it."""
    if moment is None:
        return None
    field = MailingRecipient._meta.get_field("due_at")
    return str(field.get_db_prep_value(moment, connection))
