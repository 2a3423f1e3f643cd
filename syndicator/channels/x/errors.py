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
from syndicator.channels.x.limits import wait_after_refusal
from syndicator.wording import Wording, gettext_noop

BILLING_TYPES = ("/problems/credits", "/credits-depleted", "/usage-capped")
PERMISSION_TYPES = ("/oauth1-permissions", "/client-forbidden")
DUPLICATE_SAYS = "duplicate content"
#: The wait where X names none: the window of its limit on posts.
LIMIT_WAIT = timedelta(minutes=15)

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
UNREACHABLE = Wording(gettext_noop("X could not be reached; it will be tried again."))
CONNECT_AGAIN = Wording(
    gettext_noop("X no longer renews the access to this account. Sign in at X again.")
)
UPLOAD_FAILED = Wording(
    gettext_noop("X did not take the picture; nothing is out, and it is tried again.")
)
PICTURE_REFUSED = Wording(gettext_noop("X refused the picture. Post it without, or with another."))
NOT_PROCESSED = Wording(
    gettext_noop("X is still working on the picture; nothing is out, and it is tried again.")
)
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
    whole body; both are redacted. *now* is this machine's time, where *headers* tell none.
    """
    kind, detail = problem.get("type", ""), problem.get("detail", "")
    judged: tuple[type[ChannelError], Wording]
    match status:
        case 429 if not kind.endswith(BILLING_TYPES):
            wait = wait_after_refusal(headers, now) or LIMIT_WAIT
            return TryLater(LIMIT, retry_after=wait, status=status, answer=answer)
        case 402 | 429:
            judged = Unauthorised, BILLING
        case 401:
            judged = Unauthorised, TOKEN
        case 403 if DUPLICATE_SAYS in detail:
            judged = Duplicate, DUPLICATE
        case 403 if kind.endswith(PERMISSION_TYPES):
            judged = Unauthorised, PERMISSION
        # Without X's own words it is some proxy's answer, and the post may be out.
        case 400 | 403 if problem.get("detail") or problem.get("title"):
            judged = Rejected, Wording(REFUSED, {"answer": (detail or problem["title"])[:300]})
        case _:
            judged = Unknown, UNCLEAR
    outcome, reason = judged
    return outcome(reason, status=status, answer=answer)
