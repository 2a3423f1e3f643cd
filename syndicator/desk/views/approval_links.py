"""The page behind a link in a mail about a waiting post. Opening it decides nothing: programs that
scan mails open links, too."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST

from syndicator.approval_mail import links
from syndicator.approval_mail.models import ApprovalMail
from syndicator.desk.cards import Card, posts_with_history
from syndicator.desk.changes import changes
from syndicator.desk.views.posts import REFUSED, as_mail
from syndicator.entrance.places import address_of
from syndicator.pictures.answering import picture_answer
from syndicator.pictures.models import StoredPicture
from syndicator.posts.models import Post, PostState
from syndicator.posts.review import ReviewRefused
from syndicator.wording import Wording


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD"])
def approval_link(request: HttpRequest, token: str) -> HttpResponse:
    try:
        return _page(request, links.find(token), token)
    except links.UnknownLink:
        return _unknown(request)


@login_not_required
@never_cache
@require_POST
def approve_by_link(request: HttpRequest, token: str) -> HttpResponse:
    return _decide(request, token, lambda row: links.approve(row, address_of(request)))


@login_not_required
@never_cache
@require_POST
def reject_by_link(request: HttpRequest, token: str) -> HttpResponse:
    reason = request.POST.get("reason", "")
    return _decide(request, token, lambda row: links.reject(row, reason, address_of(request)))


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD"])
def picture_by_link(request: HttpRequest, token: str, digest: str) -> HttpResponse:
    """A picture of the post that the link is about, and no other."""
    try:
        row = links.find(token)
    except links.UnknownLink:
        return _unknown(request)
    shown = {picture.digest for picture in row.post.message.pictures}
    rows = StoredPicture.objects.defer("data").filter(pk__in=shown)
    return picture_answer(get_object_or_404(rows, pk=digest))


@login_not_required
@never_cache
@xframe_options_sameorigin
@require_http_methods(["GET", "HEAD"])
def mail_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """The HTML of the mail to readers that the link is about, for a frame on the link's page."""
    try:
        row = links.find(token)
    except links.UnknownLink:
        return _unknown(request)
    return as_mail(row.post.message)


def _decide(request: HttpRequest, token: str, act: Callable[[ApprovalMail], Post]) -> HttpResponse:
    try:
        row = links.find(token)
        act(row)
    except links.UnknownLink:
        return _unknown(request)
    except links.SpentLink:
        return _page(request, links.find(token), token, status=REFUSED)
    except ReviewRefused as refused:
        return _page(request, links.find(token), token, refused.wording, status=REFUSED)
    return _page(request, links.find(token), token)


def _page(
    request: HttpRequest,
    row: ApprovalMail,
    token: str,
    refusal: Wording | None = None,
    status: int = 200,
) -> HttpResponse:
    card = Card(posts_with_history().get(pk=row.post_id), refusal)
    changed = links.has_changed(row)
    waits = card.post.state == PostState.PENDING
    context = {
        "card": card,
        "token": token,
        "person": row.person,
        "decides": waits and not changed and not links.is_spent(row),
        "waits": waits,
        "changed": changed,
        "changes": changes(row.said, card.message.as_posted()) if changed else [],
    }
    return render(request, "desk/approval_link.html", context, status=status)


def _unknown(request: HttpRequest) -> HttpResponse:
    return render(request, "desk/link_unknown.html", status=404)
