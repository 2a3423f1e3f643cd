"""What Facebook says about a page and its access token, when it is connected and later.

https://developers.facebook.com/docs/graph-api/reference/debug_token.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import requests

from syndicator.channels.base import AccountCheck, ChannelError, TryLater, Unauthorised
from syndicator.channels.facebook.errors import TOKEN
from syndicator.channels.facebook.graph import Graph
from syndicator.outbound.account_pictures import picture_at
from syndicator.outbound.answers import json_object
from syndicator.outbound.deadline import Deadline
from syndicator.wording import Wording, gettext_noop

FIELDS = "id,name,link,picture.width(200).height(200){url}"
POST = "pages_manage_posts"
READ = "pages_read_engagement"
COMMENT = "pages_manage_engagement"
LARGEST_PICTURE = 1024 * 1024

MISSING: Mapping[str, Wording] = {
    POST: Wording(
        gettext_noop(
            "Posting on the page is not allowed. Connect the page again, and let Facebook "
            "create and manage its content."
        )
    ),
    READ: Wording(
        gettext_noop(
            "Reading the page's posts is not allowed, so that unclear posts cannot be looked up. "
            "Connect the page again, and let Facebook read its content."
        )
    ),
}
NO_COMMENTS = Wording(
    gettext_noop(
        "Writing comments is not allowed, so that posts cannot be corrected by one. Connect the "
        "page again, and let Facebook manage its comments."
    )
)
APP_KEYS = Wording(
    gettext_noop("The app id and the app secret do not fit the access token. Correct them.")
)
PERSONS_TOKEN = Wording(
    gettext_noop("This is the access token of a person, not of the page. Connect the page again.")
)
OTHER_PAGE = Wording(
    gettext_noop("The access token belongs to another page. Connect the page again.")
)

#: How the files of the pictures begin that browsers show.
_BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"RIFF")


def check(graph: Graph, deadline: Deadline, page: str, app_id: str) -> AccountCheck:
    """Ask about the page *page* (as it stands in an address) and the token of *graph*.

    With *app_id* and the app's secret the token is inspected with the app's own; without, with
    itself, which Facebook may refuse. Then only what can be read tells what is missing.
    """
    answer = graph.call(deadline, "GET", page, params={"fields": FIELDS}, harmless=True)
    found = json_object(answer)
    page_id, name = found.get("id"), found.get("name")
    is_told = answer.status_code == requests.codes.ok and "error" not in found
    if not is_told or not isinstance(page_id, str) or not isinstance(name, str):
        raise graph.error(answer, harmless=True)
    missing, ends_at, token = list[Wording](), None, None
    notes: tuple[Wording, ...] = ()
    if app_id and graph.app_secret:
        token = _token(graph, graph.with_token(f"{app_id}|{graph.app_secret}"), deadline)
        if token is None:
            # Posts do not need them both: no reason to stop.
            missing.append(APP_KEYS)
    token = token or _token(graph, graph, deadline)
    if token is not None:
        _check_whose(token, page_id)
        missing += [says for scope, says in MISSING.items() if _lacks(token, scope, page_id)]
        notes = (NO_COMMENTS,) if _lacks(token, COMMENT, page_id) else ()
        ends_at = _ends_at(token)
    elif not _can_read(graph, deadline, page):
        missing.append(MISSING[READ])
    return AccountCheck(
        name,
        url=_text(found.get("link")),
        picture=_picture(graph, deadline, found),
        missing=tuple(missing),
        ends_at=ends_at,
        notes=notes,
    )


def _token(graph: Graph, asks: Graph, deadline: Deadline) -> Mapping[str, Any] | None:
    """What Facebook tells *asks* about the token of *graph*; None if it refuses to."""
    asked = {"input_token": graph.token}
    answer = asks.call(deadline, "GET", "debug_token", params=asked, harmless=True)
    told = json_object(answer).get("data")
    if answer.status_code == requests.codes.ok and isinstance(told, dict):
        return told
    error = asks.error(answer, harmless=True)
    if isinstance(error, TryLater):
        raise error
    return None


def _check_whose(token: Mapping[str, Any], page_id: str) -> None:
    if token.get("is_valid") is False:
        raise Unauthorised(TOKEN)
    if token.get("type") == "USER":
        raise Unauthorised(PERSONS_TOKEN)
    if token.get("type") == "PAGE" and str(token.get("profile_id", page_id)) != page_id:
        raise Unauthorised(OTHER_PAGE)


def _lacks(token: Mapping[str, Any], scope: str, page_id: str) -> bool:
    """Whether *scope* was not given, or for other pages only."""
    scopes = token.get("scopes")
    if not isinstance(scopes, list) or scope not in scopes:
        return True
    granular = token.get("granular_scopes")
    for given in granular if isinstance(granular, list) else ():
        if isinstance(given, dict) and given.get("scope") == scope:
            targets = given.get("target_ids")
            # Without targets it was given for all pages, those to come included.
            return isinstance(targets, list) and bool(targets) and page_id not in map(str, targets)
    return False


def _ends_at(token: Mapping[str, Any]) -> datetime | None:
    """When somebody has to connect the page anew: the token's end, or that of access to data."""
    ends = [token.get(name) for name in ("expires_at", "data_access_expires_at")]
    # 0 means never; the upper bound is the last second of the year 9999.
    told = [end for end in ends if type(end) is int and 0 < end < 253_402_300_800]
    return datetime.fromtimestamp(min(told), UTC) if told else None


def _can_read(graph: Graph, deadline: Deadline, page: str) -> bool:
    asked = {"fields": "id", "limit": "1"}
    answer = graph.call(deadline, "GET", f"{page}/published_posts", params=asked, harmless=True)
    if answer.status_code == requests.codes.ok:
        return True
    error: ChannelError = graph.error(answer, harmless=True)
    if isinstance(error, Unauthorised):
        return False
    raise error


def _picture(graph: Graph, deadline: Deadline, page: Mapping[str, Any]) -> bytes:
    """The page's own picture; empty if it cannot be had, which is no reason to fail."""
    picture = page.get("picture")
    told = picture.get("data") if isinstance(picture, dict) else None
    url = _text(told.get("url")) if isinstance(told, dict) else ""
    answer = picture_at(
        url,
        deadline,
        allow_private_addresses=graph.allow_private_addresses,
        largest=LARGEST_PICTURE,
    )
    return answer.content if answer and answer.content.startswith(_BEGINNINGS) else b""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
