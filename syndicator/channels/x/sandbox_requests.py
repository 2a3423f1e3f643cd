"""What an app sends, checked as X checks it; `ApiProblem` if X would refuse it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from syndicator.channels.sandbox.base import Request
from syndicator.channels.x.sandbox_answers import forbidden, invalid_request
from syndicator.channels.x.sandbox_tweets import TWEET_FIELDS
from syndicator.channels.x.weighted_length import weighted_length

LONGEST_TEXT = 280
MOST_PICTURES = 4

_ID = re.compile(r"[0-9]{1,19}")
_PAGE_TOKEN = re.compile(r"before-([0-9]{1,18})")
_INVALID_CHARACTERS = re.compile("[\ufffe\ufeff\uffff\ud800-\udfff]")


def post_fields(request: Request) -> dict[str, Any]:
    """The JSON body of a new post."""
    fields = json_object(request)
    known = {"text", "reply", "reply_settings", "media", "quote_tweet_id", "edit_options"}
    for name in fields.keys() - known:
        raise invalid_request(
            f"$.{name}: is not defined in the schema and the schema does not allow additional "
            "properties"
        )
    if "quote_tweet_id" in fields:
        raise forbidden("You are not permitted to quote this Tweet.")
    if "edit_options" in fields:
        raise forbidden("You are not permitted to edit Tweets.")
    if "media" in fields:
        _check_media(fields["media"])
    if "reply" in fields:
        _check_reply(fields["reply"])
    settings = ("following", "mentionedUsers", "subscribers", "verified")
    if fields.get("reply_settings", "following") not in settings:
        raise invalid_request(f"$.reply_settings: is not one of [{', '.join(settings)}]")
    _check_text(fields.get("text", ""))
    return fields


def _check_reply(reply: object) -> None:
    if isinstance(reply, dict) and reply.keys() == {"in_reply_to_tweet_id"}:
        tweet = reply["in_reply_to_tweet_id"]
        if isinstance(tweet, str) and _ID.fullmatch(tweet):
            return
    raise invalid_request("$.reply: does not match the schema")


def _check_media(media: object) -> None:
    ids = media.get("media_ids") if isinstance(media, dict) and len(media) == 1 else None
    if not isinstance(ids, list) or not 1 <= len(ids) <= MOST_PICTURES:
        raise invalid_request("$.media.media_ids: does not match the schema")
    if not all(isinstance(one, str) and _ID.fullmatch(one) for one in ids):
        raise invalid_request("Your media IDs are invalid.")


def _check_text(text: object) -> None:
    if not isinstance(text, str):
        raise invalid_request("$.text: string expected")
    if not text.strip():
        raise invalid_request("Your Tweet is empty.")
    if _INVALID_CHARACTERS.search(text):
        raise invalid_request("Your Tweet contains invalid characters.")
    if weighted_length(text) > LONGEST_TEXT:
        raise forbidden("Your Tweet text is too long.")


def json_object(request: Request) -> dict[str, Any]:
    if request.mimetype != "application/json":
        raise invalid_request("Requests with bodies must have content-type of application/json.")
    try:
        body = json.loads(request.get_data())
    except (ValueError, RecursionError):
        raise invalid_request("The body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise invalid_request("$: object expected")
    return body


@dataclass(frozen=True, slots=True)
class TimelineQuery:
    max_results: int
    start_time: datetime | None
    before: int | None
    fields: frozenset[str]


def timeline_query(request: Request) -> TimelineQuery:
    asked = request.args
    known = ("max_results", "pagination_token", "start_time", "tweet.fields")
    for name in asked.keys() - set(known):
        raise invalid_request(f"The query parameter [{name}] is not one of [{', '.join(known)}]")
    count = asked.get("max_results", "10")
    if not re.fullmatch(r"[0-9]{1,3}", count) or not 5 <= int(count) <= 100:
        raise invalid_request(
            f"The `max_results` query parameter value [{count}] is not between 5 and 100",
            max_results=count,
        )
    token = asked.get("pagination_token", "")
    page = _PAGE_TOKEN.fullmatch(token)
    if token and not page:
        raise invalid_request(
            f"The `pagination_token` query parameter value [{token}] is invalid",
            pagination_token=token,
        )
    fields = frozenset(filter(None, asked.get("tweet.fields", "").split(",")))
    for field in fields - TWEET_FIELDS:
        raise invalid_request(
            f"The `tweet.fields` query parameter value [{field}] is not one of "
            f"[{','.join(sorted(TWEET_FIELDS))}]",
            **{"tweet.fields": field},
        )
    return TimelineQuery(
        int(count), _start_time(asked.get("start_time")), int(page[1]) if page else None, fields
    )


def _start_time(asked: str | None) -> datetime | None:
    """X compares whole seconds."""
    if asked is None:
        return None
    try:
        start = datetime.fromisoformat(asked).replace(microsecond=0)
        if start.tzinfo is None:
            raise ValueError("without an offset")
        return start.astimezone(UTC)
    except (ValueError, OverflowError):
        raise invalid_request(
            f"The `start_time` query parameter value [{asked}] is not a valid RFC 3339 date-time",
            start_time=asked,
        ) from None
