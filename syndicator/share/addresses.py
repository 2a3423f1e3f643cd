"""Where an entry's share page is.

Its key is made of the entry's number and a few characters that only the live blog's secret makes:
it is short, always the same, needs no row of its own, and nobody can count up to the next one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import uuid

from django.conf import settings
from django.urls import reverse

from syndicator.destinations.models import Route
from syndicator.entries.models import Entry, LiveBlog
from syndicator.share.models import SharePages

_KEY = re.compile(r"([1-9][0-9]{0,17})-([a-z2-7]{10})")


class UnknownKey(Exception):
    """No entry has this key."""


def shown_of(blog: LiveBlog) -> SharePages | None:
    """What *blog* shows the world; read once for an object."""
    try:
        return blog.share_pages
    except SharePages.DoesNotExist:
        return None


def share_address(entry: Entry, route: Route | None = None) -> str | None:
    """The page of *entry*, None where its live blog has none; with *route* it adds that one's
    parameters when it sends people on."""
    shown = shown_of(entry.blog)
    if shown is None or not shown.is_on:
        return None
    by_route = f"?r={route.pk}" if route is not None and route.pk else ""
    return address_by_key(key_of(entry.pk, shown)) + by_route


def address_by_key(key: str) -> str:
    return settings.BASE_URL + reverse("published:share_page", args=[key])


def key_of(entry_id: int, shown: SharePages) -> str:
    code = hmac.digest(shown.secret.encode(), str(entry_id).encode(), hashlib.sha256)
    return f"{entry_id}-{base64.b32encode(code).decode().lower()[:10]}"


def find(key: str) -> Entry:
    """The entry with *key*, with its live blog and what that shows; `UnknownKey` if there is none,
    whether or not it may be read."""
    found = _KEY.fullmatch(key)
    if found is None:
        raise UnknownKey
    entries = Entry.objects.select_related("blog__share_pages", "source")
    entry = entries.filter(pk=int(found[1]), blog__share_pages__isnull=False).first()
    if entry is None or not hmac.compare_digest(key_of(entry.pk, entry.blog.share_pages), key):
        raise UnknownKey
    return entry


def name_of(shown: SharePages, entry_id: int | None = None) -> str:
    """A name (RFC 4122) for an entry, or for the live blog itself, that stays when addresses and
    titles change."""
    named = uuid.uuid5(uuid.NAMESPACE_OID, f"{shown.secret}/{entry_id or ''}")
    return named.urn
