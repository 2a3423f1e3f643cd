"""What Facebook's usage headers say about when to go on.

``X-App-Usage`` and ``X-Page-Usage`` are JSON objects of percentages; in
``X-Business-Use-Case-Usage`` each business id has a list of such objects, which may also have
``estimated_time_to_regain_access``, in minutes. See
https://developers.facebook.com/docs/graph-api/overview/rate-limiting.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from syndicator.outbound.clocks import LARGEST_NUMBER, retry_after

#: More is no answer of Facebook's: its windows are an hour or a day.
LONGEST_WAIT = timedelta(hours=25)
#: How long to wait where Facebook asks for patience without naming a time.
LIMIT_WAIT = timedelta(minutes=15)
#: From this share of a limit on, in percent, posts are spread; at 100 Facebook refuses them.
SPREAD_FROM = 80
#: The wait for each percent from there: 5 seconds at 80 %, 100 seconds at 99 %. Facebook counts
#: the calls of the last hour or day, so that the share sinks while we wait.
WAIT_FOR_EACH_PERCENT = timedelta(seconds=5)

_PERCENTAGES = ("call_count", "total_time", "total_cputime")


def wait_after_success(headers: Mapping[str, str]) -> timedelta:
    """How long to wait before the next post, by the limit that is used up most."""
    uses = list(_uses(headers))
    asked = _asked(uses)
    share = max((_number(use, name) for use in uses for name in _PERCENTAGES), default=0.0)
    if share >= 100:
        return asked or LIMIT_WAIT
    steps = math.floor(share) - SPREAD_FROM + 1
    return max(asked, steps * WAIT_FOR_EACH_PERCENT, timedelta(0))


def wait_after_refusal(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How long to wait after too many calls; None if the headers do not say."""
    later = retry_after(headers, now=now, longest=LONGEST_WAIT)
    return max(_asked(_uses(headers)), later or timedelta(0)) or None


def _asked(uses: Iterable[Mapping[str, Any]]) -> timedelta:
    minutes = max((_number(use, "estimated_time_to_regain_access") for use in uses), default=0.0)
    return timedelta(minutes=min(minutes, LONGEST_WAIT / timedelta(minutes=1)))


def _uses(headers: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    """Every usage object in *headers*; what is not well-formed is passed over."""
    for name in ("X-App-Usage", "X-Page-Usage", "X-Business-Use-Case-Usage"):
        try:
            told = json.loads(headers.get(name, ""))
        except (ValueError, RecursionError):
            continue
        if not isinstance(told, dict):
            continue
        yield told
        for listed in told.values():
            if isinstance(listed, list):
                yield from (use for use in listed if isinstance(use, dict))


def _number(use: Mapping[str, Any], name: str) -> float:
    """The number called *name*, at most `LARGEST_NUMBER`; 0 if it is none."""
    value = use.get(name)
    # JSON has integers beyond any float, and Python's reader takes "NaN" and "Infinity".
    if not isinstance(value, int | float) or isinstance(value, bool) or not value > 0:
        return 0.0
    return float(min(value, LARGEST_NUMBER))
