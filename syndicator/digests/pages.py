"""The digests on the web, for readers: a list, and each as a page with what is right by now."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import translation
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from syndicator.content import Block, Image
from syndicator.digests.models import (
    Archive,
    Digest,
    DigestItem,
    DigestSettings,
    DigestState,
    Shown,
)
from syndicator.digests.news import said
from syndicator.entries.models import EntryState, LiveBlog

ROWS = 50


@dataclass(frozen=True, slots=True)
class Piece:
    """An entry as it is told today. *corrected*: it says something else than the digest did."""

    item: DigestItem
    is_withdrawn: bool
    corrected: bool
    blocks: list[Block]


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
    blog = get_object_or_404(LiveBlog, slug=slug)
    kept = _kept(blog)
    digest = get_object_or_404(_public(blog), public_id=public_id)
    if kept == Archive.NOBODY:
        raise Http404
    pieces = [_piece(item) for item in digest.items.select_related("entry")]
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


def _piece(item: DigestItem) -> Piece:
    entry = item.entry
    content = entry.content
    return Piece(
        item,
        is_withdrawn=entry.state == EntryState.WITHDRAWN,
        corrected=item.said != said(content),
        blocks=[block for block in content.blocks if not isinstance(block, Image)],
    )
