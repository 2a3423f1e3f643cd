from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from requests_oauthlib import OAuth1

from syndicator.channels.email.sandbox import EmailSandbox
from syndicator.channels.sandbox.server import SandboxServer
from syndicator.channels.x import sandbox as x_sandbox
from syndicator.channels.x.sandbox import USER_ID, XSandbox

TWEETS = "/2/tweets"
TIMELINE = f"/2/users/{USER_ID}/tweets"
PERMALINK = "https://www.example.org/live/bahnstreik?id=7&b=2#eintrag-12"


def create(x: requests.Session, text: str) -> str:
    answer = x.post(TWEETS, json={"text": text})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["data"]["id"])


def test_a_post_comes_back_with_its_link_shortened(
    sandbox: SandboxServer, x: requests.Session
) -> None:
    text = f"Züge & Busse < 10 Minuten verspätet 🚆 https://b.example.org/ {PERMALINK}"

    answer = x.post(TWEETS, json={"text": text})

    data = answer.json()["data"]
    assert answer.status_code == 201
    assert re.fullmatch("[0-9]{19}", data["id"])
    assert data["edit_history_tweet_ids"] == [data["id"]]
    assert re.fullmatch(
        "Züge &amp; Busse &lt; 10 Minuten verspätet 🚆( https://t.co/[0-9A-Za-z]{10}){2}",
        data["text"],
    )
    [accepted] = sandbox.store.accepted("x")
    assert (accepted.remote_id, accepted.text, accepted.link) == (data["id"], text, PERMALINK)
    assert accepted.request == {"text": text}


def test_the_timeline_names_the_real_link(x: requests.Session) -> None:
    tweet = create(x, f"Erste Züge fahren wieder. {PERMALINK}")

    answer = x.get(TIMELINE, params={"tweet.fields": "created_at,entities", "max_results": "5"})

    [found] = answer.json()["data"]
    [url] = found["entities"]["urls"]
    assert found["id"] == tweet
    assert url["expanded_url"] == PERMALINK
    assert url["display_url"] == "example.org/live/bahnstrei…"
    assert found["text"][url["start"] : url["end"]] == url["url"]
    assert re.fullmatch(r"[0-9-]{10}T[0-9:]{8}\.000Z", found["created_at"])
    assert answer.json()["meta"] == {"result_count": 1, "newest_id": tweet, "oldest_id": tweet}


def test_ids_rise_and_pages_are_complete(x: requests.Session) -> None:
    made = [create(x, f"Eintrag {number}") for number in range(12)]

    seen: list[str] = []
    query: dict[str, Any] = {"max_results": "5"}
    for _ in range(3):
        page = x.get(TIMELINE, params=query).json()
        seen += [tweet["id"] for tweet in page["data"]]
        query["pagination_token"] = page["meta"].get("next_token")

    assert made == sorted(set(made), key=int)
    assert seen == made[::-1]
    assert query["pagination_token"] is None


def test_start_time_leaves_out_what_is_older(x: requests.Session) -> None:
    create(x, "Eintrag")
    now = datetime.now(UTC)

    def found(start: datetime) -> int:
        query = {"start_time": start.strftime("%Y-%m-%dT%H:%M:%SZ")}
        return int(x.get(TIMELINE, params=query).json()["meta"]["result_count"])

    assert found(now - timedelta(seconds=30)) == 1
    assert found(now + timedelta(seconds=30)) == 0


def test_the_same_text_is_refused_until_it_is_deleted(
    sandbox: SandboxServer, x: requests.Session
) -> None:
    tweet = create(x, "Zweimal")

    answer = x.post(TWEETS, json={"text": "Zweimal"})
    assert answer.status_code == 403
    assert answer.json() == {
        "title": "Forbidden",
        "type": "about:blank",
        "status": 403,
        "detail": "You are not allowed to create a Tweet with duplicate content.",
    }
    assert len(sandbox.store.accepted("x")) == 1

    assert x.delete(f"{TWEETS}/{tweet}").json() == {"data": {"deleted": True}}
    assert x.delete(f"{TWEETS}/{tweet}").status_code == 404
    create(x, "Zweimal")


