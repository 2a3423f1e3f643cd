"""What is read from, and kept of, a platform's answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import requests

#: Characters kept of an answer.
LONGEST_ANSWER = 2000
_HIDDEN = "[hidden]"

_CREDENTIALS = (
    re.compile(
        r"""(?ix)
        (["']?\b(?: access_token | refresh_token | appsecret_proof | client_secret | consumer_secret
            | oauth_(?:token|token_secret|signature|consumer_key|nonce) | api_key | password
        )[\\"']*\s*[=:]\s*[\\"']*)
        [^\s\\"'&,;}]+
        """
    ),
    # After the one above: what follows “OAuth” may be the name of a field.
    re.compile(r"(?i)(\b(?:bearer|basic|oauth)\s+)[A-Za-z0-9._~+/%=-]{8,}"),
    # A Facebook token as it stands in some of its error messages.
    re.compile(r"()\bEAA[A-Za-z0-9]{20,}"),
)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """*text* without credentials or any of the *secrets*, at most `LONGEST_ANSWER` characters."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        for spelling in (secret, quote(secret, safe="")):
            text = text.replace(spelling, _HIDDEN)
    for pattern in _CREDENTIALS:
        text = pattern.sub(rf"\g<1>{_HIDDEN}", text)
    return text[:LONGEST_ANSWER]


def json_object(response: requests.Response) -> dict[str, Any]:
    """The JSON object an answer consists of; empty if it is anything else."""
    try:
        # UTF-8 whatever the header claims: RFC 8259, 8.1.
        found = json.loads(response.content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
