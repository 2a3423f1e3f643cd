"""What X's answers mean for a post: one table.

https://docs.x.com/x-api/fundamentals/response-codes-and-errors. Problem types are matched by their
suffix, because both api.twitter.com and api.x.com prefixes occur.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from syndicator.channels.base import (
    ChannelError,
    Duplicate,
    Rejected,
    TryLater,
    Unauthorised,
    Unknown,
)
from syndicator.wording import Wording, gettext_noop

#: Each limit sends ``<prefix>-remaining`` and ``<prefix>-reset`` (Unix seconds).
LIMITS = ("x-rate-limit", "x-user-limit-24hour", "x-app-limit-24hour")
BILLING_TYPES = ("/problems/credits", "/credits-depleted", "/usage-capped")
PERMISSION_TYPES = ("/oauth1-permissions", "/client-forbidden")
DUPLICATE_SAYS = "duplicate content"
LIMIT_WAIT = timedelta(minutes=15)
#: The longest window of a limit is a day; more is no answer of X's.
LONGEST_WAIT = timedelta(hours=25)

TOKEN = Wording(
    gettext_noop("X no longer accepts the account's access keys. Connect the account again.")
)
BILLING = Wording(
    gettext_noop("The X account has no credits left or has reached its spending limit.")
)
PERMISSION = Wording(
    gettext_noop("The access keys may only read. Give them permission to write, on X.")
)
DUPLICATE = Wording(gettext_noop("X says this text was already posted."))
LIMIT = Wording(gettext_noop("X asks to wait; it will be tried again later."))
REFUSED = gettext_noop("X refused the post: %(answer)s")
UNCLEAR = Wording(gettext_noop("X's answer does not say whether the post is out."))


def error_of(
    problem: Mapping[str, str],
    *,
    status: int,
    headers: Mapping[str, str],
    answer: str,
    now: datetime,
) -> ChannelError:
    """The `ChannelError` for an answer other than success.

    *problem* has the texts of the body's JSON object (nothing if it was none), *answer* is the
    whole body; both are redacted.
    """
    kind, detail = problem.get("type", ""), problem.get("detail", "")
    judged: tuple[type[ChannelError], Wording]
    match status:
        case 429 if not kind.endswith(BILLING_TYPES):
            wait = _wait(headers, now)
            return TryLater(LIMIT, retry_after=wait, status=status, answer=answer)
        case 402 | 429:
            judged = Unauthorised, BILLING
        case 401:
            judged = Unauthorised, TOKEN
        case 403 if DUPLICATE_SAYS in detail:
            judged = Duplicate, DUPLICATE
        case 403 if kind.endswith(PERMISSION_TYPES):
            judged = Unauthorised, PERMISSION
        case 400 | 403:
            judged = Rejected, Wording(REFUSED, {"answer": (detail or answer)[:300]})
        case _:
            judged = Unknown, UNCLEAR
    outcome, reason = judged
    return outcome(reason, status=status, answer=answer)


def _wait(headers: Mapping[str, str], now: datetime) -> timedelta:
    """How long until the latest reset among the limits that are used up."""
    resets = []
    for limit in LIMITS:
        remaining, reset = headers.get(f"{limit}-remaining"), headers.get(f"{limit}-reset", "")
        if remaining == "0" and reset.isdecimal():
            resets.append(int(reset))
    if not resets:
        return LIMIT_WAIT
    # Never early: the header has whole seconds, and clocks differ.
    seconds = max(1.0, max(resets) - now.timestamp() + 1)
    return timedelta(seconds=min(seconds, LONGEST_WAIT.total_seconds()))