def test_who_am_i(x: requests.Session) -> None:
    assert x.get("/2/users/me").json()["data"]["id"] == USER_ID


def test_another_users_timeline_is_not_found(x: requests.Session) -> None:
    [error] = x.get("/2/users/12/tweets").json()["errors"]
    assert error["type"].endswith("/problems/resource-not-found")


AGAINST_THE_SCHEMA = [
    {"text": "Gut", "status": "unbekannt"},
    {"text": ""},
    {"text": " \n"},
    {"text": 7},
    {"text": "kaputt \ufeff"},
    {"text": "kaputt \ud800"},
    {},
    [],
    "Text",
    {"text": "Gut", "reply": {"in_reply_to_tweet_id": "x"}},
    {"text": "Gut", "reply": "1"},
    {"text": "Gut", "reply_settings": "nobody"},
    {"text": "Gut", "media": {"media_ids": ["1"]}},
]


def test_a_body_against_the_schema_is_an_invalid_request(
    sandbox: SandboxServer, x: requests.Session, subtests: pytest.Subtests
) -> None:
    for body in AGAINST_THE_SCHEMA:
        with subtests.test(body=body):
            answer = x.post(TWEETS, json=body)

            assert answer.status_code == 400
            assert answer.json()["title"] == "Invalid Request"
            assert answer.json()["type"].endswith("/problems/invalid-request")
            assert sandbox.store.accepted("x") == []


NOT_JSON = [b"{", b"[" * 100_000, b"\xff", b""]


def test_a_body_that_is_not_json_is_an_invalid_request(
    x: requests.Session, subtests: pytest.Subtests
) -> None:
    for body in NOT_JSON:
        with subtests.test(body=body):
            answer = x.post(TWEETS, data=body, headers={"Content-Type": "application/json"})
            assert answer.status_code == 400


def test_a_form_is_an_invalid_request(x: requests.Session) -> None:
    # A signature would cover the form's fields, so only a bearer token gets this far.
    x.auth = None
    x.headers["Authorization"] = f"Bearer {x_sandbox.SANDBOX_BEARER_TOKEN}"
    assert x.post(TWEETS, data={"text": "Eins"}).status_code == 400


FORBIDDEN = [
    {"text": "a" * 281},
    {"text": "ä" * 257 + " " + PERMALINK},
    {"text": "日" * 141},
    {"text": "Gut", "quote_tweet_id": "1"},
    {"text": "Gut", "edit_options": {"previous_post_id": "1"}},
    {"text": "Gut", "reply": {"in_reply_to_tweet_id": "1"}},
]


def test_what_this_account_may_not_post_is_forbidden(
    x: requests.Session, subtests: pytest.Subtests
) -> None:
    for body in FORBIDDEN:
        with subtests.test(body=body):
            assert x.post(TWEETS, json=body).status_code == 403


def test_exactly_280_weighted_characters_fit(x: requests.Session) -> None:
    create(x, "ä" * 256 + " " + PERMALINK)
    create(x, "日" * 140)


def test_an_answer_to_an_own_post(x: requests.Session) -> None:
    reply = {"in_reply_to_tweet_id": create(x, "Eins")}
    assert x.post(TWEETS, json={"text": "Zwei", "reply": reply}).status_code == 201


WRONG_QUERIES = [
    {"max_results": "4"},
    {"max_results": "101"},
    {"max_results": "viele"},
    {"start_time": "gestern"},
    {"start_time": "2026-11-22T10:00:00"},
    {"pagination_token": "weiter"},
    {"tweet.fields": "created_at,secrets"},
    {"page": "2"},
]


def test_a_wrong_query_is_an_invalid_request(
    x: requests.Session, subtests: pytest.Subtests
) -> None:
    for query in WRONG_QUERIES:
        with subtests.test(query=query):
            answer = x.get(TIMELINE, params=query)
            assert answer.status_code == 400
            assert answer.json()["type"].endswith("/problems/invalid-request")


