"""Digests: those that wait for an editor, those to come, and those that went out."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_POST

from syndicator import queue
from syndicator.channels.base import Message
from syndicator.clock import database_now
from syndicator.desk import audit
from syndicator.desk.access import DeskRequest, admins_only, deciders_only
from syndicator.desk.days import DayForm
from syndicator.desk.forms import ArchiveForm
from syndicator.desk.mailings import report
from syndicator.desk.texts import say
from syndicator.desk.times import desk_zone
from syndicator.desk.views.posts import MAIL_POLICY
from syndicator.destinations.models import Route
from syndicator.digests import review
from syndicator.digests.composing import archive_url
from syndicator.digests.making import ask_for, digest_route, digest_routes
from syndicator.digests.models import Digest, DigestSettings, DigestState
from syndicator.digests.outlook import coming, preview
from syndicator.entries import closing
from syndicator.entries.models import LiveBlog
from syndicator.newsletter.models import Pace
from syndicator.newsletter.pictures import seen_in_browser

ROWS = 30


@require_GET
def digests(request: DeskRequest) -> HttpResponse:
    now = database_now()
    decided = Digest.objects.exclude(state=DigestState.WAITING).select_related("blog", "decided_by")
    context = {
        "form": DayForm(request.GET),
        "waiting": _waiting(),
        "plans": [(route.blog, coming(route, now)) for route in digest_routes()],
        "page": Paginator(decided.order_by("-built_at", "-pk"), ROWS).get_page(
            request.GET.get("page")
        ),
        "zone": desk_zone(),
    }
    return render(request, "desk/digests.html", context)


@require_GET
def digest(request: DeskRequest, pk: int) -> HttpResponse:
    shown = get_object_or_404(
        Digest.objects.select_related("blog", "destination", "mailing", "decided_by"), pk=pk
    )
    context = {
        "form": DayForm(request.GET),
        "digest": shown,
        "message": shown.message,
        "items": shown.items.select_related("entry"),
        "report": report(shown.mailing) if shown.mailing else None,
        "archive_url": archive_url(shown.blog, shown.public_id),
        "zone": shown.blog.time_zone,
    }
    return render(request, "desk/digest.html", context)


@require_GET
@xframe_options_sameorigin
def digest_mail(request: DeskRequest, pk: int) -> HttpResponse:
    """The HTML part of a digest, for a frame on the desk's own pages."""
    return _mail(get_object_or_404(Digest, pk=pk).message)


@require_POST
@deciders_only
def approve_digest(request: DeskRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Digest, pk=pk)
    try:
        with audit.recorded(request, "approved", found):
            done = review.approve(pk, request.user, request.POST.get("payload_hash", ""))
    except review.DigestRefused as refused:
        # It may have to be made anew.
        queue.ring(queue.MAKE_DIGESTS)
        messages.error(request, say(refused.wording))
        return redirect("desk:digest", pk)
    if done.state == DigestState.SENT:
        messages.success(request, _("The digest goes out now."))
    else:
        messages.error(request, say(done.wording))
    return redirect("desk:digest", pk)


@require_POST
@deciders_only
def reject_digest(request: DeskRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Digest, pk=pk)
    try:
        with audit.recorded(request, "rejected", found):
            review.reject(
                pk,
                request.user,
                request.POST.get("payload_hash", ""),
                request.POST.get("reason", "")[:300],
                drop=request.POST.get("drop") == "yes",
            )
    except review.DigestRefused as refused:
        messages.error(request, say(refused.wording))
    else:
        messages.success(request, _("The digest was rejected; nobody gets it."))
    return redirect("desk:digest", pk)


@require_GET
def next_digest(request: DeskRequest, pk: int, pace: str) -> HttpResponse:
    """What the next digest of a live blog would say if it were made now."""
    route = _route(pk)
    context = {
        "form": DayForm(request.GET),
        "blog": route.blog,
        "pace": _pace(pace),
        "message": preview(route, _pace(pace), database_now()),
    }
    return render(request, "desk/digest_next.html", context)


@require_GET
@xframe_options_sameorigin
def next_digest_mail(request: DeskRequest, pk: int, pace: str) -> HttpResponse:
    message = preview(_route(pk), _pace(pace), database_now())
    if message is None:
        raise Http404
    return _mail(message)


@require_POST
@deciders_only
def ask_for_digest(request: DeskRequest, pk: int, pace: str) -> HttpResponse:
    """Make the next digests now; they wait until somebody has looked at them and approves."""
    made = ask_for(_route(pk), _pace(pace))
    if made:
        messages.success(
            request,
            ngettext(
                "%(count)s digest is ready. Look at it and approve it.",
                "%(count)s digests are ready, for readers who were told different things before. "
                "Look at each and approve it.",
                made,
            )
            % {"count": made},
        )
    else:
        messages.info(request, _("There is nothing new to tell these readers."))
    waits = _waiting().filter(blog=pk, pace=pace).first() if made == 1 else None
    return redirect("desk:digest", waits.pk) if waits else redirect("desk:digests")


@require_POST
@deciders_only
def close_blog(request: DeskRequest, pk: int) -> HttpResponse:
    """The live blog is over: who wants one digest at its end gets it."""
    blog = get_object_or_404(LiveBlog, pk=pk)
    with audit.recorded(request, "ended", blog):
        closing.close(blog)
        blog.refresh_from_db()
    messages.success(request, _("“%(name)s” is over.") % {"name": blog})
    return redirect("desk:digests")


@require_POST
@deciders_only
def reopen_blog(request: DeskRequest, pk: int) -> HttpResponse:
    blog = get_object_or_404(LiveBlog, pk=pk)
    with audit.recorded(request, "reopened", blog):
        closing.reopen(blog)
        blog.refresh_from_db()
    messages.success(request, _("“%(name)s” goes on.") % {"name": blog})
    return redirect("desk:digests")


@require_POST
@admins_only
def archive(request: DeskRequest, pk: int) -> HttpResponse:
    """Who may read a live blog's digests on the web."""
    kept, _made = DigestSettings.objects.get_or_create(blog=get_object_or_404(LiveBlog, pk=pk))
    form = ArchiveForm(request.POST, instance=kept)
    if form.is_valid():
        with audit.recorded(request, "changed", kept):
            form.save()
        messages.success(request, _("%(name)s is saved.") % {"name": kept.blog})
    return redirect("desk:blog", pk)


def _waiting() -> QuerySet[Digest]:
    return (
        Digest.objects.filter(state=DigestState.WAITING).select_related("blog").order_by("built_at")
    )


def _route(pk: int) -> Route:
    route = digest_route(get_object_or_404(LiveBlog, pk=pk))
    if route is None:
        raise Http404
    return route


def _pace(pace: str) -> Pace:
    try:
        return Pace(pace)
    except ValueError:
        raise Http404 from None


def _mail(message: Message) -> HttpResponse:
    html = seen_in_browser(message)
    return HttpResponse(html, headers={"Content-Security-Policy": MAIL_POLICY})
