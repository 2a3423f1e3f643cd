"""What Facebook's usage headers say about when to come back."""

from __future__ import annotations

import json
from datetime import timedelta

#: More is no answer of Facebook's: its windows are an hour or a day.
LONGEST_WAIT = timedelta(hours=25)


def asked_wait(header: str) -> timedelta | None:
    """The longest wait in an ``X-Business-Use-Case-Usage`` header; None if it names none.

    It is a JSON object: for each business id a list of objects that may have
    ``estimated_time_to_regain_access``, in minutes. See
    https://developers.facebook.com/docs/graph-api/overview/rate-limiting.
    """
    try:
        usage = json.loads(header)
        minutes = [
            float(use.get("estimated_time_to_regain_access", 0))
            for uses in usage.values()
            for use in uses
        ]
    except (ValueError, AttributeError, TypeError, RecursionError):
        return None
    longest = max((value for value in minutes if value > 0), default=0.0)
    longest = min(longest, LONGEST_WAIT.total_seconds() / 60)
    return timedelta(minutes=longest) if longest else None
