"""Facebook's login on the sandbox: the dialog, its tokens, and what is told about them."""

from __future__ import annotations

import re
import time
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from syndicator.channels.facebook.sandbox import SANDBOX_CREDENTIALS
from syndicator.channels.facebook.sandbox_tokens import proof_of
from syndicator.channels.sandbox.faults import Call, Fault
from syndicator.channels.sandbox.server import SandboxServer

PAGE = SANDBOX_CREDENTIALS["page_id"]
APP_ID, APP_SECRET = SANDBOX_CREDENTIALS["app_id"], SANDBOX_CREDENTIALS["app_secret"]
ROOT = "/facebook/v26.0"
TOKEN = f"{ROOT}/oauth/access_token"
BACK = "http://127.0.0.1:1/connect/facebook?step=2"
KEYS = {"client_id": APP_ID, "client_secret": APP_SECRET}
DIALOG = {"client_id": APP_ID, "redirect_uri": BACK, "state": "s&1"}


def answers(web: requests.Session) -> tuple[str, str]:
    """Where “Allow” and “Cancel” lead."""
    page = web.get(f"{ROOT}/dialog/oauth", params={**DIALOG, "scope": "pages_manage_posts"})
    assert page.status_code == 200
    assert "Create and manage content on your Page" in page.text
    allow, cancel = re.findall(r'<a class="button[^"]*" href="([^"]+)"', page.text)
    return unescape(allow), unescape(cancel)


def code(web: requests.Session) -> str:
    return parse_qs(urlsplit(answers(web)[0]).query)["code"][0]


def redeemed(web: requests.Session, told: str, **changed: str) -> requests.Response:
    return web.post(TOKEN, data={**KEYS, "redirect_uri": BACK, "code": told, **changed})


def user_token(web: requests.Session) -> str:
    return str(redeemed(web, code(web)).json()["access_token"])


def error(answer: requests.Response) -> tuple[int, int | None]:
    assert answer.status_code == 400
    return answer.json()["error"]["code"], answer.json()["error"].get("error_subcode")


def inspected(web: requests.Session, token: str, **by: str) -> dict[str, Any]:
    asked = {"input_token": token, "access_token": f"{APP_ID}|{APP_SECRET}", **by}
    found: dict[str, Any] = web.get(f"{ROOT}/debug_token", params=asked).json()["data"]
    return found


def test_both_answers_lead_back_with_the_state(web: requests.Session) -> None:
    allow, cancel = answers(web)
    assert allow.startswith(BACK)
    assert parse_qs(urlsplit(allow).query)["state"] == ["s&1"]
    declined = parse_qs(urlsplit(cancel).query)
    assert declined["error"] == ["access_denied"]
    assert declined["error_reason"] == ["user_denied"]
    assert declined["step"] == ["2"]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"client_id": "1"}, "Invalid App ID"),
        ({"redirect_uri": "javascript:alert(1)"}, "URL blocked"),
        ({"redirect_uri": ""}, "URL blocked"),
        ({"scope": "pages_manage_posts,<b>all</b>"}, "Invalid Scopes: &lt;b&gt;all"),
    ],
)
def test_a_dialog_that_is_asked_wrongly(
    web: requests.Session, changed: dict[str, str], says: str
) -> None:
    answer = web.get(f"{ROOT}/dialog/oauth", params={**DIALOG, **changed})
    assert answer.status_code == 400
    assert says in answer.text
    assert 'href="javascript' not in answer.text


def test_the_way_to_a_pages_token(web: requests.Session) -> None:
    short = user_token(web)
    exchange = {**KEYS, "grant_type": "fb_exchange_token", "fb_exchange_token": short}
    long = web.get(TOKEN, params=exchange).json()
    assert long["token_type"] == "bearer"
    assert long["expires_in"] == 60 * 24 * 3600

    mine = {"access_token": long["access_token"]}
    [page] = web.get(f"{ROOT}/me/accounts", params=mine).json()["data"]
    assert page["id"] == PAGE
    assert page["access_token"] == SANDBOX_CREDENTIALS["page_access_token"]
    assert "CREATE_CONTENT" in page["tasks"]
    assert web.get(f"{ROOT}/me", params=mine).json()["name"] == "Sandbox Person"


def test_a_code_is_good_once_and_for_one_address(web: requests.Session) -> None:
    told = code(web)
    assert error(redeemed(web, told, redirect_uri="http://127.0.0.1:2/")) == (100, 36008)
    assert redeemed(web, told).status_code == 200
    assert error(redeemed(web, told)) == (100, 36009)
    assert error(redeemed(web, "AQmade-up")) == (100, 36009)


def test_only_the_app_gets_tokens(web: requests.Session) -> None:
    told = code(web)
    assert error(redeemed(web, told, client_id="1")) == (101, None)
    assert error(redeemed(web, told, client_secret="wrong")) == (1, None)
    exchange = {**KEYS, "grant_type": "fb_exchange_token", "fb_exchange_token": "EAAmade-up"}
    assert error(web.post(TOKEN, data=exchange)) == (190, None)


def test_only_a_person_has_pages(facebook: requests.Session) -> None:
    assert error(facebook.get("/me/accounts")) == (100, None)


def test_what_is_told_of_tokens(web: requests.Session) -> None:
    page = inspected(web, SANDBOX_CREDENTIALS["page_access_token"])
    assert page["is_valid"] is True
    assert (page["type"], page["profile_id"], page["expires_at"]) == ("PAGE", PAGE, 0)
    assert "pages_manage_posts" in page["scopes"]
    assert {"scope": "pages_manage_posts", "target_ids": [PAGE]} in page["granular_scopes"]
    person = inspected(web, user_token(web))
    assert person["type"] == "USER"
    assert time.time() < person["expires_at"] < person["data_access_expires_at"]
    assert inspected(web, f"{APP_ID}|{APP_SECRET}")["type"] == "APP"
    unknown = inspected(web, "EAAmade-up")
    assert unknown["is_valid"] is False
    assert unknown["error"]["code"] == 190


def test_the_proof_belongs_to_its_token(web: requests.Session) -> None:
    token = user_token(web)
    mine = {"access_token": token}
    accounts = f"{ROOT}/me/accounts"
    assert web.get(accounts, params={**mine, "appsecret_proof": proof_of(token)}).ok
    wrong = proof_of(SANDBOX_CREDENTIALS["page_access_token"])
    assert error(web.get(accounts, params={**mine, "appsecret_proof": wrong})) == (100, None)


def test_a_permission_that_was_taken_away(
    sandbox: SandboxServer, web: requests.Session, facebook: requests.Session
) -> None:
    token = SANDBOX_CREDENTIALS["page_access_token"]
    sandbox.faults.switch_on("facebook", Fault("permission", times=None, on=Call.ANY))
    for _ in range(2):
        assert "pages_manage_posts" not in inspected(web, token)["scopes"]
    refused = facebook.post(f"/{PAGE}/feed", data={"message": "Nein"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, 200)
    sandbox.faults.clear("facebook")
    assert "pages_manage_posts" in inspected(web, token)["scopes"]
