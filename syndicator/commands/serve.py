"""``syndicator serve``: web, worker and beat in this one process. `demo` and `up` run it."""

from __future__ import annotations

import click


@click.command(hidden=True)
@click.option("--host", default="127.0.0.1")
@click.option("--port", type=int, required=True)
@click.option("--exit-with-parent", is_flag=True, help="End when standard input ends.")
def command(host: str, port: int, exit_with_parent: bool) -> None:
    from syndicator.embedded.process import run

    raise SystemExit(run(host, port, exit_with_parent=exit_with_parent))
