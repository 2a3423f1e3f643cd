"""Makes the digests that are due, each once, and hands them over to the fan-out.

All is read and written out first; then one transaction, under the lock of the live blog's digests,
makes the mailing with its recipients and notes for each of them what they were told. It is local:
all of it happens or nothing, whatever is killed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import transaction

from syndicator.alerts.raising import end_alert, raise_alert
from syndicator.channels import registry
from syndicator.channels.base import Capability
from syndicator.clock import database_now
from syndicator.destinations.models import DestinationState, Policy, Route
from syndicator.destinations.stops import held
from syndicator.digests.composing import Draft, compose, is_up_to_date
from syndicator.digests.due import Group, all_of, due_now, groups
from syndicator.digests.models import (
    Digest,
    DigestItem,
    DigestSettings,
    DigestState,
    Shown,
    new_public_id,
)
from syndicator.digests.news import News, Newsroom
from syndicator.entries.models import Entry, LiveBlog
from syndicator.newsletter.addressing import address
from syndicator.newsletter.models import Lane, Mailing, MailingRecipient, Pace, Subscription
from syndicator.wording import Wording, gettext_noop

log = structlog.get_logger(__name__)

#: So long a digest waits before people are told by an alert.
PATIENCE = timedelta(minutes=10)

ASKED_FOR = Wording(gettext_noop("An editor asked for it now."))
OVERTAKEN = Wording(gettext_noop("There was nothing left to tell, or nobody to tell it to."))
WAITS = gettext_noop("A digest of “%(blog)s” waits for an editor")
WAITS_WHY = Wording(
    gettext_noop(
        "Its readers get nothing until somebody approves it. Look at it on the page “Digests”."
    )
)


@dataclass(slots=True)
class Made:
    """What one round did: digests handed over, and such that wait for an editor now."""

    sent: int = 0
    waiting: int = 0


def make_due() -> Made:
    """Make every digest that is due. Safe to run at any time, often, and side by side."""
    made = Made()
    for route in digest_routes():
        try:
            _make_of(route, made)
        except Exception:
            # One blog must not keep the others' readers from theirs.
            log.exception("digests failed", blog=route.blog.slug)
    if made.sent or made.waiting:
        log.info("digests made", sent=made.sent, waiting=made.waiting)
    return made


def digest_routes() -> list[Route]:
    """One for each live blog that sends mail: its first, where it has several."""
    able = [
        name
        for name, channel in registry.channels().items()
        if Capability.DIGESTS in channel.capabilities
    ]
    routes = (
        Route.objects.filter(destination__channel_name__in=able)
        .exclude(policy=Policy.OFF)
        .select_related("blog", "destination")
        .order_by("-pk")
    )
    return sorted({route.blog_id: route for route in routes}.values(), key=lambda route: route.pk)


def digest_route(blog: LiveBlog) -> Route | None:
    """Where digests of *blog* go; None if it sends no mail."""
    return next((route for route in digest_routes() if route.blog_id == blog.pk), None)


def may_go_out(route: Route, now: datetime) -> bool:
    """Whether digests are made at *now*; otherwise they stay due, and tell all of it later."""
    stops = held()
    quiet = route.quiet_until(now, route.blog.time_zone, urgent=False)
    stopped = stops.covers(route.destination) or route.blog_id in stops.blogs
    return not (stopped or quiet or route.destination.state != DestinationState.ACTIVE)


def news_of(newsroom: Newsroom, group: Group) -> News:
    return newsroom.news(
        follows=group.follows, since=group.begins, pace=group.pace, until=group.until
    )


def ask_for(route: Route, pace: Pace) -> int:
    """Have the next digests of *pace* made now, for an editor to look at; the number of them."""
    now = database_now()
    newsroom = Newsroom(route, now)
    made = 0
    for group in groups(route, newsroom, all_of(route, now, pace)):
        if news := news_of(newsroom, group):
            made += _keep(route, group, news, ahead=True) is not None
    return made


def hand_over(digest: Digest, group: Group, now: datetime) -> bool:
    """Make the mailing of *digest* to all of *group*; False if nobody is left of them.

    In the caller's transaction, which holds the lock. It does not leave this machine, so what it
    notes about the readers is true if and only if there is a mail for each.
    """
    tells = [item.entry_id for item in digest.items.all() if item.shown != Shown.RETRACTED]
    mailing = Mailing.objects.create(
        key=digest.key,
        destination=digest.destination,
        blog=digest.blog,
        message=digest.payload,
        lane=Lane.DIGEST,
        tells=tells,
        follows_id=group.follows,
        created_at=now,
    )
    if not address(mailing, group.readers(digest.blog_id).order_by("pk")):
        mailing.delete()
        return False
    addressed = MailingRecipient.objects.filter(mailing=mailing).values("subscription")
    Subscription.objects.filter(pk__in=addressed).update(told_until=group.due_at, told_by=mailing)
    digest.state, digest.mailing, digest.since = DigestState.SENT, mailing, group.begins
    digest.save(update_fields=["state", "mailing", "since"])
    return True


def locked(blog: LiveBlog) -> None:
    """Take the lock of *blog*'s digests, until the transaction ends."""
    DigestSettings.objects.get_or_create(blog=blog)
    DigestSettings.objects.select_for_update(no_key=True).get(blog=blog)


