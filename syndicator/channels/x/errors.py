"""What X's answers mean for a post: one table.

https://docs.x.com/x-api/fundamentals/response-codes-and-errors. Problem types are matched by their
suffix, because both api.twitter.com and api.x.com prefixes occur; and codes of the API before this
one, because X's older parts still answer with them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

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

#: The wait where X names none: the window of its limit on posts.
LIMIT_WAIT = timedelta(minutes=15)
#: The same for its limit on a day's posts, which it applies in parts of a day.
DAILY_LIMIT_WAIT = timedelta(hours=1)
#: Characters of X's own words that an editor is shown.
_WORDS_SHOWN = 300

TOKEN = Wording(
    gettext_noop("X no longer accepts the account's access keys. Connect the account again.")
)
BILLING = Wording(
    gettext_noop("The X account has no credits left or has reached its spending limit.")
)
PERMISSION = Wording(
    gettext_noop("The access keys may only read. Give them permission to write, on X.")
)
SUSPENDED = Wording(
    gettext_noop("X has suspended or locked the account. Sign in at x.com and settle it there.")
)
AUTOMATED = Wording(
    gettext_noop("X takes this account's posts for spam. Look at x.com before you go on.")
)
APP_REFUSED = Wording(
    gettext_noop("X does not let the app post. Look in X's developer portal whether it has access.")
)
CLOCK_WRONG = Wording(
    gettext_noop("X says that this machine's clock is wrong. Set it, then resume.")
)
DUPLICATE = Wording(gettext_noop("X says this text was already posted."))
LIMIT = Wording(gettext_noop("X asks to wait; it will be tried again later."))
REFUSED = gettext_noop("X refused the post: %(answer)s")
ORIGINAL_GONE = Wording(
    gettext_noop("The post that this answers is no longer on X. Nothing is left to correct there.")
)
MAY_NOT_ANSWER = Wording(
    gettext_noop(
        "X does not let the app answer this post. Delete it there and post the new text instead."
    )
)
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


@dataclass(frozen=True, slots=True)
class _Sign:
    """How X says one thing: by a problem's type, by an old code, or only in words."""

    types: tuple[str, ...] = ()
    codes: frozenset[int] = frozenset()
    words: str = "(?!)"

    def is_in(self, problem: Problem) -> bool:
        return (
            any(kind.endswith(self.types) for kind in problem.types)
            or not self.codes.isdisjoint(problem.codes)
            or any(re.search(self.words, text, re.IGNORECASE) for text in problem.texts)
        )


_BILLING = _Sign(
    ("/problems/credits", "/credits-depleted", "/usage-capped"),
    words="^(CreditsDepleted|SpendCapReached|UsageCapExceeded)$|not have any credits|spend cap",
)
_DUPLICATE = _Sign(codes=frozenset({187}), words="duplicate content|is a duplicate")
_DAILY_LIMIT = _Sign(codes=frozenset({185, 344}))
_ORIGINAL_GONE = _Sign(
    codes=frozenset({385}), words="reply to a (tweet|post) that is deleted or not visible"
)
#: From memory: X opens conversations to apps only whose account was asked in, and lets an author
#: say who may answer.
_MAY_NOT_ANSWER = _Sign(
    codes=frozenset({433}), words="reply to this conversation is not allowed|who can reply"
)

#: What is no fault of the post: every other one would fail as well.
_ACCOUNT = (
    (_BILLING, BILLING),
    (
        _Sign(
            ("/user-suspended",),
            frozenset({63, 64, 326}),
            "authentication is suspended|your account is suspended|temporarily locked"
            "|unlock your account",
        ),
        SUSPENDED,
    ),
    (_Sign(codes=frozenset({226}), words="looks like it might be automated"), AUTOMATED),
    (_Sign(("/oauth1-permissions",), frozenset({261})), PERMISSION),
    (_Sign(("/client-forbidden",), frozenset({87, 416, 453})), APP_REFUSED),
    (_Sign(("/unsupported-authentication",), frozenset({32, 89, 99, 215, 220})), TOKEN),
    (_Sign(codes=frozenset({135})), CLOCK_WRONG),
)


@dataclass(frozen=True, slots=True)
class Problem:
    """What an answer's JSON says went wrong. *texts* are X's own words, the most telling first.

    X has three forms: a problem (RFC 9457) as the whole body, problems in a list of ``errors``, and
    there the codes with messages of its old API.
    """

    types: tuple[str, ...] = ()
    codes: frozenset[int] = frozenset()
    texts: tuple[str, ...] = ()

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Problem:
        listed = body.get("errors")
        inner = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []

        def said(*names: str) -> list[str]:
            found = [one.get(name) for name in names for one in (*inner, body)]
            return [text for text in found if isinstance(text, str) and text.strip()]

        return cls(
            types=tuple(said("type")),
            codes=frozenset(one["code"] for one in inner if isinstance(one.get("code"), int)),
            texts=tuple(said("message", "detail", "title")),
        )

    @property
    def is_about_something_missing(self) -> bool:
        return any(kind.endswith("/resource-not-found") for kind in self.types)


def error_of(
    problem: Problem,
    *,
    status: int,
    headers: Mapping[str, str],
    answer: str,
    redacted: Callable[[str], str],
    now: datetime,
) -> ChannelError:
    """The `ChannelError` for an answer other than success.

    *answer* is the whole body; it and what is shown of the *problem* are *redacted*. *now* is this
    machine's time, where *headers* tell none.
    """
    answer = redacted(answer)
    judged: tuple[type[ChannelError], Wording]
    match status:
        case 429 if not _BILLING.is_in(problem):
            wait = wait_after_refusal(headers, now) or LIMIT_WAIT
            return TryLater(LIMIT, retry_after=wait, status=status, answer=answer)
        case 402 | 429:
            judged = Unauthorised, BILLING
        case 401:
            judged = Unauthorised, _account_reason(problem) or TOKEN
        # Without X's own words it is some proxy's answer, and the post may be out.
        case 400 | 403 if problem.texts:
            if _DAILY_LIMIT.is_in(problem):
                wait = wait_after_refusal(headers, now) or DAILY_LIMIT_WAIT
                return TryLater(LIMIT, retry_after=wait, status=status, answer=answer)
            judged = _refusal(problem, redacted)
        case _:
            judged = Unknown, UNCLEAR
    outcome, reason = judged
    return outcome(reason, status=status, answer=answer)


def _refusal(
    problem: Problem, redacted: Callable[[str], str]
) -> tuple[type[ChannelError], Wording]:
    if _DUPLICATE.is_in(problem):
        return Duplicate, DUPLICATE
    if reason := _account_reason(problem):
        return Unauthorised, reason
    if _ORIGINAL_GONE.is_in(problem):
        return Rejected, ORIGINAL_GONE
    if _MAY_NOT_ANSWER.is_in(problem):
        return Rejected, MAY_NOT_ANSWER
    return Rejected, Wording(REFUSED, {"answer": redacted(problem.texts[0])[:_WORDS_SHOWN]})


def _account_reason(problem: Problem) -> Wording | None:
    return next((reason for sign, reason in _ACCOUNT if sign.is_in(problem)), None)
