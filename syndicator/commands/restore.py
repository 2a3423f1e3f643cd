"""``syndicator restore``: a data folder from a backup."""

from __future__ import annotations

from pathlib import Path

import click

from syndicator.commands.options import data_option
from syndicator.embedded.backup import BackupRefused, restore


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@data_option()
def command(file: Path, data: Path) -> None:
    """Bring the backup FILE back into an empty data folder."""
    try:
        restore(file, data.expanduser())
    except (BackupRefused, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Restored {file} to {data}. Start with: syndicator up --data {data}")
