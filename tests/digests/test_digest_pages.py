"""Digests on the web: who finds them, and that nothing stands there that is not so any more."""

from __future__ import annotations

import pytest
from django.test import Client as Browser

from syndicator.accounts.models import Role
from syndicator.content import Paragraph
from syndicator.digests import review
from syndicator.digests.models import Archive, Digest, DigestSettings
from syndicator.entries.ingest import withdraw
from tests.digests.waiting import waiting_digest
from tests.factories import make_entry, make_source, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def digest() -> Digest:
    made = waiting_digest(external_id="a", headline="Drei <b>Tote</b>")
    return review.approve(made.pk, make_user(Role.EDITOR), made.payload_hash)


def address(digest: Digest) -> str:
    return f"/digests/{digest.blog.slug}/{digest.public_id}/"


def test_the_mail_links_to_its_page_which_nobody_else_finds(digest: Digest) -> None:
    assert address(digest) in digest.message.text
    page = Browser().get(address(digest))
    assert "Drei &lt;b&gt;Tote&lt;/b&gt;" in page.text
    assert "noindex" in page.text
    assert "unsubscribe" not in page.text
    assert Browser().get(f"/digests/{digest.blog.slug}/").status_code == 404


def test_it_is_listed_or_gone_as_the_setting_says(digest: Digest) -> None:
    DigestSettings.objects.update(archive=Archive.LISTED)
    assert "noindex" not in Browser().get(address(digest)).text
    assert address(digest) in Browser().get(f"/digests/{digest.blog.slug}/").text
    DigestSettings.objects.update(archive=Archive.NOBODY)
    assert Browser().get(address(digest)).status_code == 404


def test_a_digest_that_waits_is_no_page() -> None:
    assert Browser().get(address(waiting_digest())).status_code == 404


def test_what_was_corrected_stands_corrected(digest: Digest) -> None:
    DigestSettings.objects.update(archive=Archive.LISTED)
    make_entry(digest.blog, external_id="a", headline="Zwei", blocks=(Paragraph("Es sind zwei."),))
    page = Browser().get(address(digest)).text
    assert "Drei" not in page
    assert "Es sind zwei." in page
    assert "Korrigiert um" in page
    assert "Drei" not in Browser().get(f"/digests/{digest.blog.slug}/").text


def test_what_was_taken_back_is_gone(digest: Digest) -> None:
    DigestSettings.objects.update(archive=Archive.LISTED)
    withdraw(make_source(digest.blog), "a")
    page = Browser().get(address(digest)).text
    assert "Drei" not in page
    assert "zurückgezogen" in page
    assert "Drei" not in Browser().get(f"/digests/{digest.blog.slug}/").text
