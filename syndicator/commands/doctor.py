"""``syndicator doctor``: what is stuck, since when, and what to do about it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import click

from syndicator.commands.options import NoInstallation, boot_existing, data_option

if TYPE_CHECKING:
    from syndicator.diagnosis.examination import Examined
    from syndicator.diagnosis.findings import Finding

WELL, NEEDS_A_PERSON, UNREACHABLE = 0, 1, 2
WIDTH = 80
MARGIN = 12
#: Severity → mark and colour.
MARKS = {"note": ("·", "cyan"), "problem": ("!", "yellow"), "unreachable": ("✗", "red")}


class NotToBeLookedAt(click.ClickException):
    exit_code = UNREACHABLE


@click.command()
@data_option()
@click.option("--json", "as_json", is_flag=True, help="For a program: one JSON object.")
def command(data: Path, as_json: bool) -> None:
    """Say what is stuck, since when, and what to do about it. Changes nothing.

    Exit status: 0 if all is well, 1 if something needs a person, 2 if a part cannot be reached.
    """
    try:
        boot_existing(data)
    except NoInstallation as missing:
        raise NotToBeLookedAt(missing.message) from missing
    from syndicator.diagnosis.examination import examine

    examined: list[Examined] = []
    for row in examine():
        examined.append(row)
        if not as_json:
            _show(row)
    status = _status(examined)
    if as_json:
        click.echo(json.dumps(_as_json(examined, status), indent=2, ensure_ascii=False))
    else:
        _conclude(examined, status)
    raise SystemExit(status)


def _status(examined: list[Examined]) -> int:
    severities = {found.severity for topic in examined for found in topic.findings or ()}
    if "unreachable" in severities:
        return UNREACHABLE
    return NEEDS_A_PERSON if "problem" in severities else WELL


def _show(topic: Examined) -> None:
    name = topic.topic.name
    if topic.findings is None:
        _print(name, "·", "not looked at, for want of the database")
    elif not topic.findings:
        _print(name, "✓", "well", "green")
    for found in topic.findings or ():
        mark, colour = MARKS[found.severity]
        first, *more = _lines(found)
        _print(name, mark, first, colour)
        for line in more:
            _print("", "", line)
        name = ""


def _lines(found: Finding) -> Iterator[str]:
    what = str(found.what.wording(_clock))
    yield what
    if found.because:
        yield str(found.because.wording(_clock))
    if found.since:
        yield f"since {_clock(found.since)} ({_for(datetime.now(UTC) - found.since)})"
    if found.advice:
        yield f"→ {found.advice}"


def _print(name: str, mark: str, text: str, colour: str | None = None) -> None:
    lines = wrap(text, WIDTH - MARGIN - 2, break_on_hyphens=False)
    start = f"{name:<{MARGIN}}" + click.style(f"{mark:<2}", fg=colour, bold=colour is not None)
    click.echo(start + f"\n{'':{MARGIN + 2}}".join(lines))


def _conclude(examined: list[Examined], status: int) -> None:
    findings = [found for topic in examined for found in topic.findings or ()]
    gone = sum(found.severity == "unreachable" for found in findings)
    needy = sum(found.severity == "problem" for found in findings)
    parts = []
    if gone:
        parts.append(f"{gone} {'part does' if gone == 1 else 'parts do'} not answer")
    if needy:
        parts.append(f"{needy} {'thing needs' if needy == 1 else 'things need'} a person")
    said = "; ".join(parts) or "All is well"
    colour = {WELL: "green", NEEDS_A_PERSON: "yellow", UNREACHABLE: "red"}[status]
    click.echo("\n" + click.style(f"{said}.", fg=colour, bold=True))


def _as_json(examined: list[Examined], status: int) -> dict[str, Any]:
    return {
        "status": {WELL: "well", NEEDS_A_PERSON: "needs a person", UNREACHABLE: "unreachable"}[
            status
        ],
        "looked_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "topics": [
            {
                "topic": row.topic.name,
                "looked_at": row.findings is not None,
                "findings": [_finding_as_json(found) for found in row.findings or ()],
            }
            for row in examined
        ],
    }


def _finding_as_json(found: Finding) -> dict[str, Any]:
    return {
        "severity": found.severity.value,
        "what": str(found.what.wording(datetime.isoformat)),
        "because": str(found.because.wording(datetime.isoformat)) if found.because else None,
        "since": found.since.isoformat() if found.since else None,
        "what_to_do": str(found.advice) if found.advice else None,
    }


def _clock(moment: datetime) -> str:
    """The host's own time: to the second today, with the date on other days."""
    here = moment.astimezone()
    today = here.date() == datetime.now().astimezone().date()
    return here.strftime("%H:%M:%S" if today else "%Y-%m-%d %H:%M:%S")


def _for(span: timedelta) -> str:
    seconds = max(0, round(span.total_seconds()))
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
