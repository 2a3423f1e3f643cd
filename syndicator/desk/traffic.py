"""How each destination is doing, in the words of the desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db.models import Count, Exists, Max, Min, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from syndicator.channels import registry
from syndicator.channels.base import Channel
from syndicator.clock import database_now
from syndicator.desk.connecting import has_keys
from syndicator.destinations.endings import step
from syndicator.destinations.models import AccountProfile, Destination, Policy, Route
from syndicator.posts.holdups import Holdup, Kind, Survey
from syndicator.posts.models import WAITING, Post, PostState
from syndicator.wording import gettext_noop

#: What the pill of a destination says, and the state whose colour it has.
PILLS = {
    Kind.DISCONNECTED: (gettext_noop("disconnected"), "cancelled"),
    Kind.PAUSED: (gettext_noop("paused"), "failed"),
    Kind.STOPPED: (gettext_noop("stopped"), "failed"),
    Kind.FAILING: (gettext_noop("does not work"), "failed"),
    Kind.PLATFORM: (gettext_noop("asked to wait"), "approved"),
}
NOT_SIGNED_IN = (gettext_noop("not signed in"), "pending")
WORKS = (gettext_noop("works"), "sent")


@dataclass(frozen=True, slots=True)
class Counts:
    """Posts of one destination: approved, being sent, being looked up, waiting for a person."""

    approved: int = 0
    sending: int = 0
    looked_up: int = 0
    for_person: int = 0
    #: Since when the one that is due longest waits.
    oldest: datetime | None = None
    #: When the next one is due, if none is yet.
    planned: datetime | None = None
    last_success: datetime | None = None


@dataclass
class Traffic:
    """One destination with everything that its panel shows."""

    destination: Destination
    channel: Channel | None
    holdup: Holdup | None
    counts: Counts
    #: The shortest and the longest limit of its routes in minutes, 0 for none; None: no routes.
    limits: tuple[int, int] | None

    @cached_property
    def pill(self) -> tuple[str, str]:
        """What it does at present in a word or two, and the state whose colour that has."""
        if self.destination.circuit_opened_at and not (self.holdup and self.holdup.needs_a_person):
            said, colour = PILLS[Kind.FAILING]
        else:
            well = NOT_SIGNED_IN if self.waits_for_sign_in else WORKS
            said, colour = PILLS.get(self.holdup.kind, well) if self.holdup else well
        return _(said), colour

    @property
    def profile(self) -> AccountProfile | None:
        """What the platform last said of the account, without its picture."""
        return getattr(self.destination, "profile", None)

    @property
    def has_picture(self) -> bool:
        has: bool = self.destination.has_picture  # type: ignore[attr-defined]
        return has

    @property
    def waits_for_sign_in(self) -> bool:
        return self.channel is not None and not has_keys(self.destination)

    @property
    def ends_soon(self) -> bool:
        return bool(self.profile and step(self.profile.ends_at, timezone.now()))

    @property
    def can_try_now(self) -> bool:
        return self.destination.circuit_opened_at is not None

    @property
    def limit(self) -> str:
        """What happens to a post that cannot go out for long; empty without routes."""
        if self.limits is None:
            return ""
        shortest, longest = self.limits
        if not longest:
            return _("However late it is, a post goes out.")
        if not shortest:
            return _("By live blog: some posts go out however late, others wait for an editor.")
        told = ngettext(
            "What cannot go out for %(minutes)s minute waits for an editor instead.",
            "What cannot go out for %(minutes)s minutes waits for an editor instead.",
            longest,
        )
        minutes = str(longest) if shortest == longest else f"{shortest}–{longest}"
        return told % {"minutes": minutes}


def traffic() -> list[Traffic]:
    """All destinations by name, in a fixed number of queries."""
    survey = Survey()
    counts = _counts()
    pictured = AccountProfile.objects.filter(pk=OuterRef("pk")).exclude(picture=b"")
    limits = {
        pk: (shortest, longest)
        for pk, shortest, longest in Route.objects.exclude(policy=Policy.OFF)
        .values_list("destination")
        .annotate(Min("limit_minutes"), Max("limit_minutes"))
    }
    return [
        Traffic(
            row,
            registry.channels().get(row.channel_name),
            survey.of_destination(row.pk),
            counts.get(row.pk, Counts()),
            limits.get(row.pk),
        )
        for row in Destination.objects.select_related("profile")
        .defer("profile__picture")
        .annotate(has_picture=Exists(pictured))
        .order_by("name")
    ]


def _counts() -> dict[int, Counts]:
    now = database_now()
    rows = Post.objects.values("destination").annotate(
        approved=Count("pk", Q(state=PostState.APPROVED)),
        sending=Count("pk", Q(state=PostState.SENDING)),
        looked_up=Count("pk", Q(state=PostState.UNCERTAIN, due_at__isnull=False)),
        for_person=Count("pk", WAITING),
        oldest=Min("due_at", filter=Q(state=PostState.APPROVED)),
        last_success=Max("sent_at"),
    )
    return {
        row["destination"]: Counts(
            row["approved"],
            row["sending"],
            row["looked_up"],
            row["for_person"],
            row["oldest"] if row["oldest"] and row["oldest"] <= now else None,
            row["oldest"] if row["oldest"] and row["oldest"] > now else None,
            row["last_success"],
        )
        for row in rows
    }
