"""The ``syndicator`` command. Each subcommand is a module of `syndicator.commands`."""

from __future__ import annotations

from importlib import import_module

import click

from syndicator import __version__

#: Command name → module with a click command called ``command``. Loaded only when needed, so that
#: a supervisor does not carry Django around.
COMMANDS = {
    "demo": "demo",
    "up": "up",
    "import": "import_source",
    "replay": "replay",
    "subscribers": "subscribers",
    "doctor": "doctor",
    "backup": "backup",
    "restore": "restore",
    "pictures": "pictures",
    "admin": "admin",
    "rotate-keys": "rotate_keys",
    "dkim-key": "dkim_key",
    "samples": "samples",
    "migrate": "migrate",
    "web": "web",
    "returns": "returns",
    "sandbox": "sandbox",
    "serve": "serve",
    "play": "play",
}


class LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"syndicator.commands.{COMMANDS[cmd_name]}").command
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="syndicator")
def main() -> None:
    """Takes a newsroom's live blog out into the world: every entry, once, in order, with its
    permalink."""
