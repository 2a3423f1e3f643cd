"""Parameters that tell a newsroom's analytics where its readers come from, by a route's template.

A template is ``name=value&name=value``. Its values may hold placeholders in braces (`PLACEHOLDERS`)
and are written plainly: what a URL cannot hold is percent-encoded here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, unquote_plus

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from syndicator.sources.limits import LONGEST_PERMALINK

#: The channel's name, the live blog's short name, and the entry's own id.
PLACEHOLDERS = ("platform", "blog", "entry")
MOST_PARAMETERS = 10

_NAME = re.compile(r"[A-Za-z0-9_.~-]+")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def check_template(template: str) -> None:
    """`ValidationError` unless `tracked` can use *template*; an empty one adds nothing."""
    if not template:
        return
    names = []
    for pair in template.split("&"):
        name, equals, value = pair.partition("=")
        if not equals or not _NAME.fullmatch(name):
            raise ValidationError(
                _("“%(pair)s” is no parameter. Write name=value, and “&” between two of them."),
                params={"pair": pair},
            )
        _check_value(value)
        names.append(name)
    if len(set(names)) < len(names):
        raise ValidationError(_("Each parameter may stand there once."))
    if len(names) > MOST_PARAMETERS:
        raise ValidationError(_("No more than ten parameters, please."))


def _check_value(value: str) -> None:
    unknown = [name for name in _PLACEHOLDER.findall(value) if name not in PLACEHOLDERS]
    if unknown or set(_PLACEHOLDER.sub("", value)) & set("{}"):
        raise ValidationError(
            _("In braces there can be {platform}, {blog} or {entry}, not what “%(value)s” has."),
            params={"value": value},
        )
    if set(value) & set("#%") or not value.isprintable():
        raise ValidationError(
            _("Write “%(value)s” without “#” and “%%”: what has to be encoded is, by itself."),
            params={"value": value},
        )


def tracked(link: str, template: str, told: Mapping[str, str]) -> str:
    """*link* with the parameters of *template*, filled with what each placeholder is *told* to be.

    They come last in the query, before the fragment; nothing else of *link* changes. A parameter
    that it has already stays as the newsroom set it: its page may need it. A link that would get
    too long to post goes without.
    """
    if not template:
        return link
    address, hash_sign, fragment = link.partition("#")
    path, _question_mark, query = address.partition("?")
    taken = {unquote_plus(pair.partition("=")[0]) for pair in re.split("[&;]", query)}
    added = [
        f"{name}={_filled(value, told)}"
        for name, _equals, value in (pair.partition("=") for pair in template.split("&"))
        if name not in taken
    ]
    if not added:
        return link
    between = "" if not query or query.endswith("&") else "&"
    made = f"{path}?{query}{between}{'&'.join(added)}{hash_sign}{fragment}"
    return made if len(made) <= LONGEST_PERMALINK else link


def _filled(value: str, told: Mapping[str, str]) -> str:
    filled = _PLACEHOLDER.sub(lambda match: told.get(match[1], ""), value)
    return quote(filled.encode("utf-8", "replace"), safe="")
