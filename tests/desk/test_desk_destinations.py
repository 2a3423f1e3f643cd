from __future__ import annotations

import pytest
from django.test import Client as Browser
from structlog.testing import capture_logs

from syndicator import secrets
from syndicator.channels.base import Channel
from syndicator.clock import database_now
from syndicator.destinations.models import Destination, DestinationState, Policy
from syndicator.posts.models import Post, PostState
from syndicator.wording import Wording
from tests.factories import make_destination, make_post

pytestmark = pytest.mark.django_db
SECRET = "s3cret-value"
FILLED = {
    "name": "Notizen",
    "base_url": "http://127.0.0.1:8801/",
    "setting_handle": "notizen",
    "setting_token": SECRET,
}


def destination() -> Destination:
    made = Destination(name="Notizen", channel_name="note", base_url="https://notes.example.org")
    made.configure({"handle": "alt", "token": SECRET})
    made.save()
    return made


def test_the_page_says_how_each_one_is_doing(editor: Browser) -> None:
    post = make_post(Policy.REVIEW, make_destination("note"))
    make_post(Policy.AUTOMATIC, post.destination)
    make_post(Policy.REVIEW, post.destination)
    sent = make_post(Policy.REVIEW, post.destination)
    Post.objects.filter(pk=sent.pk).update(state=PostState.SENT, sent_at=database_now())
    post.destination.state = DestinationState.PAUSED
    post.destination.paused_at = database_now()
    post.destination.pause_reason = Wording("The key has expired.").to_json()
    post.destination.save()
    page = " ".join(editor.get("/destinations/").content.decode().split())
    assert "<dt>Waits for a person</dt><dd>2</dd>" in page
    assert "<dt>Waits to be sent</dt><dd>1, the oldest since <time" in page
    assert "The key has expired." in page
    assert "none yet" not in page
    assert "/resume/" in page
    assert "/pause/" not in page


def test_every_installed_channel_can_be_connected(
    admin: Browser, channels: dict[str, Channel]
) -> None:
    for name, channel in channels.items():
        page = admin.get(f"/destinations/connect/{name}/").content.decode()
        assert f'value="{channel.default_base_url}"' in page
        for setting in channel.settings:
            assert (f'name="setting_{setting.name}"' in page) is not setting.kept
            assert ('type="password"' in page) or not setting.secret
    assert admin.get("/destinations/connect/gone/").status_code == 404


def test_connecting_stores_the_secret_encrypted_and_logs_no_value(admin: Browser) -> None:
    with capture_logs() as logs:
        answer = admin.post("/destinations/connect/note/", FILLED)
    assert answer.status_code == 302
    made = Destination.objects.get()
    assert made.base_url == "http://127.0.0.1:8801"
    assert made.settings == {"handle": "notizen"}
    assert SECRET not in made.encrypted_secrets
    assert secrets.decrypt(made.encrypted_secrets) == {"token": SECRET}
    line = next(line for line in logs if line["event"] == "settings changed")
    assert line["act"] == "connected"
    assert SECRET not in str(logs)


def test_a_secret_is_never_sent_back(admin: Browser) -> None:
    made = destination()
    assert SECRET not in admin.get(f"/destinations/{made.pk}/").content.decode()
    refused = admin.post("/destinations/connect/note/", {**FILLED, "name": ""})
    assert refused.status_code == 200
    assert SECRET not in refused.content.decode()


def test_an_empty_secret_keeps_the_stored_one(admin: Browser) -> None:
    made = destination()
    path = f"/destinations/{made.pk}/"
    assert "Stored. Leave empty to keep it." in admin.get(path).content.decode()
    assert admin.post(path, {**FILLED, "setting_token": ""}).status_code == 302
    made.refresh_from_db()
    assert made.settings == {"handle": "notizen"}
    assert secrets.decrypt(made.encrypted_secrets) == {"token": SECRET}
    assert admin.post(path, {**FILLED, "setting_token": "new"}).status_code == 302
    made.refresh_from_db()
    assert secrets.decrypt(made.encrypted_secrets) == {"token": "new"}


def test_a_new_destination_needs_its_secret(admin: Browser) -> None:
    assert admin.post("/destinations/connect/note/", {**FILLED, "setting_token": ""})
    assert not Destination.objects.exists()


@pytest.mark.parametrize("address", ["", "notes.example.org", "ftp://x", "https://", "http://["])
def test_the_platforms_address_is_a_full_one(admin: Browser, address: str) -> None:
    admin.post("/destinations/connect/note/", {**FILLED, "base_url": address})
    assert not Destination.objects.exists()


def test_secrets_of_lost_keys_can_be_entered_again(admin: Browser) -> None:
    made = destination()
    Destination.objects.update(encrypted_secrets="gAAAAA-of-another-installation")
    path = f"/destinations/{made.pk}/"
    page = admin.get(path).content.decode()
    assert "cannot be read" in page
    assert "Leave empty to keep it" not in page
    assert admin.post(path, FILLED).status_code == 302
    made.refresh_from_db()
    assert secrets.decrypt(made.encrypted_secrets) == {"token": SECRET}


def test_pausing_and_resuming(admin: Browser) -> None:
    made = destination()
    admin.post(f"/destinations/{made.pk}/pause/")
    made.refresh_from_db()
    assert made.state == DestinationState.PAUSED
    assert made.paused_at is not None
    assert "Edda Kranz paused it." in admin.get("/destinations/").content.decode()
    admin.post(f"/destinations/{made.pk}/resume/")
    made.refresh_from_db()
    assert made.state == DestinationState.ACTIVE
    assert made.pause_reason is None


def test_pausing_does_not_cover_up_why_it_was_paused_before(admin: Browser) -> None:
    made = destination()
    why = Wording("The key has expired.").to_json()
    Destination.objects.update(state=DestinationState.PAUSED, pause_reason=why)
    admin.post(f"/destinations/{made.pk}/pause/")
    made.refresh_from_db()
    assert made.pause_reason == why
