"""Importing a file of subscribers on the desk, finding one of them, and saving the list."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser

from syndicator.accounts.models import AuditEntry
from syndicator.newsletter.models import Subscription
from syndicator.subscriber_lists.importing import work_off
from syndicator.subscriber_lists.models import SubscriberImport
from tests.factories import make_blog

pytestmark = pytest.mark.django_db


def upload(browser: Browser, content: bytes, **said: Any) -> str:
    blog = make_blog()
    file = SimpleUploadedFile("leser.csv", content, "text/csv")
    form = {"file": file, "pace": "hourly", "consent": "Formular auf der Seite", **said}
    path = f"/settings/blogs/{blog.pk}/subscribers/import/"
    return browser.post(path, form, follow=True).content.decode()


def test_a_file_is_imported_and_what_came_of_it_can_be_read(admin: Browser) -> None:
    page = upload(admin, b"email,name\njana@example.org,Jana\n=1+1,Mallory\n")
    assert "0 of 2 lines are done" in page
    assert 'hx-trigger="every 1s"' in page
    batch = SubscriberImport.objects.get()
    work_off(batch.pk)
    page = admin.get(f"/settings/imports/{batch.pk}/").content.decode()
    assert "2 lines, all done." in page
    assert "“=1+1” is not an email address" in page
    assert "hx-trigger" not in page.partition('id="import"')[2]
    answer = admin.get(f"/settings/imports/{batch.pk}/lines.csv")
    table = b"".join(answer).decode()  # type: ignore[arg-type]
    assert "2,,added," in table
    assert "3,'=1+1,not taken," in table
    assert AuditEntry.objects.filter(act="subscribers imported").exists()


@pytest.mark.parametrize(
    ("content", "said", "words"),
    [
        (b"PK\x00\x01", {}, "This is no text file."),
        (b"", {}, "The file is empty."),
        (b"street\nHauptstr. 1\n", {}, "No column of email addresses was found."),
        (b"email\nj@example.org\n", {"consent": ""}, "This field is required."),
    ],
    ids=["an archive", "nothing", "no addresses", "nobody says how they agreed"],
)
def test_what_is_wrong_is_said_beside_the_form(
    admin: Browser, content: bytes, said: dict[str, str], words: str
) -> None:
    assert words in upload(admin, content, **said)
    assert not SubscriberImport.objects.exists()


def test_one_subscriber_among_many_is_found(admin: Browser) -> None:
    upload(admin, b"email,name\njana@example.org,Jana Brandt\nkim@example.org,Kim\n")
    batch = SubscriberImport.objects.get()
    work_off(batch.pk)
    path = f"/settings/blogs/{batch.blog_id}/subscribers/"
    for wanted in ("JANA@", "brandt"):
        page = admin.get(path, {"q": wanted}).content.decode()
        assert "jana@example.org" in page
        assert "kim@example.org" not in page
    assert "Nobody here is called that." in admin.get(path, {"q": "robin"}).content.decode()


def test_the_list_is_saved_as_a_file_and_that_is_written_down(admin: Browser) -> None:
    upload(admin, b"email,name\n+jana@example.org,=Jana\n")
    batch = SubscriberImport.objects.get()
    work_off(batch.pk)
    answer = admin.post(f"/settings/blogs/{batch.blog_id}/subscribers/export/")
    saved = b"".join(answer)  # type: ignore[arg-type]
    assert "'+jana@example.org,'=Jana,active,hourly,7," in saved.decode()
    assert AuditEntry.objects.filter(act="subscribers exported").exists()
    Subscription.objects.all().delete()
    upload(admin, saved)
    work_off(SubscriberImport.objects.latest("pk").pk)
    assert Subscription.objects.get().subscriber.email == "+jana@example.org"
