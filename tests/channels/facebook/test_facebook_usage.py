"""The pace that Facebook's usage headers ask for."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.channels.facebook.usage import (
    LIMIT_WAIT,
    LONGEST_WAIT,
    SPREAD_FROM,
    wait_after_refusal,
    wait_after_success,
)
from tests.channels.conftest import answer
from tests.channels.facebook.graph import AMPLE, MESSAGE, client

if TYPE_CHECKING:
    from tests.channels.conftest import ScriptedServer

NAMES = ("X-App-Usage", "X-Page-Usage", "X-Business-Use-Case-Usage")
BACK_IN_19 = {"42": [{"type": "pages", "estimated_time_to_regain_access": 19}]}
NONE = timedelta(0)


def usage(count: object, time: object = 0, cpu: object = 0, **more: object) -> dict[str, object]:
    return {"call_count": count, "total_time": time, "total_cputime": cpu, **more}


def of_app(share: float) -> timedelta:
    return wait_after_success({"X-App-Usage": json.dumps(usage(share))})


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"X-App-Usage": usage(0)}, 0),
        ({"X-App-Usage": usage(80)}, 0),
        ({"X-App-Usage": usage(12, 90, 3)}, 112.5),
        ({"X-Page-Usage": usage(12, 3, 96)}, 460.8),
        ({"X-App-Usage": usage(85), "X-Page-Usage": usage(90)}, 112.5),
        ({"X-App-Usage": usage(100)}, 900),
        ({"X-Business-Use-Case-Usage": {"42": [usage(80), usage(90)], "43": []}}, 112.5),
        ({"X-Business-Use-Case-Usage": {"42": [usage(1)], "43": [usage(90)]}}, 112.5),
        ({"X-Business-Use-Case-Usage": {"42": [usage(90, type="pages")]}}, 112.5),
        ({"X-Business-Use-Case-Usage": {"42": [usage(100, type="ads_insights")]}}, 0),
        ({"X-Business-Use-Case-Usage": BACK_IN_19}, 19 * 60),
        ({"X-App-Usage": usage(120), "X-Business-Use-Case-Usage": BACK_IN_19}, 19 * 60),
        ({"X-App-Usage": usage("99", True, None)}, 0),
        ({"X-App-Usage": usage(float("nan"), -100)}, 0),
        ({"X-App-Usage": usage(float("inf"))}, 900),
        ({"X-App-Usage": usage(10**400)}, 900),
        ({"X-App-Usage": [99], "X-Page-Usage": 99}, 0),
        ({"X-App-Usage": json.dumps(usage(99))}, 0),
        ({"X-Business-Use-Case-Usage": {"42": [99], "43": 99, "44": usage(100)}}, 0),
    ],
)
def test_the_pace_after_an_accepted_post(
    server: ScriptedServer, headers: dict[str, object], seconds: float
) -> None:
    """https://developers.facebook.com/docs/graph-api/overview/rate-limiting"""
    told = {name: json.dumps(value) for name, value in headers.items()}
    server.replies.append(answer(200, {"id": "42_4711"}, told))
    receipt = client(server.url).send(MESSAGE, key="key", deadline=AMPLE)
    assert receipt.wait == pytest.approx(timedelta(seconds=seconds), abs=timedelta(milliseconds=1))


def test_a_usage_header_that_is_no_json_changes_nothing(server: ScriptedServer) -> None:
    server.replies.append(answer(200, {"id": "42_4711"}, {"X-App-Usage": "{" * 50_000}))
    assert client(server.url).send(MESSAGE, key="key", deadline=AMPLE).wait == NONE


@given(st.floats(0, SPREAD_FROM))
def test_below_the_limit_there_is_no_wait(share: float) -> None:
    assert of_app(share) == NONE


@given(st.floats(0, 150), st.floats(0, 150))
def test_more_use_never_means_less_wait(one: float, other: float) -> None:
    less, more = sorted((one, other))
    assert of_app(less) <= of_app(more) <= LIMIT_WAIT


@given(st.floats(SPREAD_FROM, 100))
def test_the_wait_grows_without_a_jump(share: float) -> None:
    """A percent more is at most 15 % of the longest wait more, up to the limit itself."""
    assert of_app(min(100, share + 1)) - of_app(share) <= 0.15 * LIMIT_WAIT


keys = st.sampled_from(
    ["call_count", "total_time", "type", "estimated_time_to_regain_access", "42", "error_data"]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=20,
)
hostile_headers = st.dictionaries(
    st.sampled_from((*NAMES, "Retry-After")), st.text(max_size=40) | json_values.map(json.dumps)
)


@given(hostile_headers, json_values)
def test_whatever_is_told_there_is_a_wait_with_an_end(headers: dict[str, str], error: Any) -> None:
    said = error if isinstance(error, dict) else {}
    assert NONE <= wait_after_success(headers) <= LONGEST_WAIT
    refused = wait_after_refusal(headers, said, datetime.now(UTC))
    assert refused is None or NONE < refused <= LONGEST_WAIT


@given(st.floats(0, 99), st.integers(1, 10**6))
def test_a_time_that_is_named_is_kept_in_minutes(share: float, minutes: int) -> None:
    told = {"42": [usage(share, estimated_time_to_regain_access=minutes)]}
    headers = {"X-Business-Use-Case-Usage": json.dumps(told)}
    named = min(timedelta(minutes=minutes), LONGEST_WAIT)
    assert wait_after_success(headers) >= named
    assert wait_after_refusal(headers, {}, datetime.now(UTC)) == named
