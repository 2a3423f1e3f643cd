"""The digests on the web, for readers: a list, and each as a page with what is right by now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from syndicator.channels.email.pictures import place_of
from syndicator.content import Block, Image, Picture
from syndicator.destinations import picture_rights
from syndicator.destinations.models import Route
from syndicator.digests.models import (
    Archive,
    Digest,
    DigestItem,
    DigestSettings,
    DigestState,
    Shown,
)
from syndicator.digests.news import said
from syndicator.entries.models import Entry, EntryState, LiveBlog
from syndicator.pictures.answering import picture_answer
from syndicator.pictures.models import StoredPicture
from syndicator.posts.picturing import pictures_of

ROWS = 50
#: Seconds. After that whoever looks again does not see the picture of what was taken back.
KEPT_PICTURE = 3600


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture that the page shows, in the place of its block."""

    type: ClassVar[str] = "figure"
    address: str
    picture: Picture
    caption: str


@dataclass(frozen=True, slots=True)
class Piece:
    """An entry as it is told today. *corrected*: it says something else than the digest did."""

    item: DigestItem
    is_withdrawn: bool
    corrected: bool
    blocks: list[Block | Figure]


@login_not_required
@require_safe
def archive(request: HttpRequest, slug: str) -> HttpResponse:
    """All digests of a live blog, where everybody may find them; the newest first."""
    blog = get_object_or_404(LiveBlog, slug=slug)
    if _kept(blog) != Archive.LISTED:
        raise Http404
    digests = _public(blog).order_by("-built_at", "-pk")
    page = Paginator(digests, ROWS).get_page(request.GET.get("page"))
    told = DigestItem.objects.filter(digest__in=list(page), shown=Shown.TOLD)
    changed = told.exclude(revision=F("entry__revision"))
    context = {
        "blog": blog,
        "page": page,
        # Their subjects may say what is not so any more.
        "changed": set(changed.values_list("digest", flat=True)),
    }
    with translation.override(blog.language):
        return render(request, "digests/archive.html", context)


@login_not_required
@require_safe
def page(request: HttpRequest, slug: str, public_id: str) -> HttpResponse:
    """One digest. What was corrected since stands corrected, what was taken back is gone."""
    blog, digest, kept = _found(slug, public_id)
    shows_pictures = _shows_pictures(digest)
    pieces = [_piece(digest, item, shows_pictures) for item in _items(digest)]
    with translation.override(blog.language):
        context = {
            "blog": blog,
            "digest": digest,
            "subject": _subject(digest, pieces),
            "news": [one for one in pieces if one.item.shown in (Shown.TOLD, Shown.COUNTED)],
            "changes": [
                one for one in pieces if one.item.shown in (Shown.CORRECTED, Shown.RETRACTED)
            ],
            "listed": kept == Archive.LISTED,
        }
        return render(request, "digests/page.html", context)


@login_not_required
@require_safe
def picture(request: HttpRequest, slug: str, public_id: str, shown: str) -> HttpResponse:
    """A picture of the page: of an entry that was not taken back, and still in it."""
    _, digest, _ = _found(slug, public_id)
    showable = (one for item in _items(digest) for one in _showable(digest, item.entry))
    if not _shows_pictures(digest) or not any(one.digest == shown for one in showable):
        raise Http404
    answer = picture_answer(StoredPicture.objects.defer("data").get(pk=shown))
    if answer.status_code == 200:
        patch_cache_control(answer, private=True, max_age=KEPT_PICTURE)
    return answer


def _found(slug: str, public_id: str) -> tuple[LiveBlog, Digest, str]:
    """A digest that may be read, and by whom."""
    blog = get_object_or_404(LiveBlog, slug=slug)
    kept = _kept(blog)
    digest = get_object_or_404(_public(blog), public_id=public_id)
    if kept == Archive.NOBODY:
        raise Http404
    return blog, digest, kept


def _items(digest: Digest) -> QuerySet[DigestItem]:
    return digest.items.select_related("entry")


def _shows_pictures(digest: Digest) -> bool:
    """Whether its mails do."""
    routes = Route.objects.filter(blog=digest.blog_id, destination=digest.destination_id)
    return routes.filter(with_pictures=True).exists()


def _showable(digest: Digest, entry: Entry) -> tuple[Picture, ...]:
    if entry.state == EntryState.WITHDRAWN:
        return ()
    return picture_rights.allowed(digest.destination, pictures_of(entry))


def _public(blog: LiveBlog) -> QuerySet[Digest]:
    return Digest.objects.filter(blog=blog, state=DigestState.SENT)


def _kept(blog: LiveBlog) -> str:
    found = DigestSettings.objects.filter(blog=blog).values_list("archive", flat=True).first()
    return found or Archive.BY_LINK


def _subject(digest: Digest, pieces: list[Piece]) -> str:
    """The mail's, unless something of what it may name is not so any more."""
    if any(one.corrected or one.is_withdrawn for one in pieces):
        return gettext("Digest of “%(blog)s”") % {"blog": digest.blog.title}
    return str(digest)


def _piece(digest: Digest, item: DigestItem, shows_pictures: bool) -> Piece:
    entry = item.entry
    content = entry.content
    figures = _figures(digest, entry, content.blocks) if shows_pictures else {}
    return Piece(
        item,
        is_withdrawn=entry.state == EntryState.WITHDRAWN,
        corrected=item.said != said(content),
        blocks=[
            figures.get(place, block)
            for place, block in enumerate(content.blocks)
            if place in figures or not isinstance(block, Image)
        ],
    )


def _figures(digest: Digest, entry: Entry, blocks: Sequence[Block]) -> Mapping[int, Figure]:
    """By the place of the block that each stands for."""
    figures: dict[int, Figure] = {}
    images = {place: block for place, block in enumerate(blocks) if isinstance(block, Image)}
    for one in _showable(digest, entry):
        places = [place for place in images if place not in figures]
        index = place_of(one, [images[place] for place in places])
        if index is not None:
            names = [digest.blog.slug, digest.public_id, one.digest]
            address = reverse("digests:picture", args=names)
            figures[places[index]] = Figure(address, one, images[places[index]].text)
    return figures
