"""How an administrator lets readers subscribe."""

from __future__ import annotations

import html
import re

import pytest
from bs4 import BeautifulSoup
from django.test import Client as Browser

from syndicator.accounts.models import AuditEntry
from syndicator.entries.models import LiveBlog
from syndicator.newsletter.models import Pace
from syndicator.signup.models import ConsentText, SignUp
from tests.factories import make_blog, make_destination, make_route

pytestmark = pytest.mark.django_db


@pytest.fixture
def blog() -> LiveBlog:
    return make_blog(title='Rat & "Tat" <b>', slug="rat", language="en")


def save(admin: Browser, blog: LiveBlog, **fields: object) -> str:
    entered = {"is_open": "on", "paces": ["hourly", "daily"], "consent": "I want it.", **fields}
    return admin.post(f"/settings/blogs/{blog.pk}/sign-up/", entered, follow=True).text


def test_it_is_closed_until_somebody_opens_it(admin: Browser, blog: LiveBlog) -> None:
    page = admin.get(f"/settings/blogs/{blog.pk}/sign-up/").text
    assert "Save first" in page
    assert "no route leads to a destination for mail" in page
    assert admin.get("/newsletter/subscribe/rat/").status_code == 404
    make_route(blog, make_destination("email"))
    page = save(admin, blog)
    assert "is saved." in page
    assert "no route leads" not in page
    sign_up = SignUp.objects.get()
    assert (sign_up.is_open, sign_up.offered) == (True, [Pace.HOURLY, Pace.DAILY])
    assert admin.get("/newsletter/subscribe/rat/").status_code == 200


def test_a_changed_text_is_a_new_version_and_the_trail_tells(
    admin: Browser, blog: LiveBlog
) -> None:
    save(admin, blog, consent="First.\r\nAnd more.")
    save(admin, blog, consent="First.\r\nAnd more.", is_open="")
    save(admin, blog, consent="Second.")
    texts = ConsentText.objects.order_by("version").values_list("version", "text")
    assert list(texts) == [(1, "First.\nAnd more."), (2, "Second.")]
    told = AuditEntry.objects.order_by("-pk")[0]
    assert (told.what, told.act) == ("signup.signup", "changed")
    assert "Second." in admin.get("/settings/trail/").text


def test_the_copied_form_is_the_one_readers_need(admin: Browser, blog: LiveBlog) -> None:
    page = save(admin, blog, consent="I <agree> & sign.")
    shown = re.search(r'id="form-html" tabindex="0">(.*?)</pre>', page, re.DOTALL)
    assert shown
    form = BeautifulSoup(html.unescape(shown[1]), "html.parser").form
    assert form
    assert form["action"] == "http://127.0.0.1:8800/newsletter/subscribe/rat/"
    assert form["method"] == "post"
    names = [field["name"] for field in form.find_all(["input", "select"])]
    assert names == ["email", "pace", "remark", "consent"]
    assert [option["value"] for option in form.find_all("option")] == ["hourly", "daily"]
    assert "I <agree> & sign." in form.get_text()
    assert form.find_all(["script", "style", "b"]) == []


def test_frames_are_for_named_websites_only(admin: Browser, blog: LiveBlog) -> None:
    for wrong in (
        "*",
        "https://*.example.org",
        "javascript:alert(1)",
        "a;b",
        "https://x'y.example",
    ):
        assert "is no address of a website" in save(admin, blog, framed_by=wrong)
    save(
        admin,
        blog,
        framed_by="https://Paper.example/news\nhttp://localhost:8080 https://paper.example",
    )
    assert SignUp.objects.get().framed_by == "https://paper.example\nhttp://localhost:8080"
    said = admin.get("/newsletter/subscribe/rat/frame/")["Content-Security-Policy"]
    assert "frame-ancestors https://paper.example http://localhost:8080;" in said + ";"


def test_one_pace_at_least(admin: Browser, blog: LiveBlog) -> None:
    assert "is saved." not in save(admin, blog, paces=[])
    assert not SignUp.objects.exists()
