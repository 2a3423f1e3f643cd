"""The share page of an entry, its picture and its share bar: docs/adr/0025-share-pages.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from csp.decorators import csp_replace
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_cache_control
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from syndicator.channels.email.rendering import is_web_address
from syndicator.channels.email.sharing import share_links
from syndicator.clock import database_now
from syndicator.content import Picture
from syndicator.destinations import picture_rights
from syndicator.destinations.models import Route
from syndicator.entries.models import Entry
from syndicator.pictures.answering import picture_answer
from syndicator.pictures.models import StoredPicture
from syndicator.posts.links import tracked_permalink
from syndicator.posts.picturing import pictures_of
from syndicator.published.documents import as_script, posting_alone
from syndicator.published.feed import feed_address
from syndicator.published.plain import description_of, sayable, title_of
from syndicator.published.reading import may_be_read, was_out
from syndicator.share import addresses, clicks
from syndicator.signup.settings import origin, spoken

P = ParamSpec("P")
GONE = 410
#: Seconds. A retraction has to be seen soon, whoever keeps copies of the page.
KEPT = 60
KEPT_PICTURE = 3600


def public(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Open to everybody, and kept by caches for a moment."""

    @login_not_required
    @require_safe
    @wraps(view)
    def shown(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        answer = view(request, *args, **kwargs)
        if "Cache-Control" not in answer:
            patch_cache_control(answer, public=True, max_age=KEPT)
        return answer

    return shown


@public
def share_page(request: HttpRequest, key: str) -> HttpResponse:
    """The page that platforms make their cards of, and that sends people on to the entry itself."""
    entry = _entry(key)
    if not may_be_read(entry, database_now()):
        return _gone(request, entry)
    onward = _onward(request, entry)
    if clicks.is_reader(request):
        clicks.counting.count(entry.pk)
    if not entry.blog.share_pages.is_on:
        # Links that are out still lead where they should; there is just nothing shown on the way.
        return _uncounted_by_caches(redirect(onward))
    with translation.override(spoken(entry.blog.language)):
        context = {
            **_described(entry, key),
            "onward": onward,
            # Some card makers follow it, and would make their card of the newsroom's whole page.
            "sends_on": not clicks.is_card_reader(request),
        }
        return _uncounted_by_caches(render(request, "published/share_page.html", context))


@public
def share_picture(request: HttpRequest, key: str, digest: str) -> HttpResponse:
    """A picture of an entry that may be read."""
    entry = _entry(key)
    if not may_be_read(entry, database_now()) or digest not in {
        picture.digest for picture in _showable(entry)
    }:
        raise Http404
    answer = picture_answer(StoredPicture.objects.defer("data").get(pk=digest))
    if answer.status_code == 200:
        answer["Cross-Origin-Resource-Policy"] = "cross-origin"
        patch_cache_control(answer, public=True, max_age=KEPT_PICTURE)
    return answer


@public
@xframe_options_exempt
def share_bar(request: HttpRequest, key: str) -> HttpResponse:
    """The four ways to pass an entry on, to be shown in a frame of the newsroom's own pages."""
    entry = _entry(key)
    shown = entry.blog.share_pages
    if not shown.is_on:
        raise Http404
    if not may_be_read(entry, database_now()):
        return _gone(request, entry)
    language = spoken(entry.blog.language)
    with translation.override(language):
        address, title = addresses.address_by_key(key), title_of(entry.content)
        links = share_links(address, title, language)
        context = {"blog": entry.blog, "title": title, "address": address, "links": links}
        answer = render(request, "published/share_bar.html", context)
    ancestors = shown.framed_by.split() or [origin(entry.blog.canonical_url)]
    csp_replace({"frame-ancestors": ancestors})(lambda _request: answer)(request)
    return answer


def _entry(key: str) -> Entry:
    try:
        entry = addresses.find(key)
    except addresses.UnknownKey:
        raise Http404 from None
    if not is_web_address(entry.permalink):
        raise Http404
    return entry


def _gone(request: HttpRequest, entry: Entry) -> HttpResponse:
    """Of what nobody could read yet, not even that it is there."""
    if not was_out(entry) or (entry.embargo_until and entry.embargo_until > database_now()):
        raise Http404
    with translation.override(spoken(entry.blog.language)):
        return render(request, "published/gone.html", {"blog": entry.blog}, status=GONE)


def _onward(request: HttpRequest, entry: Entry) -> str:
    """The entry's permalink, with the parameters of the route that the link names."""
    number = request.GET.get("r", "")
    if number.isascii() and number.isdigit() and len(number) < 18:
        routes = Route.objects.select_related("destination")
        route = routes.filter(pk=int(number), blog=entry.blog_id).first()
        if route is not None:
            return tracked_permalink(entry, route)
    return entry.permalink


def _uncounted_by_caches(answer: HttpResponse) -> HttpResponse:
    """A click is one where it is seen here: browsers ask each time, and so do caches between."""
    patch_cache_control(answer, no_cache=True, private=True)
    return answer


@dataclass(frozen=True, slots=True)
class _Shown:
    """A picture as a card names it."""

    address: str
    picture: Picture

    def as_document(self) -> dict[str, Any]:
        said = {
            "url": self.address,
            "width": self.picture.width,
            "height": self.picture.height,
            "caption": sayable(self.picture.alt),
            "creditText": sayable(self.picture.credit),
        }
        return {name: value for name, value in said.items() if value}


def _showable(entry: Entry) -> tuple[Picture, ...]:
    """The pictures of *entry* that each destination may show whose posts lead here: platforms show
    a page's picture in their cards, as if it were the post's."""
    pictures = pictures_of(entry)
    if not pictures:
        return ()
    led_here = Route.objects.filter(blog=entry.blog_id, share_page=True)
    for route in led_here.select_related("destination"):
        pictures = picture_rights.allowed(route.destination, pictures)
    return pictures


def _described(entry: Entry, key: str) -> dict[str, Any]:
    picture = next(iter(_showable(entry)), None)
    shown = _Shown(_picture_address(key, picture.digest), picture) if picture else None
    blog = entry.blog
    feeds = blog.share_pages.feeds_on
    document = posting_alone(entry, shown.as_document() if shown else None)
    return {
        "blog": blog,
        "entry": entry,
        "title": title_of(entry.content),
        "description": description_of(entry.content),
        "address": addresses.address_by_key(key),
        "shown": shown,
        "locale": _locale(blog.language),
        "document": as_script(document),
        "atom": feed_address(blog, "atom_feed") if feeds else "",
        "json": feed_address(blog, "json_feed") if feeds else "",
    }


def _picture_address(key: str, digest: str) -> str:
    return settings.BASE_URL + reverse("published:share_picture", args=[key, digest])


def _locale(language: str) -> str:
    """A BCP 47 tag as Open Graph writes it: ``de_DE``, ``en_GB``."""
    usual = {"de": "de_DE", "en": "en_US", "fr": "fr_FR"}
    parts = language.split("-")
    region = next((part.upper() for part in parts[1:] if len(part) == 2), "")
    return f"{parts[0]}_{region}" if region else usual.get(parts[0], parts[0])
