from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from django.http import HttpResponse
from django.test import Client

from syndicator.entries.models import Entry, EntryState, Source
from tests.factories import make_blog, make_source

pytestmark = pytest.mark.django_db

ENTRY = {
    "external_id": "e1",
    "author": "Jana Brandt",
    "headline": "Gespräche haben begonnen",
    "published_at": "2026-11-17T09:41:00+01:00",
    "key_event": True,
    "blocks": [
        {"type": "paragraph", "text": "Um 9.41 Uhr haben sich die Türen geschlossen."},
        {"type": "list", "items": ["eins", "zwei"]},
        {"type": "quote", "text": "Wir bleiben.", "speaker": "Ilse Radowan"},
        {"type": "image", "text": "Die Tür.", "credit": "Lena Hartwig/dpa", "alt": "Eine Tür"},
    ],
}


class Newsroom:
    """A CMS with a token."""

    def __init__(self, source: Source) -> None:
        self.url = f"/api/v1/blogs/{source.blog.slug}/entries"
        self.headers = {"Authorization": f"Bearer {source.issue_token()}"}
        self.client = Client()

    def push(self, entry: Any, url: str = "") -> Any:
        return self.client.post(
            url or self.url,
            json.dumps(entry),
            content_type="application/json",
            headers=self.headers,
        )


@pytest.fixture
def newsroom() -> Newsroom:
    return Newsroom(make_source(make_blog(slug="genf", canonical_url="https://m.example.org/lb")))


def test_a_push_is_answered_with_the_entry_it_made(newsroom: Newsroom) -> None:
    answer = newsroom.push(ENTRY)
    assert answer.status_code == 201
    told = answer.json()
    assert told["change"] == "created"
    assert told["entry"]["permalink"] == "https://m.example.org/lb#e1"
    entry = Entry.objects.get(pk=told["entry"]["id"])
    assert entry.content.to_json() | {"published_at": None} == {
        **ENTRY,
        "published_at": None,
        "permalink": "https://m.example.org/lb#e1",
        "tags": [],
        "embargo_until": None,
        "blocks": [
            ENTRY["blocks"][0],
            {"type": "list", "text": "eins\nzwei", "items": ["eins", "zwei"], "ordered": False},
            ENTRY["blocks"][2],
            {**ENTRY["blocks"][3], "url": ""},
        ],
    }


def test_a_repeated_call_is_harmless(newsroom: Newsroom) -> None:
    newsroom.push(ENTRY)
    again = newsroom.push(ENTRY)
    assert (again.status_code, again.json()["change"]) == (200, "unchanged")
    assert again.json()["entry"]["revision"] == 1


def test_update_and_withdraw_by_external_id(newsroom: Newsroom) -> None:
    newsroom.push(ENTRY)
    assert newsroom.push({**ENTRY, "headline": "Neu"}).json()["change"] == "updated"
    assert (
        newsroom.push({"external_id": "e1", "state": "withdrawn"}).json()["change"] == "withdrawn"
    )
    assert Entry.objects.get().state == EntryState.WITHDRAWN
    deleted = newsroom.client.delete(f"{newsroom.url}/e1", headers=newsroom.headers)
    assert deleted.json()["change"] == "unchanged"
    read = newsroom.client.get(f"{newsroom.url}/e1", headers=newsroom.headers)
    assert read.json()["state"] == "withdrawn"


def test_a_naive_time_is_the_blogs(newsroom: Newsroom) -> None:
    newsroom.push({**ENTRY, "published_at": "2026-07-01T12:00:00"})
    assert Entry.objects.get().published_at.isoformat() == "2026-07-01T10:00:00+00:00"


def test_a_relative_permalink_is_resolved_and_keeps_its_fragment(newsroom: Newsroom) -> None:
    told = newsroom.push({**ENTRY, "permalink": "#eintrag-7"}).json()
    assert told["entry"]["permalink"] == "https://m.example.org/lb#eintrag-7"


