"""Photos on Facebook's sandbox: uploaded, described, attached, shown."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
import requests
from PIL import Image

from syndicator.channels.facebook.sandbox import SANDBOX_CREDENTIALS
from syndicator.channels.sandbox.server import SandboxServer
from syndicator.channels.sandbox.store import Action

PAGE = SANDBOX_CREDENTIALS["page_id"]
FIELDS = "id,message,attachments{media_type,type,unshimmed_url,subattachments{media_type}}"


def image(kind: str, colour: str = "red") -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(target, kind)
    return target.getvalue()


JPEG = image("JPEG")


def upload(facebook: requests.Session, content: bytes = JPEG, **fields: str) -> requests.Response:
    return facebook.post(f"/{PAGE}/photos", data=fields, files={"source": ("a.jpg", content)})


def unpublished(facebook: requests.Session, **fields: str) -> str:
    answer = upload(facebook, published="false", **fields)
    assert set(answer.json()) == {"id"}
    return str(answer.json()["id"])


def attach(facebook: requests.Session, *photos: str, **fields: str) -> requests.Response:
    attached = json.dumps([{"media_fbid": photo} for photo in photos])
    return facebook.post(f"/{PAGE}/feed", data={"attached_media": attached, **fields})


def error(answer: requests.Response) -> dict[str, Any]:
    assert answer.status_code == 400
    found: dict[str, Any] = answer.json()["error"]
    assert found["fbtrace_id"]
    return found


def test_one_photo_is_a_post(
    sandbox: SandboxServer, facebook: requests.Session, web: requests.Session
) -> None:
    answer = upload(facebook, message="Im Saal", alt_text_custom='Ein "roter" Saal').json()

    [post] = facebook.get(f"/{PAGE}/published_posts", params={"fields": FIELDS}).json()["data"]
    assert (post["id"], post["message"]) == (answer["post_id"], "Im Saal")
    [attached] = post["attachments"]["data"]
    assert attached["media_type"] == attached["type"] == "photo"
    assert requests.get(attached["unshimmed_url"], timeout=10).content == JPEG

    about = facebook.get(f"/{answer['id']}", params={"fields": "name,alt_text_custom"}).json()
    assert about["alt_text_custom"] == 'Ein "roter" Saal'
    page = web.get("/facebook/").text
    address = f"/facebook/photos/{answer['id']}"
    assert f'<img src="{address}" alt="Ein &#34;roter&#34; Saal">' in page
    shown = web.get(address)
    assert shown.headers["Content-Type"] == "image/jpeg"
    assert shown.headers["Content-Security-Policy"] == "default-src 'none'"


def test_several_photos_are_attached_in_order(
    sandbox: SandboxServer, facebook: requests.Session, web: requests.Session
) -> None:
    photos = [unpublished(facebook, message="dpa", alt_text_custom=f"Bild {n}") for n in (1, 2)]
    assert facebook.get(f"/{PAGE}/published_posts").json() == {"data": []}
    assert sandbox.store.accepted("facebook") == []
    assert len(sandbox.store.accepted("facebook", Action.DRAFT)) == 2

    post = attach(facebook, *photos, message="Zwei Bilder").json()["id"]

    [found] = facebook.get(f"/{PAGE}/published_posts", params={"fields": FIELDS}).json()["data"]
    assert found["id"] == post
    [album] = found["attachments"]["data"]
    assert album["media_type"] == "album"
    assert [one["media_type"] for one in album["subattachments"]["data"]] == ["photo", "photo"]
    page = web.get("/facebook/").text
    assert 0 < page.index("Bild 1") < page.index("Bild 2")
    assert page.count("<img") == 2
    assert page.count("<span>dpa</span>") == 2


def test_a_photo_by_its_address_is_never_fetched(
    facebook: requests.Session, web: requests.Session
) -> None:
    fields = {"url": "http://127.0.0.1:1/a.jpg", "message": "Text", "alt_text_custom": "Saal"}
    answer = facebook.post(f"/{PAGE}/photos", data=fields).json()
    assert set(answer) == {"id", "post_id"}
    page = web.get("/facebook/").text
    assert "Picture from http://127.0.0.1:1/a.jpg" in page
    assert "<img" not in page
    assert web.get(f"/facebook/photos/{answer['id']}").status_code == 400


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP"])
def test_kinds_of_pictures(facebook: requests.Session, kind: str) -> None:
    assert upload(facebook, image(kind)).status_code == 200


def test_what_is_no_picture(sandbox: SandboxServer, facebook: requests.Session) -> None:
    for content in (b"", b"<svg onload=alert(1)>", b"RIFF1234WAVE", JPEG + bytes(10_000_000)):
        refused = error(upload(facebook, content))
        assert (refused["code"], refused["error_subcode"]) == (100, 1366046)
        assert refused["error_user_title"] == "Can't Read Files"
    for fields in ({}, {"url": "kein Bild"}, {"url": "file:///etc/passwd"}):
        assert error(facebook.post(f"/{PAGE}/photos", data=fields))["code"] == 324
    assert error(upload(facebook, published="vielleicht"))["code"] == 100
    assert sandbox.store.accepted("facebook", Action.DRAFT) == []


def test_what_cannot_be_attached(sandbox: SandboxServer, facebook: requests.Session) -> None:
    one, two = unpublished(facebook), unpublished(facebook)
    other_post = facebook.post(f"/{PAGE}/feed", data={"message": "Text"}).json()["id"]
    wrong: list[tuple[tuple[str, ...], dict[str, str], int | None]] = [
        ((), {}, None),
        ((one, one), {}, None),
        (("999",), {}, 33),
        ((other_post,), {}, 33),
        ((one,), {"link": "https://zeitung.example/"}, None),
    ]
    for photos, fields, subcode in wrong:
        refused = error(attach(facebook, *photos, **fields))
        assert (refused["code"], refused.get("error_subcode")) == (100, subcode)
    for attached in ("{", "7", '["1"]', '[{"media_fbid": []}]', "[" * 50_000):
        answer = facebook.post(f"/{PAGE}/feed", data={"attached_media": attached})
        assert error(answer)["code"] == 100

    assert attach(facebook, one).status_code == 200
    assert error(attach(facebook, one, two))["error_subcode"] == 1366051
    assert len(sandbox.store.accepted("facebook")) == 2


def test_a_deleted_photo_is_not_shown(facebook: requests.Session, web: requests.Session) -> None:
    one, two = unpublished(facebook), unpublished(facebook)
    attach(facebook, one, two, message="Zwei")
    assert facebook.delete(f"/{one}").json() == {"success": True}
    assert web.get("/facebook/").text.count("<img") == 1
    assert error(facebook.get(f"/{one}"))["error_subcode"] == 33


def test_the_words_under_photos_can_be_edited(
    facebook: requests.Session, web: requests.Session
) -> None:
    post = upload(facebook, message="Alt").json()["post_id"]
    assert "Edited" not in web.get("/facebook/").text
    assert facebook.post(f"/{post}", data={"message": "Neu"}).json() == {"success": True}
    page = web.get("/facebook/").text
    assert "Neu" in page
    assert "Edited" in page
    assert error(facebook.post(f"/{post}", data={"attached_media": "[]"}))["code"] == 100
