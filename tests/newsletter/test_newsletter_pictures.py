"""The picture of a mail, from the entry to the reader: small, inside, and never left out."""

from __future__ import annotations

import io
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
import requests
from django.test import Client as Browser
from PIL import Image as Pillow

from syndicator.accounts.models import Role
from syndicator.channels.email.pictures import LONGEST_SIDE, MOST_BYTES, content_id
from syndicator.channels.email.rendering import link_targets
from syndicator.channels.sandbox.server import SandboxServer
from syndicator.content import Image, Paragraph
from syndicator.destinations.models import Destination, Policy
from syndicator.newsletter.fanout import send_due
from syndicator.newsletter.models import Mailing, MailingRecipient, RecipientState
from syndicator.newsletter.pictures import AWAY, GONE
from syndicator.newsletter.subscribing import subscribe, unsubscribe_url
from syndicator.pictures.models import PictureFetch, StoredPicture
from syndicator.posts import deliver
from syndicator.posts.models import Post
from syndicator.posts.picturing import fetch_pictures
from syndicator.posts.render import render
from tests.channels.email.scripted_relay import ScriptedRelay
from tests.factories import make_blog, make_destination, make_entry, make_route, make_user
from tests.newsletter.mailings import make_due, send
from tests.pictures.buckets import Bucket, bucket
from tests.pictures.conftest import PictureServer, photo, web

__all__ = ["bucket", "web"]
pytestmark = pytest.mark.django_db(transaction=True)


def make_illustrated_post(
    destination: Destination, web: PictureServer, policy: Policy = Policy.AUTOMATIC
) -> Post:
    web.files |= {"/a.jpg": photo(2400, 1600, quality=95), "/b.jpg": photo()}
    route = make_route(make_blog(slug="rat"), destination, policy)
    route.with_pictures = True
    route.save()
    blocks = (
        Paragraph("Der Saal war voll."),
        Image("Der Saal", "Anna Foto", "Voller Saal", f"{web.url}/a.jpg"),
        Image("Der Markt", "Ben Foto", "", f"{web.url}/b.jpg"),
    )
    entry = make_entry(route.blog, blocks=blocks)
    subscribe("anna@reader.example", route.blog)
    fetch_pictures(entry.pk)
    render(entry.pk)
    return Post.objects.get(entry=entry)


def test_a_reader_gets_the_first_picture_inside_the_mail(
    web: PictureServer, sandbox: SandboxServer
) -> None:
    destination = make_destination("email", f"smtp://127.0.0.1:{sandbox.smtp_port}")
    post = make_illustrated_post(destination, web)
    asked = list(web.asked)
    deliver.deliver(destination.pk)
    send_due(Mailing.objects.get().pk)

    (act,) = sandbox.store.accepted("email")
    raw = sandbox.store.raw("email", act.remote_id)
    assert raw
    mail = message_from_bytes(raw, policy=default)
    assert isinstance(mail, EmailMessage)
    assert [part.defects for part in mail.walk() if part.defects] == []
    (picture,) = (part for part in mail.walk() if part.get_content_maintype() == "image")
    content = picture.get_payload(decode=True)
    assert isinstance(content, bytes)
    assert len(content) <= MOST_BYTES
    assert max(Pillow.open(io.BytesIO(content)).size) == LONGEST_SIDE
    assert picture["Content-ID"] == f"<{content_id(post.message.pictures[0])}>"
    html = mail.get_body(("html",))
    assert html
    assert 'alt="Voller Saal"' in html.get_content()
    assert web.url not in html.get_content()
    recipient = MailingRecipient.objects.get()
    assert unsubscribe_url(recipient.subscription_id) in link_targets(html.get_content())
    assert mail["message-id"] == recipient.message_id

    page = requests.get(f"{sandbox.http_url}/mail/{act.remote_id}/html", timeout=10)
    assert 'src="data:image/jpeg;base64,' in page.text
    assert "img-src data:" in page.headers["Content-Security-Policy"]
    assert web.asked == asked


def test_nothing_goes_out_without_the_picture_that_was_approved(
    web: PictureServer, destination: Destination, relay: ScriptedRelay
) -> None:
    message = make_illustrated_post(destination, web).message
    send(destination, message)
    stored = StoredPicture.objects.get(pk=message.pictures[0].digest)
    PictureFetch.objects.all().delete()
    StoredPicture.objects.all().delete()
    mailing = Mailing.objects.get()
    assert send_due(mailing.pk) == 0
    mailing.refresh_from_db()
    assert mailing.wording == GONE
    assert MailingRecipient.objects.get().state == RecipientState.QUEUED
    assert relay.accepted == []
    stored.save()
    make_due(mailing)
    assert send_due(mailing.pk) == 1
    assert len(relay.accepted) == 1


@pytest.mark.parametrize("fault", ["500", "wrong"])
def test_a_mailing_waits_for_its_picture_as_long_as_the_bucket_does_not_give_it(
    web: PictureServer,
    destination: Destination,
    relay: ScriptedRelay,
    bucket: Bucket,
    fault: str,
) -> None:
    send(destination, make_illustrated_post(destination, web).message)
    assert bucket.objects
    bucket.fault = fault
    mailing = Mailing.objects.get()
    assert send_due(mailing.pk) == 0
    mailing.refresh_from_db()
    assert mailing.wording == AWAY
    assert relay.accepted == []
    bucket.fault = ""
    make_due(mailing)
    assert send_due(mailing.pk) == 1
    ((_reader, mail),) = relay.accepted
    assert b"Content-Type: image/jpeg" in mail


def test_a_mailing_stops_whose_picture_may_not_be_shown_any_more(
    web: PictureServer, destination: Destination, relay: ScriptedRelay
) -> None:
    send(destination, make_illustrated_post(destination, web).message)
    Destination.objects.update(refused_credits="Anna*")
    mailing = Mailing.objects.get()
    assert send_due(mailing.pk) == 0
    mailing.refresh_from_db()
    assert "Anna Foto" in str(mailing.wording)
    assert relay.accepted == []
    Destination.objects.update(refused_credits="")
    make_due(mailing)
    assert send_due(mailing.pk) == 1


def test_the_desk_shows_the_mail_with_its_picture(
    web: PictureServer, destination: Destination
) -> None:
    post = make_illustrated_post(destination, web, Policy.REVIEW)
    editor = Browser()
    editor.force_login(make_user(Role.EDITOR))
    shown = editor.get(f"/posts/{post.pk}/mail/")
    assert 'src="data:image/jpeg;base64,' in shown.content.decode()
    assert "data:" in shown["Content-Security-Policy"]
    assert "cid:" not in shown.content.decode()
