"""``syndicator backup``: one file from which `restore` makes the data folder again."""

from __future__ import annotations

from pathlib import Path

import click

from syndicator.commands.options import data_option
from syndicator.embedded.backup import BackupRefused, save


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@data_option()
def command(file: Path, data: Path) -> None:
    """Save the data folder to FILE (.tar.gz), also while Syndicator runs.

    FILE holds the encryption keys: keep it where you would keep a password.
    """
    try:
        save(data.expanduser(), file)
    except (BackupRefused, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Saved {data} to {file}.")
