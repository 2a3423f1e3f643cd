"""The parameters of a Graph call: how they arrive, and what they may be."""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from syndicator.channels.facebook.sandbox_answers import GraphError, invalid_parameter
from syndicator.channels.facebook.sandbox_fields import (
    Fields,
    UnknownField,
    UnreadableFields,
    parse_fields,
    select,
)
from syndicator.channels.facebook.sandbox_tokens import Kind
from syndicator.channels.sandbox.base import Request

LONGEST_MESSAGE = 63_206
#: A scheduled post comes out this many seconds from now.
SCHEDULE_SECONDS = range(10 * 60, 30 * 24 * 3600 + 1)

#: What of a call is not kept.
SECRETS = ("access_token", "appsecret_proof")


@dataclass(frozen=True, slots=True)
class GraphCall:
    """One authenticated call. *holder* is whose token it came with: None if it needs none."""

    request: Request
    parameters: Mapping[str, str]
    holder: Kind | None

    def sent(self) -> dict[str, str]:
        """The parameters without credentials."""
        return {name: said for name, said in self.parameters.items() if name not in SECRETS}


def read_parameters(request: Request) -> dict[str, str]:
    """The call's parameters, which Graph takes from the query, a form or a JSON object."""
    parameters = dict(request.args.items())
    if request.mimetype == "application/json":
        try:
            body = json.loads(request.get_data())
        except (ValueError, RecursionError):
            raise invalid_parameter("The body is not valid JSON") from None
        if not isinstance(body, dict):
            raise invalid_parameter("The body must be a JSON object")
        for name, value in body.items():
            parameters[name] = value if isinstance(value, str) else json.dumps(value)
    else:
        parameters.update(request.form.items())
    try:
        json.dumps(parameters, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise invalid_parameter("Param is not valid UTF-8") from None
    return parameters


def check_message(message: str) -> None:
    if len(message) > LONGEST_MESSAGE:
        raise invalid_parameter(f"Param message must be at most {LONGEST_MESSAGE} characters")


def is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", url)
        )
    except ValueError:
        return False


def check_link(link: str) -> None:
    if link and not is_web_address(link):
        raise GraphError(
            "(#100) link URL is not properly formatted",
            100,
            subcode=1500,
            title="The url you supplied is invalid",
            explanation="The url you supplied is invalid",
        )


def is_published(parameters: Mapping[str, str]) -> bool:
    published = parameters.get("published", "true").lower()
    if published not in ("true", "false", "1", "0"):
        raise invalid_parameter("Param published must be a boolean")
    if "scheduled_publish_time" in parameters:
        if published in ("true", "1"):
            raise invalid_parameter(
                "You cannot specify a scheduled publish time on a published post"
            )
        wait = whole_number(parameters, "scheduled_publish_time", 0) - datetime.now(UTC).timestamp()
        if math.ceil(wait) not in SCHEDULE_SECONDS:
            raise invalid_parameter("The specified scheduled publish time is invalid.")
    return published in ("true", "1")


def attached_photos(parameters: Mapping[str, str]) -> list[str]:
    """The ids in ``attached_media``: a JSON list of ``{"media_fbid": …}``."""
    asked = parameters.get("attached_media")
    if asked is None:
        return []
    try:
        listed = json.loads(asked)
        ids = [one["media_fbid"] for one in listed]
    except (ValueError, RecursionError, TypeError, KeyError):
        raise invalid_parameter("Param attached_media must be an array of objects") from None
    if not ids or not all(isinstance(one, str | int) for one in ids):
        raise invalid_parameter("Param attached_media must have media_fbid")
    return [str(one) for one in ids]


def whole_number(parameters: Mapping[str, str], name: str, default: int) -> int:
    asked = parameters.get(name, str(default))
    if not re.fullmatch(r"-?[0-9]{1,12}", asked):
        raise invalid_parameter(f"Param {name} must be an integer")
    return int(asked)


def moment(parameters: Mapping[str, str], name: str) -> datetime | None:
    """A Unix time, or an ISO 8601 date or time (UTC if it says nothing else)."""
    asked = parameters.get(name)
    if not asked:
        return None
    try:
        if re.fullmatch(r"[0-9]{1,12}", asked):
            return datetime.fromtimestamp(int(asked), UTC)
        told = datetime.fromisoformat(asked)
        return (told if told.tzinfo else told.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise invalid_parameter(f"Param {name} must be a valid time") from None


def asked_of(
    node: Mapping[str, Any], known: Fields, parameters: Mapping[str, str], default: str
) -> dict[str, Any]:
    """The fields of *node* that ``fields`` asks for, or else those in *default*."""
    try:
        return select(node, known, parse_fields(parameters.get("fields") or default))
    except UnreadableFields as problem:
        raise GraphError(f"{problem} in the field expansion", 2500) from problem
    except UnknownField as problem:
        raise invalid_parameter(f"Tried accessing nonexisting field ({problem.name})") from problem


def cursor(number: int) -> str:
    return base64.urlsafe_b64encode(f"post:{number}".encode()).decode()


def cursor_number(told: str) -> int | None:
    if not told:
        return None
    try:
        kind, _, number = base64.urlsafe_b64decode(told).decode().partition(":")
        if kind == "post" and re.fullmatch("[0-9]{1,18}", number):
            return int(number)
    except ValueError:
        pass
    raise invalid_parameter("Invalid cursor provided")
