"""A post as the desk shows it: its preview, its length, where it stands, what can be done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from hashlib import sha256

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _

from syndicator.accounts.models import User
from syndicator.channels import registry
from syndicator.channels.base import Act, Capability, Channel, Message
from syndicator.clock import database_now
from syndicator.content import Image
from syndicator.desk.changes import (
    Piece,
    changed_lines,
    changes,
    earlier_versions,
    noted_edits,
)
from syndicator.desk.texts import is_web_address
from syndicator.desk.times import clock, soon, told
from syndicator.destinations import picture_rights
from syndicator.destinations.models import Route
from syndicator.entries.models import Entry
from syndicator.posts import four_eyes, gathering, review
from syndicator.posts.correction import NOT_OUT, can_be_answered
from syndicator.posts.holdups import Holdup, Kind, Survey
from syndicator.posts.line import NO_LONGER_NEWS
from syndicator.posts.models import Action, Attempt, Decision, Gathered, Post, PostState
from syndicator.probing.asking import permalinks_of
from syndicator.probing.models import Permalink
from syndicator.wording import Wording, gettext_noop

#: Where a post stands, in words. Approved and sent ones also say when.
STANDINGS = {
    PostState.PENDING: gettext_noop("Waits for an editor"),
    PostState.SENDING: gettext_noop("Being sent now"),
    PostState.SENT: gettext_noop("Sent"),
    PostState.FAILED: gettext_noop("Failed – it is not out"),
    PostState.UNCERTAIN: gettext_noop("It may be out, or not"),
    PostState.REJECTED: gettext_noop("Rejected"),
    PostState.CANCELLED: gettext_noop("Cancelled"),
    PostState.SKIPPED: gettext_noop("Nothing is posted"),
    PostState.DELETED: gettext_noop("Taken back – deleted on the platform"),
    PostState.GATHERED: gettext_noop("Gathered into another post"),
}


#: Posts in these are out, or may still go out: whether their links work matters.
LINKS_MATTER = (PostState.PENDING, PostState.APPROVED, PostState.FAILED, PostState.SENT)


def posts_with_history() -> QuerySet[Post]:
    """Posts with everything a card shows, in a fixed number of queries."""
    posts = Post.objects.select_related("entry__blog", "destination", "held_by")
    carriers = Gathered.objects.select_related("carrier__entry__blog", "carrier__destination")
    return four_eyes.marked(posts).prefetch_related(
        "attempts",
        Prefetch("decisions", Decision.objects.select_related("user")),
        Prefetch("gathered", Gathered.objects.select_related("post__entry")),
        Prefetch("gatherings", carriers),
    )


@dataclass(frozen=True, slots=True)
class Draft:
    """A text measured against the platform: how much still fits (None where nothing limits it)
    by the platform's own count, and what must not be sent."""

    remaining: int | None
    problems: list[Wording]

    @classmethod
    def of(cls, channel: Channel | None, message: Message) -> Draft:
        if channel is None:
            return cls(None, [])
        remaining = None if channel.limit is None else channel.limit - channel.length(message.text)
        return cls(remaining, channel.problems(message))

    def with_problem(self, problem: Wording | None) -> Draft:
        return replace(self, problems=[*self.problems, problem]) if problem else self


class Outlook:
    """What the cards of a page have in common, read once for all of them, if one asks, and who
    looks at them: not everybody may approve the same."""

    def __init__(self, user: User | None = None, posts: Iterable[Post] = ()) -> None:
        self.user = user
        self._posts = posts

    @cached_property
    def earlier(self) -> dict[int, Post]:
        """What each post's entry said before."""
        return earlier_versions(self._posts)

    @cached_property
    def edits(self) -> dict[int, Post]:
        """What each post would say that is corrected by a reply."""
        return noted_edits(self._posts)

    @cached_property
    def links(self) -> dict[int, Permalink]:
        """What came of probing the permalinks that the posts' entries have now."""
        return permalinks_of({post.entry_id: post.entry for post in self._posts}.values())

    @cached_property
    def with_pictures(self) -> set[tuple[int, int]]:
        """Between which live blogs and destinations pictures go along."""
        routes = Route.objects.filter(with_pictures=True)
        return set(routes.values_list("blog", "destination"))

    @cached_property
    def survey(self) -> Survey:
        return Survey()

    @cached_property
    def deciders(self) -> list[User]:
        return four_eyes.all_deciders()


#: Seconds between two looks at a post that a worker has in hand, and at one that waits.
IN_HAND, ON_ITS_WAY = 2, 10


