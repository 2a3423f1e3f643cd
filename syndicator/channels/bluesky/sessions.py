"""A session of an account, as it is kept among the destination's secrets.

https://atproto.com/specs/xrpc#authentication: an access token lives for minutes or hours, a refresh
token for weeks, and each works as long as the other was not renewed. Logins are few (30 in 5
minutes, 300 a day, by some servers 100), so a session is kept and renewed, and a login made only
where that no longer works.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SETTING = "session"

_DID = re.compile(r"did:[a-z]+:[A-Za-z0-9._:%-]{1,2000}")
_TOKEN = re.compile(r"[\x21-\x7e]{1,8000}")


@dataclass(frozen=True, slots=True)
class Session:
    """*did* is the account's own name, which stays when its handle changes."""

    did: str
    access: str = field(repr=False)
    refresh: str = field(repr=False)


def session_in(answer: Mapping[str, Any]) -> Session | None:
    """The session in the answer to a login or a renewal; None if it is not there."""
    did, access, refresh = (answer.get(name) for name in ("did", "accessJwt", "refreshJwt"))
    if not (isinstance(did, str) and isinstance(access, str) and isinstance(refresh, str)):
        return None
    well_formed = _DID.fullmatch(did) and _TOKEN.fullmatch(access) and _TOKEN.fullmatch(refresh)
    return Session(did, access, refresh) if well_formed else None


def kept_session(settings: Mapping[str, str]) -> Session | None:
    """The session in *settings*, unless it is another login's than the one they name now."""
    try:
        kept = json.loads(settings.get(SETTING, ""))
    except ValueError:
        return None
    if not isinstance(kept, dict) or kept.get("login") != _login(settings):
        return None
    return session_in(kept)


def keep(session: Session, settings: Mapping[str, str]) -> dict[str, str]:
    """*settings* with *session*."""
    kept = {
        "did": session.did,
        "accessJwt": session.access,
        "refreshJwt": session.refresh,
        "login": _login(settings),
    }
    return {**settings, SETTING: json.dumps(kept)}


def identifier(settings: Mapping[str, str]) -> str:
    return settings.get("handle", "").strip().lstrip("@").lower()


def _login(settings: Mapping[str, str]) -> str:
    """Tells one name and password from others; kept only beside the password itself."""
    said = f"{identifier(settings)}\0{settings.get('app_password', '')}"
    return hashlib.sha256(said.encode()).hexdigest()[:16]
