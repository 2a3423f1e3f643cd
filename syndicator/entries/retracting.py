"""An editor's word over the source's: an entry that is taken back stays so until it is lifted."""

from __future__ import annotations

from datetime import datetime

from syndicator.accounts.models import User
from syndicator.entries.models import Entry, EntryState, LiveBlog, Retraction
from syndicator.entries.revising import record, take_over


def standing(entry: Entry) -> Retraction | None:
    """The retraction that holds for *entry*, if an editor took it back."""
    made = entry.retractions.filter(lifted_at=None).select_related("made_by")
    found: Retraction | None = made.first()
    return found


def retract(entry_id: int, who: User, reason: str, now: datetime) -> Retraction | None:
    """Withdraw an entry, whatever its source says; None if that was done before.

    Within the caller's transaction. *now* is the database's time.
    """
    entry = _locked(entry_id)
    if standing(entry):
        return None
    made = Retraction.objects.create(
        entry=entry, reason=reason, made_by=who, made_at=now, source_state=entry.state
    )
    if entry.state == EntryState.LIVE:
        entry.state = EntryState.WITHDRAWN
        record([entry], now)
    return made


def lift(entry_id: int, who: User, now: datetime) -> bool:
    """Let the source's word count again; False if the entry is not taken back (any longer).

    Within the caller's transaction. *now* is the database's time.
    """
    entry = _locked(entry_id)
    made = standing(entry)
    if made is None:
        return False
    made.lifted_by, made.lifted_at = who, now
    made.save(update_fields=["lifted_by", "lifted_at"])
    if made.source_state == EntryState.LIVE:
        entry.state = EntryState.LIVE
        if made.kept:
            take_over(entry, made.kept)
        record([entry], now)
    return True


def _locked(entry_id: int) -> Entry:
    """The entry, under the lock that its source's writers take, too."""
    blog_id = Entry.objects.values_list("blog", flat=True).get(pk=entry_id)
    LiveBlog.objects.select_for_update(no_key=True).get(pk=blog_id)
    return Entry.objects.get(pk=entry_id)
