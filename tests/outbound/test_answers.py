from __future__ import annotations

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from syndicator.outbound.answers import LONGEST_ANSWER, json_object, redact


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Authorization: Bearer abcdef123456", "abcdef123456"),
        ("/me?access_token=EAAxyz&fields=id", "EAAxyz"),
        ('{"access_token": "EAAxyz", "id": "1"}', "EAAxyz"),
        ("&appsecret_proof=0123abcd", "0123abcd"),
        ('OAuth oauth_token="12-ab", oauth_signature="c2ln"', "c2ln"),
        ("oauth_token_secret=s3cret", "s3cret"),
        ("Malformed access token EAABsbCS1234567890abcdefghij", "EAABsbCS"),
    ],
)
def test_credentials_are_hidden(text: str, gone: str) -> None:
    assert gone not in redact(text)
    assert "[hidden]" in redact(text)


def test_what_stands_around_a_credential_stays() -> None:
    assert redact("/me?access_token=abc&fields=id") == "/me?access_token=[hidden]&fields=id"


def test_known_secrets_are_hidden_also_percent_encoded() -> None:
    assert redact("a 12|ab b 12%7Cab c", ["12|ab"]) == "a [hidden] b [hidden] c"


@given(st.text(alphabet="abc", min_size=4, max_size=8), st.integers(1, 2000))
def test_no_secret_survives_and_nothing_is_longer_than_the_limit(secret: str, times: int) -> None:
    kept = redact(f"{secret} " * times, [secret])
    assert secret not in kept
    assert len(kept) <= LONGEST_ANSWER


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'{"id": "1"}', {"id": "1"}),
        (b'["id"]', {}),
        (b"", {}),
        (b"<html>", {}),
        (b'{"id": "1"', {}),
        (b"\xff\xfe", {}),
        (b"[" * 100_000, {}),
    ],
)
def test_json_object(content: bytes, expected: dict[str, str]) -> None:
    response = requests.Response()
    response._content = content
    assert json_object(response) == expected
