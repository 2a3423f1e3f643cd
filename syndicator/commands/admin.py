"""``syndicator admin``: the first log-in, or a forgotten password."""

from __future__ import annotations

from pathlib import Path

import click

from syndicator.commands.options import data_option, open_data_folder


@click.command()
@click.argument("name")
@data_option()
@click.password_option(help="Asked for when not given.")
@click.option(
    "--reset-second-step",
    is_flag=True,
    help="Also forget the person's authenticator app, passkeys and recovery codes.",
)
def command(name: str, data: Path, password: str, reset_second_step: bool) -> None:
    """Create the administrator NAME, or give an existing one a new password."""
    open_data_folder(data)
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError

    from syndicator.boot import boot

    boot()
    from django.db import transaction

    from syndicator.accounts import audit
    from syndicator.accounts.models import Role, User
    from syndicator.entrance import second_step, sessions

    user = User.objects.filter(username=name).first() or User(username=name)
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise click.ClickException(" ".join(error.messages)) from error
    user.role = Role.ADMIN
    user.is_active = True
    user.set_password(password)
    with transaction.atomic():
        user.save()
        if reset_second_step:
            second_step.reset(user)
        sessions.end_all(user)
        audit.record(None, "password set on the machine", user)
    click.echo(f"{name} can log in as administrator now.")
