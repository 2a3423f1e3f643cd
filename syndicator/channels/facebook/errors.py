"""What the Graph API's error codes mean for a post: one table.

https://developers.facebook.com/docs/graph-api/guides/error-handling. Facebook answers most errors
with HTTP 400, so the code inside counts. Codes 1 and 2 and all 5xx are *unknown*: posts have been
seen live behind them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from syndicator.channels.base import (
    ChannelError,
    Duplicate,
    Rejected,
    TryLater,
    Unauthorised,
    Unknown,
)
from syndicator.channels.facebook.usage import LIMIT_WAIT
from syndicator.wording import Wording, gettext_noop

TOKEN_CODES = frozenset({102, 190})
PERMISSION_CODES = frozenset({3, 10, *range(200, 300)})
LIMIT_CODES = frozenset({4, 17, 32, 341, 613, 80001})
#: (code, subcode)
SPAM_LIMIT = (368, 1390008)
IDENTITY_CHECK = (368, 4854002)
ALREADY_POSTED = (368, 1404082)
LINK_SCRAPE = (100, 1609005)
DUPLICATE_CODE = 506
INVALID_CODE = 100

#: How long to wait where Facebook thinks the page posts too much, without naming a time.
SPAM_WAIT = timedelta(hours=3)

TOKEN = Wording(
    gettext_noop("Facebook no longer accepts the page's access token. Connect the page again.")
)
PERMISSION = Wording(
    gettext_noop("The access token may not post on this page. Connect the page again.")
)
LIMIT = Wording(gettext_noop("Facebook asks to wait; it will be tried again later."))
SPAM = Wording(gettext_noop("Facebook thinks the page posts too much; it will be tried again."))
IDENTITY = Wording(
    gettext_noop("Facebook asks for an identity check. Log in to Facebook and do it there.")
)
DUPLICATE = Wording(gettext_noop("Facebook says it has this post already."))
SCRAPE = Wording(gettext_noop("Facebook could not read the linked page; it will be tried again."))
REFUSED = gettext_noop("Facebook refused the post: %(answer)s")
UNCLEAR = Wording(gettext_noop("Facebook's answer does not say whether the post is out."))


def error_of(
    error: Mapping[str, Any], *, status: int, answer: str, wait: timedelta | None
) -> ChannelError:
    """The `ChannelError` that an answer's *error* object stands for (empty if it had none).

    *error* and *answer*, the whole body, are redacted; *wait* is the time that the headers
    ask for.
    """
    code, subcode = _number(error, "code"), _number(error, "error_subcode")
    judged: tuple[type[ChannelError], Wording]
    match (code, subcode):
        case _ if not 400 <= status < 500:
            judged = Unknown, UNCLEAR
        case _ if code in LIMIT_CODES:
            return TryLater(LIMIT, retry_after=wait or LIMIT_WAIT, status=status, answer=answer)
        case pair if pair == SPAM_LIMIT:
            return TryLater(SPAM, retry_after=wait or SPAM_WAIT, status=status, answer=answer)
        case pair if pair == LINK_SCRAPE:
            return TryLater(SCRAPE, tries=2, status=status, answer=answer)
        case _ if code in TOKEN_CODES:
            judged = Unauthorised, TOKEN
        case _ if code in PERMISSION_CODES:
            judged = Unauthorised, PERMISSION
        case pair if pair == IDENTITY_CHECK:
            judged = Unauthorised, IDENTITY
        case pair if pair == ALREADY_POSTED or code == DUPLICATE_CODE:
            judged = Duplicate, DUPLICATE
        case _ if code == INVALID_CODE:
            said = error.get("error_user_msg") or error.get("message") or answer
            judged = Rejected, Wording(REFUSED, {"answer": str(said)[:300]})
        case _:
            judged = Unknown, UNCLEAR
    outcome, reason = judged
    return outcome(reason, status=status, answer=answer)


def _number(error: Mapping[str, Any], name: str) -> int:
    value = error.get(name)
    return value if isinstance(value, int) else 0
