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
@click.option(
    "--accounts",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="How many accounts each platform has: /x, /x-2 and so on.",
)
@click.option(
    "--generosity",
    type=click.FloatRange(min=0, min_open=True, max=1e6),
    default=1.0,
    show_default=True,
    help="How many times the platforms' own their limits are.",
)
@click.option("--exit-with-parent", is_flag=True, help="End when standard input ends.")
def command(
    data: Path,
    host: str,
    http_port: int,
    smtp_port: int,
    accounts: int,
    generosity: float,
    exit_with_parent: bool,
) -> None:
    """Run servers that behave like the platforms and a mail relay. Nothing leaves this machine."""
    arguments = [
        f"--data={data.expanduser()}",
        f"--host={host}",
        f"--http-port={http_port}",
        f"--smtp-port={smtp_port}",
        f"--accounts={accounts}",
        f"--generosity={generosity}",
    ]
    raise SystemExit(sandboxes.main(arguments + ["--exit-with-parent"] * exit_with_parent))
