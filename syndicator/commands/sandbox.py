"""``syndicator sandbox``: the platforms to try things on, without the rest."""

from __future__ import annotations

from pathlib import Path

import click

from syndicator.channels import sandboxes
from syndicator.commands.options import data_option


@click.command()
@data_option(Path("~/.local/share/syndicator-sandbox"))
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--http-port", type=int, default=8801, show_default=True)
@click.option("--smtp-port", type=int, default=8802, show_default=True)
@click.option("--exit-with-parent", is_flag=True, help="End when standard input ends.")
def command(
    data: Path, host: str, http_port: int, smtp_port: int, exit_with_parent: bool
) -> None:
    """Run servers that behave like X, Facebook and a mail relay. Nothing leaves this machine."""
    raise SystemExit(
        sandboxes.serve(
            data.expanduser(),
            host=host,
            http_port=http_port,
            smtp_port=smtp_port,
            exit_with_parent=exit_with_parent,
        )
    )
