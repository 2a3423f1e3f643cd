"""The public pages that mails link to."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from syndicator.newsletter import subscribing


@never_cache
@csrf_exempt  # a mail program posts for its user (RFC 8058), without cookies; the token is proof
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Ask (GET: programs that scan mails for danger follow links, too), or act (POST).

    The pages say nothing about the subscription but the live blog's name: whoever was forwarded
    a mail has the link as well.
    """
    try:
        subscription = subscribing.find(token)
    except subscribing.UnknownToken:
        return render(request, "newsletter/unknown_link.html", status=404)
    if request.method == "POST":
        subscribing.unsubscribe(token)
    with translation.override(subscription.blog.language):
        context = {
            "blog": subscription.blog,
            "done": request.method == "POST",
            "preferences": subscribing.preferences_url(subscription.pk),
        }
        answer = render(request, "newsletter/unsubscribe.html", context)
        answer["Referrer-Policy"] = "no-referrer"
        return answer