def mark_of(pk: int, state: str, epoch: int, payload_hash: str) -> str:
    """How a page names a post that it shows as it stands now."""
    return f"{pk}:{state}-{epoch}-{payload_hash[:12]}"


@dataclass
class Card:
    """One post on the screen. *refusal* says why the last act was not done."""

    post: Post
    refusal: Wording | None = None
    #: The page it stands on: where its forms lead back to without JavaScript.
    back: str = "/"
    #: With its history, and forms that reload the page, so that the history is fresh.
    detailed: bool = False
    #: Takes the place of the one on the page, wherever the answer came from.
    in_place: bool = False
    outlook: Outlook = field(default_factory=Outlook)

    @cached_property
    def message(self) -> Message:
        return self.post.message

    @cached_property
    def channel(self) -> Channel | None:
        """None if the plug-in of this platform is not installed or broken."""
        destination = self.post.destination
        found = registry.channels().get(destination.channel_name)
        return found.for_settings(destination.settings) if found else None

    @cached_property
    def gathered(self) -> list[Entry]:
        """The other entries that the post tells, or that are told in the post it is about."""
        if self.post.action == Action.PUBLISH:
            return [stay.post.entry for stay in self.post.gathered.all() if stay.left_at is None]
        if not (self.is_note and self.channel and self.channel.gathers):
            return []
        return gathering.told_with(self.post)

    @property
    def gathers_until(self) -> datetime | None:
        """Until when others may still join it."""
        until = self.post.gathers_until
        open_now = self.post.state in (PostState.PENDING, PostState.APPROVED)
        decided = any(decision.user_id for decision in self.post.decisions.all())
        return until if until and open_now and not decided and until > database_now() else None

    @cached_property
    def carrier(self) -> Card | None:
        """The post that tells this one's entry, if it is gathered."""
        stays = self.post.gatherings.all() if self.post.state == PostState.GATHERED else ()
        carrier = next((stay.carrier for stay in stays if stay.left_at is None), None)
        return Card(carrier, outlook=self.outlook) if carrier else None

    @property
    def can_take_out(self) -> bool:
        return self.carrier is not None and self.carrier.post.state in gathering.OPEN

    @property
    def remaining(self) -> int | None:
        return self._draft.remaining

    @property
    def problems(self) -> list[Wording]:
        """Why the post must not go out as it is, while it waits for an editor."""
        return self._draft.problems if self.post.state == PostState.PENDING else []

    @cached_property
    def _draft(self) -> Draft:
        pictures = self.message.all_pictures
        told = picture_rights.first_objection(self.post.destination, pictures)
        return Draft.of(self.channel, self.message).with_problem(told)

    @property
    def link_warning(self) -> Wording | None:
        """Why readers would not get from the post to the entry, as far as anybody knows."""
        link = self.outlook.links.get(self.post.entry_id)
        shows = self.post.action != Action.DELETE and self.post.state in LINKS_MATTER
        return link.wording if shows and link and link.is_broken else None

    @property
    def withheld(self) -> list[Wording]:
        """Why pictures of the entry are not in the post, each reason once."""
        post, to = self.post, self.post.destination
        if self.empty or not picture_rights.has_rules(to):
            return []
        if (post.entry.blog_id, to.pk) not in self.outlook.with_pictures:
            return []
        shown = {picture.credit for picture in self.message.all_pictures}
        blocks = post.entry.content.blocks
        images = [one for one in blocks if isinstance(one, Image) and one.credit not in shown]
        told = (picture_rights.objection(to, image) for image in images if image.url)
        return list({str(one): one for one in told if one}.values())

    def draft(self, text: str) -> Draft:
        """What an editor's *text* would make of the post."""
        text = text.replace("\r\n", "\n").strip()
        revised = self.channel.revise(self.message, text) if self.channel else self.message
        return Draft.of(self.channel, revised)

    @property
    def why(self) -> Wording | None:
        """Why the post is in its state, unless the card says so in other words."""
        known = [*self.problems, self.holdup.because if self.holdup else None]
        if self.post.state == PostState.APPROVED:
            known.append(self.post.ruling_wording)
        return None if self.post.wording in known else self.post.wording

    @cached_property
    def holdup(self) -> Holdup | None:
        """What an approved post waits for; None if it goes out now."""
        approved = self.post.state == PostState.APPROVED
        return self.outlook.survey.of_post(self.post) if approved else None

    @property
    def went_stale(self) -> bool:
        """Whether it was put aside, because it could not go out while it was news."""
        wording = self.post.wording
        waits = self.post.state == PostState.PENDING and wording is not None
        return waits and wording == NO_LONGER_NEWS

    @property
    def looked_up(self) -> bool:
        """Whether the platform is being looked through for it."""
        return self.post.state == PostState.UNCERTAIN and self.post.due_at is not None

    @property
    def refresh_seconds(self) -> int | None:
        """How soon its state may be another without anybody's hand; None if it stays."""
        if self.carrier:
            return self.carrier.refresh_seconds
        if self.post.state == PostState.SENDING:
            return IN_HAND
        if self.post.state == PostState.APPROVED:
            return ON_ITS_WAY if self.holdup else IN_HAND
        return ON_ITS_WAY if self.looked_up else None

    @property
    def seen(self) -> str:
        """Another for another standing: a page that looks again gets only what is new."""
        said = f"{self.post.state} {self.post.epoch} {self.post.payload_hash} {self.status}"
        return sha256(said.encode()).hexdigest()[:16]

    @property
    def mark(self) -> str:
        """Another for another standing, without reading more than the row."""
        return mark_of(self.post.pk, self.post.state, self.post.epoch, self.post.payload_hash)

    @cached_property
    def earlier(self) -> Post | None:
        return self.outlook.earlier.get(self.post.pk) if self.post.waits_for_person else None

    @cached_property
    def changes(self) -> list[Piece]:
        """Word by word, what is another than in the version before."""
        before = self.earlier
        if before is None:
            return []
        now = self.outlook.edits.get(self.post.pk) if self.is_reply else self.post
        if now is None:
            return []
        return changed_lines(changes(before.message.as_posted(), now.message.as_posted()))

    @property
    def platform_page(self) -> str:
        """Where a person sees what the account posted; empty if nobody knows."""
        destination = self.post.destination
        if self.channel is None:
            return ""
        if destination.base_url != self.channel.default_base_url:
            # A sandbox shows its posts where it takes them.
            return destination.base_url if is_web_address(destination.base_url) else ""
        return self.channel.account_url(destination.settings)

    @property
    def told_late(self) -> list[Attempt]:
        """Tries whose answer came after the post had been given up: what became of it there."""
        if self.post.state in (PostState.SENT, PostState.DELETED):
            return []
        return [attempt for attempt in self.post.attempts.all() if attempt.remote_id]

    @property
    def empty(self) -> bool:
        """Whether the row only notes that nothing is posted."""
        return not self.message.text or self.carrier is not None

    @property
    def can_approve(self) -> bool:
        approvable = self.post.state == PostState.PENDING and not self.problems
        return approvable and bool(self.channel) and self.objection is None

    @cached_property
    def objection(self) -> Wording | None:
        """Why this user may not approve what waits for an editor, or carry it out."""
        waits = self.post.state == PostState.PENDING or self.is_note
        user = self.outlook.user
        if user is None or not user.may_decide or not waits:
            return None
        return review.may_approve(self.post, user, lambda: self.outlook.deciders)

    @property
    def can_schedule(self) -> bool:
        """Approve it for later, or set the time anew."""
        return self.can_approve or (self.can_stop and self.post.makes_a_post)

    @property
    def can_hold(self) -> bool:
        waits = self.post.state == PostState.PENDING and self.post.held_by_id is None
        return self.post.makes_a_post and (waits or self.can_stop)

    @property
    def can_release(self) -> bool:
        return self.post.state == PostState.PENDING and self.post.held_by_id is not None

    @property
    def can_undo(self) -> bool:
        """Whether the last decision can be taken back. A rejection only while the entry says the
        same, which the domain looks at."""
        if self.post.state == PostState.REJECTED:
            return not self.post.differs_from(self.post.entry)
        # What was begun on a post that is out may have been done.
        return self.can_stop and (self.post.makes_a_post or not self.post.tries)

    @property
    def can_edit(self) -> bool:
        editable = self.post.state in (PostState.PENDING, PostState.FAILED) or self.can_stop
        return bool(self.channel) and editable

    @property
    def can_stop(self) -> bool:
        """Approved, but not about to be taken by a worker."""
        return self.holdup is not None

    @property
    def can_reject(self) -> bool:
        return self.post.state == PostState.PENDING or self.can_stop

    @property
    def can_retry(self) -> bool:
        return self.post.state == PostState.FAILED

    @property
    def is_note(self) -> bool:
        """Whether the row is about something that a person has to do on the platform."""
        return self.post.is_note

    @property
    def can_carry_out(self) -> bool:
        """Whether the platform lets us do it instead of the person."""
        offered = self.channel.capabilities if self.channel else frozenset()
        # An edit needs a text; a note about an old version has none.
        there = self.post.action == Action.DELETE or bool(self.message.text)
        possible = self.is_note and self.post.action in offered and there
        return possible and self.objection is None

    @property
    def can_repost(self) -> bool:
        """Whether it can be corrected by deleting it there and posting the new text."""
        offered = self.channel.capabilities if self.channel else frozenset()
        edit = self.is_note and self.post.action == Action.EDIT
        return edit and Act.DELETE.value in offered and bool(self.message.text)

    @property
    def repost_cost(self) -> Decimal:
        if not (self.can_repost and self.channel):
            return Decimal(0)
        return self.channel.cost(self.message, Act.DELETE) + self.channel.cost(self.message)

    @property
    def is_reply(self) -> bool:
        """Whether it corrects a post that is out by a reply to it."""
        return self.post.action == Action.CORRECT

    @property
    def can_correct(self) -> bool:
        """Whether what is out can be corrected by a reply to it."""
        return (
            self.is_note
            and self.channel is not None
            and can_be_answered(self.post)
            and not self.gathered
        )

    @property
    def correct_cost(self) -> Decimal:
        """Of a reply, which has the permalink in it and no pictures."""
        if self.channel is None:
            return Decimal(0)
        return self.channel.cost(replace(self.message, pictures=(), thread=()))

    @property
    def stays_as_it_is(self) -> bool:
        """Whether nothing can be done from here to what is out and says something old."""
        ways = {Capability.EDIT, Capability.DELETE, Capability.REPLY}
        offered = self.channel.capabilities if self.channel else frozenset()
        return self.is_note and self.post.action == Action.EDIT and ways.isdisjoint(offered)

    @property
    def can_choose_again(self) -> bool:
        """Whether the reply can still give way to another way to correct what is out."""
        waits = self.post.state in NOT_OUT and not self.post.differs_from(self.post.entry)
        return self.is_reply and waits

    @property
    def cost(self) -> Decimal:
        """What the platform charges for it, or will, in US dollars."""
        if self.can_carry_out and self.channel:
            return self.channel.cost(self.message, Act(self.post.action))
        nothing = self.post.state in (PostState.SKIPPED, PostState.GATHERED)
        return Decimal(0) if nothing else self.post.cost

    @property
    def can_dismiss(self) -> bool:
        return self.post.state == PostState.FAILED or self.is_note

    @property
    def can_settle(self) -> bool:
        """Whether only a person can say if the post is out."""
        return self.post.state == PostState.UNCERTAIN and self.post.due_at is None

    @property
    def status(self) -> str:
        """Where the post stands, in a sentence."""
        post = self.post
        if post.state == PostState.APPROVED:
            return self._approved()
        if self.carrier:
            made = clock(self.carrier.post.created_at, post.entry.blog.time_zone)
            said = {"time": made, "status": self.carrier.status}
            return _("Gathered into the post of %(time)s. There: %(status)s") % said
        if post.state == PostState.SENT and post.sent_at:
            done = {
                Action.PUBLISH: _("Sent at %(time)s"),
                Action.EDIT: _("Corrected there at %(time)s"),
                Action.DELETE: _("Deleted there at %(time)s"),
                Action.CORRECT: _("Corrected there by a reply at %(time)s"),
            }
            said = {"time": clock(post.sent_at, post.entry.blog.time_zone)}
            return done[Action(post.action)] % said
        if self.looked_up and self.post.due_at and self.post.due_at > self.outlook.survey.now:
            zone = self.post.entry.blog.time_zone
            return _("It may be out, or not – looked up at %(time)s") % {
                "time": soon(self.post.due_at, zone)
            }
        if self.is_note:
            return _("Needs your hand on the platform")
        return _(STANDINGS[PostState(post.state)])

    def _approved(self) -> str:
        decision = self._last_decision()
        who = (
            _("Approved by %(who)s") % {"who": decision.user}
            if decision and decision.user
            else _("Approved automatically")
        )
        zone = self.post.entry.blog.time_zone
        # Not within the f-strings: the catalogue's collector does not look into them.
        now, waits = _("goes out now"), _("waits")
        if self.holdup is None:
            return f"{who} – {now}"
        if self.holdup.kind == Kind.HOLD and self.holdup.until:
            when = _("goes out at %(time)s") % {"time": soon(self.holdup.until, zone)}
            return f"{who} – {when}"
        return f"{who} – {waits}. {told(self.holdup.what, zone)}"

    def _last_decision(self) -> Decision | None:
        return next(reversed(self.post.decisions.all()), None)
