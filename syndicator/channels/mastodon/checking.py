"""Asks a server about an account, its permissions and its limits, and changes nothing there.

No call tells the permissions of a token: `/api/v1/apps/verify_credentials` tells those of the
application, which may be more. So each is tried where nothing can come of it: Mastodon checks the
permission first, and then finds no post and no picture called 0.
"""

from __future__ import annotations

import re

from syndicator.channels.base import AccountCheck, Unauthorised
from syndicator.channels.mastodon.accounts import Instance, OwnAccount, instance, own_account
from syndicator.channels.mastodon.errors import SCOPE, SCOPE_SAYS
from syndicator.channels.mastodon.server import Server, error_text
from syndicator.outbound.account_pictures import picture_at
from syndicator.outbound.deadline import Deadline
from syndicator.wording import Wording, gettext_noop

LARGEST_AVATAR = 2 * 1024 * 1024
#: The first with edits: https://docs.joinmastodon.org/methods/statuses/#edit
EDITS_SINCE = (3, 5)

MISSING = gettext_noop(
    "The access token lacks the permission “%(scope)s”. Connect the account again, with it."
)
SHORTER = gettext_noop(
    "The server takes at most %(limit)s characters. Enter that as the longest post."
)
LONGER = gettext_noop(
    "The server takes up to %(limit)s characters. You may enter that as the longest post."
)
NO_EDITS = gettext_noop("The server (Mastodon %(version)s) is too old to change posts.")


def check(server: Server, deadline: Deadline, *, handle: str, limit: int) -> AccountCheck:
    """What *server* says about the account called *handle*, whose posts have up to *limit*
    characters here; a `ChannelError` if it cannot be used."""
    try:
        account = own_account(server, deadline, handle)
    except Unauthorised as error:
        if error.reason != SCOPE:
            raise
        reason = Wording(MISSING, {"scope": "read:accounts"})
        raise Unauthorised(reason, status=error.status, answer=error.answer) from error
    probes = {
        "read:statuses": ("GET", f"/api/v1/accounts/{account.id}/statuses?limit=1"),
        "write:statuses": ("PUT", "/api/v1/statuses/0"),
        "write:media": ("GET", "/api/v1/media/0"),
    }
    missing = [
        Wording(MISSING, {"scope": scope})
        for scope, (method, route) in probes.items()
        if not _may(server, deadline, method, route)
    ]
    told = instance(server, deadline)
    if told.longest_post is not None and told.longest_post < limit:
        missing.append(Wording(SHORTER, {"limit": told.longest_post}))
    return AccountCheck(
        name=f"{account.display_name} ({account.handle})",
        url=account.url,
        missing=tuple(missing),
        notes=_notes(told, limit),
        picture=_avatar(server, deadline, account),
    )


def _may(server: Server, deadline: Deadline, method: str, route: str) -> bool:
    """Whether the token has the permission that *method* *route* needs."""
    answer = server.call(deadline, method, route, json={} if method == "PUT" else None)
    match answer.status_code:
        case 403 if SCOPE_SAYS in error_text(answer):
            return False
        case 200 | 404 | 422:
            return True
    raise server.error(answer)


def _notes(told: Instance, limit: int) -> tuple[Wording, ...]:
    notes = []
    if told.longest_post is not None and told.longest_post > limit:
        notes.append(Wording(LONGER, {"limit": told.longest_post}))
    # Forks name Mastodon's version that they are compatible with, and do more than that one did.
    numbers = re.match(r"(\d{1,4})\.(\d{1,4})(?!.*compatible)", told.version)
    if numbers and (int(numbers[1]), int(numbers[2])) < EDITS_SINCE:
        notes.append(Wording(NO_EDITS, {"version": told.version}))
    return tuple(notes)


def _avatar(server: Server, deadline: Deadline, account: OwnAccount) -> bytes:
    """The account's picture; empty if it cannot be had."""
    answer = picture_at(
        account.avatar,
        deadline,
        allow_private_addresses=server.allow_private_addresses,
        largest=LARGEST_AVATAR,
    )
    is_image = answer and answer.headers.get("Content-Type", "").startswith("image/")
    return answer.content if answer and is_image else b""
