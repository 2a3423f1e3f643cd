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
#: The object named in the address is not there, or the token may not see it. From memory.
NOT_THERE = (100, 33)
#: “Can't Read Files”, as third parties have logged it.
UNREADABLE_PICTURE = (100, 1366046)
#: “Missing or invalid image file”, as third parties have logged it.
PICTURE_CODE = 324
DUPLICATE_CODE = 506
INVALID_CODE = 100
#: Both errors about the proof are code 100 and differ from others only in their words. From memory.
PROOF = "appsecret_proof"

#: How long to wait where Facebook thinks the page posts too much, without naming a time.
SPAM_WAIT = timedelta(hours=3)

TOKEN = Wording(
    gettext_noop("Facebook no longer accepts the page's access token. Connect the page again.")
)
PERMISSION = Wording(
    gettext_noop("The access token may not post on this page. Connect the page again.")
)
APP_SECRET = Wording(
    gettext_noop("The app secret does not fit the page's access token. Correct it.")
)
NO_PAGE = Wording(
    gettext_noop(
        "Facebook does not find the page, or the access token is not for it. "
        "Correct the page id, or connect the page again."
    )
)
LIMIT = Wording(gettext_noop("Facebook asks to wait; it will be tried again later."))
SPAM = Wording(gettext_noop("Facebook thinks the page posts too much; it will be tried again."))
IDENTITY = Wording(
    gettext_noop("Facebook asks for an identity check. Log in to Facebook and do it there.")
)
DUPLICATE = Wording(gettext_noop("Facebook says it has this post already."))
SCRAPE = Wording(gettext_noop("Facebook could not read the linked page."))
REFUSED = gettext_noop("Facebook refused the post: %(answer)s")
PICTURE_REFUSED = gettext_noop("Facebook refused a picture of the post: %(answer)s")
UNCLEAR = Wording(gettext_noop("Facebook's answer does not say whether the post is out."))
UNREACHABLE = Wording(gettext_noop("Facebook could not be reached; it will be tried again."))
NO_ANSWER = Wording(gettext_noop("Facebook gave no clear answer. Nothing was posted."))


def error_of(
    error: Mapping[str, Any],
    *,
    status: int,
    answer: str,
    wait: timedelta | None,
    harmless: bool = False,
) -> ChannelError:
    """The `ChannelError` that an answer's *error* object stands for (empty if it had none).

    *error* and *answer*, the whole body, are redacted; *wait* is the time that the answer asks
    for. After a *harmless* call, which cannot have posted, nothing is unknown or a duplicate.
    """
    judged = _judged(error, status=status, answer=answer, wait=wait)
    if harmless and isinstance(judged, Unknown | Duplicate):
        return TryLater(NO_ANSWER, status=status, answer=answer)
    return judged


def is_not_there(error: Mapping[str, Any]) -> bool:
    """Whether *error* says that the object in the address is gone, or not to be seen."""
    return (_number(error, "code"), _number(error, "error_subcode")) == NOT_THERE


def words_of(error: Mapping[str, Any], otherwise: str) -> str:
    """What Facebook says about *error*, preferably to people."""
    said = error.get("error_user_msg") or error.get("message") or otherwise
    return str(said)[:300]


def _judged(
    error: Mapping[str, Any], *, status: int, answer: str, wait: timedelta | None
) -> ChannelError:
    code = _number(error, "code")
    pair = (code, _number(error, "error_subcode"))
    outcome: type[ChannelError] = Unknown
    reason = UNCLEAR
    if 400 <= status < 500:
        if code in LIMIT_CODES:
            return TryLater(LIMIT, retry_after=wait or LIMIT_WAIT, status=status, answer=answer)
        if pair == SPAM_LIMIT:
            return TryLater(SPAM, retry_after=wait or SPAM_WAIT, status=status, answer=answer)
        if pair == LINK_SCRAPE:
            return TryLater(SCRAPE, tries=2, status=status, answer=answer)
        outcome, reason = _refusal(pair, error, answer)
    return outcome(reason, status=status, answer=answer)


def _refusal(
    pair: tuple[int, int], error: Mapping[str, Any], answer: str
) -> tuple[type[ChannelError], Wording]:
    code, said = pair[0], {"answer": words_of(error, answer)}
    if code in TOKEN_CODES:
        return Unauthorised, TOKEN
    if code in PERMISSION_CODES:
        return Unauthorised, PERMISSION
    if pair == IDENTITY_CHECK:
        return Unauthorised, IDENTITY
    if pair == ALREADY_POSTED or code == DUPLICATE_CODE:
        return Duplicate, DUPLICATE
    if pair == UNREADABLE_PICTURE or code == PICTURE_CODE:
        return Rejected, Wording(PICTURE_REFUSED, said)
    if pair == NOT_THERE:
        # It is about the page, not about this post: no other post would fare better.
        return Unauthorised, NO_PAGE
    if code == INVALID_CODE:
        of_proof = PROOF in str(error.get("message", ""))
        return (Unauthorised, APP_SECRET) if of_proof else (Rejected, Wording(REFUSED, said))
    return Unknown, UNCLEAR


def _number(error: Mapping[str, Any], name: str) -> int:
    value = error.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
