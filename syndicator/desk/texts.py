"""Short forms of texts and addresses for the screen, and stored sentences in its language."""

from __future__ import annotations

import re
from decimal import Decimal
from urllib.parse import urlsplit

from django.utils.formats import number_format
from django.utils.translation import gettext, pgettext
from markupsafe import Markup, escape

from syndicator.channels import registry
from syndicator.entries.models import Entry
from syndicator.wording import Wording

WORDS = 14
SHORT_ADDRESS = 32

_address = re.compile(r"(https?://\S+)")


def say(wording: Wording | None) -> str:
    """A stored sentence in the reader's language."""
    return wording.said(gettext) if wording else ""


def platform_label(channel_name: str) -> str:
    """The platform's name in the reader's language, or the plug-in's if that is not installed."""
    channel = registry.channels().get(channel_name)
    return gettext(channel.label) if channel else channel_name


def first_words(text: str, count: int = WORDS) -> str:
    words = text.split()
    return " ".join(words[:count]) + (" …" if len(words) > count else "")


def title(entry: Entry) -> str:
    """The headline, or the first words of what the entry says."""
    if entry.headline:
        return entry.headline
    texts = (str(block.get("text", "")) for block in entry.blocks)
    return first_words(next(filter(None, texts), entry.external_id))


def is_web_address(address: str) -> bool:
    """Whether *address* may become a link: not every scheme leads to a page."""
    return address.startswith(("https://", "http://")) and bool(host(address))


def host(address: str) -> str:
    """Whose address it is, for a link card: without port and “www.”."""
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def short_address(address: str) -> str:
    """An address as platforms show it: without scheme, cut."""
    bare = re.sub(r"^https?://(www\.)?", "", address)
    return bare if len(bare) <= SHORT_ADDRESS else bare[: SHORT_ADDRESS - 1] + "…"


def linked(text: str) -> Markup:
    """*text* escaped, with its addresses marked and short; the whole address is in the title."""
    shown = Markup()
    for part in _address.split(text):
        if _address.fullmatch(part):
            shown += Markup('<span class="address" title="{}">{}</span>').format(
                part, short_address(part)
            )
        else:
            shown += escape(part)
    return shown


def dollars(amount: Decimal, digits: int = 2) -> str:
    """*amount* with a dollar sign, as the page's language writes numbers."""
    shown = number_format(round(amount, digits), digits, force_grouping=True)
    return pgettext("amount of money", "$%(amount)s") % {"amount": shown}
