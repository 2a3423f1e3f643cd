"""What live blogs are fed by, how following goes, and what a person has to decide about it."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from syndicator.alerts.models import Alert
from syndicator.clock import database_now
from syndicator.desk import audit
from syndicator.desk.access import DeskRequest, deciders_only
from syndicator.desk.days import DayForm
from syndicator.desk.source_forms import PaceForm
from syndicator.desk.sources import alike, fed, followed, reader_name
from syndicator.following import alarms, likenesses, switching
from syndicator.following.likenesses import AlreadyDecided
from syndicator.following.models import Following, Likeness, Sameness
from syndicator.following.replaying import replay

#: Readings on one page of the history.
READINGS = 25
#: So many readings are played again for a page, and no further one is begun after so long.
MOST_PLAYED = 100
PATIENCE = timedelta(seconds=10)
#: What a verdict is called in the audit trail.
FOUND = {Sameness.SAME: "found same", Sameness.ANOTHER: "found another"}


@require_GET
def sources(request: DeskRequest) -> HttpResponse:
    context = {"form": DayForm({}), "followed": followed(), "fed": fed()}
    return render(request, "desk/sources.html", context)


@require_http_methods(["GET", "POST"])
def source(request: DeskRequest, pk: int) -> HttpResponse:
    """How following one source goes. POST saves how often it is looked at."""
    following = _following(pk)
    if request.method != "POST":
        return _page(request, following, PaceForm(instance=following))
    if not request.user.may_configure:
        raise PermissionDenied
    names = PaceForm.Meta.fields
    before = {name: getattr(following, name) for name in names}
    form = PaceForm(request.POST, instance=following)
    if not form.is_valid():
        return _page(request, _following(pk), form)
    after = {name: getattr(following, name) for name in names}
    with transaction.atomic():
        # Whoever looks at this moment writes the rest of the row.
        following.save(update_fields=names)
        audit.record(request, "changed", following, before, after)
    messages.success(request, _("%(name)s is saved.") % {"name": following.source.name})
    return redirect("desk:source", pk)


@require_POST
@deciders_only
def look_now(request: DeskRequest, pk: int) -> HttpResponse:
    following = _following(pk)
    with transaction.atomic():
        looks = switching.look_now(pk)
    if looks:
        messages.success(request, _("%(name)s is looked at.") % {"name": following.source.name})
    else:
        messages.warning(request, _("It is switched off. Switch it on first."))
    return redirect("desk:source", pk)


@require_POST
@deciders_only
def switch_on(request: DeskRequest, pk: int) -> HttpResponse:
    following = _following(pk)
    with transaction.atomic():
        if switching.switch_on(pk):
            audit.record(request, "switched on", following)
            messages.success(
                request, _("%(name)s is followed again.") % {"name": following.source.name}
            )
    return redirect("desk:source", pk)


@require_POST
@deciders_only
def switch_off(request: DeskRequest, pk: int) -> HttpResponse:
    following = _following(pk)
    with transaction.atomic():
        if switching.switch_off(pk):
            audit.record(request, "switched off", following)
            messages.success(
                request, _("%(name)s is not followed any more.") % {"name": following.source.name}
            )
    return redirect("desk:source", pk)


@require_POST
@deciders_only
def compared(request: DeskRequest, pk: int) -> HttpResponse:
    """A person has looked whether entries were missed."""
    following = _following(pk)
    with transaction.atomic():
        alarms.joined_up(following, database_now())
        audit.record(request, "compared", following)
    return redirect("desk:source", pk)


@require_POST
@deciders_only
def decide_likeness(request: DeskRequest, pk: int) -> HttpResponse:
    """Whether an entry under a new name is the known one (*verdict*: ``same`` or ``another``)."""
    likeness = get_object_or_404(Likeness.objects.select_related("decided_by", "source"), pk=pk)
    verdict = request.POST.get("verdict")
    if verdict not in (Sameness.SAME, Sameness.ANOTHER):
        messages.error(request, _("Say whether it is the same entry or another one."))
        return redirect("desk:source", likeness.source_id)
    try:
        with transaction.atomic():
            likenesses.decide(pk, Sameness(verdict), request.user)
            act = FOUND[Sameness(verdict)]
            audit.record(request, act, likeness)
    except AlreadyDecided:
        likeness.refresh_from_db()
        said = {"who": likeness.decided_by, "verdict": likeness.get_verdict_display()}
        messages.warning(request, _("%(who)s was quicker and said: %(verdict)s.") % said)
    except Likeness.DoesNotExist:
        messages.warning(request, _("The source took that entry back meanwhile."))
    else:
        messages.success(
            request,
            _("The known entry has the new text now.")
            if verdict == Sameness.SAME
            else _("It is an entry of its own now and takes its routes."),
        )
    return redirect("desk:source", likeness.source_id)


@require_GET
@deciders_only
def replay_day(request: DeskRequest, pk: int) -> HttpResponse:
    """A day's readings, read again today. It takes a while, so not everybody may ask for it."""
    following = _following(pk)
    form = DayForm({"day": request.GET.get("day", ""), "blog": str(following.source.blog_id)})
    day = form.chosen
    context = {
        "following": following,
        "form": form,
        "day": day,
        "zone": day.zone,
        "replay": replay(following, day.start, day.end, most=MOST_PLAYED, patience=PATIENCE),
        "reader_name": reader_name,
    }
    return render(request, "desk/source_replay.html", context)


def _following(pk: int) -> Following:
    return get_object_or_404(Following.objects.select_related("source__blog"), pk=pk)


def _page(request: DeskRequest, following: Following, pace_form: PaceForm) -> HttpResponse:
    rows = followed(Following.objects.filter(pk=following.pk))
    missed = Alert.objects.filter(key=alarms.key(following, "missed"), ended_at=None)
    last = following.readings.order_by("-read_at").first()
    context = {
        "form": DayForm({}),
        "row": rows[0],
        "following": rows[0].following,
        "zone": rows[0].zone,
        "alike": alike(
            likenesses.still_open(following.source).select_related("entry").order_by("pk")
        ),
        "missed": missed.first(),
        "page": Paginator(following.readings.order_by("-read_at", "-pk"), READINGS).get_page(
            request.GET.get("page")
        ),
        "last": last,
        "pace_form": pace_form,
        "reader_name": reader_name,
    }
    return render(request, "desk/source.html", context)
