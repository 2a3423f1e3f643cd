"""``syndicator migrate``: bring the database up to date."""

from __future__ import annotations

import click


@click.command()
def command() -> None:
    """Bring the database of this installation up to date. Safe to repeat."""
    from django.core.management import call_command

    from syndicator.boot import boot

    boot()
    call_command("migrate", interactive=False, verbosity=1)
