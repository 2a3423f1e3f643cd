"""Web sites that an editor lists in a form."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from syndicator.signup.settings import origin


def listed_origins(text: str) -> str:
    """The origins of the addresses in *text*, one a line, each once; `ValidationError`."""
    origins = []
    for line in text.split():
        try:
            origins.append(origin(line))
        except ValueError:
            raise ValidationError(
                _("“%(line)s” is no address of a website. Write it like https://example.org."),
                params={"line": line},
            ) from None
    return "\n".join(dict.fromkeys(origins))
