"""One HTTP call of a client, and what it means that no answer came."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

from syndicator.channels.base import ChannelError, TryLater, Unauthorised, Unknown
from syndicator.outbound.deadline import Deadline, DeadlinePassed
from syndicator.outbound.http import did_not_act, make_session
from syndicator.wording import Wording


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """What to say where none came: *unreachable* if nothing was sent, *unclear* if something may
    have been done, *address* if the address or a key cannot even be put into a request."""

    unreachable: Wording
    unclear: Wording
    address: Wording


def call(
    ends: Deadline,
    method: str,
    url: str,
    *,
    says: NoAnswer,
    redacted: Callable[[str], str],
    allow_private_addresses: bool = False,
    harmless: bool = False,
    **what: Any,
) -> requests.Response:
    """Whatever is answered; a `ChannelError` in the words of *says* if nothing is.

    *what* is as for `requests`. A *harmless* call can do nothing on the platform: without an
    answer it may be made again. *redacted* takes the secrets out of a text.
    """
    failure: ChannelError
    session = make_session(ends, allow_private_addresses=allow_private_addresses)
    try:
        with session:
            return session.request(method, url, **what)
    except (requests.RequestException, DeadlinePassed, ValueError) as error:
        told = redacted(str(error))
        if did_not_act(error):
            failure = TryLater(says.unreachable, answer=told)
        elif not ends.sent:
            failure = Unauthorised(says.address, answer=told)
        elif harmless:
            failure = TryLater(says.unclear, answer=told)
        else:
            failure = Unknown(says.unclear, answer=told)
    # Not inside “except”: the error would come along, and it may know a secret in the URL.
    raise failure
