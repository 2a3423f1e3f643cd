from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from syndicator.standard_webhooks import NotSigned, check, new_secret, sign

#: The example of https://github.com/standard-webhooks/standard-webhooks
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'
HEADERS = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
THEN = datetime.fromtimestamp(1614265330, UTC)


def test_the_standards_own_example_verifies() -> None:
    assert check([SECRET], HEADERS, BODY, THEN) == HEADERS["webhook-id"]
    assert check([new_secret(), SECRET], HEADERS, BODY, THEN)
    assert sign(SECRET, HEADERS["webhook-id"], "1614265330", BODY) == HEADERS["webhook-signature"]


def test_one_right_signature_of_several_is_enough() -> None:
    several = f"v1a,Zm9v v1,b2xk {HEADERS['webhook-signature']}"
    assert check([SECRET], {**HEADERS, "webhook-signature": several}, BODY, THEN)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_call_from_another_time_is_refused_and_told_so(minutes: int) -> None:
    with pytest.raises(NotSigned, match="5 minutes"):
        check([SECRET], HEADERS, BODY, THEN + timedelta(minutes=minutes))


@pytest.mark.parametrize("seconds", [-300, 300])
def test_a_clock_may_differ_by_five_minutes(seconds: int) -> None:
    assert check([SECRET], HEADERS, BODY, THEN + timedelta(seconds=seconds))


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_ü", "whsec_!!!!"])
def test_what_is_no_secret_verifies_nothing(secret: str) -> None:
    with pytest.raises(NotSigned):
        check([secret], HEADERS, BODY, THEN)


def test_a_new_secret_has_256_bits() -> None:
    assert len(base64.b64decode(new_secret().removeprefix("whsec_"))) == 32
    assert new_secret() != new_secret()


@settings(max_examples=300, deadline=None)
@given(
    which=st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature", "body"]),
    at=st.integers(0, 200),
    what=st.characters(min_codepoint=32, max_codepoint=255),
    how=st.sampled_from(["put", "replace", "drop"]),
)
def test_nothing_that_was_tampered_with_verifies(which: str, at: int, what: str, how: str) -> None:
    before = BODY.decode() if which == "body" else HEADERS[which]
    at %= len(before)
    after = {
        "put": before[:at] + what + before[at:],
        "replace": before[:at] + what + before[at + 1 :],
        "drop": before[:at] + before[at + 1 :],
    }[how]
    assume(after != before)
    # A further signature beside the right one is no tampering.
    assume(which != "webhook-signature" or HEADERS[which] not in after.split(" "))
    body = after.encode() if which == "body" else BODY
    headers = HEADERS if which == "body" else {**HEADERS, which: after}
    with pytest.raises(NotSigned):
        check([SECRET], headers, body, THEN)


@settings(max_examples=100, deadline=None)
@given(whole=st.binary(max_size=40))
def test_what_is_signed_can_be_taken_apart_in_one_way_only(whole: bytes) -> None:
    """The full stops between id, time and body cannot be moved."""
    timestamp = HEADERS["webhook-timestamp"]
    signature = sign(SECRET, "msg", timestamp, timestamp.encode() + b"." + whole)
    moved = {
        "webhook-id": f"msg.{timestamp}",
        "webhook-timestamp": timestamp,
        "webhook-signature": signature,
    }
    with pytest.raises(NotSigned):
        check([SECRET], moved, whole, THEN)
