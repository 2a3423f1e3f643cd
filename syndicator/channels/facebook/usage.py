"""What Facebook says about how much of its limits is used up, and when to go on.

``X-App-Usage`` and ``X-Page-Usage`` are JSON objects of percentages; in
``X-Business-Use-Case-Usage`` each business id has a list of such objects, one for each type of
call, which may also have ``estimated_time_to_regain_access``, in minutes. See
https://developers.facebook.com/docs/graph-api/overview/rate-limiting.
"""

from __future__ import annotations

import json
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
#: The type of calls that count for a page; others, such as advertising's, have limits of their own.
TYPE = "pages"

_PERCENTAGES = ("call_count", "total_time", "total_cputime")
_REGAIN = "estimated_time_to_regain_access"


def wait_after_success(headers: Mapping[str, str]) -> timedelta:
    """How long to wait before the next post, by the limit that is used up most.

    Facebook counts the calls of the last hour or day, so that the share sinks while we wait. Hence
    the wait grows gently at first and steeply towards the end: with the cube of how far the share
    is on its way from `SPREAD_FROM` to 100 %, where it is `LIMIT_WAIT`.
    """
    uses = list(_uses(headers))
    asked = _asked(uses)
    share = max((_number(use, name) for use in uses for name in _PERCENTAGES), default=0.0)
    if share >= 100:
        return asked or LIMIT_WAIT
    way = max(0.0, share - SPREAD_FROM) / (100 - SPREAD_FROM)
    return max(asked, LIMIT_WAIT * way**3)


def wait_after_refusal(
    headers: Mapping[str, str], error: Mapping[str, Any], now: datetime
) -> timedelta | None:
    """How long to wait after too many calls; None if neither *headers* nor *error* say.

    *error* is the error object in the body.
    """
    later = retry_after(headers, now=now, longest=LONGEST_WAIT)
    asked = _asked([*_uses(headers), error, _object(error.get("error_data"))])
    return max(asked, later or timedelta(0)) or None


def _asked(uses: Iterable[Mapping[str, Any]]) -> timedelta:
    minutes = max((_number(use, _REGAIN) for use in uses), default=0.0)
    return timedelta(minutes=min(minutes, LONGEST_WAIT / timedelta(minutes=1)))


def _uses(headers: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    """Every usage object in *headers*; what is not well-formed is passed over."""
    for name in ("X-App-Usage", "X-Page-Usage"):
        yield _object(headers.get(name))
    for listed in _object(headers.get("X-Business-Use-Case-Usage")).values():
        for use in listed if isinstance(listed, list) else ():
            if isinstance(use, dict) and use.get("type", TYPE) == TYPE:
                yield use


def _object(told: object) -> Mapping[str, Any]:
    """*told* as an object, be it one or JSON of one; empty if it is neither."""
    if isinstance(told, str):
        try:
            told = json.loads(told)
        except (ValueError, RecursionError):
            return {}
    return told if isinstance(told, dict) else {}


def _number(use: Mapping[str, Any], name: str) -> float:
    """The number called *name*, at most `LARGEST_NUMBER`; 0 if it is none."""
    value = use.get(name)
    # JSON has integers beyond any float, and Python's reader takes "NaN" and "Infinity".
    if not isinstance(value, int | float) or isinstance(value, bool) or not value > 0:
        return 0.0
    return float(min(value, LARGEST_NUMBER))
