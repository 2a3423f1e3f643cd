"""Live blogs that are followed, and the documents of their sources."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from syndicator.clock import database_now
from syndicator.entries.models import LiveBlog
from syndicator.following import follow as following_path
from syndicator.following.models import Following
from syndicator.following.switching import begin
from tests.factories import NOON, make_blog
from tests.following.site import Site

PATH = "/live.json"


def item(number: int, text: str = "", **fields: Any) -> dict[str, Any]:
    """One entry of a document; *number* is its name and its minutes after noon."""
    return {
        "external_id": f"n{number}",
        "published_at": (NOON + timedelta(minutes=number)).isoformat(),
        "blocks": [{"type": "paragraph", "text": text or f"In Genf ist Satz {number} gefallen."}],
        **fields,
    }


def document(*items: dict[str, Any] | int) -> str:
    entries = [item(one) if isinstance(one, int) else one for one in items]
    return json.dumps({"live_blog": {}, "entries": entries})


def start(site: Site, *items: dict[str, Any] | int, blog: LiveBlog | None = None) -> Following:
    """A source that has been looked at once, with *items* there."""
    site.put(PATH, document(*items))
    following = begin(blog or make_blog(), "page", site.url + PATH, "")
    assert look(following)
    return Following.objects.select_related("source__blog").get(pk=following.pk)


def look(following: Following) -> bool:
    """Look now, as if the time had come."""
    Following.objects.filter(pk=following.pk, due_at__isnull=False).update(due_at=database_now())
    done = following_path.follow(following.pk)
    following.refresh_from_db()
    return done


def earlier(following: Following, by: timedelta) -> None:
    """Have all that is known of *following* happened *by* earlier."""
    following.refresh_from_db()
    values: dict[str, datetime] = {
        name: moment - by
        for name in ("began_at", "asked_at", "answered_at", "page_changed_at", "news_at")
        if (moment := getattr(following, name))
    }
    Following.objects.filter(pk=following.pk).update(**values)
    following.refresh_from_db()
