"""``syndicator up``: everything on this machine, for real."""

from __future__ import annotations

import os
import secrets
import threading
from pathlib import Path

import click

from syndicator.commands.options import alone, data_option, must_be_free, open_data_folder
from syndicator.embedded.readiness import when_ready
from syndicator.embedded.supervisor import Child, Supervisor
from syndicator.wording import Wording, gettext_noop

PAUSED_AT_START = Wording(gettext_noop("Paused at the start, by the command line."))


@click.command()
@data_option()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=int, default=8800, show_default=True)
@click.option(
    "--base-url",
    envvar="SYNDICATOR_BASE_URL",
    default="",
    help="The desk's public address, if a proxy stands in front.",
)
@click.option("--paused", is_flag=True, help="Pause all destinations first, as after a restore.")
def command(data: Path, host: str, port: int, base_url: str, paused: bool) -> None:
    """Run the desk, the worker and the scheduler on this machine, with data in one folder.

    The first start creates the administrator and says what to connect next.
    """
    folder = open_data_folder(data)
    alone(folder)
    must_be_free(host, port)
    desk = f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{port}"  # noqa: S104
    os.environ["SYNDICATOR_BASE_URL"] = base_url or desk
    first_steps = _prepare(folder)
    if paused:
        _pause_all()

    def greet() -> None:
        click.echo(f"\nSyndicator runs: {os.environ['SYNDICATOR_BASE_URL']}/   (Ctrl-C ends it)")
        click.echo(f"Data folder: {folder}{first_steps}\n")

    supervisor = Supervisor(
        [Child("desk", ["serve", "--host", host, "--port", str(port), "--exit-with-parent"])]
    )
    threading.Thread(target=when_ready, args=(desk, greet), daemon=True).start()
    if not supervisor.run():
        raise SystemExit(1)


def _pause_all() -> None:
    from syndicator.clock import database_now
    from syndicator.destinations.models import Destination

    for pk in Destination.objects.values_list("pk", flat=True):
        Destination.pause(pk, PAUSED_AT_START, database_now())


def _prepare(folder: Path) -> str:
    """Migrate; at the first start create the administrator. What to tell the person."""
    from django.core.management import call_command

    from syndicator.boot import boot

    boot()
    call_command("migrate", interactive=False, verbosity=0)
    from syndicator.accounts.models import Role, User
    from syndicator.entries.models import LiveBlog

    told = ""
    if not User.objects.exists():
        password = secrets.token_urlsafe(12)
        User.objects.create_user("admin", password=password, role=Role.ADMIN)
        told += (
            "\n\nFirst start: log in as admin with the password "
            f"{password}\nIt is shown only now. Change it on the desk under Settings, "
            f"or with: syndicator admin admin --data {folder}"
        )
    if not LiveBlog.objects.exists():
        told += (
            "\n\nWhat to connect next, on the desk:\n"
            "  1. Destinations: your X account, Facebook page, mail relay\n"
            "  2. Settings: a live blog, with the address of its page; and there\n"
            "  3. its routes: what posts by itself and what waits for an editor\n"
            "  4. a source with a push token for your CMS (or: syndicator import)"
        )
    return told
