from __future__ import annotations

import html
import re
import subprocess
from urllib.parse import urlsplit

import pytest
from django.test import Client as Browser
from structlog.testing import capture_logs

from syndicator.accounts.models import AuditEntry, Role, User
from syndicator.clock import database_now
from syndicator.destinations.models import Policy, Route
from syndicator.entries.models import Entry, LiveBlog, Source, hash_token
from syndicator.newsletter.models import Subscription, SubscriptionState
from syndicator.newsletter.subscribing import subscribe
from syndicator.signed_push.models import SigningSecret
from syndicator.signed_push.signing import good_secrets
from tests.factories import make_blog, make_destination, make_source, make_user

pytestmark = pytest.mark.django_db
BLOG = {
    "title": "Klimagipfel",
    "slug": "klimagipfel",
    "canonical_url": "https://magazin.example.org/klima",
    "language": "de",
    "time_zone": "Europe/Berlin",
    "breaking_tags": "Eilmeldung",
}


def test_a_blog_is_created_and_changed(admin: Browser) -> None:
    admin.post("/settings/blogs/new/", BLOG)
    blog = LiveBlog.objects.get()
    assert blog.time_zone == "Europe/Berlin"
    assert blog.is_breaking(["eilmeldung"])
    with capture_logs() as logs:
        admin.post(f"/settings/blogs/{blog.pk}/", {**BLOG, "title": "Neuer Titel"})
    blog.refresh_from_db()
    assert blog.title == "Neuer Titel"
    assert logs[-1]["changed"] == ["title"]
    assert logs[-1]["who"] == User.objects.get().username


@pytest.mark.parametrize(
    "wrong",
    [
        {"slug": "mit leer"},
        {"canonical_url": "javascript:alert(1)"},
        {"canonical_url": "magazin"},
        {"language": "deutsch!"},
        {"time_zone": "Mars/Base"},
        {"title": ""},
    ],
)
def test_a_blog_with_something_wrong_is_not_created(admin: Browser, wrong: dict[str, str]) -> None:
    page = admin.post("/settings/blogs/new/", {**BLOG, **wrong}).content.decode()
    assert 'class="error"' in page
    assert 'aria-invalid="true"' in page
    assert not LiveBlog.objects.exists()


#: What every browser sends of the filters, if nobody touches them.
FILTERS = {"key_events": "all", "otherwise": "skip"}


def test_routes_are_set_for_each_destination(admin: Browser) -> None:
    blog = make_blog()
    one, other = make_destination("note"), make_destination("note")
    path = f"/settings/blogs/{blog.pk}/routes/"
    data = {
        f"to{one.pk}-policy": "review",
        f"to{one.pk}-hold_seconds": "90",
        f"to{one.pk}-limit_minutes": "30",
        f"to{other.pk}-policy": "off",
        f"to{other.pk}-hold_seconds": "0",
        f"to{other.pk}-limit_minutes": "60",
        **{f"to{to.pk}-{name}": value for to in (one, other) for name, value in FILTERS.items()},
    }
    assert admin.post(path, data).status_code == 302
    route = Route.objects.get()
    assert (route.destination, route.policy) == (one, Policy.REVIEW)
    assert (route.hold_seconds, route.limit_minutes) == (90, 30)
    data[f"to{one.pk}-policy"] = "off"
    admin.post(path, data)
    route.refresh_from_db()
    assert route.policy == Policy.OFF
    page = admin.post(path, {**data, f"to{one.pk}-hold_seconds": "-1"}).content.decode()
    assert 'class="error"' in page


def token_in(page: str) -> str:
    return str(re.findall(r">(syn_[\w-]+)<", page)[0])


def test_a_push_token_is_shown_exactly_once(admin: Browser) -> None:
    blog = make_blog(slug="gipfel")
    with capture_logs() as logs:
        answer = admin.post(f"/settings/blogs/{blog.pk}/sources/", {"name": "CMS"})
    page = answer.content.decode()
    token = token_in(page)
    source = Source.objects.get()
    assert source.token_hash == hash_token(token)
    assert f"Authorization: Bearer {token}" in page
    assert "/api/v1/blogs/gipfel/entries" in page
    assert "no-store" in answer["Cache-Control"]
    assert token not in str(logs)
    assert token not in admin.get(f"/settings/blogs/{blog.pk}/").content.decode()


def test_a_new_token_replaces_the_old_one(admin: Browser) -> None:
    source = make_source()
    path = f"/settings/sources/{source.pk}/token/"
    first = token_in(admin.post(path).content.decode())
    second = token_in(admin.post(path).content.decode())
    source.refresh_from_db()
    assert first != second
    assert source.token_hash == hash_token(second)


def test_a_signing_secret_is_shown_exactly_once(admin: Browser) -> None:
    source = make_source()
    path = f"/settings/sources/{source.pk}/signing-secret/"
    with capture_logs() as logs:
        answer = admin.post(path)
    page = answer.content.decode()
    secret = re.findall(r">(whsec_[\w+/=]+)<", page)[0]
    row = SigningSecret.objects.get(source=source)
    assert good_secrets(row, database_now()) == [secret]
    assert f"/api/v1/push/{row.key}/" in page
    assert "no-store" in answer["Cache-Control"]
    assert secret not in str(logs)
    shown = admin.get(f"/settings/blogs/{source.blog_id}/").content.decode()
    assert secret not in shown
    assert "Issue a new signing secret" in shown
    assert "good for 24 hours" in admin.post(path).content.decode()
    assert AuditEntry.objects.filter(act="signing secret issued").count() == 2


