"""``syndicator subscribers``: whole lists of subscribers, from a file and into one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO

import click

from syndicator.commands.options import boot_existing, data_option

if TYPE_CHECKING:
    from syndicator.entries.models import LiveBlog


@click.group(name="subscribers")
def command() -> None:
    """Import a list of subscribers, or save one."""


@command.command(name="import")
@click.argument("file", type=click.File("rb"))
@click.option("--blog", "slug", required=True, help="Short name of the live blog.")
@click.option("--consent", required=True, help="How these people agreed to get mail.")
@click.option(
    "--pace",
    default="entry",
    show_default=True,
    help="How often they get mail, where the file does not say: at once with every entry (entry) "
    "or with key events (key_event), or in a digest (hourly, daily, at_close).",
)
@click.option(
    "--report", type=click.File("w", encoding="utf-8"), help="Write what became of each line there."
)
@data_option()
def take_in(
    file: BinaryIO, slug: str, consent: str, pace: str, report: TextIO | None, data: Path
) -> None:
    """Import FILE: CSV of Syndicator, listmonk or Mailchimp, or with a column "email".

    Importing a file twice adds nobody twice.
    """
    boot_existing(data)
    from datetime import timedelta

    from syndicator.desk.spreadsheets import BOM, csv_line
    from syndicator.newsletter.models import Pace
    from syndicator.subscriber_lists import importing
    from syndicator.subscriber_lists.files import UnreadableFile
    from syndicator.subscriber_lists.report import outcomes
    from syndicator.subscriber_lists.report import report as report_on

    if pace not in Pace.values:
        raise click.BadParameter(f"Choose one of {', '.join(Pace.values)}.", param_hint="--pace")
    if not file.seekable():
        raise click.ClickException("The file cannot be read twice: name one on disk.")
    try:
        batch = importing.begin(
            file,
            _blog(slug),
            name=Path(file.name).name,
            consent=consent,
            pace=Pace(pace),
            who=None,
        )
    except UnreadableFile as error:
        raise click.ClickException(str(error.reason)) from error
    importing.work_off(batch.pk, timedelta(days=1))
    for fate, count in report_on(batch).tally.items():
        click.echo(f"{count:>9}  {fate.label}")
    if report:
        report.write(BOM + csv_line(("line", "address", "result", "why")))
        for one in outcomes(batch):
            report.write(csv_line((str(one.line), one.said, one.fate, str(one.reason or ""))))


@command.command(name="export")
@click.argument("file", type=click.File("w", encoding="utf-8"), default="-")
@click.option("--blog", "slug", required=True, help="Short name of the live blog.")
@data_option()
def export(file: TextIO, slug: str, data: Path) -> None:
    """Write all who are or were on a live blog's list to FILE, else to standard output."""
    boot_existing(data)
    from syndicator.accounts import audit
    from syndicator.desk.spreadsheets import BOM, csv_line
    from syndicator.subscriber_lists.exporting import rows

    blog = _blog(slug)
    audit.record(None, "subscribers exported", blog)
    file.write(BOM)
    file.writelines(map(csv_line, rows(blog)))


def _blog(slug: str) -> LiveBlog:
    from syndicator.entries.models import LiveBlog

    blog = LiveBlog.objects.filter(slug=slug).first()
    if blog is None:
        known = ", ".join(LiveBlog.objects.order_by("slug").values_list("slug", flat=True))
        raise click.ClickException(
            f"There is no live blog “{slug}”. There are: {known}."
            if known
            else "There is no live blog yet: make one on the desk."
        )
    return blog
