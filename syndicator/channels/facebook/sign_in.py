"""Connecting pages in the browser: Facebook's login dialog, and the tokens that follow from it.

https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow and
https://developers.facebook.com/docs/facebook-login/guides/access-tokens/get-long-lived. A page's
token from a long-lived user token does not end by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import requests

from syndicator.channels.base import Account, Choice, SignIn, TryLater, Unauthorised
from syndicator.channels.facebook.checking import COMMENT, POST, READ
from syndicator.channels.facebook.errors import words_of
from syndicator.channels.facebook.graph import VERSION, Graph
from syndicator.channels.facebook.links import is_id
from syndicator.outbound.answers import json_object
from syndicator.outbound.deadline import Deadline
from syndicator.wording import Wording, gettext_noop

#: The API's real address, whose dialog is on another host. A sandbox has its own.
BASE_URL = "https://graph.facebook.com"
DIALOG_HOST = "https://www.facebook.com"
SCOPES = ("pages_show_list", READ, POST, COMMENT)
#: Pages of the list of pages, with `PAGE_SIZE` in each.
MAX_PAGES = 20
PAGE_SIZE = 100

DECLINED = Wording(gettext_noop("Facebook was not allowed to connect the page. Try again."))
REFUSED = gettext_noop("Facebook refused the sign-in: %(answer)s")
UNCLEAR = Wording(gettext_noop("Facebook's answer cannot be understood. Try again later."))
NO_PAGES = Wording(
    gettext_noop(
        "Facebook names no page that you may post on. Connect again, and select the page when "
        "Facebook asks for it."
    )
)


class FacebookSignIn(SignIn):
    needs = ("app_id", "app_secret")

    def begin(
        self, account: Account, *, redirect_uri: str, state: str
    ) -> tuple[str, Mapping[str, str]]:
        base_url = account.base_url.rstrip("/")
        host = DIALOG_HOST if base_url == BASE_URL else base_url
        asked = {
            "client_id": account.settings.get("app_id", ""),
            "redirect_uri": redirect_uri,
            "state": state,
            "scope": ",".join(SCOPES),
            "response_type": "code",
        }
        return f"{host}/{VERSION}/dialog/oauth?{urlencode(asked)}", {}

    def finish(
        self,
        account: Account,
        *,
        redirect_uri: str,
        kept: Mapping[str, str],
        answer: Mapping[str, str],
        deadline: timedelta,
    ) -> Sequence[Choice]:
        code = answer.get("code", "")
        if not code:
            raise Unauthorised(DECLINED)
        app = {name: account.settings.get(name, "") for name in self.needs}
        keys = {"client_id": app["app_id"], "client_secret": app["app_secret"]}
        graph = Graph.of(account, "").hiding(code)
        with Deadline(deadline) as ends:
            short = _token(graph, ends, {**keys, "redirect_uri": redirect_uri, "code": code})
            exchange = {"grant_type": "fb_exchange_token", "fb_exchange_token": short}
            graph = graph.hiding(short)
            graph = graph.with_token(_token(graph, ends, {**keys, **exchange}))
            choices = _pages(graph, ends, app)
        if not choices:
            raise Unauthorised(NO_PAGES)
        return choices


def _token(graph: Graph, deadline: Deadline, fields: Mapping[str, str]) -> str:
    """The user token that *fields* are exchanged for."""
    # Documented as a GET; a POST does the same (from memory: OAuth libraries use it), and has the
    # secrets in no address.
    answer = graph.call(deadline, "POST", "oauth/access_token", data=fields, harmless=True)
    body = json_object(answer)
    token, error = body.get("access_token"), body.get("error")
    if answer.status_code == requests.codes.ok and isinstance(token, str) and token:
        return token
    judged = graph.error(answer, harmless=True)
    if not isinstance(error, dict) or not 400 <= answer.status_code < 500:
        raise TryLater(UNCLEAR, status=judged.status, answer=judged.answer)
    if isinstance(judged, TryLater) and judged.retry_after:
        raise judged
    said = graph.redacted(words_of(error, judged.answer))
    reason = Wording(REFUSED, {"answer": said})
    raise Unauthorised(reason, status=judged.status, answer=judged.answer)


def _pages(graph: Graph, deadline: Deadline, app: Mapping[str, str]) -> list[Choice]:
    """https://developers.facebook.com/docs/graph-api/reference/user/accounts"""
    asked = {"fields": "id,name,access_token", "limit": str(PAGE_SIZE)}
    return [
        Choice(
            str(page["name"]),
            {**app, "page_id": page["id"], "page_access_token": page["access_token"]},
        )
        for listed in graph.pages(deadline, "me/accounts", asked, most=MAX_PAGES, harmless=True)
        for page in listed.items
        if _is_page(page)
    ]


def _is_page(page: Any) -> bool:
    """Whether *page* can be posted on: those without a token are only listed."""
    return (
        isinstance(page, dict)
        and is_id(page.get("id"))
        and isinstance(page.get("name"), str)
        and isinstance(page.get("access_token"), str)
        and bool(page["access_token"])
    )
