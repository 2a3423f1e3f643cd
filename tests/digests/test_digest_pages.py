"""Digests on the web: who finds them, and that nothing stands there that is not so any more."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client as Browser

from syndicator.accounts.models import Role
from syndicator.content import Image, Paragraph
from syndicator.destinations.models import Destination, Route
from syndicator.digests import review
from syndicator.digests.models import Archive, Digest, DigestSettings
from syndicator.entries.ingest import withdraw
from syndicator.pictures.models import StoredPicture
from syndicator.posts.picturing import fetch_pictures
from tests.digests.waiting import waiting_digest
from tests.factories import make_entry, make_source, make_user
from tests.pictures.conftest import PictureServer, photo, web

__all__ = ["web"]
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


@pytest.fixture
def pictured(web: PictureServer) -> Digest:
    web.files["/a.jpg"] = photo()
    made = waiting_digest(
        external_id="a",
        blocks=(
            Paragraph("Vor dem Saal."),
            Image("Der <Saal>", "Anna Foto/dpa", "Ein leerer Saal", f"{web.url}/a.jpg"),
            Paragraph("Nach dem Saal."),
        ),
    )
    Route.objects.update(with_pictures=True)
    for item in made.items.all():
        fetch_pictures(item.entry_id)
    return review.approve(made.pk, make_user(Role.EDITOR), made.payload_hash)


def picture_address(digest: Digest) -> str:
    return f"{address(digest)}pictures/{StoredPicture.objects.get().pk}"


def test_its_pictures_stand_where_they_stood_with_caption_and_credit(pictured: Digest) -> None:
    page = Browser().get(address(pictured)).text
    before, shown, after = re.split(r"<figure>|</figure>", page)
    assert "Vor dem Saal." in before
    assert "Nach dem Saal." in after
    assert "Der &lt;Saal&gt;" in shown
    assert "Foto: Anna Foto/dpa" in shown
    assert 'alt="Ein leerer Saal"' in shown
    assert f'src="{picture_address(pictured)}"' in shown
    answer = Browser().get(picture_address(pictured))
    assert answer["Content-Type"] == StoredPicture.objects.get().media_type
    assert answer["Cache-Control"] == "private, max-age=3600"
    assert bytes(StoredPicture.objects.get().data or b"") == answer.content


def test_pictures_with_the_same_words_are_all_shown(web: PictureServer) -> None:
    made = waiting_digest(
        external_id="a",
        blocks=tuple(
            Image("Der Saal", "dpa", "Ein Saal", f"{web.url}/{number}.jpg") for number in range(3)
        ),
    )
    web.files.update({f"/{number}.jpg": photo(64 + number) for number in range(3)})
    Route.objects.update(with_pictures=True)
    for item in made.items.all():
        fetch_pictures(item.entry_id)
    review.approve(made.pk, make_user(Role.EDITOR), made.payload_hash)
    shown = re.findall(r'src="[^"]+/pictures/(\w+)"', Browser().get(address(made)).text)
    assert sorted(shown) == sorted(StoredPicture.objects.values_list("pk", flat=True))
    assert len(shown) == 3


def refuse_its_credit(digest: Digest) -> None:
    Destination.objects.update(refused_credits="dpa")


def take_it_back(digest: Digest) -> None:
    withdraw(make_source(digest.blog), "a")


def take_it_out(digest: Digest) -> None:
    make_entry(digest.blog, external_id="a", blocks=(Paragraph("Ohne Bild."),))


def want_no_pictures(digest: Digest) -> None:
    Route.objects.update(with_pictures=False)


def close_the_archive(digest: Digest) -> None:
    DigestSettings.objects.update(archive=Archive.NOBODY)


@pytest.mark.parametrize(
    "act", [refuse_its_credit, take_it_back, take_it_out, want_no_pictures, close_the_archive]
)
def test_a_picture_that_may_not_be_shown_any_more_is_neither_on_the_page_nor_served(
    pictured: Digest, act: Callable[[Digest], None]
) -> None:
    shown = picture_address(pictured)
    act(pictured)
    assert shown not in Browser().get(address(pictured)).text
    assert Browser().get(shown).status_code == 404


def test_a_picture_of_something_else_is_not_served(pictured: Digest, digest: Digest) -> None:
    assert Browser().get(picture_address(pictured)).status_code == 200
    assert Browser().get(picture_address(digest)).status_code == 404
    assert Browser().get(f"{address(pictured)}pictures/none").status_code == 404