def test_a_script_for_a_permalink_does_not_get_in(newsroom: Newsroom) -> None:
    told = newsroom.push({**ENTRY, "permalink": "javascript:alert(1)"}).json()
    assert told["entry"]["permalink"] == "https://m.example.org/lb#e1"


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"external_id": ""}, "external_id"),
        ({"external_id": "e1"}, "neither a headline nor any block"),
        ({"external_id": "e1", "blocks": [{"type": "poll"}]}, "poll"),
        ({"external_id": "e1", "blocks": [{"type": "paragraph", "text": " \u200b "}]}, "needs a"),
        ({"external_id": "e1", "headline": "x" * 1001}, "headline"),
        ([], "external_id"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_the_reason(
    newsroom: Newsroom, entry: Any, says: str
) -> None:
    answer: HttpResponse = newsroom.push(entry)
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert not Entry.objects.exists()


def test_no_token_a_wrong_one_and_one_of_another_blog_are_kept_out(newsroom: Newsroom) -> None:
    other = make_blog(slug="andere")
    assert newsroom.push(ENTRY, f"/api/v1/blogs/{other.slug}/entries").status_code == 404
    newsroom.headers = {"Authorization": "Bearer syn_wrong"}
    assert newsroom.push(ENTRY).status_code == 401
    newsroom.headers = {}
    assert newsroom.push(ENTRY).status_code == 401
    # A source that never got a token has an empty hash; an empty token must not match it.
    make_source(other, "no token")
    newsroom.headers = {"Authorization": "Bearer "}
    assert newsroom.push(ENTRY).status_code == 401
    assert not Entry.objects.exists()


def test_withdrawing_what_never_was_is_said(newsroom: Newsroom) -> None:
    answer = newsroom.push({"external_id": "never", "state": "withdrawn"})
    assert answer.status_code == 404
    assert "never" in answer.json()["detail"]


def test_openapi_is_served_and_describes_the_push() -> None:
    described = Client().get("/api/v1/openapi.json").json()
    assert "post" in described["paths"]["/api/v1/blogs/{slug}/entries"]
    assert "EntryIn" in described["components"]["schemas"]


def test_an_embargo_is_by_the_blogs_clock_and_lifting_it_is_a_change(newsroom: Newsroom) -> None:
    newsroom.push({**ENTRY, "embargo_until": "2126-07-01T06:00"})
    entry = Entry.objects.get()
    assert entry.embargo_until == datetime(2126, 7, 1, 4, tzinfo=UTC)
    assert newsroom.push({**ENTRY, "embargo_until": "2126-07-01T06:00"}).json()["change"] == (
        "unchanged"
    )
    assert newsroom.push(ENTRY).json()["change"] == "updated"
    entry.refresh_from_db()
    assert entry.embargo_until is None


def test_an_embargo_that_is_over_makes_no_difference(newsroom: Newsroom) -> None:
    newsroom.push({**ENTRY, "embargo_until": "2024-07-01T06:00"})
    assert newsroom.push(ENTRY).json()["change"] == "unchanged"


def test_of_an_hour_that_comes_twice_an_embargo_means_the_second(newsroom: Newsroom) -> None:
    newsroom.push({**ENTRY, "embargo_until": "2026-10-25T02:30"})
    assert Entry.objects.get().embargo_until == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_a_batch_has_one_answer_for_each_entry_in_their_order(newsroom: Newsroom) -> None:
    newsroom.push({**ENTRY, "external_id": "old"})
    newsroom.push({**ENTRY, "external_id": "gone"})
    batch = {
        "entries": [
            {**ENTRY, "external_id": "new"},
            {"external_id": "gone", "state": "withdrawn"},
            {**ENTRY, "external_id": "old"},
            {**ENTRY, "external_id": "batch"},
        ]
    }
    for method, expected in (
        (newsroom.client.post, ["created", "withdrawn", "unchanged", "created"]),
        (newsroom.client.put, ["unchanged"] * 4),
    ):
        answer = method(
            f"{newsroom.url}/batch",
            json.dumps(batch),
            content_type="application/json",
            headers=newsroom.headers,
        )
        assert answer.status_code == 200
        results = answer.json()["results"]
        assert [one["change"] for one in results] == expected
        assert [one["entry"]["external_id"] for one in results] == ["new", "gone", "old", "batch"]
    # That name is an address of its own, and an entry may still bear it.
    read = newsroom.client.get(f"{newsroom.url}/batch", headers=newsroom.headers)
    assert read.json()["external_id"] == "batch"
    gone = newsroom.client.delete(f"{newsroom.url}/batch", headers=newsroom.headers)
    assert gone.json()["change"] == "withdrawn"


@pytest.mark.parametrize(
    ("wrong", "status", "says"),
    [
        ({"external_id": "e9"}, 422, "“e9” was not taken: it has neither"),
        ({"external_id": "e9", "blocks": [{"type": "poll"}]}, 422, "poll"),
        ({"external_id": "e9", "state": "withdrawn"}, 404, "“e9”"),
        ({**ENTRY, "external_id": "first"}, 422, "“first” is there more than once"),
    ],
)
def test_of_a_batch_with_one_wrong_entry_nothing_is_taken(
    newsroom: Newsroom, wrong: Any, status: int, says: str
) -> None:
    batch = {"entries": [{**ENTRY, "external_id": "first"}, wrong]}
    answer = newsroom.push(batch, f"{newsroom.url}/batch")
    assert answer.status_code == status
    assert says in str(answer.json())
    assert not Entry.objects.exists()


def test_a_batch_has_its_limits(newsroom: Newsroom) -> None:
    for entries in ([], [{**ENTRY, "external_id": f"e{number}"} for number in range(501)]):
        answer = newsroom.push({"entries": entries}, f"{newsroom.url}/batch")
        assert answer.status_code == 422
    big = newsroom.push({**ENTRY, "headline": "x" * 2_600_000})
    assert (big.status_code, "Send fewer" in big.json()["detail"]) == (413, True)
    many = [{**ENTRY, "external_id": f"e{number}"} for number in range(500)]
    assert newsroom.push({"entries": many}, f"{newsroom.url}/batch").status_code == 200
    assert Entry.objects.count() == 500


@pytest.mark.parametrize("name", ["\0", "a\0b", "x" * 300])
def test_a_name_that_no_entry_can_have_is_answered(newsroom: Newsroom, name: str) -> None:
    assert newsroom.push({**ENTRY, "external_id": name}).status_code == 422
    path = f"{newsroom.url}/{quote(name)}"
    for ask in (newsroom.client.get, newsroom.client.delete):
        assert ask(path, headers=newsroom.headers).status_code == 404


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"published_at": "9999-12-31T23:59:59-12:00"}, "“published_at” is not of the years"),
        ({"published_at": "0001-01-01T00:00:00+23:00"}, "“published_at” is not of the years"),
        ({"published_at": "9999-12-31T23:30:00"}, "“published_at” is not of the years"),
        ({"embargo_until": "9999-12-31T23:30:00Z"}, "“embargo_until” is not of the years"),
        ({"permalink": "/" + "a" * 1990}, "its permalink is longer than 2000 characters"),
        ({"external_id": "\U0001f600" * 199}, "its permalink is longer than 2000 characters"),
    ],
)
def test_what_databases_and_calendars_cannot_hold_is_refused(
    newsroom: Newsroom, said: dict[str, str], why: str
) -> None:
    answer = newsroom.push(ENTRY | said)
    assert (answer.status_code, why in answer.json()["detail"]) == (422, True)
    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    "url",
    [
        *("tuer.jpg", "/tuer.jpg", "//m.example.org/tuer.jpg", "m.example.org/tuer.jpg"),
        *("data:image/png;base64,AAAA", "file:///etc/passwd", "javascript:alert(1)", "Tür"),
        *("https://", "https:///tuer.jpg", "https://[::1", " https://m.example.org/a.jpg", " "),
        *("https://m.example.org/a b.jpg", "https://m.example.org/a\0.jpg"),
        "https://m.example.org/" + "a" * 1979,
    ],
)
def test_a_picture_has_a_web_address_or_none(newsroom: Newsroom, url: str) -> None:
    picture = {"type": "image", "text": "Die Tür.", "url": url}
    wrong = {**ENTRY, "external_id": "e2", "blocks": [*ENTRY["blocks"], picture]}  # type: ignore[misc]
    for sent, path in ((wrong, ""), ({"entries": [ENTRY, wrong]}, f"{newsroom.url}/batch")):
        answer = newsroom.push(sent, path)
        assert answer.status_code == 422
        assert "“e2” was not taken: the “url” of its block 5 is no" in answer.json()["detail"]
        assert not Entry.objects.exists()


@pytest.mark.parametrize(
    "url",
    [
        *("", "https://m.example.org/tür.jpg?w=1#a", "HTTP://m.example.org:8080/a_b.jpg"),
        "https://m.example.org/" + "a" * 1978,
    ],
)
def test_a_web_address_of_a_picture_is_taken_as_it_is(newsroom: Newsroom, url: str) -> None:
    answer = newsroom.push({**ENTRY, "blocks": [{"type": "image", "text": "Die Tür.", "url": url}]})
    assert answer.status_code == 201
    assert Entry.objects.get().blocks[0]["url"] == url
