"""Turns a channel's own Jinja2 templates into text."""

from __future__ import annotations

from functools import cache

from jinja2 import PackageLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

#: Characters; far more than any platform takes.
LONGEST_OUTPUT = 1_000_000


class OutputTooLong(ValueError):
    """A template wrote more than `LONGEST_OUTPUT` characters."""


def render_text(package: str, name: str, /, **variables: object) -> str:
    """What the template *name* in the folder ``templates`` of *package* says, without outer space.

    Templates run in Jinja2's sandbox; a variable that is not given is an error
    (`jinja2.UndefinedError`). Output of templates with ``.html`` in their name is escaped.
    """
    written, parts = 0, []
    for part in _environment(package).get_template(name).generate(**variables):
        written += len(part)
        if written > LONGEST_OUTPUT:
            raise OutputTooLong(f"{name} writes more than {LONGEST_OUTPUT} characters")
        parts.append(part)
    return "".join(parts).strip()


@cache
def _environment(package: str) -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        loader=PackageLoader(package),
        undefined=StrictUndefined,
        autoescape=lambda name: ".html" in (name or ""),
        trim_blocks=True,
        lstrip_blocks=True,
    )
