from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syndicator import secrets
from syndicator.clock import database_now
from syndicator.entries.models import Entry, EntryRevision, EntryState, Source
from syndicator.signed_push.models import SigningSecret, TakenPush
from syndicator.signed_push.signing import OVERLAP, issue
from syndicator.signed_push.taking import KEPT
from syndicator.standard_webhooks import TOLERANCE, sign
from tests.factories import make_blog, make_source

pytestmark = pytest.mark.django_db

ENTRY = {
    "external_id": "e1",
    "headline": "Gespräche haben begonnen",
    "blocks": [{"type": "paragraph", "text": "Um 9.41 Uhr haben sich die Türen geschlossen."}],
}


class Newsroom:
    """A CMS that signs."""

    def __init__(self, source: Source) -> None:
        row, self.secret = issue(source)
        self.url = f"/api/v1/push/{row.key}/"
        self.sent = 0

    def push(self, event: Any, message_id: str = "", at: int = 0, **headers: str) -> Any:
        self.sent += 1
        message_id = message_id or f"msg_{self.sent}"
        timestamp = str(at or int(time.time()))
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        signed = {
            "webhook-id": message_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": sign(self.secret, message_id, timestamp, body),
        }
        return Client().post(
            self.url, body, content_type="application/json", headers={**signed, **headers}
        )


def event(kind: str = "entry.created", happened_at: str = "", **values: Any) -> dict[str, Any]:
    when = happened_at or "2026-11-17T09:41:00+01:00"
    return {"type": kind, "timestamp": when, "data": {**ENTRY, **values}}


@pytest.fixture
def source() -> Source:
    return make_source(make_blog(slug="genf", canonical_url="https://m.example.org/lb"))


@pytest.fixture
def newsroom(source: Source) -> Newsroom:
    return Newsroom(source)


