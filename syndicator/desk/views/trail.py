"""The audit trail: a page, and the same as a table for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import get_language, gettext, override
from django.views.decorators.http import require_GET

from syndicator.desk.access import DeskRequest, admins_only
from syndicator.desk.spreadsheets import BOM, csv_line
from syndicator.desk.times import desk_zone
from syndicator.desk.trail import Line, TrailFilter, all_lines, lines

ROWS = 50


@require_GET
@admins_only
def trail(request: DeskRequest) -> HttpResponse:
    zone = desk_zone()
    wanted = TrailFilter(request.GET, zone)
    page = Paginator(wanted.rows(), ROWS).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "filter": wanted,
        "page": page,
        "lines": lines(page),
        "query": query.urlencode(),
        "zone": zone,
    }
    return render(request, "desk/trail.html", context)


@require_GET
@admins_only
def trail_table(request: DeskRequest) -> HttpResponseBase:
    wanted = TrailFilter(request.GET, desk_zone())
    return StreamingHttpResponse(
        _table(all_lines(wanted), get_language() or "en"),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="audit.csv"'},
    )


def _table(rows: Iterator[Line], language: str) -> Iterator[str]:
    """Streamed after the view has returned, so in a language of its own."""
    with override(language):
        head = csv_line(
            (
                gettext("Time"),
                gettext("Person"),
                gettext("Act"),
                gettext("What"),
                gettext("Name"),
                gettext("Before"),
                gettext("After"),
                gettext("Said"),
                gettext("Address"),
            )
        )
    yield BOM + head
    while True:
        with override(language):
            line = next(rows, None)
            said = _cells(line) if line else None
        if said is None:
            return
        yield said


def _cells(line: Line) -> str:
    return csv_line(
        (
            line.at.isoformat(timespec="seconds"),
            line.who,
            line.act,
            line.kind,
            line.name,
            "\n".join(f"{change.label}: {change.before}" for change in line.changes),
            "\n".join(f"{change.label}: {change.after}" for change in line.changes),
            line.said,
            line.address,
        )
    )
