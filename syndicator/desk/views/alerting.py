"""Where alerts are posted to, besides the desk and mail."""

from __future__ import annotations

from secrets import token_hex

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.validators import URLValidator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from syndicator.alerts.mailing import recipients
from syndicator.alerts.models import Webhook
from syndicator.alerts.webhook import key_of, post_test, the_webhook
from syndicator.desk import audit
from syndicator.desk.access import DeskRequest, admins_only
from syndicator.desk.texts import say
from syndicator.desk.times import desk_zone

#: There is one address, so there is one row.
THE_ROW = 1


class WebhookForm(forms.Form):
    url = forms.CharField(
        label=gettext_lazy("Address"),
        required=False,
        max_length=2000,
        validators=[
            URLValidator(
                schemes=["https"],
                message=gettext_lazy("Enter an address that begins with https://."),
            )
        ],
        widget=forms.URLInput(attrs={"placeholder": "https://", "autocomplete": "off"}),
        help_text=gettext_lazy("Leave it empty to post alerts nowhere."),
    )


@never_cache
@require_http_methods(["GET", "POST"])
@admins_only
def alerting(request: DeskRequest) -> HttpResponse:
    webhook = the_webhook()
    form = WebhookForm(request.POST or None, initial={"url": webhook.url if webhook else ""})
    if request.method == "POST" and form.is_valid():
        _save(request, webhook, form.cleaned_data["url"].strip())
        return redirect("desk:alerting")
    context = {
        "form": form,
        "webhook": webhook,
        "key": key_of(webhook) if webhook else "",
        "has_server": bool(settings.EMAIL_HOST),
        "addresses": recipients(),
        "zone": desk_zone(),
    }
    return render(request, "desk/alerting.html", context)


def _save(request: DeskRequest, webhook: Webhook | None, url: str) -> None:
    if not url:
        if webhook:
            audit.saved(request.user, webhook, "removed")
            webhook.delete()
        messages.success(request, _("Alerts are posted nowhere."))
        return
    # Another address gets another key: its owner must not be able to sign for the earlier one's.
    salt = webhook.salt if webhook and webhook.url == url else token_hex(32)
    saved, created = Webhook.objects.update_or_create(
        pk=THE_ROW,
        defaults={"url": url, "salt": salt, "taken_at": None, "failed_at": None, "problem": None},
    )
    audit.saved(request.user, saved, "created" if created else "changed", ["url"])
    messages.success(request, _("Saved. Alerts are posted there from now on."))


@require_POST
@admins_only
def test_webhook(request: DeskRequest) -> HttpResponse:
    webhook = the_webhook()
    if webhook is None:
        messages.warning(request, _("Enter an address first."))
    elif why := post_test(webhook):
        messages.error(request, say(why))
    else:
        messages.success(request, _("The test arrived."))
    return redirect("desk:alerting")


@require_POST
@admins_only
def new_webhook_key(request: DeskRequest) -> HttpResponse:
    """Sign with another key from now on."""
    webhook = get_object_or_404(Webhook)
    webhook.salt = token_hex(32)
    webhook.save(update_fields=["salt"])
    audit.saved(request.user, webhook, "changed", ["key"])
    messages.success(request, _("The calls are signed with a new key from now on."))
    return redirect("desk:alerting")
