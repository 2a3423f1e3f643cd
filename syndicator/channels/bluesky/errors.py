"""What the server's answers mean for a post: one table.

https://atproto.com/specs/xrpc#error-responses: ``{"error": "Name", "message": "…"}``. The names are
those of the reference server, `@atproto/pds`, and of the lexicons of each method.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from syndicator.channels.base import ChannelError, Rejected, TryLater, Unauthorised, Unknown
from syndicator.channels.bluesky.limits import wait_after_refusal
from syndicator.wording import Wording, gettext_noop

#: A session's token is no longer good; a new one may be.
STALE_TOKEN = frozenset({"ExpiredToken", "InvalidToken"})
#: What stands at the record key is not what we took it to be.
SWAPPED = "InvalidSwap"
ABSENT = "RecordNotFound"

#: The wait where no time is named: the shortest window of a limit.
LIMIT_WAIT = timedelta(minutes=5)

PASSWORD = Wording(
    gettext_noop(
        "Bluesky does not accept the account name or the app password. Make a new app password in "
        "Bluesky's settings and enter it here."
    )
)
FACTOR = Wording(
    gettext_noop(
        "Bluesky asks for a code by mail. Enter an app password instead of the account's own."
    )
)
ACCOUNT = Wording(
    gettext_noop("The Bluesky account is switched off or blocked. Log in to Bluesky to see why.")
)
NOT_ALLOWED = Wording(
    gettext_noop("Bluesky does not let this password post. Make a new app password.")
)
ADDRESS = Wording(gettext_noop("There is no Bluesky server at this address. Correct it."))
LIMIT = Wording(gettext_noop("Bluesky asks to wait; it will be tried again later."))
UNREACHABLE = Wording(gettext_noop("Bluesky could not be reached; it will be tried again."))
LARGE = Wording(gettext_noop("A picture is too large for Bluesky. Post without it."))
REFUSED = gettext_noop("Bluesky refused the post: %(answer)s")
UNCLEAR = Wording(gettext_noop("Bluesky's answer does not say whether the post is out."))


#: What a name means whatever the status.
BY_NAME: Mapping[str, tuple[type[ChannelError], Wording]] = {
    "AccountTakedown": (Unauthorised, ACCOUNT),
    "AccountDeactivated": (Unauthorised, ACCOUNT),
    "AccountSuspended": (Unauthorised, ACCOUNT),
    "RepoTakendown": (Unauthorised, ACCOUNT),
    "RepoDeactivated": (Unauthorised, ACCOUNT),
    "RepoSuspended": (Unauthorised, ACCOUNT),
    "AuthFactorTokenRequired": (Unauthorised, FACTOR),
    # A new session was made before it comes to this.
    "ExpiredToken": (Unauthorised, PASSWORD),
    "InvalidToken": (Unauthorised, PASSWORD),
    "BlobTooLarge": (Rejected, LARGE),
    "PayloadTooLarge": (Rejected, LARGE),
    "MethodNotImplemented": (Unauthorised, ADDRESS),
    "XRPCNotSupported": (Unauthorised, ADDRESS),
}


def error_of(
    said: Mapping[str, str],
    *,
    posts: bool,
    status: int,
    headers: Mapping[str, str],
    answer: str,
    now: datetime,
) -> ChannelError:
    """The `ChannelError` for an answer other than success.

    *said* has the texts of the body's JSON object (nothing if it was none), *answer* is the whole
    body; both are redacted. *posts* says whether the call could change what readers see: one that
    could not leaves no doubt. *now* is this machine's time, where *headers* tell none.
    """
    if status == 429:
        wait = wait_after_refusal(headers, now) or LIMIT_WAIT
        return TryLater(LIMIT, retry_after=wait, status=status, answer=answer)
    outcome, why = _judged(status, said.get("error", ""), said.get("message", ""), posts)
    return outcome(why, status=status, answer=answer)


def _judged(
    status: int, name: str, message: str, posts: bool
) -> tuple[type[ChannelError], Wording]:
    if name in BY_NAME and (400 <= status < 500 or status == 501):
        return BY_NAME[name]
    match status:
        case 401:
            return Unauthorised, PASSWORD
        case 403 if name:
            return Unauthorised, NOT_ALLOWED
        case 413:
            return Rejected, LARGE
        case 400 if name and name != SWAPPED:
            return Rejected, Wording(REFUSED, {"answer": (message or name)[:300]})
        case 404 | 501 if not posts:
            return Unauthorised, ADDRESS
        case _ if posts:
            return Unknown, UNCLEAR
    return TryLater, UNREACHABLE
