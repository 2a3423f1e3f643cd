"""The Jinja2 environment of all pages, and what every template can use."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import get_language, gettext, ngettext, npgettext, pgettext
from jinja2 import Environment, StrictUndefined

from syndicator.desk import texts, times
from syndicator.desk.browsers import browser_name
from syndicator.desk.stops import Banner


def url(name: str, *args: Any) -> str:
    """The path of the view called *name*, for instance ``url("desk:entry", 7)``."""
    return reverse(name, args=args)


def environment(**options: Any) -> Environment:
    """The environment for Django's Jinja2 backend, which passes loader and autoescaping."""
    made = Environment(  # noqa: S701 - Django's backend passes autoescape=True
        **{**options, "undefined": StrictUndefined},
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.install_gettext_callables(  # type: ignore[attr-defined]
        gettext, ngettext, newstyle=True, pgettext=pgettext, npgettext=npgettext
    )
    made.policies["ext.i18n.trimmed"] = True
    made.globals.update(url=url, static=static)
    made.filters.update(
        say=texts.say,
        # Unlike “_” it takes the words of plug-ins for text and not for HTML.
        translated=gettext,
        told=times.told,
        platform=texts.platform_label,
        number=partial(number_format, force_grouping=True),
        title_of=texts.title,
        first_words=texts.first_words,
        host=texts.host,
        short_address=texts.short_address,
        linked=texts.linked,
        dollars=texts.dollars,
        browser_name=browser_name,
        clock=times.clock,
        full=times.full,
        soon=times.soon,
        duration=times.duration,
        day=times.day,
        moment=datetime.fromisoformat,
    )
    made.tests["web_address"] = texts.is_web_address
    return made


def context(request: HttpRequest) -> dict[str, Any]:
    """What every page knows besides its view's own context."""
    return {
        "user": getattr(request, "user", None),
        "banner": Banner(),
        "language": get_language() or settings.LANGUAGE_CODE,
        "languages": settings.LANGUAGES,
    }
