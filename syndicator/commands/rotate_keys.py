"""``syndicator rotate-keys``: a new encryption key for what is stored, while everything runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from syndicator.commands.options import boot_existing, data_option
from syndicator.embedded.exclusive import FolderInUse, hold

FROM_ENVIRONMENT = """\
The encryption keys come from the environment (SYNDICATOR_ENCRYPTION_KEYS or
SYNDICATOR_ENCRYPTION_KEYS_FILE), which this command cannot write. To rotate them:
  1. Make a key:
     python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"
  2. Put it first on every machine, a comma between it and the others.
  3. Restart everything that got the variable. A file that changes is noticed without that.
  4. Run this command again: it encrypts what is stored with the first key.
  5. Fifteen minutes later, run it with --forget-old: it says whether the others may go.
"""


@click.command()
@data_option()
@click.option(
    "--forget-old",
    is_flag=True,
    help="Instead: remove the older keys, if it is proven that nothing needs them.",
)
def command(data: Path, forget_old: bool) -> None:
    """Make a new encryption key and encrypt all stored access keys with it, also while it runs.

    May be ended at any point and run again; then it goes on. Running processes take up the new
    key by themselves. Older keys stay until --forget-old, fifteen minutes later or more.
    """
    folder = boot_existing(data)
    with _alone(folder):
        if forget_old:
            _forget()
        else:
            _rotate()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with hold(folder, "rotation.lock", patience=2):
            yield
    except FolderInUse as error:
        raise click.ClickException(
            f"Another rotate-keys is at work on {folder}. Wait until it has ended."
        ) from error


def _rotate() -> None:
    from django.conf import settings

    from syndicator import secrets
    from syndicator.accounts import audit
    from syndicator.destinations import key_rotation

    if settings.OWN_KEYS_FILE is None:
        click.echo(FROM_ENVIRONMENT)
    elif key_rotation.is_unfinished():
        click.echo("Going on with the rotation that was begun before; no further key is made.")
    else:
        key_rotation.add_key(settings.OWN_KEYS_FILE)
        audit.record(None, "encryption key added")
        click.echo(f"A new encryption key stands first in {settings.OWN_KEYS_FILE}.")
    done = key_rotation.encrypt_anew()
    click.echo(
        f"Secrets encrypted with the newest key: {done.rewritten + done.untouched} "
        f"({done.rewritten} of them just now)."
    )
    for name in done.unreadable:
        click.echo(
            f"None of the keys decrypts {name}: enter it anew.",
            err=True,
        )
    if secrets.number_of_keys() > 1 and settings.OWN_KEYS_FILE is not None:
        click.echo(
            "Older keys are kept. Remove them in fifteen minutes or later: "
            "syndicator rotate-keys --forget-old"
        )
    if done.unreadable:
        raise SystemExit(1)


def _forget() -> None:
    from django.conf import settings

    from syndicator.accounts import audit
    from syndicator.destinations import key_rotation

    try:
        old = key_rotation.forget_old(settings.OWN_KEYS_FILE)
    except key_rotation.NotYet as error:
        raise click.ClickException(str(error)) from error
    if not old:
        click.echo("There is only one key; nothing to forget.")
    elif settings.OWN_KEYS_FILE is None:
        click.echo(
            "Nothing stored needs any key but the first. If all processes have had it for fifteen "
            "minutes, remove the others from SYNDICATOR_ENCRYPTION_KEYS or its file."
        )
    else:
        audit.record(None, "old encryption keys removed")
        click.echo(f"Older keys removed: {old}. Backups made before hold the keys that they need.")
