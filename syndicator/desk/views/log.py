"""What went out, what failed, and why: the latest posts of all states."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from syndicator.desk.access import DeskRequest
from syndicator.desk.cards import Card, Outlook, posts_with_history
from syndicator.desk.filters import LogFilter

ROWS = 50


@require_GET
def log(request: DeskRequest) -> HttpResponse:
    wanted = LogFilter(request.GET)
    posts = posts_with_history().filter(**wanted.conditions()).order_by("-id")
    page = Paginator(posts, ROWS).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    outlook = Outlook(request.user)
    context = {
        "filter": wanted,
        "page": page,
        "cards": [Card(post, back=request.get_full_path(), outlook=outlook) for post in page],
        "query": query.urlencode(),
    }
    return render(request, "desk/log.html", context)
