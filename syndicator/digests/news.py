"""What a group of readers has not been told yet: pure reading, for the digest that is due and for
the one that is only looked at."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from operator import attrgetter

from syndicator.channels.email.rendering import is_web_address
from syndicator.content import EntryContent
from syndicator.destinations.models import Route
from syndicator.digests.models import Digest, DigestItem, DigestState, Shown
from syndicator.entries.models import Entry, EntryState, Retraction
from syndicator.newsletter.models import Pace
from syndicator.posts.models import Action, Post, PostState
from syndicator.posts.policies import Course, Ruling, rule_in_digest
from syndicator.posts.render import RETRACTED_BEFORE
from syndicator.wording import Wording

#: What came in longer ago is no news any more, except for the digest of a whole live blog.
OLDEST = timedelta(days=7)


def said(content: EntryContent) -> str:
    """The fingerprint of what readers read of an entry: its headline and its text."""
    blocks = [{**block.to_json(), "url": ""} for block in content.blocks]
    canonical = json.dumps([content.headline, blocks], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Told:
    """What readers were last told of an entry."""

    shown: Shown
    said: str


@dataclass(frozen=True, slots=True)
class News:
    """What is to be told: new entries, the newest first; corrected ones and those taken back.

    *reasons* say why an editor has to see it first; none: it goes out by itself.
    """

    entries: tuple[Entry, ...] = ()
    corrected: tuple[Entry, ...] = ()
    retracted: tuple[Entry, ...] = ()
    reasons: tuple[Wording, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.entries or self.corrected or self.retracted)

    @property
    def all(self) -> tuple[Entry, ...]:
        return (*self.entries, *self.corrected, *self.retracted)


@dataclass(frozen=True, slots=True)
class _Sent:
    """A digest that went out, the mailing it follows, and where its readers' digests began."""

    pk: int
    follows: int | None
    since: datetime | None


class Newsroom:
    """One live blog's entries and digests at a moment, read once for all groups of readers.

    A fixed number of queries, whatever the number of entries and digests.
    """

    def __init__(self, route: Route, now: datetime) -> None:
        self.route = route
        self.now = now
        blog = route.blog
        self._entries = {
            entry.pk: entry
            for entry in Entry.objects.filter(blog=blog, from_before=False).order_by(
                "-published_at", "-pk"
            )
        }
        self._lifted = set(
            Retraction.objects.filter(entry__blog=blog).values_list("entry", flat=True)
        )
        rejected = set(
            Post.objects.filter(
                entry__blog=blog,
                destination=route.destination_id,
                action=Action.PUBLISH,
                state=PostState.REJECTED,
            ).values_list("entry", "revision")
        )
        rulings = {
            entry.pk: self._ruling(entry)
            for entry in self._entries.values()
            if self._may_be_read(entry)
        }
        #: The entries that readers may be told of, and why an editor has to see them first.
        self._why = {
            pk: ruling.why if ruling.course == Course.REVIEW else None
            for pk, ruling in rulings.items()
        }
        self._tellable = [
            self._entries[pk]
            for pk, ruling in rulings.items()
            if ruling.course != Course.LEFT_OUT
            and (pk, self._entries[pk].revision) not in rejected
            and is_web_address(self._entries[pk].permalink)
        ]
        sent = Digest.objects.filter(blog=blog, mailing__isnull=False)
        self._sent = {
            mailing: _Sent(pk, follows, since)
            for mailing, pk, follows, since in sent.values_list("mailing", "pk", "follows", "since")
        }
        self._items: dict[int, list[DigestItem]] = {}
        items = DigestItem.objects.filter(digest__blog=blog)
        for item in items.filter(digest__state=DigestState.SENT).order_by("digest", "position"):
            self._items.setdefault(item.digest_id, []).append(item)
        self._dropped = set(
            items.filter(digest__state=DigestState.REJECTED, digest__dropped=True).values_list(
                "entry", "said"
            )
        )

    def news(
        self,
        *,
        follows: int | None,
        since: datetime | None,
        pace: str,
        until: datetime | None = None,
    ) -> News:
        """What readers have not been told who had the digest of the mailing *follows* last, or
        whose digests begin at *since* (None: with the live blog).

        *until*: what came in then or later reaches them another way.
        """
        told = self._told(follows)
        begins = self.begins(follows, since)
        if pace != Pace.AT_CLOSE:
            begins = max(begins or self.now - OLDEST, self.now - OLDEST)
        fresh = tuple(
            entry
            for entry in self._tellable
            if (begins is None or entry.in_force_at >= begins)
            and (until is None or entry.in_force_at < until)
            and (entry.pk not in told or told[entry.pk].shown == Shown.RETRACTED)
            and (entry.pk, said(entry.content)) not in self._dropped
        )
        read = {
            pk: was
            for pk, was in told.items()
            if was.shown in (Shown.TOLD, Shown.CORRECTED) and pk in self._entries
        }
        changed = [
            self._entries[pk]
            for pk, was in read.items()
            if pk in self._why
            and (text := said(self._entries[pk].content)) != was.said
            and (pk, text) not in self._dropped
        ]
        gone = [self._entries[pk] for pk in read if self._entries[pk].state == EntryState.WITHDRAWN]
        return News(
            fresh,
            tuple(sorted(changed, key=attrgetter("changed_at"))),
            tuple(sorted(gone, key=attrgetter("changed_at"))),
            self._reasons(fresh, changed),
        )

    def begins(self, follows: int | None, since: datetime | None) -> datetime | None:
        """Where the digests began of those who had the mailing *follows*; without one: *since*."""
        *_, first = (None, *self._chain(follows))
        return first.since if first else since

    def first_since(self, begins: datetime | None) -> datetime | None:
        """When the first entry came in that is told to readers whose digests begin at *begins*:
        whenever they joined, those of whom it is the same are told the same."""
        times = (entry.in_force_at for entry in self._tellable)
        return min((time for time in times if begins is None or time >= begins), default=None)

    def _reasons(self, *told: Iterable[Entry]) -> tuple[Wording, ...]:
        """Each of them once."""
        found: dict[str, Wording] = {}
        for entry in chain.from_iterable(told):
            if why := self._why[entry.pk]:
                found.setdefault(str(why), why)
        return tuple(found.values())

    def _told(self, follows: int | None) -> dict[int, Told]:
        """What readers were told last of each entry who had *follows* and those before it."""
        told: dict[int, Told] = {}
        for digest in reversed(list(self._chain(follows))):
            for item in self._items.get(digest.pk, ()):
                told[item.entry_id] = Told(Shown(item.shown), item.said)
        return told

    def _chain(self, follows: int | None) -> Iterator[_Sent]:
        """The digests that led up to the mailing *follows*, the last one first."""
        while follows is not None and (digest := self._sent.get(follows)):
            yield digest
            follows = digest.follows

    def _may_be_read(self, entry: Entry) -> bool:
        embargo = entry.embargo_until
        return entry.state == EntryState.LIVE and (embargo is None or embargo <= self.now)

    def _ruling(self, entry: Entry) -> Ruling:
        handled = RETRACTED_BEFORE if entry.pk in self._lifted else None
        return rule_in_digest(self.route, self.route.blog, entry.content, handled=handled)
