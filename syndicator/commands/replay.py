"""``syndicator replay``: a day of a followed source, read again with today's reader."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from syndicator.commands.options import boot_existing, data_option

if TYPE_CHECKING:
    from syndicator.following.models import Following
    from syndicator.following.replaying import Step

TITLES = ("time", "entries", "new", "changed", "taken back", "held", "")


@click.command()
@click.argument("source")
@click.argument("date", type=click.DateTime(["%Y-%m-%d"]))
@data_option()
def command(source: str, date: datetime, data: Path) -> None:
    """Read again what was read at SOURCE on DATE (2026-11-30), and compare what came of it.

    SOURCE is the number in the address of its page on the desk, or “blog/name”. Changes nothing.
    A cell “3 (2)” says 3 now, 2 then. Exit status: 1 if anything came out differently.
    """
    boot_existing(data)
    from syndicator.following.replaying import replay

    following = _find(source)
    zone = ZoneInfo(following.source.blog.time_zone)
    since = datetime.combine(date.date(), time(), zone)
    until = datetime.combine(date.date() + timedelta(days=1), time(), zone)
    played = replay(following, since, until)
    if not played.steps:
        raise click.ClickException(f"Nothing is kept of {date:%Y-%m-%d}: readings last seven days.")
    rows = [TITLES, *(_row(step, zone) for step in played.steps)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(TITLES))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())
    click.echo(f"{len(played.steps)} readings, {played.differing} came out differently.")
    raise SystemExit(1 if played.differing else 0)


def _find(source: str) -> Following:
    from syndicator.following.models import Following

    found = Following.objects.select_related("source__blog")
    if source.isdecimal() and len(source) < 19:
        found = found.filter(pk=int(source))
    else:
        slug, _slash, name = source.partition("/")
        found = found.filter(source__blog__slug=slug, source__name=name)
    following = found.first()
    if following is None:
        known = ", ".join(f"{one.source} ({one.pk})" for one in Following.objects.order_by("pk"))
        raise click.ClickException(f"No source “{source}” is followed. Known: {known or 'none'}.")
    return following


def _row(step: Step, zone: ZoneInfo) -> tuple[str, ...]:
    now, then = step.now, step.then
    said = step.problem or ("differs" if step.differs else "")
    return (
        step.reading.read_at.astimezone(zone).strftime("%H:%M:%S"),
        _cell(step.entries, step.reading.entries),
        _cell(now.created, then.created),
        _cell(now.updated, then.updated),
        _cell(now.withdrawn, then.withdrawn),
        _cell(now.held, then.held),
        said,
    )


def _cell(now: int, then: int) -> str:
    return str(now) if now == then else f"{now} ({then})"
