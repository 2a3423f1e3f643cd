"""What a new policy of a mail route means for readers who have mail at once."""

from __future__ import annotations

from syndicator.channels import registry
from syndicator.channels.base import Capability
from syndicator.clock import database_now
from syndicator.destinations.models import Policy, Route
from syndicator.newsletter.pacing import begin_digests, end_digests


def policy_changed(route: Route, before: str) -> None:
    """Where only digests go out, those who want mail at once get one every hour; what came in
    before the change reaches them as it was. In the transaction that saves *route*."""
    channel = registry.channels().get(route.destination.channel_name)
    if channel is None or Capability.DIGESTS not in channel.capabilities:
        return
    if route.policy == Policy.DIGEST != before:
        begin_digests(route.blog, database_now())
    elif before == Policy.DIGEST != route.policy:
        end_digests(route.blog, database_now())
