"""``syndicator sandbox``: the platforms to try things on, without the rest."""

from __future__ import annotations

from pathlib import Path

import click

from syndicator.channels import sandboxes
from syndicator.channels.x.sandbox import POST_LIMIT
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
    help="How many accounts X and Facebook have each: /x, /x-2 and so on.",
)
@click.option(
    "--post-limit",
    type=click.IntRange(min=1),
    default=POST_LIMIT,
    show_default=True,
    help="Posts X takes from an account in 15 minutes; Facebook's limit grows with it.",
)
@click.option("--exit-with-parent", is_flag=True, help="End when standard input ends.")
def command(
    data: Path,
    host: str,
    http_port: int,
    smtp_port: int,
    accounts: int,
    post_limit: int,
    exit_with_parent: bool,
) -> None:
    """Run servers that behave like X, Facebook and a mail relay. Nothing leaves this machine."""
    arguments = [
        f"--data={data.expanduser()}",
        f"--host={host}",
        f"--http-port={http_port}",
        f"--smtp-port={smtp_port}",
        f"--accounts={accounts}",
        f"--post-limit={post_limit}",
    ]
    raise SystemExit(sandboxes.main(arguments + ["--exit-with-parent"] * exit_with_parent))
