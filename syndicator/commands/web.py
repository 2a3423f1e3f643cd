"""``syndicator web``: the desk and the push API, for an installation with workers elsewhere."""

from __future__ import annotations

import signal
from threading import Event

import click


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=int, default=8800, show_default=True)
def command(host: str, port: int) -> None:
    """Serve the desk and the push API; Celery workers and beat run elsewhere."""
    from syndicator.boot import boot

    boot()
    from syndicator.embedded.web import WebServer

    stopping = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    server = WebServer(host, port)
    try:
        server.start()
    except OSError as error:
        raise click.ClickException(f"Port {port} on {host} cannot be used: {error}.") from error
    click.echo(f"Serving http://{host}:{port}/")
    stopping.wait()
    server.stop()
