"""Sources on the desk: added by their address, watched, decided about, played again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.db.models.signals import pre_save
from django.http import HttpResponse
from django.test import Client as Browser

from syndicator.accounts.models import AuditEntry, Role
from syndicator.alerts.raising import open_alerts
from syndicator.clock import database_now
from syndicator.destinations.models import Policy
from syndicator.entries.models import Entry, LiveBlog, Source
from syndicator.following import alarms
from syndicator.following.models import Following, Likeness, Sameness
from syndicator.outbound.fetch import NOT_OK
from syndicator.posts.models import Post
from syndicator.wording import Wording
from tests.desk.followed_sources import make_followed, make_likeness
from tests.factories import make_blog, make_destination, make_entry, make_route
from tests.following.followed import PATH, document, look, start
from tests.following.site import Site, serving
from tests.following.test_detecting import feed_link, page, rss

pytestmark = pytest.mark.django_db


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        yield site


@pytest.fixture
def blog(site: Site) -> LiveBlog:
    """With a page to follow, which has a feed, too."""
    site.put("/ticker", page(site, head=feed_link("/feed.xml")))
    site.put("/feed.xml", rss(site, "/ticker#a", "/ticker#b"))
    return make_blog(canonical_url=f"{site.url}/ticker")


@pytest.fixture
def following() -> Following:
    return make_followed(make_entry(headline="Vier Verletzte"))


def seen(answer: HttpResponse) -> str:
    return " ".join(BeautifulSoup(answer.content, "html.parser").get_text(" ").split())


def fields(answer: HttpResponse, action: str) -> dict[str, str]:
    """What the form with that address would send as it stands."""
    form = BeautifulSoup(answer.content, "html.parser").find("form", action=action)
    assert form is not None
    inputs = form.find_all("input")  # type: ignore[union-attr]
    return {str(one["name"]): str(one.get("value", "")) for one in inputs}


def paths(blog: LiveBlog) -> tuple[str, str]:
    start = f"/settings/blogs/{blog.pk}/sources"
    return f"{start}/follow/", f"{start}/begin/"


def test_a_pasted_address_is_shown_as_it_would_be_posted_and_nothing_is_stored(
    admin: Browser, site: Site, blog: LiveBlog
) -> None:
    x, mail = make_destination("x"), make_destination("email")
    make_route(blog, x, Policy.AUTOMATIC)
    make_route(blog, mail, Policy.REVIEW)
    make_route(blog, make_destination("facebook"), Policy.OFF)
    answer = admin.post(paths(blog)[0], {"url": f"127.0.0.1:{site.port}/ticker"})
    said = seen(answer)
    assert "What is there already is not posted." in said
    assert "The page itself" in said
    assert "An RSS or Atom feed" in said
    cards = BeautifulSoup(answer.content, "html.parser").select("article.card")
    assert [card.h4.get_text() for card in cards[:2]] == sorted([x.name, mail.name])  # type: ignore[union-attr]
    assert len(cards) == 6
    assert f"{site.url}/ticker#e2" in str(cards[0])
    assert "Meldung 2" in str(cards[1])
    assert not BeautifulSoup(answer.content, "html.parser").find("iframe")
    assert not Following.objects.exists()
    assert not Entry.objects.exists()
    assert not Post.objects.exists()


def test_another_candidate_can_be_shown(admin: Browser, site: Site, blog: LiveBlog) -> None:
    paste, begin = paths(blog)
    answer = admin.post(paste, {"url": f"{site.url}/ticker"})
    other = fields(answer, paste)
    shown = admin.post(paste, other)
    kept = fields(shown, begin)
    assert (kept["reader"], kept["url"]) == ("feed", f"{site.url}/feed.xml")
    assert kept["typed"] == f"{site.url}/ticker"


def test_it_is_followed_once_and_what_is_there_is_not_posted(
    admin: Browser, site: Site, blog: LiveBlog
) -> None:
    paste, begin = paths(blog)
    kept = fields(admin.post(paste, {"url": f"{site.url}/ticker"}), begin)
    answer = admin.post(begin, {**kept, "longest": "120", "silence_minutes": "0"})
    following = Following.objects.get()
    assert answer.headers["Location"] == f"/overview/sources/{following.pk}/"
    assert (following.url, following.reader) == (f"{site.url}/ticker", "json-ld")
    assert (following.longest, following.silence_minutes, following.is_on) == (120, 0, True)
    assert AuditEntry.objects.get(act="created").after["url"] == following.url
    again = admin.post(begin, {**kept, "name": "Anders"})
    assert "This live blog follows that address already." in seen(again)
    same_name = admin.post(begin, {**kept, "url": f"{site.url}/feed.xml", "reader": "feed"})
    assert "already has a source of that name" in seen(same_name)
    assert Following.objects.count() == Source.objects.count() == 1
    look(following)
    assert Entry.objects.filter(from_before=True).count() == 3


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"reader": "nonsense"}, "Nothing here can read that."),
        ({"url": "javascript:alert(1)"}, "Enter a valid URL."),
        ({"shortest": "600", "longest": "60"}, "The longer wait has to be at least as long"),
    ],
)
def test_what_cannot_be_followed_is_refused(
    admin: Browser, site: Site, blog: LiveBlog, values: dict[str, str], said: str
) -> None:
    paste, begin = paths(blog)
    kept = fields(admin.post(paste, {"url": f"{site.url}/ticker"}), begin)
    assert said in seen(admin.post(begin, {**kept, **values}))
    assert not Following.objects.exists()


def test_an_address_that_does_not_answer_says_why(
    admin: Browser, site: Site, blog: LiveBlog
) -> None:
    answer = admin.post(paths(blog)[0], {"url": f"{site.url}/gone"})
    assert "answered with status 404" in seen(answer)
    assert f'value="{site.url}/gone"' in answer.content.decode()


def test_a_new_live_blog_begins_with_its_page(admin: Browser, site: Site, blog: LiveBlog) -> None:
    answer = admin.post("/settings/blogs/new/page/", {"url": f"{site.url}/ticker"})
    kept = fields(answer, "/settings/blogs/new/")
    assert (kept["title"], kept["slug"], kept["language"]) == ("Waffenruhe", "waffenruhe", "de")
    assert kept["canonical_url"] == f"{site.url}/ticker"
    refused = admin.post("/settings/blogs/new/", {**kept, "title": ""})
    assert fields(refused, "/settings/blogs/new/")["follow"] == f"{site.url}/ticker"
    saved = admin.post("/settings/blogs/new/", kept)
    made = LiveBlog.objects.get(slug="waffenruhe")
    next_page = admin.get(saved.headers["Location"])
    assert fields(next_page, paths(made)[0])["url"] == f"{site.url}/ticker"
    missing = admin.post("/settings/blogs/new/page/", {"url": f"{site.url}/gone"})
    assert "answered with status 404" in seen(missing)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "It is followed; the next look is at"),
        ({"due_at": None}, "It is switched off"),
        ({"failures": 4, "problem": ("", 500)}, "It has not been read since"),
        ({"failures": 4, "problem": ("", 429)}, "The site asked to be left alone until"),
    ],
)
def test_the_page_of_a_source_says_how_it_goes(
    viewer: Browser, following: Following, values: dict[str, object], said: str
) -> None:
    if "problem" in values:
        gaps = {"host": "magazin.example.org", "status": values["problem"][1]}  # type: ignore[index]
        values = {**values, "problem": Wording(NOT_OK.sentence, gaps).to_json()}
    Following.objects.filter(pk=following.pk).update(**values)
    page = seen(viewer.get(f"/overview/sources/{following.pk}/"))
    assert said in page
    assert "The page itself" in page
    assert "An advertisement was left out." in page
    if "problem" in values:
        assert "magazin.example.org answered with status" in page
        assert "answered with status" in seen(viewer.get("/overview/"))
        assert "answered with status" in seen(viewer.get("/overview/sources/"))
    assert "Look now" not in page


def test_an_editor_switches_off_on_and_looks(editor: Browser, following: Following) -> None:
    path = f"/overview/sources/{following.pk}"
    editor.post(f"{path}/off/")
    following.refresh_from_db()
    assert not following.is_on
    assert "Switch it on first." in seen(editor.post(f"{path}/now/", follow=True))
    editor.post(f"{path}/on/")
    Following.objects.update(due_at=database_now() + timedelta(hours=1))
    editor.post(f"{path}/now/")
    following.refresh_from_db()
    assert following.due_at
    assert following.due_at <= database_now()
    acts = list(AuditEntry.objects.order_by("pk").values_list("act", flat=True))
    assert acts == ["switched off", "switched on"]


def test_an_administrator_sets_the_pace_and_disturbs_no_look(
    admin: Browser, following: Following
) -> None:
    path = f"/overview/sources/{following.pk}/"
    values = {"shortest": "30", "longest": "20", "silence_minutes": "0"}
    assert "The longer wait" in seen(admin.post(path, values))

    def looked_meanwhile(**_values: object) -> None:
        Following.objects.update(epoch=7)

    pre_save.connect(looked_meanwhile, sender=Following)
    try:
        assert admin.post(path, {**values, "longest": "900"}).status_code == 302
    finally:
        pre_save.disconnect(looked_meanwhile, sender=Following)
    following.refresh_from_db()
    assert (following.shortest, following.longest, following.epoch) == (30, 900, 7)
    entry = AuditEntry.objects.get()
    assert (entry.before["longest"], entry.after["longest"]) == (300, 900)
    assert "Look at least every … seconds" in seen(admin.get("/settings/trail/"))


@pytest.mark.parametrize("verdict", [Sameness.SAME, Sameness.ANOTHER])
def test_an_editor_says_whether_it_is_the_same_entry(
    editor: Browser, following: Following, verdict: Sameness
) -> None:
    likeness = Likeness.objects.get()
    page = editor.get(f"/overview/sources/{following.pk}/")
    assert "doch vier Verletzte" in seen(page)
    assert BeautifulSoup(page.content, "html.parser").select(".likeness ins")
    editor.post(f"/overview/likenesses/{likeness.pk}/", {"verdict": verdict})
    likeness.refresh_from_db()
    assert (likeness.verdict, str(likeness.decided_by)) == (verdict, "Edda Kranz")
    texts = {entry.external_id: entry.revision for entry in Entry.objects.all()}
    name = likeness.entry.external_id
    assert texts == ({name: 2} if verdict == Sameness.SAME else {name: 1, "another-name": 1})
    assert AuditEntry.objects.get().act == f"found {verdict}"
    assert "same" not in seen(editor.get(f"/overview/sources/{following.pk}/"))


def test_of_two_editors_at_once_the_second_is_told(
    browse: Callable[[Role], Browser], following: Following
) -> None:
    path = f"/overview/likenesses/{Likeness.objects.get().pk}/"
    browse(Role.EDITOR).post(path, {"verdict": "same"})
    told = browse(Role.EDITOR).post(path, {"verdict": "another"}, follow=True)
    assert "Edda Kranz was quicker and said: the same entry." in seen(told)
    assert Likeness.objects.get().verdict == Sameness.SAME
    assert Entry.objects.count() == 1
    assert AuditEntry.objects.count() == 1


def test_a_verdict_that_is_none_decides_nothing(editor: Browser, following: Following) -> None:
    path = f"/overview/likenesses/{Likeness.objects.get().pk}/"
    assert "Say whether" in seen(editor.post(path, {"verdict": "open"}, follow=True))
    assert Likeness.objects.get().verdict == Sameness.OPEN


def test_who_only_looks_sees_no_buttons(viewer: Browser, following: Following) -> None:
    page = viewer.get(f"/overview/sources/{following.pk}/")
    assert "Is this the same entry?" in seen(page)
    main = BeautifulSoup(page.content, "html.parser").find("main")
    assert main
    assert not main.find_all("form")  # type: ignore[union-attr]


def test_an_alert_leads_to_the_source_where_a_person_has_compared(
    editor: Browser, following: Following
) -> None:
    alarms.missed(following, database_now())
    path = f"/overview/sources/{following.pk}/"
    assert f'href="{path}"' in editor.get("/").content.decode()
    assert "may have been missed" in seen(editor.get(path))
    editor.post(f"{path}compared/")
    assert not open_alerts().exists()
    assert "I have compared them" not in seen(editor.get(path))


def test_lists_count_what_waits_and_keep_their_queries(
    viewer: Browser, following: Following, django_assert_max_num_queries: Callable[..., object]
) -> None:
    make_likeness(Entry.objects.get(), "a-third-name")
    make_source_of_pushes = make_entry().source
    assert "2 entries wait: are they the same ones?" in seen(viewer.get("/overview/"))
    for _ in range(5):
        make_followed(make_entry())
    with django_assert_max_num_queries(12):  # type: ignore[attr-defined]
        page = seen(viewer.get("/overview/sources/"))
    assert make_source_of_pushes.blog.title in page


def test_a_source_that_is_not_followed_has_no_such_page(viewer: Browser) -> None:
    assert viewer.get(f"/overview/sources/{make_entry().source_id}/").status_code == 404


def test_the_live_blogs_settings_list_both_kinds(admin: Browser, following: Following) -> None:
    blog = following.source.blog
    Source.objects.create(blog=blog, name="Redaktionssystem")
    page = admin.get(f"/settings/blogs/{blog.pk}/")
    assert f'href="/overview/sources/{following.pk}/"' in page.content.decode()
    assert "Redaktionssystem" in seen(page)
    assert f'href="{paths(blog)[0]}"' in page.content.decode()


def test_a_day_is_played_again(editor: Browser, site: Site) -> None:
    following = start(site, 1, 2)
    site.put(PATH, document(1, 2, 3))
    look(following)
    path = f"/overview/sources/{following.pk}/replay/"
    page = seen(editor.get(path))
    assert "2 readings were played." in page
    assert "All came out as they did then." in page
    following.readings.filter(first_run=False).update(created=4)
    page = seen(editor.get(path))
    assert "1 came out differently." in page
    assert "1 then 4" in page
    assert "Nothing is kept of this day." in seen(editor.get(f"{path}?day=2020-01-01"))
    assert "played" in seen(editor.get(f"{path}?day=nonsense"))
