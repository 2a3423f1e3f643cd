"""What became of taking an entry back, platform by platform, with the proof."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256

from django.utils.translation import gettext as _

from syndicator.channels import registry
from syndicator.channels.base import Act, Capability
from syndicator.desk.cards import Card, Outlook
from syndicator.desk.texts import say
from syndicator.entries.models import Entry, Retraction
from syndicator.posts.gathering import bearer
from syndicator.posts.models import (
    Action,
    Attempt,
    AttemptOutcome,
    Decision,
    Post,
    PostState,
    Verdict,
)
from syndicator.posts.render import OUT
from syndicator.wording import gettext_noop

PREPARING = gettext_noop("Being prepared")
NOT_OUT = gettext_noop("It was not out, and does not go out")
GONE_BEFORE = gettext_noop("It had been deleted before")
NOT_CLEAR = gettext_noop("It is not clear yet whether it is out; if it is, it is deleted then")
ASK = gettext_noop("It is not clear whether it is out: look on the platform, then say so below")
REPLY_NOT_CLEAR = gettext_noop(
    "It is not clear yet whether a correction reply is out; the post is deleted after that"
)
ASK_REPLY = gettext_noop(
    "It is not clear whether a correction reply is out: look on the platform, then say so below"
)
BY_HAND = gettext_noop("Delete it on the platform by hand, then press “Done” below")
MAILED = gettext_noop(
    "Mails cannot be called back. Tell the subscribers if it matters, then press “Done” below"
)
FAILED = gettext_noop("It could not be deleted. Try again below, or delete it there by hand")
STOPPED = gettext_noop("Somebody stopped the deletion. The post is still out")
IN_HAND = (PostState.APPROVED, PostState.SENDING, PostState.UNCERTAIN)


@dataclass(frozen=True, slots=True)
class Row:
    """One destination. *colour* is the state whose colour it has; *busy*: it goes on by itself."""

    name: str
    pk: int | None
    colour: str
    said: str
    busy: bool = False
    task: bool = False
    at: datetime | None = None
    proof: Attempt | None = None
    url: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    retraction: Retraction
    rows: list[Row]

    @property
    def busy(self) -> bool:
        return any(row.busy for row in self.rows)

    @property
    def tasks(self) -> int:
        return sum(row.task for row in self.rows)

    @property
    def seen(self) -> str:
        """Another for another standing: a page that looks again gets only what is new."""
        said = repr([(row.name, row.colour, row.said, row.at, row.why) for row in self.rows])
        return sha256(said.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Prospect:
    """What taking it back will do on one destination."""

    name: str
    said: str
    cost: Decimal


def report(entry: Entry, posts: Iterable[Post], outlook: Outlook) -> Report | None:
    """How far the retraction is that holds for *entry*; None if none does."""
    made = entry.retractions.filter(lifted_at=None).select_related("made_by").first()
    if made is None:
        return None
    rows = [_row(entry, here, outlook) for here in _by_destination(posts)]
    return Report(made, rows)


def prospects(posts: Iterable[Post]) -> list[Prospect]:
    """What taking it back would do where something is out, or may be."""
    return [
        _prospect(out, _replies(here))
        for here in _by_destination(posts)
        for out in _published(here)[-1:]
        if out.state in OUT
    ]


def _prospect(out: Post, replies: Sequence[Post]) -> Prospect:
    channel = registry.channels().get(out.destination.channel_name)
    if channel is not None and Capability.DELETE in channel.capabilities:
        cost = channel.cost(out.message, Act.DELETE)
        cost += sum((channel.cost(one.message, Act.DELETE) for one in replies), Decimal(0))
        said = _("is deleted, with its correction reply") if replies else _("is deleted")
        return Prospect(out.destination.name, said, cost)
    said = _("cannot be called back") if out.message.audience else _("is a task for a person")
    return Prospect(out.destination.name, said, Decimal(0))


def _by_destination(posts: Iterable[Post]) -> list[list[Post]]:
    found: dict[int, list[Post]] = {}
    for post in sorted(posts, key=lambda one: (one.destination.name, one.pk)):
        found.setdefault(post.destination_id, []).append(post)
    return list(found.values())


def _published(here: Sequence[Post]) -> list[Post]:
    """The publications among *here*, the one that is out, or may be, last; of what was gathered,
    the post that tells it."""
    found = [bearer(post) for post in here if post.action == Action.PUBLISH]
    return sorted(found, key=lambda post: (post.state in OUT, post.pk))


def _replies(here: Sequence[Post]) -> list[Post]:
    """The correction replies among *here* that are out, or may be."""
    return [post for post in here if post.action == Action.CORRECT and post.state in OUT]


def _row(entry: Entry, here: Sequence[Post], outlook: Outlook) -> Row:
    name = here[0].destination.name
    published = _published(here)
    out = published[-1] if published and published[-1].state in OUT else None
    if entry.render_due_at is not None and out:
        return Row(name, None, "approved", _(PREPARING), busy=True)
    acts = [post for post in here if post.action == Action.DELETE]
    told = [act for act in acts if act.state != PostState.CANCELLED or _taken_care_of(act)]
    if told:
        unclear = [post for post in _replies(here) if post.state != PostState.SENT]
        if told[-1].state == PostState.SKIPPED and unclear:
            return _while_unclear(told[-1], unclear[-1])
        return _act(told[-1], out, outlook)
    if published and published[-1].state == PostState.DELETED:
        return Row(name, None, "deleted", _(GONE_BEFORE), at=published[-1].changed_at)
    return Row(name, None, "cancelled", _(NOT_OUT))


def _act(act: Post, out: Post | None, outlook: Outlook) -> Row:
    name, pk, url = act.destination.name, act.pk, act.remote_url
    why = say(act.wording)
    if act.state == PostState.SENT:
        said, proof = _("Deleted there"), _proof(act)
        return Row(name, pk, "deleted", said, at=act.sent_at, proof=proof, url=url)
    if act.state in IN_HAND:
        return Row(name, pk, "sending", Card(act, outlook=outlook).status, busy=True, url=url)
    if act.state == PostState.CANCELLED:
        return Row(name, pk, "cancelled", why, at=act.changed_at, url=url)
    if act.state == PostState.REJECTED:
        return Row(name, pk, "failed", _(STOPPED), task=True, url=url, why=why)
    if act.state != PostState.SKIPPED:
        return Row(name, pk, "failed", _(FAILED), task=True, url=url, why=why)
    if out and out.state != PostState.SENT:
        busy = out.state == PostState.SENDING or out.due_at is not None
        return Row(name, pk, "uncertain", _(NOT_CLEAR if busy else ASK), busy, task=not busy)
    by_hand = MAILED if out and out.message.audience else BY_HAND
    return Row(name, pk, "pending", _(by_hand), task=True, url=url)


def _while_unclear(act: Post, reply: Post) -> Row:
    """What is deleted must be known: a reply that may be out is waited for."""
    busy = reply.state == PostState.SENDING or reply.due_at is not None
    said = _(REPLY_NOT_CLEAR if busy else ASK_REPLY)
    return Row(act.destination.name, act.pk, "uncertain", said, busy, task=not busy)


def _proof(act: Post) -> Attempt | None:
    accepted = [one for one in act.attempts.all() if one.outcome == AttemptOutcome.ACCEPTED]
    return accepted[-1] if accepted else None


def _taken_care_of(act: Post) -> bool:
    decisions: Iterable[Decision] = act.decisions.all()
    return any(decision.verdict == Verdict.DISMISS for decision in decisions)
