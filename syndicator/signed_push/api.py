"""Signed push: calls by the rules of Standard Webhooks, each good once and for some minutes.

Unlike a token, what is sent along proves one call only: whoever reads it on its way can neither
make another nor send it again.
"""

from __future__ import annotations

from typing import Annotated, Literal

from django.http import HttpRequest
from ninja import Body, Field, Router, Schema
from ninja.errors import HttpError
from ninja.security import APIKeyHeader
from pydantic import AwareDatetime

from syndicator.clock import database_now
from syndicator.entries.models import Source
from syndicator.entries.pushed import EntriesIn, EntryIn, Problem
from syndicator.signed_push.answers import AllToldOut
from syndicator.signed_push.models import SigningSecret
from syndicator.signed_push.signing import good_secrets
from syndicator.signed_push.taking import take_once
from syndicator.standard_webhooks import NotSigned, check

WHEN = (
    "When it happened; ISO 8601 with a zone. What happened to an entry before something that is "
    "known already changes nothing, so calls may overtake each other."
)


class Signature(APIKeyHeader):
    """``webhook-signature`` over ``webhook-id``, ``webhook-timestamp`` and the body."""

    param_name = "webhook-signature"

    def authenticate(self, request: HttpRequest, key: str | None) -> tuple[Source, str]:
        """Who calls, and the id of the call."""
        assert request.resolver_match is not None
        address = request.resolver_match.kwargs["key"]
        row = SigningSecret.objects.select_related("source__blog").filter(key=address).first()
        now = database_now()
        try:
            message_id = check(
                good_secrets(row, now) if row else (), request.headers, request.body, now
            )
        except NotSigned as error:
            raise HttpError(401, str(error)) from None
        assert row is not None
        return row.source, message_id


class EntryEvent(Schema):
    type: Literal["entry.created", "entry.updated", "entry.withdrawn"] = Field(
        description="“created” and “updated” are the same: the entry is sent in full. "
        "Of “withdrawn” only the external id is read."
    )
    timestamp: AwareDatetime = Field(description=WHEN)
    data: EntryIn

    @property
    def entries(self) -> list[EntryIn]:
        if self.type == "entry.withdrawn":
            return [self.data.model_copy(update={"state": "withdrawn"})]
        return [self.data]


class EntriesEvent(Schema):
    type: Literal["entries.changed"] = Field(
        description="Many entries, each with its own state: all of them are taken, or none."
    )
    timestamp: AwareDatetime = Field(description=WHEN)
    data: EntriesIn

    @property
    def entries(self) -> list[EntryIn]:
        return self.data.entries


Event = Annotated[EntryEvent | EntriesEvent, Field(discriminator="type")]

router = Router(auth=Signature())


@router.post(
    "{slug:key}/",
    response={
        200: AllToldOut,
        401: Problem,
        409: Problem,
        413: Problem,
        422: Problem,
    },
    summary="Create, update or withdraw entries by a signed call",
    openapi_extra={
        "parameters": [
            {
                "in": "header",
                "name": name,
                "required": True,
                "schema": {"type": "string"},
                "description": description,
            }
            for name, description in (
                ("webhook-id", "The call's own name, the same when it is sent again."),
                ("webhook-timestamp", "When it is sent, in Unix seconds."),
            )
        ]
    },
)
def push_signed(request: HttpRequest, key: str, event: Annotated[Event, Body()]) -> AllToldOut:
    """Sent again under the same webhook-id, a call changes nothing and gets its first answer."""
    source, message_id = request.auth  # type: ignore[attr-defined]
    return AllToldOut.model_validate(
        {"results": take_once(source, message_id, event.timestamp, event.entries)}
    )
