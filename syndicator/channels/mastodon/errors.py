"""What Mastodon's answers mean for a post: one table.

Each error is ``{"error": "…"}``: https://docs.joinmastodon.org/entities/Error/. Statuses without
such a body, but for 401 and 429, are some proxy's word and prove nothing. The sentences that are
looked for are those of `Api::BaseController` and Doorkeeper, from memory.
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
from syndicator.channels.mastodon.limits import wait_after_refusal
from syndicator.wording import Wording, gettext_noop

SCOPE_SAYS = "outside the authorized scopes"
NO_USER_SAYS = "requires an authenticated user"
DUPLICATE_SAYS = "Duplicate record"
#: The wait where none is named: the window of the limit on all calls.
LIMIT_WAIT = timedelta(minutes=5)

TOKEN = Wording(
    gettext_noop("Mastodon no longer accepts the access token. Connect the account again.")
)
SCOPE = Wording(
    gettext_noop(
        "The access token lacks a permission. Connect the account again, with all permissions."
    )
)
ACCOUNT = gettext_noop("The account may not post on its Mastodon server: %(answer)s")
ADDRESS = Wording(gettext_noop("There is no Mastodon server at this address. Correct the address."))
ACCOUNT_GONE = Wording(gettext_noop("The account no longer exists on its Mastodon server."))
POST_GONE = Wording(gettext_noop("The post is no longer on Mastodon, so it cannot be changed."))
ORIGINAL_GONE = Wording(
    gettext_noop(
        "The post that this answers is no longer on Mastodon. Nothing is left to correct there."
    )
)
DUPLICATE = Wording(gettext_noop("Mastodon says it has this post already."))
LIMIT = Wording(gettext_noop("Mastodon asks to wait; it will be tried again later."))
REFUSED = gettext_noop("Mastodon refused the post: %(answer)s")
UNREACHABLE = Wording(
    gettext_noop("The Mastodon server could not be reached; it will be tried again.")
)
UNCLEAR = Wording(gettext_noop("Mastodon's answer does not say whether the post is out."))
NO_LOOK_UP = Wording(gettext_noop("The account's posts on Mastodon could not be looked through."))
NO_CHECK = Wording(
    gettext_noop("The Mastodon server gave no clear answer about the account. Try again later.")
)


def error_of(
    error: str,
    *,
    status: int,
    headers: Mapping[str, str],
    answer: str,
    now: datetime,
    unclear: Wording = UNCLEAR,
) -> ChannelError:
    """The `ChannelError` for an answer other than success.

    *error* is the text in the body's JSON object, empty if there is none; *answer* is the whole
    body; both are redacted. *now* is this machine's time, where *headers* tell none; *unclear* is
    what to say where nothing else is known.
    """
    told = {"answer": error[:300]}
    judged: tuple[type[ChannelError], Wording]
    match status:
        case 429:
            wait = wait_after_refusal(headers, now) or LIMIT_WAIT
            return TryLater(LIMIT, retry_after=wait, status=status, answer=answer)
        case 401:
            judged = Unauthorised, TOKEN
        case 403 if SCOPE_SAYS in error:
            judged = Unauthorised, SCOPE
        case 403 if error:
            judged = Unauthorised, Wording(ACCOUNT, told)
        case 404 if error:
            judged = Unauthorised, ADDRESS
        case 410 if error:
            judged = Unauthorised, ACCOUNT_GONE
        case 422 if NO_USER_SAYS in error:
            judged = Unauthorised, TOKEN
        case 422 if DUPLICATE_SAYS in error:
            judged = Duplicate, DUPLICATE
        case 400 | 413 | 422 if error:
            judged = Rejected, Wording(REFUSED, told)
        case _:
            judged = Unknown, unclear
    outcome, reason = judged
    return outcome(reason, status=status, answer=answer)
