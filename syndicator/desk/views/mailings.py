"""A mailing: how far it is, what became of each recipient, and what an editor does to it."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from syndicator.desk import audit
from syndicator.desk.access import DeskRequest, deciders_only
from syndicator.desk.mailings import RECIPIENTS, RecipientFilter, post_of, report
from syndicator.newsletter import steering
from syndicator.newsletter.models import Mailing


@require_GET
def mailing(request: DeskRequest, pk: int) -> HttpResponse:
    shown = _mailing(pk)
    chosen = RecipientFilter(request.GET)
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "report": report(shown),
        "post": post_of(shown),
        "filter": chosen,
        "page": Paginator(chosen.chosen(shown), RECIPIENTS).get_page(request.GET.get("page")),
        "query": query.urlencode(),
        "zone": shown.blog.time_zone,
    }
    return render(request, "desk/mailing_page.html", context)


@require_GET
def mailing_now(request: DeskRequest, pk: int) -> HttpResponse:
    """How far it is, for a page that shows it."""
    return render(request, "desk/mailing_now.html", {"report": report(_mailing(pk))})


@require_POST
@deciders_only
def pause(request: DeskRequest, pk: int) -> HttpResponse:
    return _steered(request, pk, steering.pause, "paused", _("The mailing is paused."))


@require_POST
@deciders_only
def resume(request: DeskRequest, pk: int) -> HttpResponse:
    return _steered(request, pk, steering.resume, "resumed", _("The mailing goes on."))


@require_POST
@deciders_only
def cancel(request: DeskRequest, pk: int) -> HttpResponse:
    said = _("The mailing is cancelled. Who had not got it yet does not get it.")
    return _steered(request, pk, steering.cancel, "cancelled", said)


@require_POST
@deciders_only
def again(request: DeskRequest, pk: int) -> HttpResponse:
    """Send what is uncertain once more."""
    shown = _mailing(pk)
    number = steering.send_uncertain_again(shown)
    if number:
        audit.record(request, "uncertain mails sent again", shown, after={"mails": number})
    told = ngettext(
        "%(count)s uncertain mail is sent again.",
        "%(count)s uncertain mails are sent again.",
        number,
    )
    messages.success(request, told % {"count": number})
    return redirect("desk:mailing", pk)


@require_POST
@deciders_only
def settle(request: DeskRequest, pk: int) -> HttpResponse:
    """Count what is uncertain as sent."""
    shown = _mailing(pk)
    number = steering.count_uncertain_as_sent(shown)
    if number:
        audit.record(request, "uncertain mails counted as sent", shown, after={"mails": number})
    told = ngettext(
        "%(count)s uncertain mail counts as sent now.",
        "%(count)s uncertain mails count as sent now.",
        number,
    )
    messages.success(request, told % {"count": number})
    return redirect("desk:mailing", pk)


def _steered(
    request: DeskRequest, pk: int, steer: Callable[[Mailing], bool], act: str, said: str
) -> HttpResponse:
    shown = _mailing(pk)
    if steer(shown):
        audit.record(request, act, shown)
        messages.success(request, said)
    else:
        messages.warning(request, _("Somebody was faster, or the mailing is over."))
    return redirect("desk:mailing", pk)


def _mailing(pk: int) -> Mailing:
    return get_object_or_404(Mailing.objects.select_related("destination", "blog"), pk=pk)
