"""What the Facebook channel's tests share: an account, its client, answers of the Graph API."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from PIL import Image

from syndicator.channels.base import Account, Message
from syndicator.channels.facebook.client import FacebookClient
from syndicator.content import Picture
from tests.channels.conftest import Received, Reply, answer

TOKEN = "EAApage-access-token-1234"
APP_ID = "204512"
APP_SECRET = "app-secret-1234"
PERMALINK = "https://zeitung.example/live#eintrag-7"
MESSAGE = Message("Grüße „hier“ & dort 👍🏽\n\nZwei", PERMALINK, link=PERMALINK)
AMPLE = timedelta(seconds=30)
SHORT = timedelta(milliseconds=300)


def proof_of(token: str) -> str:
    return hmac.new(APP_SECRET.encode(), token.encode(), hashlib.sha256).hexdigest()


PROOF = proof_of(TOKEN)


def account(base_url: str, *, private: bool = True, **changed: str) -> Account:
    settings = {"page_id": "42", "page_access_token": TOKEN, **changed}
    stored = {picture.digest: data for picture, data in PICTURES.items()}
    return Account(
        base_url,
        settings,
        allow_private_addresses=private,
        open_picture=lambda picture: stored[picture.digest],
    )


def client(base_url: str, *, private: bool = True, **changed: str) -> FacebookClient:
    return FacebookClient(account(base_url, private=private, **changed))


def graph_error(
    code: int, subcode: int | None = None, status: int = 400, usage: Any = None, **more: Any
) -> Reply:
    """An error with the fields that Graph's have."""
    error = {"message": "M", "type": "OAuthException", "code": code, "fbtrace_id": "A1", **more}
    if subcode is not None:
        error["error_subcode"] = subcode
    headers = {} if usage is None else {"X-Business-Use-Case-Usage": json.dumps(usage)}
    return answer(status, {"error": error}, headers)


def png(colour: str) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(target, "PNG")
    return target.getvalue()


def picture(data: bytes, *, alt: str = "", credit: str = "") -> Picture:
    digest = hashlib.sha256(data).hexdigest()
    return Picture(digest, "image/png", len(data), 40, 30, alt, credit)


PICTURES: Mapping[Picture, bytes] = {
    picture(data, alt=alt, credit=credit): data
    for data, alt, credit in (
        (png("red"), "Ein roter Saal", "Agentur Öhm"),
        (png("green"), "", ""),
        (png("blue"), "Ein blaues „Meer“", "dpa"),
    )
}
RED, GREEN, BLUE = PICTURES


def with_pictures(*pictures: Picture) -> Message:
    text = f"Grüße\n\n{PERMALINK}"
    return Message(text, PERMALINK, language="de", pictures=pictures)


@dataclass(frozen=True)
class Part:
    """A part of a multipart form, as it arrived."""

    name: str
    file_name: str | None
    media_type: str
    content: bytes


def parts(request: Received) -> Sequence[Part]:
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    form = BytesParser(policy=HTTP).parsebytes(head + request.body)
    found = []
    for part in form.iter_parts():
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        name = str(part.get_param("name", header="content-disposition"))
        found.append(Part(name, part.get_filename(), part.get_content_type(), content))
    return found


def fields(request: Received) -> Mapping[str, str]:
    """The fields of a multipart form that are no files."""
    return {one.name: one.content.decode() for one in parts(request) if one.file_name is None}


def files(request: Received) -> Mapping[str, bytes]:
    return {one.name: one.content for one in parts(request) if one.file_name is not None}
