"""Whole lists of subscribers: taking a file in, what it came to, and the list as a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language, gettext, override
from django.views.decorators.http import require_GET, require_POST

from syndicator.desk import audit
from syndicator.desk.access import DeskRequest, admins_only
from syndicator.desk.forms import SubscriberFileForm
from syndicator.desk.spreadsheets import BOM, csv_line
from syndicator.desk.views.subscribers import subscribers_page
from syndicator.entries.models import LiveBlog
from syndicator.newsletter.models import Pace
from syndicator.subscriber_lists.exporting import rows
from syndicator.subscriber_lists.files import UnreadableFile
from syndicator.subscriber_lists.importing import begin
from syndicator.subscriber_lists.models import ImportState, SubscriberImport
from syndicator.subscriber_lists.report import outcomes, report


@require_POST
@admins_only
def take_in(request: DeskRequest, pk: int) -> HttpResponse:
    blog = get_object_or_404(LiveBlog, pk=pk)
    form = SubscriberFileForm(request.POST, request.FILES)
    if not form.is_valid():
        return subscribers_page(request, blog, file=form)
    file = form.cleaned_data["file"]
    try:
        batch = begin(
            file.file,
            blog,
            name=file.name,
            consent=form.cleaned_data["consent"],
            pace=Pace(form.cleaned_data["pace"]),
            who=request.user,
        )
    except UnreadableFile as error:
        form.add_error("file", error.reason.said(gettext))
        return subscribers_page(request, blog, file=form)
    return redirect("desk:subscriber_import", batch.pk)


@require_GET
@admins_only
def batch(request: DeskRequest, pk: int) -> HttpResponse:
    wanted = get_object_or_404(SubscriberImport.objects.select_related("blog", "made_by"), pk=pk)
    context = {
        "batch": wanted,
        "blog": wanted.blog,
        "report": report(wanted),
        "under_way": wanted.state == ImportState.RUNNING,
    }
    return render(request, "desk/subscriber_import.html", context)


@require_GET
@admins_only
def lines(request: DeskRequest, pk: int) -> HttpResponseBase:
    """What became of each line, as a table."""
    wanted = get_object_or_404(SubscriberImport, pk=pk)
    return _file(f"import-{wanted.pk}.csv", _lines(wanted, get_language() or "en"))


@require_POST
@admins_only
def export(request: DeskRequest, pk: int) -> HttpResponseBase:
    """Everybody's addresses leave the house, so it is written down and no mere link."""
    blog = get_object_or_404(LiveBlog, pk=pk)
    audit.record(request, "subscribers exported", blog)
    return _file(f"subscribers-{blog.slug}.csv", rows(blog))


def _lines(wanted: SubscriberImport, language: str) -> Iterator[list[str]]:
    """Streamed after the view has returned, so in a language of its own."""
    with override(language):
        head = [gettext("Line"), gettext("Address"), gettext("Result"), gettext("Why")]
    yield head
    for one in outcomes(wanted):
        with override(language):
            why = one.reason.said(gettext) if one.reason else ""
            row = [str(one.line), one.said, str(one.fate.label), why]
        yield row


def _file(name: str, table: Iterable[list[str]]) -> HttpResponseBase:
    def written() -> Iterator[str]:
        yield BOM
        yield from map(csv_line, table)

    return StreamingHttpResponse(
        written(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