def _make_of(route: Route, made: Made) -> None:
    now = database_now()
    waiting = Digest.objects.filter(blog=route.blog, state=DigestState.WAITING)
    kinds = due_now(route, now) if may_go_out(route, now) else []
    if kinds or waiting.exists():
        newsroom = Newsroom(route, now)
        due = groups(route, newsroom, kinds)
        for group in due:
            _make(route, group, news_of(newsroom, group), made)
        _bring_up(route, newsroom, {group.name for group in due})
    _tell_people(route.blog, now)


def _make(route: Route, group: Group, news: News, made: Made) -> None:
    if not news:
        # Nobody gets an empty mail; what comes now is for the next one.
        group.readers(route.blog_id).update(told_until=group.due_at)
        return
    waits = Digest.objects.filter(
        blog=route.blog, readers=group.name, state=DigestState.WAITING
    ).first()
    if waits and waits.due_at >= group.due_at and is_up_to_date(waits):
        return
    digest = _keep(route, group, news)
    if digest is not None:
        made.sent += digest.state == DigestState.SENT
        made.waiting += digest.state == DigestState.WAITING


def _keep(route: Route, group: Group, news: News, *, ahead: bool = False) -> Digest | None:
    """Write the digest of *news* down, in place of one that waits for the same readers, and hand
    it over if no editor has to see it; None if somebody else was quicker."""
    waits = Digest.objects.filter(blog=route.blog, readers=group.name, state=DigestState.WAITING)
    earlier = waits.first()
    # The page of one that is made anew keeps its address.
    public_id = earlier.public_id if earlier else new_public_id()
    draft = compose(route, news, group.due_at, public_id)
    with transaction.atomic():
        locked(route.blog)
        now = database_now()
        kept = waits.first()
        overtaken = (kept and kept.pk) != (earlier and earlier.pk)
        if overtaken or not group.readers(route.blog_id).exists() or not _still_so(draft):
            return None
        reasons = [ASKED_FOR] if ahead else list(news.reasons)
        if kept is None:
            kept = Digest(
                blog=route.blog,
                destination=route.destination,
                pace=group.pace,
                follows_id=group.follows,
                readers=group.name,
                public_id=public_id,
                key=_key(route, group),
            )
        kept.ahead, kept.since, kept.due_at = ahead, group.begins, group.due_at
        kept.state, kept.built_at = DigestState.WAITING, now
        kept.payload = draft.message.to_json()
        kept.payload_hash = draft.message.fingerprint()
        kept.reason = reasons[0].to_json() if reasons else None
        kept.save()
        kept.items.all().delete()
        for item in draft.items:
            item.digest = kept
        DigestItem.objects.bulk_create(draft.items)
        if not reasons:
            hand_over(kept, group, now)
        return kept


def _bring_up(route: Route, newsroom: Newsroom, due: set[str]) -> None:
    """Digests that wait are made anew where an entry has changed, and end where nobody is left."""
    waiting = Digest.objects.filter(blog=route.blog, state=DigestState.WAITING)
    waiting = waiting.exclude(readers__in=due)
    if not waiting.exists():
        return
    everybody = {
        group.name: group for group in groups(route, newsroom, all_of(route, newsroom.now))
    }
    for digest in waiting:
        group = everybody.get(digest.readers)
        news = news_of(newsroom, group) if group else None
        if group is None or not news:
            digest.state, digest.reason = DigestState.CANCELLED, OVERTAKEN.to_json()
            digest.save(update_fields=["state", "reason"])
        elif not is_up_to_date(digest):
            _keep(route, group, news, ahead=digest.ahead)


def _still_so(draft: Draft) -> bool:
    """Whether the entries are as they were when the digest was written out: one that was taken
    back meanwhile must not be told."""
    wanted = {item.entry_id: item.revision for item in draft.items}
    found = Entry.objects.filter(pk__in=list(wanted)).values_list("pk", "revision")
    return dict(found) == wanted


def _key(route: Route, group: Group) -> str:
    """One digest for these readers at this time; another one if that was rejected or taken back."""
    name = f"digest {route.blog_id} {route.destination_id} {group.name} {group.due_at:%y%m%d%H%M%S}"
    before = Digest.objects.filter(key__startswith=f"{name} ").count()
    return f"{name} {before + 1}"


def _tell_people(blog: LiveBlog, now: datetime) -> None:
    key = f"digest-{blog.pk}-waiting"
    waiting = Digest.objects.filter(blog=blog, state=DigestState.WAITING)
    if waiting.filter(built_at__lte=now - PATIENCE).exists():
        raise_alert(key, Wording(WAITS, {"blog": blog.title}), WAITS_WHY, now)
    elif not waiting.exists():
        end_alert(key, now)
