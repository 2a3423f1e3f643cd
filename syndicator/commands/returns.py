"""``syndicator returns``: takes what comes back of the mails, handed over by a mail server."""

from __future__ import annotations

import signal
from threading import Event

import click


@click.command()
@click.option(
    "--listen",
    default="127.0.0.1:8825",
    show_default=True,
    metavar="HOST:PORT",
    help="Where the mail server hands returned mail over.",
)
@click.option(
    "--smtp", is_flag=True, help="Speak SMTP instead of LMTP, for a mail server that has no other."
)
def command(listen: str, smtp: bool) -> None:
    """Take undeliverable mail and complaints from a mail server, until stopped.

    Let it hand over what is addressed to the return address, and let nobody else reach the port:
    whoever does can leave mail there, though only what was signed here has any effect.
    """
    host, _colon, port = listen.rpartition(":")
    if not (host and port.isdigit() and int(port) < 2**16):
        raise click.BadParameter("Say it as 127.0.0.1:8825.", param_hint="--listen")
    from syndicator.boot import boot

    boot()
    from syndicator.returns.listening import Listener

    stopping = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    listener = Listener(host.strip("[]"), int(port), lmtp=not smtp)
    try:
        listener.start()
    except OSError as error:
        raise click.ClickException(f"{listen} cannot be used: {error}.") from error
    click.echo(f"Taking returned mail at {'smtp' if smtp else 'lmtp'}://{listen}")
    stopping.wait()
    listener.stop()
