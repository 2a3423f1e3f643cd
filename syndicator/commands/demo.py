"""``syndicator demo``: the main job on a sample, against the sandbox platforms."""

from __future__ import annotations

import os
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path

import click

from syndicator.commands.options import alone, data_option, open_data_folder
from syndicator.embedded.ports import free_ports
from syndicator.embedded.readiness import when_ready
from syndicator.embedded.supervisor import Child, Supervisor

HOST = "127.0.0.1"
PORTS = [8800, 8801, 8802]
#: The demo runs on its own, whatever the environment has for a real installation.
FORGOTTEN = ("DATABASE_URL", "BROKER_URL", "SECRET_KEY", "ENCRYPTION_KEYS", "SANDBOX_URL")


@click.command()
@data_option(None)
@click.option("--pause", type=float, help="Seconds between two entries.  [default: 8]")
@click.option("--once", is_flag=True, help="Play to the end without a person, report, and exit.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="Form of the report of --once.",
)
def command(data: Path | None, pause: float | None, once: bool, form: str) -> None:
    """Try everything on this machine: a sample live blog, and sandboxes of X, Facebook and mail.

    Nothing leaves the machine. Starting again goes on where it stopped; --once uses a fresh
    folder unless --data names one.
    """
    with ExitStack() as stack:
        if data is None and once:
            data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="syndicator-")))
        folder = open_data_folder(data or Path("~/.local/share/syndicator-demo"))
        alone(folder)
        desk_port, sandbox_port, smtp_port = free_ports(HOST, PORTS)
        desk = f"http://{HOST}:{desk_port}"
        sandbox = f"http://{HOST}:{sandbox_port}"
        _isolate(desk, sandbox)

        from syndicator.boot import boot

        boot()
        from syndicator.demo.setup import prepare

        memory = prepare(folder, sandbox, (HOST, smtp_port))
        supervisor = Supervisor(
            [
                Child(
                    "sandbox",
                    [
                        "sandbox",
                        f"--data={folder}",
                        f"--http-port={sandbox_port}",
                        f"--smtp-port={smtp_port}",
                        "--exit-with-parent",
                    ],
                ),
                Child("desk", ["serve", f"--port={desk_port}", "--exit-with-parent"]),
                Child(
                    "player",
                    [
                        "play",
                        f"--data={folder}",
                        f"--desk={desk}",
                        f"--pause={pause if pause is not None else 0.05 if once else 8}",
                    ],
                ),
            ],
            log=folder / "syndicator.log",
        )
        if once:
            from syndicator.demo.once import Once

            session = Once(folder, desk, sandbox, memory, supervisor)
            threading.Thread(target=session.run, daemon=True).start()
            if not supervisor.run():
                raise SystemExit(1)
            raise SystemExit(session.report(form))

        def greet() -> None:
            click.echo(
                f"\nThe desk:       {desk}/\n"
                f"  log in as     editor   password  {memory.editor_password}\n"
                f"  or as         admin    password  {memory.admin_password}\n"
                f"The platforms:  {sandbox}/   (sandboxes: nothing leaves this machine)\n"
                f"Data folder:    {folder}   (its log: syndicator.log)\n\n"
                "Entries of the sample live blog come in one by one. X and mail post by "
                "themselves;\nFacebook waits for you on the desk. Overview → Digests makes one "
                "mail of all.\nCtrl-C ends it; the next start goes on.\n"
            )

        threading.Thread(target=when_ready, args=(desk, greet), daemon=True).start()
        if not supervisor.run():
            raise SystemExit(1)


def _isolate(desk: str, sandbox: str) -> None:
    for name in FORGOTTEN:
        os.environ.pop(f"SYNDICATOR_{name}", None)
        os.environ.pop(f"SYNDICATOR_{name}_FILE", None)
    os.environ["SYNDICATOR_BASE_URL"] = desk
    os.environ["SYNDICATOR_SANDBOX_URL"] = sandbox
    os.environ["SYNDICATOR_ALLOWED_HOSTS"] = "127.0.0.1,localhost,[::1]"
    os.environ["SYNDICATOR_ALLOW_PRIVATE_ADDRESSES"] = "yes"
    # The pages of its live blog are not there.
    os.environ["SYNDICATOR_PROBE_PERMALINKS"] = "no"
