"""Fetches the pictures at addresses that entries name, once each, through the one guard."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import structlog
from django.conf import settings
from django.db.models import F

from syndicator.clock import database_now
from syndicator.outbound.fetch import FetchRefused, fetch_document
from syndicator.pictures.encoding import Encoded, UnusablePicture, encode
from syndicator.pictures.models import PictureFetch, url_hash
from syndicator.pictures.storage import enter, keep
from syndicator.wording import Wording

log = structlog.get_logger(__name__)

#: One picture's own time, and its size as it comes.
TOTAL_TIME = timedelta(seconds=12)
LARGEST = 15 * 1024 * 1024
AT_ONCE = 4
MAX_TRIES = 3


def request(urls: Collection[str]) -> Mapping[str, PictureFetch]:
    """A row for each of *urls*, by address."""
    rows = {}
    for url in urls:
        rows[url], _created = PictureFetch.objects.get_or_create(
            url_hash=url_hash(url), defaults={"url": url}
        )
    return rows


def is_settled(fetch: PictureFetch) -> bool:
    """Whether it is here, or will not be."""
    return fetch.picture_id is not None or fetch.tries >= MAX_TRIES


def fetch_all(urls: Collection[str]) -> None:
    """Fetch what is not here yet. Each address costs at most `TOTAL_TIME`, and what it takes to get
    the bytes to a bucket, if they go there; all together about that for every `AT_ONCE` of them."""
    missing = [row for row in request(urls).values() if not is_settled(row)]
    with ThreadPoolExecutor(AT_ONCE) as threads:
        # No database in the threads: they only fetch, encode and keep.
        results = list(threads.map(_fetched, [row.url for row in missing]))
    for row, result in zip(missing, results, strict=True):
        mine = PictureFetch.objects.filter(pk=row.pk, picture=None)
        now = database_now()
        if isinstance(result, Wording):
            log.warning("a picture was not fetched", url=row.url, why=str(result))
            mine.update(reason=result.to_json(), tries=F("tries") + 1, tried_at=now)
        else:
            stored = enter(*result)
            mine.update(picture=stored, reason=None, tries=F("tries") + 1, tried_at=now)


def _fetched(url: str) -> tuple[Encoded, str | None] | Wording:
    """The picture and the place of its bytes, or why there is none."""
    try:
        raw = fetch_document(
            url,
            allow_private_addresses=settings.ALLOW_PRIVATE_ADDRESSES,
            total_time=TOTAL_TIME,
            largest=LARGEST,
        )
        encoded = encode(raw)
    except (FetchRefused, UnusablePicture) as refused:
        return refused.reason
    return encoded, keep(encoded)
