"""What holds for all pages: the security policy, log-in, language, errors."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.db import DatabaseError, connection
from django.test import Client as Browser

import syndicator.desk
from syndicator.accounts.models import Role
from syndicator.destinations.models import Policy
from syndicator.posts.models import Post
from tests.factories import make_destination, make_post, make_user

TEMPLATES = sorted((Path(syndicator.desk.__file__).parent / "jinja2").rglob("*.html"))
INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:|hx-on|hx-vals")


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_needs_more_than_the_policy_allows(template: Path) -> None:
    assert not INLINE.search(template.read_text(encoding="utf-8"))


@pytest.mark.django_db
def test_pages_forbid_scripts_and_frames_of_others(editor: Browser) -> None:
    answer = editor.get("/")
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer["X-Frame-Options"] == "DENY"


@pytest.mark.django_db
def test_the_mail_is_shown_in_a_frame_that_can_do_nothing(editor: Browser) -> None:
    post = make_post(Policy.REVIEW, make_destination("note"))
    Post.objects.update(payload={**post.payload, "html": "<p>Hello</p><script>x</script>"})
    answer = editor.get(f"/posts/{post.pk}/mail/")
    directives = {
        words[0]: words[1:]
        for words in (part.split() for part in answer["Content-Security-Policy"].split(";"))
    }
    assert answer.content == b"<p>Hello</p><script>x</script>"
    assert directives["default-src"] == ["'none'"]
    assert "script-src" not in directives
    assert directives["sandbox"] == []
    assert directives["form-action"] == ["'none'"]
    assert directives["frame-ancestors"] == ["'self'"]
    assert answer["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.django_db
def test_health_needs_no_log_in(client: Browser) -> None:
    answer = client.get("/health/")
    assert (answer.status_code, answer.content) == (200, b"ok")


@pytest.mark.django_db
def test_health_says_when_the_database_is_gone(client: Browser) -> None:
    def gone(*_: object) -> None:
        raise DatabaseError

    # A database cannot be taken away within a test that uses it.
    with connection.execute_wrapper(gone):
        assert client.get("/health/").status_code == 503


@pytest.mark.django_db
def test_logging_in_leads_to_the_page_that_was_asked_for_and_out_again(client: Browser) -> None:
    make_user(Role.EDITOR, username="edda")
    assert client.get("/log/").headers["Location"] == "/log-in/?next=/log/"
    wrong = client.post("/log-in/", {"username": "edda", "password": "wrong"})
    assert "Please enter a correct username and password" in wrong.content.decode()
    answer = client.post(
        "/log-in/", {"username": "edda", "password": "correct horse", "next": "/log/"}
    )
    assert answer["Location"] == "/log/"
    assert client.post("/log-out/")["Location"] == "/log-in/"
    assert client.get("/").status_code == 302


@pytest.mark.django_db
def test_logging_in_never_leads_to_another_site(client: Browser) -> None:
    make_user(username="edda")
    answer = client.post(
        "/log-in/",
        {"username": "edda", "password": "correct horse", "next": "https://evil.example/"},
    )
    assert answer["Location"] == "/"


@pytest.mark.django_db
def test_a_part_asked_for_after_the_session_ended_sends_the_page_to_the_log_in(
    client: Browser,
) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/log/?page=2"}
    answer = client.get("/queue/news/", headers=headers, follow=True)
    assert answer.status_code == 204
    assert answer["HX-Redirect"] == "/log-in/?next=%2Flog%2F"


@pytest.mark.django_db
def test_the_language_follows_the_browser_and_then_the_person(editor: Browser) -> None:
    assert 'lang="en"' in editor.get("/").content.decode()
    german = {"Accept-Language": "de-DE,de;q=0.9"}
    assert "Freigabe" in editor.get("/", headers=german).content.decode()
    answer = editor.post("/language/", {"language": "de", "next": "/log/"})
    assert answer["Location"] == "/log/"
    page = editor.get("/log/").content.decode()
    assert '<html lang="de">' in page
    assert "Protokoll" in page


@pytest.mark.django_db
def test_stored_sentences_are_told_in_the_readers_language(editor: Browser) -> None:
    make_post(Policy.REVIEW, make_destination("note"), headline="Ein Satz")
    page = editor.get("/", headers={"Accept-Language": "de"}).content.decode()
    assert "Wartet auf die Redaktion: So ist der Ausspielweg eingestellt." in page
    assert "noch " in page


@pytest.mark.django_db
def test_error_pages_are_ours(editor: Browser) -> None:
    answer = editor.get("/nowhere/")
    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.content.decode()
    answer = editor.get("/settings/")
    assert answer.status_code == 403
    assert "Your role does not allow this." in answer.content.decode()


@pytest.mark.django_db
def test_a_failing_page_says_so(editor: Browser) -> None:
    post = make_post(Policy.REVIEW, make_destination("note"))
    Post.objects.filter(pk=post.pk).update(payload={"unexpected": "field"})
    editor.raise_request_exception = False
    answer = editor.get("/")
    assert answer.status_code == 500
    assert "Something went wrong" in answer.content.decode()
