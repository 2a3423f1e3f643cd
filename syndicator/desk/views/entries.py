"""One entry: what it says, what it said before, and what became of it everywhere."""

from __future__ import annotations

from functools import partial

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from syndicator.content import blocks_from_json
from syndicator.desk import mailings, retractions
from syndicator.desk.access import DeskRequest, deciders_only
from syndicator.desk.cards import Card, Outlook, posts_with_history
from syndicator.desk.sharing import sharing_of
from syndicator.desk.texts import say
from syndicator.desk.views.posts import REFUSED, announce, attempt, back, from_htmx, seen_posts
from syndicator.desk.views.queue import Group
from syndicator.entries.models import Entry
from syndicator.posts import retraction as retracting
from syndicator.posts import review


@require_GET
def entry(request: DeskRequest, pk: int) -> HttpResponse:
    shown = get_object_or_404(Entry.objects.select_related("blog", "source"), pk=pk)
    posts = posts_with_history().filter(entry=shown).order_by("destination__name", "-id")
    outlook = Outlook(request.user, posts)
    lifted = shown.retractions.filter(lifted_at__isnull=False).order_by("-pk")
    context = {
        "report": retractions.report(shown, posts, outlook),
        "prospects": retractions.prospects(posts),
        "lifted": lifted.select_related("made_by", "lifted_by"),
        "zone": shown.blog.time_zone,
        "entry": shown,
        "blocks": shown.content.blocks,
        "revisions": [
            (revision, blocks_from_json(revision.content.get("blocks", [])))
            for revision in shown.revisions.order_by("-revision")
        ],
        "cards": [Card(post, back=request.path, detailed=True, outlook=outlook) for post in posts],
        "mailings": mailings.reports(posts),
        "sharing": sharing_of(shown),
    }
    return render(request, "desk/entry.html", context)


@require_http_methods(["GET", "POST"])
def retraction(request: DeskRequest, pk: int) -> HttpResponseBase:
    """GET: how far taking the entry back is; 204 if the page shows that (*seen*) already.

    POST: take it back everywhere.
    """
    if request.method == "POST":
        return _take_back(request, pk)
    shown = get_object_or_404(Entry.objects.select_related("blog"), pk=pk)
    posts = posts_with_history().filter(entry=shown)
    report = retractions.report(shown, posts, Outlook(request.user, posts))
    if report is None or request.GET.get("seen") == report.seen:
        return HttpResponse(status=204)
    context = {"entry": shown, "report": report, "zone": shown.blog.time_zone}
    return render(request, "desk/retraction.html", context)


@deciders_only
def _take_back(request: DeskRequest, pk: int) -> HttpResponse:
    get_object_or_404(Entry, pk=pk)
    reason = request.POST.get("reason", "")
    refusal = attempt(partial(retracting.retract, pk, request.user, reason))
    if refusal:
        messages.error(request, say(refusal))
    return redirect(f"{reverse('desk:entry', args=[pk])}#retraction")


@require_POST
@deciders_only
def lift_retraction(request: DeskRequest, pk: int) -> HttpResponse:
    get_object_or_404(Entry, pk=pk)
    refusal = attempt(partial(retracting.lift, pk, request.user))
    if refusal:
        messages.error(request, say(refusal))
    else:
        messages.success(request, _("The source’s word counts again."))
    return redirect("desk:entry", pk)


@require_POST
@deciders_only
def approve_all(request: DeskRequest, pk: int) -> HttpResponse:
    """Approve the posts of one entry that were seen: each ``seen`` is ``<post>:<payload hash>``.

    One refused post does not keep the others back.
    """
    shown = get_object_or_404(Entry.objects.select_related("blog"), pk=pk)
    seen = seen_posts(request)
    posts = posts_with_history().filter(entry=shown).order_by("destination_id", "id")
    refusals = {
        post.pk: attempt(partial(review.approve, post.pk, request.user, seen[post.pk]))
        for post in posts
        if post.pk in seen
    }
    outlook = Outlook(request.user, posts)
    cards = [
        Card(post, refusals[post.pk], back(request), outlook=outlook)
        for post in posts.all()  # as they are now
        if post.pk in refusals
    ]
    if from_htmx(request):
        status = REFUSED if any(refusals.values()) else 200
        context = {"group": Group(shown, cards)}
        return render(request, "desk/entry_acted.html", context, status=status)
    for card in cards:
        announce(request, card)
    if not cards:
        messages.warning(request, _("There was nothing to approve."))
    return redirect(back(request))