def test_the_commands_of_the_page_sign_as_the_standard_has_it(admin: Browser) -> None:
    source = make_source()
    page = admin.post(f"/settings/sources/{source.pk}/signing-secret/").content.decode()
    command = html.unescape(
        re.findall(r'<pre class="copy" id="curl"[^>]*>(.*?)</pre>', page, re.DOTALL)[0]
    )
    # What curl would send.
    script = "curl() { printf '%s\\n' \"$@\"; }\n" + command
    said = subprocess.run(
        ["/bin/sh", "-c", script], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    headers = dict(one.split(": ", 1) for one in said if one.startswith("webhook-"))
    sent = admin.post(
        urlsplit(said[1]).path,
        said[-1],
        content_type="application/json",
        headers=headers,
    )
    assert sent.status_code == 200, sent.content
    assert Entry.objects.get().external_id == "test-1"


def test_two_sources_of_a_blog_have_two_names(admin: Browser) -> None:
    source = make_source()
    path = f"/settings/blogs/{source.blog_id}/sources/"
    page = admin.post(path, {"name": source.name}).content.decode()
    assert "already has a source of that name" in page


def test_subscribers_are_added_one_by_one_and_many_at_once(admin: Browser) -> None:
    blog = make_blog()
    path = f"/settings/blogs/{blog.pk}/subscribers/"
    admin.post(f"{path}add/", {"email": "Jana@Example.org", "name": "Jana"})
    pasted = (
        'a@example.org, b@example.org d@example.org\n"Brandt, Jana" <c@example.org>\n\n'
        "nonsense;\n,\nA@example.org\nName <broken"
    )
    admin.post(f"{path}paste/", {"addresses": pasted})
    page = admin.get(path).content.decode()
    assert set(Subscription.objects.values_list("subscriber__email", flat=True)) == {
        "jana@example.org",
        "a@example.org",
        "b@example.org",
        "c@example.org",
        "d@example.org",
    }
    assert "4 people were added." in page
    assert "nonsense: This is not an email address" in page
    assert "broken: This is not an email address" in page
    assert "5 people get its mails" in page


def test_pasted_addresses_are_limited(admin: Browser) -> None:
    blog = make_blog()
    pasted = ",".join(f"r{number}@example.org" for number in range(2001))
    path = f"/settings/blogs/{blog.pk}/subscribers/paste/"
    page = admin.post(path, {"addresses": pasted}).content.decode()
    assert "These are 2001 addresses." in page
    assert not Subscription.objects.exists()


def test_who_was_removed_is_not_brought_back(admin: Browser) -> None:
    blog = make_blog()
    subscription = subscribe("reader@example.org", blog)
    admin.post(f"/settings/subscriptions/{subscription.pk}/remove/")
    subscription.refresh_from_db()
    assert subscription.state == SubscriptionState.UNSUBSCRIBED
    assert subscription.unsubscribed_at is not None
    admin.post(f"/settings/blogs/{blog.pk}/subscribers/add/", {"email": "reader@example.org"})
    subscription.refresh_from_db()
    assert subscription.state == SubscriptionState.UNSUBSCRIBED
    page = admin.get(f"/settings/blogs/{blog.pk}/subscribers/").content.decode()
    assert "This person has unsubscribed." in page


def test_people_are_created_and_changed(admin: Browser) -> None:
    person = {"username": "tom", "first_name": "Tom", "role": "editor"}
    password = "a long enough one"
    admin.post("/settings/people/new/", {**person, "password1": password, "password2": password})
    tom = User.objects.get(username="tom")
    assert (tom.role, tom.is_active, tom.is_superuser) == (Role.EDITOR, True, False)
    assert tom.check_password(password)
    admin.post(f"/settings/people/{tom.pk}/", {**person, "role": "viewer"})
    tom.refresh_from_db()
    assert (tom.role, tom.is_active) == (Role.VIEWER, False)


def test_a_weak_password_is_refused(admin: Browser) -> None:
    admin.post(
        "/settings/people/new/",
        {"username": "tom", "role": "editor", "password1": "short", "password2": "short"},
    )
    assert not User.objects.filter(username="tom").exists()


def test_setting_a_password_ends_that_persons_sessions(admin: Browser) -> None:
    tom = make_user()
    toms = Browser()
    toms.force_login(tom)
    new = {"new_password1": "another long one", "new_password2": "another long one"}
    with capture_logs() as logs:
        admin.post(f"/settings/people/{tom.pk}/password/", new)
    assert toms.get("/").status_code == 302
    assert "another long one" not in str(logs)
    me = User.objects.get(role=Role.ADMIN)
    admin.post(f"/settings/people/{me.pk}/password/", new)
    assert admin.get("/").status_code == 200


@pytest.mark.parametrize("change", [{"role": "viewer", "is_active": "on"}, {"role": "admin"}])
def test_nobody_locks_themselves_out(admin: Browser, change: dict[str, str]) -> None:
    me = User.objects.get()
    page = admin.post(f"/settings/people/{me.pk}/", {"username": me.username, **change})
    assert "You cannot take your own administrator" in page.content.decode()
    me.refresh_from_db()
    assert me.may_configure
