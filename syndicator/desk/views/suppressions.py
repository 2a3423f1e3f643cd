"""Addresses that get no mail: the list, blocking and unblocking by hand, and the rules for it."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from syndicator.clock import database_now
from syndicator.desk import audit
from syndicator.desk.access import DeskRequest, admins_only
from syndicator.desk.times import desk_zone
from syndicator.entries.models import LiveBlog
from syndicator.newsletter import suppressing
from syndicator.newsletter.models import Suppression, SuppressionReason
from syndicator.newsletter.subscribing import normalise
from syndicator.returns.models import THE_RULES, ReturnBox, Rules, the_rules

ROWS = 50


class BlockForm(forms.Form):
    address = forms.CharField(
        label=gettext_lazy("Email address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    blog = forms.ModelChoiceField(
        LiveBlog.objects.order_by("title"),
        required=False,
        label=gettext_lazy("Live blog"),
        empty_label=gettext_lazy("all live blogs"),
    )
    why = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=300,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_address(self) -> str:
        return normalise(self.cleaned_data["address"])


class RulesForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Rules
        fields = [
            "soft_days",
            "within_days",
            "bounce_percent",
            "complaint_percent",
            "from_mails",
            "kept_days",
        ]


@require_GET
@admins_only
def suppressions(request: DeskRequest) -> HttpResponse:
    return _page(request)


@require_POST
@admins_only
def block(request: DeskRequest) -> HttpResponse:
    form = BlockForm(request.POST)
    if not form.is_valid():
        return _page(request, block_form=form)
    address, blog = form.cleaned_data["address"], form.cleaned_data["blog"]
    with transaction.atomic():
        suppressing.suppress(
            {address: form.cleaned_data["why"]},
            SuppressionReason.BY_HAND,
            database_now(),
            blog=blog,
            by=request.user,
        )
        blocked = Suppression.objects.get(
            key=suppressing.key_of(address),
            blog=blog,
            reason=SuppressionReason.BY_HAND,
            lifted_at=None,
        )
        if blocked.made_by == request.user:
            audit.saved(request.user, blocked, "blocked", ["blog", "detail"])
    messages.success(request, _("%(address)s gets no more mail.") % {"address": address})
    return redirect("desk:suppressions")


@require_POST
@admins_only
def unblock(request: DeskRequest, pk: int) -> HttpResponse:
    suppression = get_object_or_404(Suppression, pk=pk)
    why = request.POST.get("why", "").strip()[:300]
    if not why:
        messages.error(request, _("Say why the address is to get mail again."))
        return redirect("desk:suppressions")
    with transaction.atomic():
        lifted = suppressing.lift(pk, request.user, why, database_now())
        if lifted:
            audit.saved(request.user, lifted, "unblocked", ["reason", "lift_reason"])
    messages.success(
        request,
        _("%(address)s may get mail again, where they have subscribed.")
        % {"address": suppression.address or suppression},
    )
    return redirect("desk:suppressions")


@require_POST
@admins_only
def save_rules(request: DeskRequest) -> HttpResponse:
    rules = the_rules()
    form = RulesForm(request.POST, instance=rules)
    if not form.is_valid():
        return _page(request, rules_form=form)
    rules.pk = THE_RULES
    with audit.recorded(request, "changed", rules):
        form.save()
    messages.success(request, _("The rules are saved."))
    return redirect("desk:suppressions")


def _found(wanted: str) -> QuerySet[Suppression]:
    """Those that stand; with something *wanted*, also those that were lifted."""
    rows = Suppression.objects.select_related("blog", "made_by", "lifted_by").order_by("-pk")
    if not wanted:
        return rows.filter(lifted_at=None)
    found = rows.filter(address__icontains=wanted)
    try:
        # Of an erased address there is nothing but its hash.
        return found | rows.filter(key=suppressing.key_of(normalise(wanted)))
    except ValidationError:
        return found


def _page(
    request: DeskRequest,
    *,
    block_form: BlockForm | None = None,
    rules_form: RulesForm | None = None,
) -> HttpResponse:
    wanted = request.GET.get("address", "").strip().lower()
    context = {
        "wanted": wanted,
        "page": Paginator(_found(wanted), ROWS).get_page(request.GET.get("page")),
        "standing": Suppression.objects.filter(lifted_at=None).count(),
        "block_form": block_form or BlockForm(),
        "rules_form": rules_form or RulesForm(instance=the_rules()),
        "boxes": ReturnBox.objects.select_related("destination").order_by("destination__name"),
        "zone": desk_zone(),
    }
    return render(request, "desk/suppressions.html", context)
