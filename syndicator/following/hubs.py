"""Which hub is to call when a source changes, and how far it is relied upon.

Within the caller's transaction, which holds the lock on the `Following`. WebSub is
https://www.w3.org/TR/websub/.
"""

from __future__ import annotations

import ipaddress
import secrets as random_secrets
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import F

from syndicator import queue, secrets
from syndicator.following import alarms
from syndicator.following.models import Following, HubState, HubSubscription
from syndicator.following.robots import known_leave_for
from syndicator.outbound.addresses import is_public
from syndicator.sources.base import SourceDocument

_LONGEST_URL = 2000
#: So long calls that still come are answered with “gone”.
_KEPT = timedelta(days=7)
#: A page that a hub has told of may be so old in the caches before it.
_CATCHES_UP = timedelta(minutes=5)


def can_be_called() -> bool:
    """Whether a hub could reach the desk, as far as its address tells."""
    host = urlsplit(settings.BASE_URL).hostname or ""
    if settings.ALLOW_PRIVATE_ADDRESSES:
        return bool(host)
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." in host and not host.endswith((".local", ".localhost", ".internal"))
    return is_public(host)


def heed(following: Following, document: SourceDocument, now: datetime) -> None:
    """Subscribe to the hub that *document* names, in the place of another one.

    Where it names none, the one before stays: it ends by itself, and not all copies of a page in
    all caches are alike.
    """
    hub_url = next(filter(_is_usable, document.hub_urls), "")
    if not (hub_url and _is_usable(document.topic_url) and can_be_called()):
        return
    before = following.hub
    if before is not None:
        if (before.hub_url, before.topic_url) == (hub_url, document.topic_url):
            return
        _end(before, now)
    _begin(following, hub_url, document.topic_url, now)


def resume(following: Following, now: datetime) -> None:
    """Subscribe again to the hub that the source named last; it was switched off meanwhile."""
    last = following.subscriptions.order_by("-pk").first()
    if last is not None and following.hub is None and can_be_called():
        _begin(following, last.hub_url, last.topic_url, now)


def end(following: Following, now: datetime) -> None:
    """The source is switched off."""
    if (hub := following.hub) is not None:
        _end(hub, now)


def wait_with_hub(
    following: Following, before: datetime | None, wait: timedelta, now: datetime
) -> timedelta:
    """How long to wait after a look instead of *wait*; *before* is when the last one was answered.

    A hub that tells of news makes looking rare, and never end. One that called after we had asked
    for the page may have meant something newer, and if nothing new was found since it called, a
    cache may have answered that is behind.
    """
    hub = following.hub
    if hub is None:
        return wait
    shortest, longest = following.span
    called_at = hub.pinged_at
    if called_at is not None and _is_news_to_come(following, called_at, now):
        return shortest
    was_told = called_at is not None and (before is None or called_at >= before)
    found_news = following.news_at == now and following.began_at != now
    if found_news and not was_told:
        hub.untold += 1
        hub.save(update_fields=["untold"])
    return max(wait, longest) if hub.is_telling(now) else wait


def _is_news_to_come(following: Following, called_at: datetime, now: datetime) -> bool:
    """Whether the hub, which called at *called_at*, may mean what no look has found yet."""
    if following.asked_at is not None and called_at >= following.asked_at:
        return True
    has_found = following.news_at is not None and following.news_at >= called_at
    return not has_found and now < called_at + _CATCHES_UP


def called(following: Following, hub: HubSubscription, now: datetime) -> None:
    """The hub says that there is news: look as soon as the source may be looked at again.

    Not while the last look is under way, which looks again by itself, nor while the source fails:
    then it is left the time that it needs.
    """
    HubSubscription.objects.filter(pk=hub.pk).update(pinged_at=now, untold=0, missigned=0)
    if hub.missigned:
        alarms.hub_signed(following, now)
    if following.due_at is None or following.is_looked_at or following.failures:
        return
    soonest = now
    if following.asked_at is not None and following.asked_at <= now:
        pause = max(following.span[0], known_leave_for(following.url).delay)
        soonest = max(now, following.asked_at + pause)
    if soonest < following.due_at:
        following.due_at = soonest
        following.save(update_fields=["due_at"])
        if soonest == now:
            queue.after_commit(queue.FOLLOW_SOURCE, following.pk)


def new_secret() -> str:
    """What a hub signs with, encrypted; at most 200 bytes (WebSub, 5.1)."""
    return secrets.encrypt({"secret": random_secrets.token_urlsafe(32)})


def _begin(following: Following, hub_url: str, topic_url: str, now: datetime) -> None:
    following.subscriptions.filter(state=HubState.ENDED, ended_at__lt=now - _KEPT).delete()
    made = HubSubscription.objects.create(
        following=following,
        hub_url=hub_url,
        topic_url=topic_url,
        token=random_secrets.token_urlsafe(24),
        encrypted_secrets=new_secret(),
        due_at=now,
    )
    queue.after_commit(queue.ASK_HUB, made.pk)


def _end(hub: HubSubscription, now: datetime) -> None:
    """Ask the hub to call no more, unless it was never asked to."""
    alarms.hub_left(hub.following, now)
    never = hub.asked_at is None
    HubSubscription.objects.filter(pk=hub.pk).update(
        state=HubState.ENDED if never else HubState.ENDING,
        ended_at=now if never else None,
        due_at=None if never else now,
        epoch=F("epoch") + 1,
        failures=0,
        problem=None,
    )
    if not never:
        queue.after_commit(queue.ASK_HUB, hub.pk)


def _is_usable(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and parts.username is None
        and len(url) <= _LONGEST_URL
        and url.isprintable()
    )
