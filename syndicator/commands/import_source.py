"""``syndicator import``: read a live blog from a file, a page or standard input."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
from cryptography.fernet import Fernet

from syndicator.commands.options import data_option, open_data_folder
from syndicator.content import Story
from syndicator.outbound.fetch import FetchRefused, fetch_document
from syndicator.sources.base import ReadingContext, SourceDocument, UnreadableSource

if TYPE_CHECKING:
    from syndicator.channels.base import Channel
    from syndicator.entries.models import LiveBlog

#: Permalinks of a dry run for a page whose address nobody told.
PLACEHOLDER = "https://www.example.org/{slug}"


@click.command(name="import")
@click.argument("source")
@click.option("--blog", "slug", required=True, help="Short name of the live blog.")
@click.option("--url", default="", help="Address of the live blog's page (canonical URL).")
@click.option("--title", default="", help="Title of the live blog, with --create.")
@click.option("--language", default="", help="Language of the live blog: de, en.  [default: de]")
@click.option("--time-zone", default="", help="Its time zone.  [default: Europe/Berlin]")
@click.option("--create", is_flag=True, help="Create the live blog if it does not exist.")
@click.option("--dry-run", is_flag=True, help="Show what would be read and posted; change nothing.")
@click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True
)
@data_option()
def command(
    source: str,
    slug: str,
    url: str,
    title: str,
    language: str,
    time_zone: str,
    create: bool,
    dry_run: bool,
    form: str,
    data: Path,
) -> None:
    """Read the live blog SOURCE: a file, a web address, or - for standard input.

    SOURCE may be a plain-text copy of a live-blog page, an HTML page with schema.org
    LiveBlogPosting data, or a JSON file (docs/importing.md). Importing it again changes only what
    was edited.
    """
    if url and not (url.startswith(("http://", "https://")) and urlsplit(url).hostname):
        raise click.ClickException(f"“{url}” is no web address. Use one like https://example.org/.")
    content = _load(source)
    blog = _boot_and_find(data, slug, dry_run=dry_run)
    context = ReadingContext(
        canonical_url=url or (blog.canonical_url if blog else ""),
        time_zone=_zone(time_zone or (blog.time_zone if blog else "Europe/Berlin")),
        language=language or (blog.language if blog else "de"),
    )
    document = _read(content, context, source)
    if dry_run:
        _show(document, _settled(context, document, slug), slug, title or slug, form)
        return
    if blog is None:
        blog = _create(slug, title, context, document, create=create)
    _take_in(blog, document, form)


def _load(source: str) -> bytes:
    if source == "-":
        return sys.stdin.buffer.read()
    try:
        if source.startswith(("http://", "https://")):
            return fetch_document(source)
        return Path(source).read_bytes()
    except FetchRefused as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{source} cannot be read: {error.strerror}.") from error


def _boot_and_find(data: Path, slug: str, *, dry_run: bool) -> LiveBlog | None:
    """Set Django up and find the live blog. A dry run makes no files and needs no database."""
    from syndicator.boot import boot

    folder = data.expanduser()
    elsewhere = {"SYNDICATOR_DATABASE_URL", "SYNDICATOR_DATABASE_URL_FILE"} & set(os.environ)
    installed = bool(elsewhere) or (folder / "syndicator.sqlite3").exists()
    if not installed and not dry_run:
        raise click.ClickException(
            f"There is no installation in {folder} yet. Start one with “syndicator up”, name its "
            "folder by --data, or add --dry-run to see only what would be posted."
        )
    if not installed:
        os.environ.setdefault("SYNDICATOR_SECRET_KEY", "of no use after this dry run")
        os.environ.setdefault("SYNDICATOR_ENCRYPTION_KEYS", Fernet.generate_key().decode())
        boot()
        return None
    open_data_folder(data)
    boot()
    from django.db import DatabaseError

    from syndicator.entries.models import LiveBlog

    try:
        return LiveBlog.objects.filter(slug=slug).first()
    except DatabaseError as error:
        if dry_run:
            return None
        raise click.ClickException(
            f"The database in {folder} cannot be used ({error}). "
            "Bring it up to date with “syndicator migrate”."
        ) from error


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise click.ClickException(
            f"“{name}” is no time zone. Use a name like Europe/Berlin."
        ) from error


def _read(content: bytes, context: ReadingContext, source: str) -> SourceDocument:
    from syndicator.sources.detect import read_source

    try:
        return read_source(content, context)
    except UnreadableSource as error:
        raise click.ClickException(
            f"{source} was not imported.\n{error.expected}\n{error.found}"
        ) from error


def _settled(context: ReadingContext, document: SourceDocument, slug: str) -> ReadingContext:
    address = context.canonical_url or document.canonical_url
    if not address:
        address = PLACEHOLDER.format(slug=slug)
        click.echo(
            f"The page's address is not known, so permalinks are shown with {address}. "
            "Name the address by --url.",
            err=True,
        )
    return ReadingContext(address, context.time_zone, document.language or context.language)


def _create(
    slug: str, title: str, context: ReadingContext, document: SourceDocument, *, create: bool
) -> LiveBlog:
    from django.core.exceptions import ValidationError

    from syndicator.entries.models import LiveBlog

    if not create:
        raise click.ClickException(
            f"There is no live blog “{slug}”. Create it on the desk under Settings, "
            "or add --create --url ADDRESS-OF-THE-PAGE."
        )
    address = context.canonical_url or document.canonical_url
    if not address:
        raise click.ClickException("A new live blog needs the address of its page: add --url.")
    blog = LiveBlog(
        slug=slug,
        title=title or document.title or slug,
        canonical_url=address,
        language=document.language or context.language,
        time_zone=context.time_zone.key,
    )
    try:
        blog.full_clean()
    except ValidationError as error:
        raise click.ClickException(" ".join(error.messages)) from error
    blog.save()
    return blog


def _take_in(blog: LiveBlog, document: SourceDocument, form: str) -> None:
    from syndicator.entries.importing import import_document, summary
    from syndicator.sources.permalinks import with_permalinks

    ingested = import_document(blog, with_permalinks(document, blog.canonical_url))
    for warning in document.warnings:
        click.echo(f"Note: {warning}", err=True)
    counted = summary(ingested)
    if form == "json":
        changes = [
            {
                "external_id": item.entry.external_id,
                "permalink": item.entry.permalink,
                "revision": item.entry.revision,
                "change": item.change,
            }
            for item in ingested
        ]
        click.echo(json.dumps({"entries": changes, "summary": counted}, ensure_ascii=False))
        return
    click.echo(
        f"{len(ingested)} entries read into “{blog.title}”: "
        + ", ".join(f"{count} {change}" for change, count in counted.items() if count)
        + "."
    )


def _show(
    document: SourceDocument, context: ReadingContext, slug: str, title: str, form: str
) -> None:
    from syndicator.channels.registry import channels
    from syndicator.sources.permalinks import with_permalinks

    document = with_permalinks(document, context.canonical_url)
    for warning in document.warnings:
        click.echo(f"Note: {warning}", err=True)
    shown: list[dict[str, Any]] = []
    for entry in document.entries:
        story = Story(
            entry,
            blog_slug=slug,
            blog_title=document.title or title,
            blog_url=context.canonical_url,
            language=context.language,
            time_zone=context.time_zone.key,
        )
        messages = {name: channel.render(story) for name, channel in channels().items()}
        shown.append(
            entry.to_json()
            | {
                "posts": {
                    name: message.as_posted() if message else None
                    for name, message in messages.items()
                }
            }
        )
    if form == "json":
        click.echo(json.dumps({"entries": shown}, ensure_ascii=False, indent=2))
    else:
        _print_table(shown)


def _print_table(shown: list[dict[str, Any]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from syndicator.channels.registry import channels

    console = Console()
    if not console.is_terminal:
        console.width = 160
    table = Table(box=box.SIMPLE_HEAVY, show_lines=True)
    table.add_column("Entry", ratio=2, overflow="fold")
    for channel in channels().values():
        table.add_column(channel.label, ratio=3, overflow="fold")
    for number, entry in enumerate(shown, 1):
        kinds = ", ".join(block["type"] for block in entry["blocks"])
        about = [
            f"{number}. {entry['author'] or '(no author)'}",
            entry["headline"] or "(no headline)",
            entry["published_at"] or "(no time)",
            kinds,
            entry["permalink"],
        ]
        table.add_row(
            Text("\n".join(about)),
            *(
                Text(_measured(channel, text))
                for channel, text in (
                    (channel, entry["posts"][name]) for name, channel in channels().items()
                )
            ),
        )
    console.print(table)
    console.print(f"{len(shown)} entries. Nothing was imported or posted: this was a dry run.")


def _measured(channel: Channel, text: str | None) -> str:
    if text is None:
        return "(nothing to post)"
    allowed = f" of {channel.limit}" if channel.limit else ""
    return f"{text}\n({channel.length(text)}{allowed} characters)"
