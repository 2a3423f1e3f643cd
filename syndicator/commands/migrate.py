"""``syndicator migrate``: bring the database up to date."""

from __future__ import annotations

from pathlib import Path

import click

from syndicator.commands.options import data_option, open_data_folder


@click.command()
@data_option()
def command(data: Path) -> None:
    """Bring the database of this installation up to date. Safe to repeat."""
    from django.core.management import call_command

    from syndicator.boot import boot

    open_data_folder(data)
    boot()
    call_command("migrate", interactive=False, verbosity=1)
