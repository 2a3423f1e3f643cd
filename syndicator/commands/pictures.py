"""``syndicator pictures``: where the bytes of pictures are, and how they get elsewhere."""

from __future__ import annotations

from pathlib import Path

import click

from syndicator.commands.options import boot_existing, data_option

DATABASE = "database"
OFTEN = 100


@click.group(name="pictures")
def command() -> None:
    """See where the pictures are kept, or move them."""


@command.command(name="where")
@data_option()
def where(data: Path) -> None:
    """Say how many pictures are kept in which place."""
    boot_existing(data)
    from django.db.models import Count, Sum

    from syndicator.pictures.models import StoredPicture
    from syndicator.pictures.places import configured

    click.echo(f"New pictures are kept in: {configured() or DATABASE}")
    rows = StoredPicture.objects.values("place").annotate(count=Count("pk"), bytes=Sum("size"))
    for row in rows.order_by("place"):
        megabytes = row["bytes"] / 1_000_000
        click.echo(f"{row['count']:>9}  {megabytes:>9.1f} MB  {row['place'] or DATABASE}")


@command.command(name="move")
@click.option(
    "--to-database", is_flag=True, help="Into the database, wherever new pictures are kept."
)
@click.option(
    "--delete",
    "delete_behind",
    is_flag=True,
    help="Delete from a bucket what has left it. Older backups of the database need it there.",
)
@data_option()
def move(to_database: bool, delete_behind: bool, data: Path) -> None:
    """Move all pictures to where new ones are kept (SYNDICATOR_PICTURE_STORE), while it runs.

    Each is read back before the place that it was in is given up. May be ended at any point and run
    again; then it goes on. Exit status 1 if a picture could not be moved.
    """
    boot_existing(data)
    from syndicator.pictures.moving import GivenUp, move_all
    from syndicator.pictures.places import configured

    place = None if to_database else configured()
    moved = stayed = size = 0
    try:
        for one in move_all(place, delete_behind=delete_behind):
            if one.problem:
                stayed += 1
                click.echo(f"{one.digest}: {one.problem}", err=True)
                continue
            moved, size = moved + 1, size + one.size
            if moved % OFTEN == 0:
                click.echo(f"{moved} moved …")
    except GivenUp:
        click.echo("Given up, because one after another failed. Run it again later.", err=True)
    click.echo(f"Moved to {place or DATABASE}: {moved} ({size / 1_000_000:.1f} MB).")
    if stayed:
        click.echo(f"With a problem: {stayed}.", err=True)
        raise SystemExit(1)
