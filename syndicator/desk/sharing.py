"""What the desk shows of an entry's share page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext

from syndicator.clock import database_now
from syndicator.entries.models import Entry
from syndicator.published.reading import may_be_read
from syndicator.share import addresses
from syndicator.share.models import Clicks
from syndicator.signup.settings import spoken


@dataclass(frozen=True, slots=True)
class Sharing:
    """*address* is empty while nobody may read the page. *days* have the clicks of each, the newest
    first."""

    address: str
    bar: str
    days: list[tuple[date, int]]

    @property
    def clicks(self) -> int:
        return sum(count for _, count in self.days)


def sharing_of(entry: Entry) -> Sharing | None:
    """None where the live blog has no share pages, and nobody has come by one."""
    days = list(Clicks.objects.filter(entry=entry).order_by("-day").values_list("day", "count"))
    address = addresses.share_address(entry)
    if address is None:
        return Sharing("", "", days) if days else None
    if not may_be_read(entry, database_now()):
        return Sharing("", "", days)
    return Sharing(address, _bar(entry, address), days)


def _bar(entry: Entry, address: str) -> str:
    """The share bar as HTML for the newsroom's own page."""
    with translation.override(spoken(entry.blog.language)):
        context = {"address": f"{address}bar/", "title": gettext("Share")}
        return render_to_string("published/embed_frame.html", context)
