from __future__ import annotations

import hashlib
import hmac
import io
import json
import time
from typing import Any

import pytest
import requests
from PIL import Image

from syndicator.channels.facebook.sandbox import SANDBOX_CREDENTIALS
from syndicator.channels.sandbox.server import SandboxServer
from syndicator.channels.sandbox.store import Action

PAGE = SANDBOX_CREDENTIALS["page_id"]
TOKEN = SANDBOX_CREDENTIALS["page_access_token"]
FEED = f"/{PAGE}/feed"
PUBLISHED = f"/{PAGE}/published_posts"
PERMALINK = "https://www.zeitung.example/live/bahnstreik?id=7&b=2#eintrag-12"


def publish(facebook: requests.Session, **fields: str) -> str:
    answer = facebook.post(FEED, data=fields)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def error(answer: requests.Response) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()["error"]
    assert found["fbtrace_id"]
    return found


def test_a_post_with_a_link_card_is_found_again(
    sandbox: SandboxServer, facebook: requests.Session
) -> None:
    message = "Züge & Busse\n\nfahren wieder 🚆"
    post = publish(facebook, message=message, link=PERMALINK)

    fields = "id,message,created_time,permalink_url,attachments{unshimmed_url}"
    [found] = facebook.get(PUBLISHED, params={"fields": fields}).json()["data"]

    page, _, number = post.partition("_")
    assert page == PAGE
    assert number.isdigit()
    assert found.pop("created_time").endswith("+0000")
    assert found.pop("permalink_url").startswith(sandbox.http_url)
    assert found == {
        "id": post,
        "message": message,
        "attachments": {"data": [{"unshimmed_url": PERMALINK}]},
    }
    [accepted] = sandbox.store.accepted("facebook")
    assert (accepted.remote_id, accepted.text, accepted.link) == (post, message, PERMALINK)


def test_the_token_is_taken_from_everywhere_and_kept_nowhere(
    sandbox: SandboxServer, web: requests.Session
) -> None:
    feed = f"/facebook/v26.0{FEED}"
    secret = {"access_token": TOKEN}
    answers = [
        web.post(feed, data={"message": "1", **secret}),
        web.post(feed, json={"message": "2", **secret}),
        web.post(feed, params={"message": "3", **secret}),
        web.post(feed, files={"message": (None, "4"), "access_token": (None, TOKEN)}),
        web.post(feed, data={"message": "5"}, headers={"Authorization": f"OAuth {TOKEN}"}),
    ]

    assert [answer.status_code for answer in answers] == [200] * 5
    accepted = sandbox.store.accepted("facebook")
    assert [post.text for post in accepted] == ["1", "2", "3", "4", "5"]
    assert TOKEN not in json.dumps([post.to_json() for post in accepted])


@pytest.mark.parametrize(("headers", "code"), [({}, 104), ({"Authorization": "Bearer wrong"}, 190)])
def test_without_the_right_token_nothing_works(
    sandbox: SandboxServer, web: requests.Session, headers: dict[str, str], code: int
) -> None:
    answer = web.post(f"/facebook/v26.0{FEED}", data={"message": "Nein"}, headers=headers)

    assert answer.status_code == 400
    assert error(answer)["code"] == code
    assert error(answer)["type"] == "OAuthException"
    assert sandbox.store.accepted("facebook") == []


def test_the_proof_of_the_app_secret_is_checked(facebook: requests.Session) -> None:
    key = SANDBOX_CREDENTIALS["app_secret"].encode()
    proof = hmac.new(key, TOKEN.encode(), hashlib.sha256).hexdigest()

    assert facebook.get("/me", params={"appsecret_proof": proof}).status_code == 200
    wrong = facebook.get("/me", params={"appsecret_proof": proof[::-1]})
    assert error(wrong)["code"] == 100
    assert error(wrong)["type"] == "GraphMethodException"


def test_pages_are_complete_and_lead_on_by_themselves(
    sandbox: SandboxServer, facebook: requests.Session
) -> None:
    made = [publish(facebook, message=f"Eintrag {number}") for number in range(7)]

    seen: list[str] = []
    url = f"{sandbox.http_url}/facebook/v26.0{PUBLISHED}?limit=3&fields=id"
    with requests.Session() as follower:
        follower.headers.update(facebook.headers)
        while url:
            page = follower.get(url, timeout=10).json()
            seen += [post["id"] for post in page["data"]]
            url = page["paging"].get("next", "")

    assert seen == made[::-1]


def test_an_exact_last_page_leads_nowhere(facebook: requests.Session) -> None:
    for number in range(2):
        publish(facebook, message=str(number))
    page = facebook.get(PUBLISHED, params={"limit": 2}).json()

    assert "next" not in page["paging"]
    after = page["paging"]["cursors"]["after"]
    assert facebook.get(PUBLISHED, params={"after": after}).json() == {"data": []}


def test_since_leaves_out_what_is_older(facebook: requests.Session) -> None:
    publish(facebook, message="Eintrag")
    now = int(time.time())

    def found(since: str) -> int:
        return len(facebook.get(PUBLISHED, params={"since": since}).json()["data"])

    assert found(str(now - 30)) == 1
    assert found(str(now + 30)) == 0
    assert found("2026-01-01") == 1
    assert found("2999-01-01T00:00:00+0100") == 0


