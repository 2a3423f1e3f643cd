"""``syndicator samples``: sample entries as every installed platform would post them."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import click


@click.command()
@click.argument(
    "page", type=click.Path(dir_okay=False, path_type=Path), default=Path("docs/samples.md")
)
@click.option("--check", is_flag=True, help="Write nothing: fail if the page says otherwise.")
def command(page: Path, check: bool) -> None:
    """Write PAGE: sample entries as every installed platform would post them, to read and judge."""
    made = _made()
    if not check:
        page.write_text(made, encoding="utf-8")
        click.echo(f"Written: {page}")
    elif not page.is_file() or page.read_text(encoding="utf-8") != made:
        raise click.ClickException(
            f"{page} is not what the platforms post now: run syndicator samples, and read it."
        )


def _made() -> str:
    from syndicator.boot import boot, use_data_folder

    # Nothing is stored, but Django does not start without a folder to store in.
    with TemporaryDirectory() as folder:
        use_data_folder(Path(folder))
        boot()
        from syndicator.channels.registry import channels
        from syndicator.demo.samples import page

        return page(list(channels().values()))
