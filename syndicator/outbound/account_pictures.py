"""Fetches the picture of an account, which is only there to be recognised by."""

from __future__ import annotations

from urllib.parse import urlsplit

import requests

from syndicator.outbound.deadline import Deadline, DeadlinePassed
from syndicator.outbound.http import LARGEST_ANSWER, make_session


def picture_at(
    url: object,
    ends: Deadline,
    *,
    allow_private_addresses: bool,
    largest: int = LARGEST_ANSWER,
) -> requests.Response | None:
    """The successful answer of *url*, whatever a platform has put there; None if there is none.

    It may be at any host, so no token goes along. What is in it is for the caller to look at.
    """
    try:
        if not isinstance(url, str) or urlsplit(url).scheme not in ("https", "http"):
            return None
        with make_session(
            ends, allow_private_addresses=allow_private_addresses, largest_answer=largest
        ) as session:
            answer = session.request("GET", url)
    except (requests.RequestException, DeadlinePassed, ValueError):
        return None
    return answer if answer.status_code == requests.codes.ok else None