def test_an_edit_changes_the_message_and_a_delete_removes_it(
    sandbox: SandboxServer, facebook: requests.Session
) -> None:
    post = publish(facebook, message="Alt", link=PERMALINK)

    assert facebook.post(f"/{post}", data={"message": "Neu"}).json() == {"success": True}
    assert facebook.get(f"/{post}").json()["message"] == "Neu"
    assert error(facebook.post(f"/{post}", data={"link": "https://b.example/"}))["code"] == 100

    assert facebook.delete(f"/{post}").json() == {"success": True}
    assert error(facebook.delete(f"/{post}"))["error_subcode"] == 33
    assert facebook.get(PUBLISHED).json() == {"data": []}
    assert [act.text for act in sandbox.store.accepted("facebook", Action.EDIT)] == ["Neu"]
    assert [act.text for act in sandbox.store.accepted("facebook")] == ["Alt"]


def test_the_same_text_again_is_a_second_post(
    sandbox: SandboxServer, facebook: requests.Session
) -> None:
    assert publish(facebook, message="Zweimal") != publish(facebook, message="Zweimal")
    assert len(sandbox.store.accepted("facebook")) == 2


def test_drafts_and_scheduled_posts_are_not_published(
    sandbox: SandboxServer, facebook: requests.Session
) -> None:
    publish(facebook, message="Entwurf", published="false")
    soon = str(int(time.time()) + 3600)
    publish(facebook, message="Später", published="false", scheduled_publish_time=soon)

    assert sandbox.store.accepted("facebook") == []
    assert facebook.get(PUBLISHED).json() == {"data": []}
    for when in (soon, str(int(time.time()) + 60), "bald"):
        fields = {"message": "Nein", "scheduled_publish_time": when}
        if when != soon:
            fields["published"] = "false"
        assert error(facebook.post(FEED, data=fields))["code"] == 100


def test_who_am_i(sandbox: SandboxServer, facebook: requests.Session) -> None:
    page = {"id": PAGE, "name": "Sandbox Newsroom"}
    assert facebook.get("/me").json() == page
    assert facebook.get(f"/{PAGE}", params={"fields": "name"}).json() == page
    fields = "link,picture.width(200).height(200){url}"
    told = facebook.get(f"/{PAGE}", params={"fields": fields}).json()
    assert told["link"] == f"{sandbox.http_url}/facebook/"
    picture = requests.get(told["picture"]["data"]["url"], timeout=10)
    with Image.open(io.BytesIO(picture.content)) as opened:
        assert opened.size == (100, 100)


WRONG_POSTS = [
    {},
    {"message": "a" * 63_207},
    {"message": "Gut", "link": "kein Link"},
    {"message": "Gut", "link": "javascript:alert(1)"},
    {"message": "Gut", "link": "https://[/"},
    {"message": "Gut", "published": "vielleicht"},
]


def test_a_wrong_post_is_an_invalid_parameter(
    sandbox: SandboxServer, facebook: requests.Session, subtests: pytest.Subtests
) -> None:
    for fields in WRONG_POSTS:
        with subtests.test(fields=fields):
            answer = facebook.post(FEED, data=fields)
            assert answer.status_code == 400
            assert error(answer)["code"] == 100
            assert sandbox.store.accepted("facebook") == []


BROKEN_JSON = [b"{", b"[]", b"[" * 100_000, b'{"message":"\\ud800"}', b"\xff"]


def test_a_broken_json_body_is_an_invalid_parameter(
    facebook: requests.Session, subtests: pytest.Subtests
) -> None:
    for body in BROKEN_JSON:
        with subtests.test(body=body):
            answer = facebook.post(FEED, data=body, headers={"Content-Type": "application/json"})
            assert error(answer)["code"] == 100


def test_the_longest_message_fits(sandbox: SandboxServer, facebook: requests.Session) -> None:
    publish(facebook, message="ä" * 63_206)
    assert len(sandbox.store.accepted("facebook")[0].text) == 63_206


WRONG_QUERIES = [
    ({"limit": "0"}, 100),
    ({"limit": "viele"}, 100),
    ({"since": "gestern"}, 100),
    ({"since": "999999999999"}, 100),
    ({"after": "weiter"}, 100),
    ({"fields": "id,secrets"}, 100),
    ({"fields": "attachments{secrets}"}, 100),
    ({"fields": "attachments{title"}, 2500),
    ({"fields": "}"}, 2500),
    ({"fields": "{id}"}, 2500),
    ({"fields": "id;name"}, 2500),
]


def test_a_wrong_query_is_refused(facebook: requests.Session, subtests: pytest.Subtests) -> None:
    for query, code in WRONG_QUERIES:
        with subtests.test(query=query):
            publish(facebook, message="Eintrag", link=PERMALINK)
            assert error(facebook.get(PUBLISHED, params=query))["code"] == code


def test_objects_that_are_not_there(facebook: requests.Session) -> None:
    assert error(facebook.post("/999/feed", data={"message": "x"}))["error_subcode"] == 33
    assert error(facebook.get("/999_1"))["error_subcode"] == 33
    assert error(facebook.get("/a/b/c"))["code"] == 2500


def test_every_answer_tells_how_much_was_used(facebook: requests.Session) -> None:
    for answer in (facebook.get("/me"), facebook.get("/999")):
        assert json.loads(answer.headers["X-App-Usage"])["call_count"] == 0
        [of_page] = json.loads(answer.headers["X-Business-Use-Case-Usage"])[PAGE]
        assert of_page["type"] == "pages"
        assert of_page["estimated_time_to_regain_access"] == 0
