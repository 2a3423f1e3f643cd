"""The night for the morning's editor, and whether they get it by mail."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from syndicator.desk.access import DeskRequest
from syndicator.desk.cards import Card, Outlook, posts_with_history
from syndicator.desk.days import DayForm
from syndicator.entries.models import LiveBlog
from syndicator.nights.models import NightMail
from syndicator.nights.report import Night, report

#: When a morning begins, unless somebody chose another hour.
MORNING = 6
HOURS = range(4, 13)


class NightMailForm(forms.Form):
    hour = forms.TypedChoiceField(
        label=gettext_lazy("By mail"),
        choices=[("", gettext_lazy("no mail")), *((hour, f"{hour}:00") for hour in HOURS)],
        coerce=int,
        empty_value=None,
        required=False,
    )
    of = forms.ModelChoiceField(
        LiveBlog.objects.order_by("title"),
        required=False,
        label=gettext_lazy("About"),
        empty_label=gettext_lazy("all live blogs"),
    )


@require_GET
def night(request: DeskRequest) -> HttpResponse:
    form = DayForm(request.GET)
    wish = NightMail.objects.filter(user=request.user).first()
    shown = Night(form.chosen.date, wish.hour if wish else MORNING, form.chosen.zone)
    told = report(shown, form.of_blog)
    outlook = Outlook()
    cards = {
        post.pk: Card(post, outlook=outlook)
        for post in posts_with_history().filter(
            pk__in=[post.pk for post in (*told.failed, *told.longest_waiting)]
        )
    }
    chosen = {"hour": wish.hour, "of": wish.blog_id} if wish else {}
    context = {
        "form": form,
        "day": form.chosen,
        "night": shown,
        "told": told,
        "is_over": shown.end <= timezone.now(),
        "failed": [cards[post.pk] for post in told.failed if post.pk in cards],
        "waiting": [cards[post.pk] for post in told.longest_waiting if post.pk in cards],
        "mail_form": NightMailForm(initial=chosen),
        "has_server": bool(settings.EMAIL_HOST),
    }
    return render(request, "desk/night.html", context)


@require_POST
def night_mail(request: DeskRequest) -> HttpResponse:
    """Have the mail from now on, at an hour, or no more. Everybody decides for themselves."""
    form = NightMailForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose an hour."))
    elif not (hour := form.cleaned_data["hour"]):
        NightMail.objects.filter(user=request.user).delete()
        messages.success(request, _("You get no mail about the night."))
    elif not request.user.email:
        messages.error(
            request, _("No mail address is set for you. Ask an administrator to enter one.")
        )
    else:
        NightMail.objects.update_or_create(
            user=request.user,
            defaults={
                "hour": hour,
                "blog": form.cleaned_data["of"],
                "language": get_language() or settings.LANGUAGE_CODE,
            },
        )
        messages.success(request, _("You get a mail at %(hour)s:00.") % {"hour": hour})
    return redirect("desk:night")
