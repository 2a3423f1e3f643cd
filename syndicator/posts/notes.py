"""A note for a person about a post that is out although nobody expects it to be."""

from __future__ import annotations

from datetime import datetime

from syndicator.channels.base import Message
from syndicator.posts.models import Action, Post, PostState
from syndicator.wording import Wording


def leave(
    post: Post,
    out: tuple[str, str],
    *,
    goes: bool,
    permalink: str,
    reason: Wording,
    now: datetime,
) -> None:
    """Ask a person to delete what is *out* (the platform's name for it, and its address) if it
    *goes*, or else to correct it; once for each revision of *post*'s entry."""
    message = Message(text="", permalink=permalink)
    remote_id, remote_url = out
    Post.objects.get_or_create(
        entry=post.entry,
        destination_id=post.destination_id,
        action=Action.DELETE if goes else Action.EDIT,
        revision=post.revision,
        defaults={
            "state": PostState.SKIPPED,
            "payload": message.to_json(),
            "payload_hash": message.fingerprint(),
            "published_at": post.published_at,
            "reason": reason.to_json(),
            "remote_id": remote_id,
            "remote_url": remote_url,
            "created_at": now,
            "changed_at": now,
        },
    )
