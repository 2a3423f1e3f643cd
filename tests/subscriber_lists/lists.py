"""Lists of people to import in a test."""

from __future__ import annotations

import io

from syndicator.entries.models import LiveBlog
from syndicator.newsletter.models import Pace
from syndicator.subscriber_lists.importing import begin, work_off
from syndicator.subscriber_lists.models import SubscriberImport


def subscriber_import(
    blog: LiveBlog,
    content: str | bytes = "email\nreader@example.org\nno address\n",
    pace: Pace = Pace.HOURLY,
) -> SubscriberImport:
    """An import of *content*, worked off."""
    file = io.BytesIO(content.encode() if isinstance(content, str) else content)
    batch = begin(file, blog, name="leser.csv", consent="Formular", pace=pace, who=None)
    work_off(batch.pk)
    batch.refresh_from_db()
    return batch
