"""A day at a glance, and the ledger in which every entry is accounted for."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from syndicator.desk.access import DeskRequest
from syndicator.desk.cards import Card, Outlook, posts_with_history
from syndicator.desk.days import Day, DayForm
from syndicator.desk.ledger import as_csv, entries_of, ledger
from syndicator.desk.sources import of_running_blogs
from syndicator.desk.timeline import charts
from syndicator.desk.traffic import traffic
from syndicator.posts.models import WAITING, Post, PostState

#: What went wrong, and what went out last: more is in the log.
MOST_TROUBLES = 20
LATEST = 8
#: Entries on one page of the ledger.
ENTRIES = 200


@require_GET
def overview(request: DeskRequest) -> HttpResponse:
    """What went out, what failed and why, the spend, and how each destination is, on one screen."""
    form = DayForm(request.GET)
    day, blog = form.chosen, form.of_blog
    of_day = charts(day, blog)
    posts = posts_with_history().filter(**({"entry__blog": blog} if blog else {}))
    outlook = Outlook()
    context = {
        "form": form,
        "day": day,
        "is_today": day.start <= timezone.now() < day.end,
        "traffic": traffic(),
        "sources": of_running_blogs(),
        "charts": of_day,
        "spent": sum(chart.spent for chart in of_day.values()),
        "sent": sum(chart.sent for chart in of_day.values()),
        "taken_back": sum(chart.taken_back for chart in of_day.values()),
        "failed": sum(chart.failed for chart in of_day.values()),
        "waiting": Post.objects.filter(WAITING).count(),
        "troubles": [
            Card(post, back=request.get_full_path(), outlook=outlook)
            for post in posts.filter(_troubles(day)).order_by("-changed_at", "-id")[:MOST_TROUBLES]
        ],
        "latest": [
            Card(post, outlook=outlook)
            for post in posts.filter(_went_out(day)).order_by("-sent_at", "-id")[:LATEST]
        ],
    }
    return render(request, "desk/overview.html", context)


def _went_out(day: Day) -> Q:
    # What went out was changed then or later; this much has an index.
    return Q(
        state__in=(PostState.SENT, PostState.DELETED),
        changed_at__gte=day.start,
        sent_at__gte=day.start,
        sent_at__lt=day.end,
    )


def _troubles(day: Day) -> Q:
    """What failed, or may be out or not, and has changed in the day."""
    unclear = Q(state=PostState.UNCERTAIN)
    return (Q(state=PostState.FAILED) | unclear) & Q(
        changed_at__gte=day.start, changed_at__lt=day.end
    )


@require_GET
def show_ledger(request: DeskRequest) -> HttpResponse:
    form = DayForm(request.GET, one_blog=True)
    context = {"form": form, "day": form.chosen, "ledger": None, "page": None}
    if form.of_blog:
        page = Paginator(entries_of(form.of_blog, form.chosen), ENTRIES).get_page(
            request.GET.get("page")
        )
        context |= {"ledger": ledger(form.of_blog, list(page)), "page": page}
    return render(request, "desk/ledger.html", context)


@require_GET
def ledger_csv(request: DeskRequest) -> HttpResponse:
    """The whole day, for a spreadsheet."""
    form = DayForm(request.GET, one_blog=True)
    if form.of_blog is None:
        raise Http404
    day = form.chosen
    whole = ledger(form.of_blog, list(entries_of(form.of_blog, day)))
    name = f"{form.of_blog.slug}-{day.date.isoformat()}.csv"
    return HttpResponse(
        "".join(as_csv(whole, day)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
