"""Setting what the world can read of a live blog, and the links that posts carry."""

from __future__ import annotations

import pytest
from django.test import Client as Browser

from syndicator.accounts.models import AuditEntry
from syndicator.clock import database_now
from syndicator.destinations.models import Policy, Route
from syndicator.entries.models import LiveBlog
from syndicator.posts.models import Post, PostState
from syndicator.posts.render import render
from syndicator.share.addresses import share_address
from syndicator.share.models import Clicks, SharePages
from tests.factories import make_blog, make_destination, make_entry, make_route

pytestmark = pytest.mark.django_db

UTM = "utm_source={platform}&utm_campaign={blog}"


@pytest.fixture
def blog() -> LiveBlog:
    return make_blog(slug="rat")


def routes_form(route: Route, **values: str) -> dict[str, str]:
    filled = {
        "policy": route.policy,
        "hold_seconds": "0",
        "limit_minutes": "60",
        "key_events": "all",
        "otherwise": "skip",
        **values,
    }
    return {f"to{route.destination_id}-{name}": value for name, value in filled.items()}


def test_sharing_is_switched_on_and_the_addresses_never_change(
    admin: Browser, blog: LiveBlog
) -> None:
    page = f"/settings/blogs/{blog.pk}/share/"
    answer = admin.post(
        page, {"is_on": "on", "feeds_on": "on", "framed_by": "https://a.example/page\n"}
    )
    assert answer.status_code == 302
    shown = SharePages.objects.get()
    assert (shown.is_on, shown.feeds_on, shown.framed_by) == (True, True, "https://a.example")
    told = admin.get(page).text
    for path in ("/feeds/rat/atom.xml", "/feeds/rat/feed.json", "/feeds/rat/live-blog.jsonld"):
        assert f'href="http://127.0.0.1:8800{path}"' in told
        assert admin.get(path).status_code == 200
    admin.post(page, {})
    later = SharePages.objects.get()
    assert (later.is_on, later.secret) == (False, shown.secret)
    kept = AuditEntry.objects.filter(what="share.sharepages")
    assert len(kept) == 2
    assert not any(shown.secret in str((entry.before, entry.after)) for entry in kept)
    assert admin.get("/settings/trail/").status_code == 200


def test_what_is_no_website_may_not_frame_it(admin: Browser, blog: LiveBlog) -> None:
    page = f"/settings/blogs/{blog.pk}/share/"
    assert "no address" in admin.post(page, {"framed_by": "nowhere"}).text
    assert not SharePages.objects.exists()


def test_the_route_form_shows_a_finished_link(admin: Browser, blog: LiveBlog) -> None:
    make_entry(blog, permalink="https://example.org/live#e1")
    route = make_route(blog, make_destination("x"), Policy.OFF)
    page = f"/settings/blogs/{blog.pk}/"
    assert "https://example.org/live#e1</span>" in admin.get(page).text
    admin.post(f"{page}routes/", routes_form(route, tracking=UTM, share_page="on"))
    route.refresh_from_db()
    assert (route.tracking, route.share_page) == (UTM, True)
    finished = "https://example.org/live?utm_source=x&amp;utm_campaign=rat#e1</span>"
    assert finished in admin.get(page).text
    SharePages.objects.create(blog=blog, is_on=True, changed_at=database_now())
    assert f"?r={route.pk}</span>" in admin.get(page).text


def test_a_template_that_is_wrong_is_said_so(admin: Browser, blog: LiveBlog) -> None:
    route = make_route(blog, make_destination("x"), Policy.OFF)
    answer = admin.post(
        f"/settings/blogs/{blog.pk}/routes/", routes_form(route, tracking="utm={who}")
    )
    assert "In braces there can be {platform}" in answer.text
    route.refresh_from_db()
    assert route.tracking == ""


def test_the_example_of_a_blog_without_entries(admin: Browser, blog: LiveBlog) -> None:
    route = make_route(blog, make_destination("x"), Policy.OFF)
    Route.objects.filter(pk=route.pk).update(tracking=UTM, share_page=True)
    SharePages.objects.create(blog=blog, is_on=True, changed_at=database_now())
    assert f"{blog.canonical_url}</span>" in admin.get(f"/settings/blogs/{blog.pk}/").text


def test_the_entrys_page_shows_its_share_page_its_bar_and_clicks(
    admin: Browser, blog: LiveBlog
) -> None:
    make_route(blog)
    entry = make_entry(blog)
    render(entry.pk)
    page = f"/entries/{entry.pk}/"
    assert "Share page" not in admin.get(page).text
    SharePages.objects.create(blog=blog, is_on=True, changed_at=database_now())
    assert "Nobody can read it now" in admin.get(page).text
    Post.objects.update(state=PostState.SENT)
    Clicks.objects.create(entry=entry, day=database_now().date(), count=1234)
    told = admin.get(page).text
    entry.refresh_from_db()
    assert f'href="{share_address(entry)}"' in told
    assert f"&lt;iframe src=&#34;{share_address(entry)}bar/&#34; title=&#34;Teilen&#34;" in told
    assert "Opened 1,234 times by people." in told