def changes(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [one["change"] for one in answer.json()["results"]]


def test_an_entry_is_created_updated_and_withdrawn(newsroom: Newsroom) -> None:
    assert changes(newsroom.push(event())) == ["created"]
    assert Entry.objects.get().permalink == "https://m.example.org/lb#e1"
    assert changes(newsroom.push(event("entry.updated", headline="Neu"))) == ["updated"]
    withdrawal = {**event("entry.withdrawn"), "data": {"external_id": "e1"}}
    assert changes(newsroom.push(withdrawal)) == ["withdrawn"]
    assert Entry.objects.get().state == EntryState.WITHDRAWN


def test_many_entries_come_in_one_call_or_none_does(newsroom: Newsroom) -> None:
    entries = [{**ENTRY, "external_id": f"e{number}"} for number in range(500)]
    many = {**event("entries.changed"), "data": {"entries": entries}}
    assert changes(newsroom.push(many)) == ["created"] * 500
    entries[:2] = [{**ENTRY, "external_id": "new"}, {"external_id": "empty"}]
    refused = newsroom.push(many)
    assert (refused.status_code, "“empty”" in refused.json()["detail"]) == (422, True)
    assert not Entry.objects.filter(external_id="new").exists()
    entries.append({**ENTRY, "external_id": "one too many"})
    assert newsroom.push(many).status_code == 422


def test_a_call_that_comes_again_gets_its_first_answer_and_changes_nothing(
    newsroom: Newsroom,
) -> None:
    first = newsroom.push(event(), "msg_a")
    newsroom.push(event("entry.updated", headline="Neu"), "msg_b")
    again = newsroom.push(event(), "msg_a")
    assert (again.status_code, again.json()) == (200, first.json())
    assert Entry.objects.get().headline == "Neu"
    assert EntryRevision.objects.count() == 2
    # However it is written, and whenever: what it says is the same.
    reordered = dict(reversed(event().items()))
    assert newsroom.push(reordered, "msg_a", int(time.time()) - 60).json() == first.json()


def test_another_call_under_a_known_id_is_refused_and_lost_by_nobody(newsroom: Newsroom) -> None:
    newsroom.push(event(), "msg_a")
    other = newsroom.push(event(external_id="e2"), "msg_a")
    assert (other.status_code, "msg_a" in other.json()["detail"]) == (409, True)
    assert changes(newsroom.push(event(external_id="e2"))) == ["created"]


def test_a_call_that_was_not_taken_may_come_again(newsroom: Newsroom) -> None:
    empty = {**event(), "data": {"external_id": "e1"}}
    assert newsroom.push(empty, "msg_a").status_code == 422
    assert changes(newsroom.push(event(), "msg_a")) == ["created"]


def taken_back(when: str, *names: str) -> dict[str, Any]:
    gone = [{"external_id": name, "state": "withdrawn"} for name in names]
    return {**event("entries.changed", when), "data": {"entries": gone}}


def test_a_withdrawal_that_overtakes_its_entry_is_not_forgotten(newsroom: Newsroom) -> None:
    withdrawal = event("entry.withdrawn", "2026-11-17T10:00:00+01:00")
    withdrawal["data"] = {"external_id": "e1"}
    answer = newsroom.push(withdrawal, "msg_a")
    nothing = {"results": [{"change": "unchanged", "entry": None}]}
    assert (answer.status_code, answer.json()) == (200, nothing)
    late = newsroom.push(event("entry.created", "2026-11-17T09:59:59+01:00"))
    assert (late.status_code, late.json()) == (200, nothing)
    assert newsroom.push(withdrawal, "msg_a").json() == nothing
    assert not Entry.objects.exists()
    later = event("entry.created", "2026-11-17T10:00:01+01:00")
    assert changes(newsroom.push(later)) == ["created"]
    assert changes(newsroom.push(withdrawal)) == ["unchanged"]
    assert Entry.objects.get().state == EntryState.LIVE


def test_what_is_known_is_taken_back_beside_what_is_not(newsroom: Newsroom) -> None:
    newsroom.push(event())
    answer = newsroom.push(taken_back("2026-11-17T10:00:00+01:00", "e0", "e1", "e2"))
    assert changes(answer) == ["unchanged", "withdrawn", "unchanged"]
    told = [one["entry"] and one["entry"]["external_id"] for one in answer.json()["results"]]
    assert told == [None, "e1", None]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(order=st.permutations(range(4)), gone=st.sets(st.integers(0, 3)))
def test_in_whatever_order_calls_come_the_last_to_happen_is_what_stands(
    order: list[int], gone: set[int]
) -> None:
    newsroom = Newsroom(make_source(make_blog()))
    for number in order:
        when = f"2026-11-17T10:00:0{number}+01:00"
        live = event("entry.updated", when, headline=f"Stand {number}")
        said = taken_back(when, "e1") if number in gone else live
        assert newsroom.push(said).status_code == 200
    found = Entry.objects.filter(blog__sources__signing_secret__key__in=newsroom.url.split("/"))
    stands = found.filter(state=EntryState.LIVE).values_list("headline", flat=True)
    assert list(stands) == ([] if 3 in gone else ["Stand 3"])


def test_what_was_overtaken_does_not_bring_an_older_text_back(newsroom: Newsroom) -> None:
    newer = event("entry.updated", "2026-11-17T10:00:00+01:00", headline="Neu")
    assert changes(newsroom.push(newer)) == ["created"]
    assert changes(newsroom.push(event("entry.created", "2026-11-17T09:59:59+01:00"))) == [
        "unchanged"
    ]
    assert Entry.objects.get().headline == "Neu"
    same_second = event("entry.updated", "2026-11-17T10:00:00+01:00", headline="Neuer")
    assert changes(newsroom.push(same_second)) == ["updated"]


@pytest.mark.parametrize(
    "when",
    [
        *("2126-01-01T00:00:00Z", "0001-01-01T00:00:00+23:00", "2026-11-17T10:00:00"),
        *("yesterday", None),
    ],
)
def test_an_event_without_a_time_that_can_be_is_refused(newsroom: Newsroom, when: Any) -> None:
    assert newsroom.push({**event(), "timestamp": when}).status_code == 422
    assert not Entry.objects.exists()


@pytest.mark.parametrize("seconds", [-310, 310])
def test_an_old_or_future_call_is_refused(newsroom: Newsroom, seconds: int) -> None:
    answer = newsroom.push(event(), at=int(database_now().timestamp()) + seconds)
    assert (answer.status_code, "5 minutes" in answer.json()["detail"]) == (401, True)


def test_ids_are_known_for_longer_than_a_signature_is_good(newsroom: Newsroom) -> None:
    assert KEPT > 2 * TOLERANCE
    newsroom.push(event(), "msg_a")
    long_ago = database_now() - KEPT - timedelta(minutes=1)
    TakenPush.objects.update(taken_at=long_ago)
    newsroom.push(event(), "msg_b")
    assert list(TakenPush.objects.values_list("message_id", flat=True)) == ["msg_b"]


def test_what_is_not_signed_by_this_source_is_kept_out(newsroom: Newsroom, source: Source) -> None:
    other = Newsroom(make_source(make_blog()))
    other.url, url = newsroom.url, other.url
    assert other.push(event()).status_code == 401
    other.url = "/api/v1/push/nobody/"
    assert other.push(event()).status_code == 401
    for wrong in ({"webhook-signature": ""}, {"webhook-id": "msg_x"}, {"webhook-timestamp": "1"}):
        assert newsroom.push(event(), **wrong).status_code == 401
    unsigned = Client().post(url, "{}", content_type="application/json")
    assert unsigned.status_code == 401
    token = {"Authorization": f"Bearer {source.issue_token()}"}
    by_token = Client().post(
        newsroom.url, json.dumps(event()), content_type="application/json", headers=token
    )
    assert by_token.status_code == 401
    assert not Entry.objects.exists()


def test_a_new_secret_leaves_the_old_one_good_for_a_day(newsroom: Newsroom, source: Source) -> None:
    old = newsroom.secret
    row, new = issue(source)
    assert newsroom.url.endswith(f"/{row.key}/")
    for secret in (old, new):
        newsroom.secret = secret
        assert newsroom.push(event()).status_code == 200
    SigningSecret.objects.update(replaced_until=database_now() - timedelta(seconds=1))
    newsroom.secret = old
    assert newsroom.push(event()).status_code == 401
    newsroom.secret = new
    assert newsroom.push(event()).status_code == 200
    assert timedelta(hours=24) == OVERLAP


def test_of_two_new_secrets_the_first_old_one_is_over(newsroom: Newsroom, source: Source) -> None:
    first = newsroom.secret
    issue(source)
    issue(source)
    newsroom.secret = first
    assert newsroom.push(event()).status_code == 401


def test_secrets_are_kept_encrypted(newsroom: Newsroom) -> None:
    row = SigningSecret.objects.get()
    assert newsroom.secret.removeprefix("whsec_") not in row.encrypted_secrets
    assert secrets.decrypt(row.encrypted_secrets) == {"current": newsroom.secret}


def test_a_secret_that_no_key_decrypts_verifies_nothing_and_can_be_replaced(
    newsroom: Newsroom, source: Source
) -> None:
    SigningSecret.objects.update(encrypted_secrets="gAAAA")
    assert newsroom.push(event()).status_code == 401
    _, newsroom.secret = issue(source)
    assert newsroom.push(event()).status_code == 200


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b"[" * 100_000])
def test_a_signed_body_that_says_nothing_is_refused(newsroom: Newsroom, body: bytes) -> None:
    assert newsroom.push(body).status_code in (400, 422)