@pytest.mark.parametrize(
    "wrong", ["consumer_key", "consumer_secret", "access_token", "access_token_secret"]
)
def test_a_wrong_key_or_secret_is_unauthorized(
    sandbox: SandboxServer, x: requests.Session, wrong: str
) -> None:
    keys = {**x_sandbox.SANDBOX_CREDENTIALS, wrong: "wrong"}
    x.auth = OAuth1(
        keys["consumer_key"],
        keys["consumer_secret"],
        keys["access_token"],
        keys["access_token_secret"],
    )

    answer = x.post(TWEETS, json={"text": "Nein"})

    assert answer.status_code == 401
    assert answer.json()["title"] == "Unauthorized"
    assert sandbox.store.accepted("x") == []


def test_a_signature_is_good_for_one_request_to_one_address(
    sandbox: SandboxServer, x: requests.Session
) -> None:
    root = f"{sandbox.http_url}/x"
    signed = x.prepare_request(requests.Request("GET", f"{root}/2/users/me"))
    elsewhere = x.prepare_request(requests.Request("GET", f"{root}{TIMELINE}?max_results=5"))
    elsewhere.url = str(elsewhere.url).replace("max_results=5", "max_results=6")

    assert [x.send(signed).status_code, x.send(signed).status_code] == [200, 401]
    assert x.send(elsewhere).status_code == 401


BROKEN_AUTHORIZATIONS = ["", "Bearer", "Bearer wrong", "OAuth", "OAuth oauth_token=%", "é"]


def test_a_broken_authorization_is_unauthorized(
    x: requests.Session, subtests: pytest.Subtests
) -> None:
    x.auth = None
    for value in BROKEN_AUTHORIZATIONS:
        with subtests.test(value=value):
            headers = {"Authorization": value.encode("latin-1")}
            assert x.get("/2/users/me", headers=headers).status_code == 401


def test_the_bearer_token_works_too(x: requests.Session) -> None:
    x.auth = None
    x.headers["Authorization"] = f"Bearer {x_sandbox.SANDBOX_BEARER_TOKEN}"
    assert x.get("/2/users/me").status_code == 200


def test_an_unknown_path_is_a_problem_too(x: requests.Session) -> None:
    assert x.get("/2/nothing").json()["status"] == 404
    assert x.put(TWEETS, json={}).json()["status"] == 405


@contextmanager
def sandbox_with(folder: Path, **options: Any) -> Iterator[SandboxServer]:
    server = SandboxServer(folder, [partial(XSandbox, **options), EmailSandbox])
    server.start()
    yield server
    server.stop()


def test_the_post_limit_is_told_and_kept(tmp_path: Path) -> None:
    with sandbox_with(tmp_path, post_limit=2) as server, requests.Session() as caller:
        caller.headers["Authorization"] = f"Bearer {x_sandbox.SANDBOX_BEARER_TOKEN}"
        answers = [
            caller.post(f"{server.http_url}/x{TWEETS}", json={"text": str(number)}, timeout=10)
            for number in range(3)
        ]

        assert [answer.status_code for answer in answers] == [201, 201, 429]
        assert [answer.headers["x-rate-limit-remaining"] for answer in answers] == ["1", "0", "0"]
        assert {answer.headers["x-rate-limit-limit"] for answer in answers} == {"2"}
        reset = int(answers[2].headers["x-rate-limit-reset"])
        assert 0 < reset - datetime.now(UTC).timestamp() <= 15 * 60
        assert answers[2].json()["title"] == "Too Many Requests"
        assert len(server.store.accepted("x")) == 2


def test_the_index_lags_behind(tmp_path: Path) -> None:
    lag = timedelta(hours=1)
    with sandbox_with(tmp_path, index_lag=lag) as server, requests.Session() as caller:
        caller.headers["Authorization"] = f"Bearer {x_sandbox.SANDBOX_BEARER_TOKEN}"
        caller.post(f"{server.http_url}/x{TWEETS}", json={"text": "Neu"}, timeout=10)
        found = caller.get(f"{server.http_url}/x{TIMELINE}", timeout=10).json()

        assert found == {"meta": {"result_count": 0}}
        assert len(server.store.accepted("x")) == 1
