"""Who gets a live blog by mail: the list, and adding and removing people."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from syndicator.clock import database_now
from syndicator.desk import audit
from syndicator.desk.access import DeskRequest, admins_only
from syndicator.desk.forms import ManySubscribersForm, SubscriberFileForm, SubscriberForm
from syndicator.entries.models import LiveBlog
from syndicator.newsletter.models import Subscription, SubscriptionState
from syndicator.newsletter.subscribing import subscribe
from syndicator.subscriber_lists.models import ImportState, SubscriberImport

ROWS = 100
#: Refused addresses that are named one by one; the others are only counted.
NAMED = 20
IMPORTS = 5


@require_GET
@admins_only
def subscribers(request: DeskRequest, pk: int) -> HttpResponse:
    return subscribers_page(request, get_object_or_404(LiveBlog, pk=pk))


@require_POST
@admins_only
def add(request: DeskRequest, pk: int) -> HttpResponse:
    blog = get_object_or_404(LiveBlog, pk=pk)
    form = SubscriberForm(request.POST)
    if not form.is_valid():
        return subscribers_page(request, blog, one=form)
    pair = (form.cleaned_data["name"], form.cleaned_data["email"])
    return _added(request, blog, [pair])


@require_POST
@admins_only
def paste(request: DeskRequest, pk: int) -> HttpResponse:
    blog = get_object_or_404(LiveBlog, pk=pk)
    form = ManySubscribersForm(request.POST)
    if not form.is_valid():
        return subscribers_page(request, blog, many=form)
    return _added(request, blog, form.cleaned_data["addresses"])


@require_POST
@admins_only
def remove(request: DeskRequest, pk: int) -> HttpResponse:
    """End a subscription. The row stays, so that no pasted list brings the person back."""
    subscription = get_object_or_404(Subscription.objects.select_related("subscriber"), pk=pk)
    removed = Subscription.objects.filter(pk=pk, state=SubscriptionState.ACTIVE).update(
        state=SubscriptionState.UNSUBSCRIBED, unsubscribed_at=database_now()
    )
    if removed:
        audit.saved(request.user, subscription, "removed")
    messages.success(
        request, _("%(address)s gets no more mail.") % {"address": subscription.subscriber.email}
    )
    return redirect("desk:subscribers", subscription.blog_id)


def _added(request: DeskRequest, blog: LiveBlog, people: Iterable[tuple[str, str]]) -> HttpResponse:
    """Subscribe all of *people* (name, address) who can be, and say who could not."""
    refused: list[str] = []
    with transaction.atomic():
        before = _active(blog)
        for name, address in people:
            try:
                subscribe(address, blog, name)
            except ValidationError as error:
                refused.append(f"{address}: {' '.join(error.messages)}")
        added = _active(blog) - before
    audit.saved(request.user, blog, "subscribers added")
    messages.success(
        request,
        ngettext("%(count)s person was added.", "%(count)s people were added.", added)
        % {"count": added},
    )
    for sentence in refused[:NAMED]:
        messages.error(request, sentence)
    if len(refused) > NAMED:
        more = len(refused) - NAMED
        messages.error(
            request,
            ngettext(
                "%(count)s more address was refused.",
                "%(count)s more addresses were refused.",
                more,
            )
            % {"count": more},
        )
    return redirect("desk:subscribers", blog.pk)


def _active(blog: LiveBlog) -> int:
    return Subscription.objects.filter(blog=blog, state=SubscriptionState.ACTIVE).count()


def subscribers_page(
    request: DeskRequest,
    blog: LiveBlog,
    *,
    one: SubscriberForm | None = None,
    many: ManySubscribersForm | None = None,
    file: SubscriberFileForm | None = None,
) -> HttpResponse:
    wanted = request.GET.get("q", "").strip()[:200]
    subscriptions = (
        Subscription.objects.filter(blog=blog)
        .select_related("subscriber")
        .prefetch_related("consents__text")
    )
    if wanted:
        subscriptions = subscriptions.filter(
            Q(subscriber__email__icontains=wanted) | Q(subscriber__name__icontains=wanted)
        )
    context = {
        "blog": blog,
        "page": Paginator(subscriptions.order_by("-pk"), ROWS).get_page(request.GET.get("page")),
        "active": _active(blog),
        "one": one or SubscriberForm(),
        "many": many or ManySubscribersForm(),
        "file": file or SubscriberFileForm(),
        "wanted": wanted,
        "query": urlencode({"q": wanted}) if wanted else "",
        "imports": SubscriberImport.objects.filter(blog=blog)
        .exclude(state=ImportState.ARRIVING)
        .order_by("-pk")[:IMPORTS],
    }
    return render(request, "desk/subscribers.html", context)