def test_a_call_that_is_too_big_is_refused(newsroom: Newsroom) -> None:
    assert newsroom.push(event(headline="x" * 2_600_000)).status_code == 413


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(at=st.integers(0, 10_000), flip=st.integers(1, 127))
def test_no_other_body_is_taken_under_a_signature(newsroom: Newsroom, at: int, flip: int) -> None:
    body = bytearray(json.dumps(event()).encode())
    right = sign(newsroom.secret, "msg_a", (now := str(int(time.time()))), bytes(body))
    body[at % len(body)] ^= flip
    answer = newsroom.push(
        bytes(body), "msg_a", **{"webhook-signature": right, "webhook-timestamp": now}
    )
    assert answer.status_code == 401


@pytest.mark.django_db(transaction=True)
def test_a_call_that_comes_many_times_at_once_is_taken_once() -> None:
    source = make_source(make_blog())
    newsroom = Newsroom(source)
    at = int(time.time())

    def push(number: int) -> Any:
        try:
            return newsroom.push(event(), "msg_a", at).json()
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(push, range(12)))
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["results"][0]["change"] == "created"
    assert EntryRevision.objects.count() == TakenPush.objects.count() == 1


def test_openapi_describes_signed_push() -> None:
    described = Client().get("/api/v1/openapi.json").json()
    operation = described["paths"]["/api/v1/push/{key}/"]["post"]
    assert operation["security"] == [{"Signature": []}]
    named = {parameter["name"] for parameter in operation["parameters"]}
    assert named == {"key", "webhook-id", "webhook-timestamp"}
    assert described["components"]["securitySchemes"]["Signature"]["name"] == "webhook-signature"
    assert "/api/v1/blogs/{slug}/entries/batch" in described["paths"]


def test_the_answer_is_what_openapi_says(newsroom: Newsroom) -> None:
    (result,) = newsroom.push(event()).json()["results"]
    described = Client().get("/api/v1/openapi.json").json()["components"]["schemas"]
    assert set(result["entry"]) == set(described["EntryOut"]["properties"])
    assert datetime.fromisoformat(result["entry"]["changed_at"]).tzinfo
