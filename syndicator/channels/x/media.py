"""Uploads pictures to X: https://docs.x.com/x-api/media/quickstart/media-upload-chunked.

An upload posts nothing. So whatever becomes of it, the post can be tried again as a whole; and a
post never goes out without the pictures it was approved with.

X documents every upload as a form and as JSON. X's own stand-in for tests takes only JSON, and
pictures only in segments: so what is refused in the first form is tried in the other.
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import requests

from syndicator.channels.base import Duplicate, Rejected, TryLater, Unknown
from syndicator.channels.x.connection import XConnection
from syndicator.channels.x.errors import NOT_PROCESSED, PICTURE_REFUSED, UPLOAD_FAILED
from syndicator.content import Picture
from syndicator.outbound.answers import json_object
from syndicator.outbound.deadline import Deadline

UPLOAD = "/2/media/upload"
METADATA = "/2/media/metadata"
#: X takes images of up to 5 MB in one call; animated ones only in segments.
LARGEST_IN_ONE = 5 * 1024 * 1024
SEGMENT = 1024 * 1024
#: Characters of a description; from memory.
LONGEST_ALT = 1000
#: Seconds between two questions whether X is done, where it names none.
ASK_AGAIN = 1.0
#: Tries after which a picture that X cannot process is given up.
TRIES = 5

T = TypeVar("T")
_ID = re.compile(r"[0-9]{1,19}")


def upload(x: XConnection, ends: Deadline, picture: Picture, data: bytes) -> str:
    """The media id of *picture*, with its description."""
    media = _certainly(lambda: _uploaded(x, ends, picture, data))
    if picture.alt:
        _certainly(lambda: _describe(x, ends, media, picture.alt[:LONGEST_ALT]))
    return media


def _certainly(act: Callable[[], T]) -> T:
    """*act*'s result; what is unknown about it is no reason to think that something was posted."""
    try:
        return act()
    except (Unknown, Duplicate) as error:
        raise TryLater(
            UPLOAD_FAILED, tries=TRIES, status=error.status, answer=error.answer
        ) from None
    except Rejected as error:
        raise Rejected(PICTURE_REFUSED, status=error.status, answer=error.answer) from None


def _uploaded(x: XConnection, ends: Deadline, picture: Picture, data: bytes) -> str:
    animated = picture.media_type == "image/gif"
    category = "tweet_gif" if animated else "tweet_image"
    if animated or len(data) > LARGEST_IN_ONE:
        return _in_segments(x, ends, picture.media_type, category, data)
    answer = x.upload(
        ends, UPLOAD, {"media_category": category, "media_type": picture.media_type}, data
    )
    if answer.status_code == requests.codes.bad_request:
        return _in_segments(x, ends, picture.media_type, category, data)
    named = _data(x, answer)
    _wait_until_processed(x, ends, named)
    return str(named["id"])


def _in_segments(
    x: XConnection, ends: Deadline, media_type: str, category: str, data: bytes
) -> str:
    begin = {"media_type": media_type, "total_bytes": len(data), "media_category": category}
    media = str(_data(x, x.call(ends, "POST", f"{UPLOAD}/initialize", json=begin))["id"])
    for index, start in enumerate(range(0, len(data), SEGMENT)):
        _append(x, ends, media, index, data[start : start + SEGMENT])
    done = _data(x, x.call(ends, "POST", f"{UPLOAD}/{media}/finalize"))
    _wait_until_processed(x, ends, done)
    return media


def _append(x: XConnection, ends: Deadline, media: str, index: int, segment: bytes) -> None:
    route = f"{UPLOAD}/{media}/append"
    answer = x.upload(ends, route, {"segment_index": str(index)}, segment)
    if answer.status_code == requests.codes.bad_request:
        encoded = base64.b64encode(segment).decode("ascii")
        answer = x.call(ends, "POST", route, json={"media": encoded, "segment_index": index})
    if not answer.ok:
        x.fail(answer)


def _wait_until_processed(x: XConnection, ends: Deadline, named: Mapping[str, Any]) -> None:
    """Ask X until it is done, within the deadline: to come back later would upload it all again."""
    while isinstance(info := named.get("processing_info"), Mapping):
        match info.get("state"):
            case "succeeded":
                return
            case "failed":
                raise Rejected(PICTURE_REFUSED, answer=x.redacted(str(info.get("error", ""))))
        asked = info.get("check_after_secs")
        wait = float(asked) if type(asked) is int and 0 < asked < 3600 else ASK_AGAIN
        if wait >= ends.remaining:
            raise TryLater(NOT_PROCESSED, tries=TRIES)
        time.sleep(wait)
        query = {"command": "STATUS", "media_id": str(named["id"])}
        named = _data(x, x.call(ends, "GET", UPLOAD, params=query))


def _describe(x: XConnection, ends: Deadline, media: str, alt: str) -> None:
    said = {"id": media, "metadata": {"alt_text": {"text": alt}}}
    answer = x.call(ends, "POST", METADATA, json=said)
    if not answer.ok:
        x.fail(answer)


def _data(x: XConnection, answer: requests.Response) -> Mapping[str, Any]:
    """What a successful answer says about the upload, with its id."""
    data = json_object(answer).get("data")
    named = data.get("id") if isinstance(data, Mapping) else None
    if not answer.ok or not isinstance(named, str) or not _ID.fullmatch(named):
        x.fail(answer)
    assert isinstance(data, Mapping)
    return data
