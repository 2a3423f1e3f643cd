"""``syndicator dkim-key``: a key to sign mails with."""

from __future__ import annotations

import os
from pathlib import Path

import click


@click.command()
@click.argument("domain")
@click.argument("selector")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def command(domain: str, selector: str, file: Path) -> None:
    """Make a DKIM key for DOMAIN under the name SELECTOR: the private key in FILE, and what to
    publish."""
    from syndicator.channels.base import Unauthorised
    from syndicator.channels.email.signing import Signer, new_key

    pem = new_key()
    try:
        signer = Signer.from_settings(
            {"dkim_domain": domain, "dkim_selector": selector, "dkim_key": pem}
        )
    except Unauthorised as error:
        raise click.ClickException(str(error.reason)) from None
    assert signer is not None
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise click.ClickException(f"{file} is there already; it is not overwritten.") from None
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}.") from None
    with os.fdopen(handle, "w", encoding="ascii") as target:
        target.write(pem)
    click.echo(f"Written: {file}. Enter it at the email account as its DKIM key, then delete it.")
    click.echo("Publish in the DNS:")
    click.echo(f'{signer.record_name}. TXT "{signer.record}"')
