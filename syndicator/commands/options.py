"""Options that several commands share, and how a command says no."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import click

from syndicator.boot import boot, use_data_folder
from syndicator.embedded.backup import DATABASE
from syndicator.embedded.exclusive import FolderInUse, hold

DEFAULT_DATA = Path("~/.local/share/syndicator")


def data_option(
    default: Path | None = DEFAULT_DATA,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """``--data``: the folder of everything worth a backup; also ``SYNDICATOR_DATA``."""
    return click.option(
        "--data",
        type=click.Path(file_okay=False, path_type=Path),
        envvar="SYNDICATOR_DATA",
        default=default,
        show_default=True,
        help="The data folder: database, keys.",
    )


class NoInstallation(click.ClickException):
    """There is nothing to work on, or it cannot be set up."""


def boot_existing(data: Path) -> Path:
    """Set up for the installation in *data*, and make none where there is none; its folder."""
    folder = data.expanduser().absolute()
    elsewhere = {"SYNDICATOR_DATABASE_URL", "SYNDICATOR_DATABASE_URL_FILE"} & set(os.environ)
    if not elsewhere and not (folder / DATABASE).is_file():
        raise NoInstallation(f"{folder} holds no {DATABASE}: name the data folder by --data.")
    use_data_folder(folder)
    try:
        boot()
    except SystemExit as misconfigured:
        raise NoInstallation(str(misconfigured)) from misconfigured
    return folder


def open_data_folder(folder: Path) -> Path:
    """Make *folder* this process's data folder, creating it; its absolute path."""
    folder = folder.expanduser().absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise click.ClickException(
            f"The data folder {folder} cannot be made: {error.strerror}. Name another by --data."
        ) from error
    use_data_folder(folder)
    return folder


def alone(folder: Path) -> None:
    """Hold *folder* until this process ends; refuse if another supervisor holds it."""
    try:
        held = hold(folder, "supervisor.lock", patience=2)
    except FolderInUse as error:
        raise click.ClickException(str(error)) from error
    # Closed by the end of the process, and not before.
    click.get_current_context().obj = held


def must_be_free(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise click.ClickException(
                f"Port {port} on {host} cannot be used: {error.strerror}. Name another by --port."
            ) from error
