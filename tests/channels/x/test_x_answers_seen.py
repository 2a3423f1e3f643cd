"""Answers of the forms in which people have met X's errors, sent to the real client over HTTP."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from syndicator.channels.base import (
    ChannelError,
    Duplicate,
    Rejected,
    TryLater,
    Unauthorised,
    Unknown,
)
from tests.channels.conftest import answer
from tests.channels.x.test_x_client import PROBLEMS, client, refusal, send

if TYPE_CHECKING:
    from tests.channels.conftest import ScriptedServer

DEADLINE = timedelta(seconds=30)


def forbidden(detail: str, kind: str = "about:blank", **more: Any) -> dict[str, Any]:
    return {"detail": detail, "type": kind, "title": "Forbidden", "status": 403, **more}


def old(code: int, message: str) -> dict[str, Any]:
    return {"errors": [{"code": code, "message": message}]}


def invalid(message: str) -> dict[str, Any]:
    return {
        "errors": [{"parameters": {"media.media_ids": ["[17]"]}, "message": message}],
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": f"{PROBLEMS}/invalid-request",
    }


APP_ONLY = (
    "Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint.  Supported "
    "authentication types are [OAuth 1.0a User Context, OAuth 2.0 User Context]."
)
LOCKED = (
    "To protect our users from spam and other malicious activity, this account is temporarily "
    "locked. Please log in to https://twitter.com to unlock your account."
)
AUTOMATED = (
    "This request looks like it might be automated. To protect our users from spam and other "
    "malicious activity, we can't complete this action right now. Please try again later."
)
NO_CREDITS = "Your enrolled account [17] does not have any credits to fulfill this request."
SPEND_CAP = "Your enrolled account [17] has reached its billing cycle spend cap."
NOT_ENROLLED = {
    "client_id": "17",
    "detail": "You must use keys and tokens from a developer App that is attached to a Project.",
    "registration_url": "https://developer.twitter.com/en/docs/projects/overview",
    "title": "Client Forbidden",
    "required_enrollment": "Appropriate Level of API Access",
    "reason": "client-not-enrolled",
    "type": f"{PROBLEMS}/client-forbidden",
}


@pytest.mark.parametrize(
    ("status", "body", "outcome", "says"),
    [
        # About this post.
        (400, invalid("Your media IDs are invalid."), Rejected, "Your media IDs are invalid."),
        (400, {"errors": [{"parameter": "text", "detail": "too short"}]}, Rejected, "too short"),
        (400, old(324, "Invalid media id 17"), Rejected, "Invalid media id"),
        (403, forbidden("Your Tweet text is too long. For more information"), Rejected, "too long"),
        (403, old(186, "Tweet needs to be a bit shorter."), Rejected, "a bit shorter"),
        (403, forbidden("You are not permitted to perform this action."), Rejected, "permitted"),
        (
            403,
            forbidden("Reply to this conversation is not allowed because you are not mentioned"),
            Rejected,
            "let the app answer this post",
        ),
        (403, old(433, "The original Tweet author restricted who can reply."), Rejected, "answer"),
        (403, forbidden("You may not post about suspended ceilings."), Rejected, "ceilings"),
        # It is out already, X says.
        (
            403,
            forbidden("You are not allowed to create a Tweet with duplicate content."),
            Duplicate,
            "already posted",
        ),
        (
            403,
            {"errors": [forbidden("You are not allowed to create a Post with duplicate content.")]},
            Duplicate,
            "already posted",
        ),
        (403, old(187, "Status is a duplicate."), Duplicate, "already posted"),
        # About the account: the next post would fail as well.
        (
            403,
            forbidden(
                "The user used for authentication is suspended", f"{PROBLEMS}/user-suspended"
            ),
            Unauthorised,
            "suspended or locked",
        ),
        (403, old(64, "Your account is suspended"), Unauthorised, "suspended or locked"),
        (401, old(64, "Your account is suspended"), Unauthorised, "suspended or locked"),
        (403, old(63, "User has been suspended."), Unauthorised, "suspended or locked"),
        (403, old(326, LOCKED), Unauthorised, "suspended or locked"),
        (403, forbidden(LOCKED), Unauthorised, "suspended or locked"),
        (403, old(226, AUTOMATED), Unauthorised, "for spam"),
        (403, forbidden(AUTOMATED), Unauthorised, "for spam"),
        (403, NOT_ENROLLED, Unauthorised, "developer portal"),
        (403, old(453, "You currently have access to a subset"), Unauthorised, "developer portal"),
        (403, old(416, "Invalid / suspended application"), Unauthorised, "developer portal"),
        (403, old(261, "Application cannot perform write actions."), Unauthorised, "only read"),
        (
            403,
            forbidden("Your client app is not configured", f"{PROBLEMS}/oauth1-permissions"),
            Unauthorised,
            "only read",
        ),
        (
            403,
            forbidden(APP_ONLY, f"{PROBLEMS}/unsupported-authentication"),
            Unauthorised,
            "access keys",
        ),
        (
            403,
            {"errors": [forbidden(APP_ONLY, f"{PROBLEMS}/unsupported-authentication")]},
            Unauthorised,
            "access keys",
        ),
        (400, old(215, "Bad Authentication data."), Unauthorised, "access keys"),
        (401, old(32, "Could not authenticate you."), Unauthorised, "access keys"),
        (401, old(89, "Invalid or expired token."), Unauthorised, "access keys"),
        (403, old(89, "Invalid or expired token."), Unauthorised, "access keys"),
        (401, old(135, "Timestamp out of bounds."), Unauthorised, "clock"),
        # Money.
        (
            402,
            {"title": "CreditsDepleted", "detail": NO_CREDITS, "type": f"{PROBLEMS}/credits"},
            Unauthorised,
            "credits",
        ),
        (403, forbidden(SPEND_CAP, title="SpendCapReached"), Unauthorised, "spending limit"),
        (403, forbidden("", f"{PROBLEMS}/credits"), Unauthorised, "credits"),
        (429, {"title": "UsageCapExceeded", "period": "Monthly"}, Unauthorised, "spending limit"),
        # Nobody knows.
        (503, {"title": "Service Unavailable", "status": 503, "detail": ""}, Unknown, "whether"),
        (503, old(130, "Over capacity"), Unknown, "whether"),
        (500, old(131, "Internal error"), Unknown, "whether"),
        (503, b"<html><h1>upstream connect error</h1></html>", Unknown, "whether"),
        (403, b"<html><title>Attention Required! | Cloudflare</title></html>", Unknown, "whether"),
        (409, {"title": "ConnectionException", "detail": "No rules."}, Unknown, "whether"),
        (200, {"errors": [{"code": 187, "message": "duplicate"}], "data": {}}, Unknown, "whether"),
        (403, {"errors": []}, Unknown, "whether"),
        (403, {"errors": ["a", None, {"code": 187.5}, {"message": " "}]}, Unknown, "whether"),
    ],
    ids=str,
)
def test_what_it_means(
    server: ScriptedServer, status: int, body: Any, outcome: type[ChannelError], says: str
) -> None:
    refused = refusal(server, answer(status, body))
    assert type(refused) is outcome
    assert says in str(refused.reason)
    assert refused.status == status
    assert len(server.received) == 1


@pytest.mark.parametrize(
    "body",
    [
        old(185, "User is over daily status update limit."),
        old(344, "You have reached your daily limit for sending Tweets and messages."),
    ],
)
def test_the_days_limit_is_waited_for(server: ScriptedServer, body: Any) -> None:
    refused = refusal(server, answer(403, body))
    assert isinstance(refused, TryLater)
    assert refused.retry_after == timedelta(hours=1)


@pytest.mark.parametrize("limit", ["x-user-limit-24hour", "x-app-limit-24hour"])
def test_a_24_hour_limit_waits_for_its_own_reset(server: ScriptedServer, limit: str) -> None:
    """The limit of 15 minutes, on the same answer, has calls left and resets sooner."""
    now = int(time.time())
    headers = {
        "x-rate-limit-limit": "1080000",
        "x-rate-limit-remaining": "1079999",
        "x-rate-limit-reset": str(now + 900),
        f"{limit}-limit": "17",
        f"{limit}-remaining": "0",
        f"{limit}-reset": str(now + 40_000),
    }
    body = {"title": "Too Many Requests", "detail": "Too Many Requests", "type": "about:blank"}
    refused = refusal(server, answer(429, body, headers))
    assert isinstance(refused, TryLater)
    assert refused.retry_after is not None
    assert timedelta(seconds=39_900) < refused.retry_after <= timedelta(seconds=40_001)


def test_a_deletion_of_a_suspended_account_stops_it_too(server: ScriptedServer) -> None:
    body = forbidden("The user used for authentication is suspended", f"{PROBLEMS}/user-suspended")
    server.replies.append(answer(403, body))
    with pytest.raises(Unauthorised):
        client(server.url).delete("17", key="key", deadline=DEADLINE)


def test_secrets_in_listed_errors_are_hidden(server: ScriptedServer) -> None:
    server.replies.append(answer(400, old(1, "no: consumer-secret-1234")))
    with pytest.raises(Rejected) as refused:
        send(server.url)
    assert "consumer-secret-1234" not in str(refused.value.reason)


def test_what_is_hidden_is_understood_all_the_same(server: ScriptedServer) -> None:
    """A key of one letter stands in every word."""
    server.replies.append(
        answer(403, forbidden("The user is suspended", f"{PROBLEMS}/user-suspended"))
    )
    with pytest.raises(Unauthorised) as refused:
        send(server.url, consumer_secret="s")
    assert "suspended" in str(refused.value.reason)
    assert "suspended" not in refused.value.answer
