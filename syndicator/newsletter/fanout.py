"""Sends the mails of a mailing, many at once, at most once each.

Claim (committed, under a lease), hand in (outside any transaction), record (fenced by the epoch),
hundreds of mails each. A mail whose fate is not known is held as uncertain: it cannot be looked up,
and a subscriber forgives a missing mail sooner than the same one twice.
"""

from __future__ import annotations

from contextlib import nullcontext
from datetime import timedelta
from math import inf
from time import monotonic

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef

from syndicator.alerts.raising import end_alert, raise_alert
from syndicator.channels.base import TryLater, Unauthorised
from syndicator.channels.email.relay import Relay
from syndicator.channels.email.signing_apart import SigningApart
from syndicator.clock import database_now
from syndicator.destinations.accounts import usable_account_of
from syndicator.destinations.models import DestinationState
from syndicator.destinations.picture_rights import first_objection
from syndicator.destinations.stops import held
from syndicator.destinations.trouble import alert_key, pause_and_tell
from syndicator.newsletter.claiming import MOST, are_due, put_aside_who_left
from syndicator.newsletter.lanes import (
    gives_way,
    others_wait,
    precedence,
    ring,
    signing_processes,
)
from syndicator.newsletter.limits import Limits
from syndicator.newsletter.models import (
    Lane,
    Mailing,
    MailingRecipient,
    MailingState,
    RecipientState,
    Sender,
)
from syndicator.newsletter.recording import Fate, record
from syndicator.newsletter.relaying import Relaying
from syndicator.newsletter.senders import at_work, still_here
from syndicator.newsletter.settling import settle
from syndicator.newsletter.taking_back import stop_cancelled, stop_withdrawn
from syndicator.newsletter.throttle import claim_allowed
from syndicator.newsletter.writing import Writing
from syndicator.uptime import uptime
from syndicator.wording import Wording, gettext_noop

log = structlog.get_logger(__name__)

#: After so long a task rings again and ends: a worker that is told to stop must not wait longer.
SPAN = timedelta(seconds=30)
#: The wait for a relay that cannot be used at all; it costs no mail a try.
RELAY_PAUSE = timedelta(minutes=1)

#: Seconds between two looks whether all this may go on, and whether breaking news comes first.
LOOK, LOOK_ASIDE = 0.5, 0.03
#: Seconds from an announcement of breaking news to the next look whether there is any. Until then
#: all here is still: the news is being committed and sent, on the processors that are needed here.
STILL = 0.1
#: Seconds that results, which stand in the journal, may wait while breaking news goes first.
PUT_OFF = 0.3
#: Seconds that others wait for a worker which is busy with a mailing.
LEAST_SPAN = 2.0
#: Seconds to wait for what limits will let go next.
IDLE = 1.0
#: Mails that are claimed at once, at first; later as many as are handed in in this time, seconds.
FIRST_CLAIM = 200
CLAIMED_FOR = 0.25
#: Seconds from a claim that brought fewer than asked for to the next, while something is under way.
ASK_AGAIN = 0.2
#: Seconds between two looks how fast that is, until the first `LOOK`.
AT_FIRST = 0.1

RELAY_AWAY = gettext_noop("%(name)s sends no mail")
RELAY_AWAY_WHY = gettext_noop(
    "%(why)s It is tried again every minute, and the mails wait. "
    "Look whether the mail server runs and can be reached."
)


def send_due(mailing_id: int) -> int:
    """Send what is due of a mailing, for as long as one task may; how many mails were tried.

    Any number of workers may do so at once.
    """
    settle()
    stop_withdrawn(mailing_id)
    mailing = Mailing.objects.select_related("destination", "blog").get(pk=mailing_id)
    tries, is_more = 0, False
    if are_due(mailing_id):
        with precedence.held() if mailing.lane == Lane.BREAKING else nullcontext():
            tries, is_more = _send(mailing)
        # It may have been under way while it was withdrawn.
        stop_withdrawn(mailing_id)
        stop_cancelled(mailing_id)
    if not is_more:  # it takes looking through all that wait
        put_aside_who_left(mailing_id)
    close_finished()
    log.info("mailing worked on", mailing=mailing_id, tries=tries)
    return tries


def close_finished() -> int:
    """Mark the mailings of which no mail is waiting or on its way; their number."""
    unfinished = MailingRecipient.objects.filter(
        mailing=OuterRef("pk"), state__in=(RecipientState.QUEUED, RecipientState.IN_FLIGHT)
    )
    return Mailing.objects.filter(~Exists(unfinished), state=MailingState.SENDING).update(
        state=MailingState.DONE
    )


def _send(mailing: Mailing) -> tuple[int, bool]:
    """How many mails were tried, and whether some that are due were left to the next run."""
    run = None
    try:
        account = usable_account_of(mailing.destination)
        relay, limits = Relay.from_account(account), Limits.from_settings(account.settings)
        if told := first_objection(mailing.destination, mailing.frozen_message.all_pictures):
            raise TryLater(told)
        writing = Writing(mailing, account, relay)
        signer = writing.signer
        with at_work(mailing, limits) as joined:
            if joined is not None:
                sender, journal = joined
                # Not before: each sender on this machine counts.
                apart = SigningApart(signer, signing_processes(mailing)) if signer else None
                others_first = mailing.lane != Lane.BREAKING
                with Relaying(
                    relay,
                    sender.connections,
                    writing,
                    journal,
                    gives_way=others_first,
                    apart=apart,
                ) as relaying:
                    run = _Run(mailing, sender, limits, relaying)
                    run.go()
        if run is None:
            return 0, False
        run.raise_trouble()
    except (TryLater, Unauthorised) as error:
        _hold(mailing, error)
    else:
        if mailing.reason is not None:
            Mailing.objects.filter(pk=mailing.pk).update(reason=None, paused_until=None)
            end_alert(_alert(mailing), database_now())
        if run.is_more:
            ring(mailing)
    return (run.tries, run.is_more) if run else (0, False)


class _Run:
    """One sender's way through a mailing: it keeps *relaying* in work and writes down results."""

    def __init__(
        self, mailing: Mailing, sender: Sender, limits: Limits, relaying: Relaying
    ) -> None:
        self._mailing, self._sender, self._limits = mailing, sender, limits
        self._relaying = relaying
        self._in_hand = 0
        self._told: list[Fate] = []
        self._rate = 0.0
        self._rated_at, self._rated = monotonic(), 0
        self._began = monotonic()
        self._looked = self._recorded = self._began
        self._look_aside_at = -inf
        self._heard = 0
        self._now = database_now()
        self._ask_again_at = self._began
        self._idle_since: float | None = None
        self._is_ending = False
        self.tries = 0
        #: Whether mails were due that this run left to the next.
        self.is_more = False

    def go(self) -> None:
        while not self._relaying.over or self._in_hand:
            if not self._is_ending:
                self._look()
                self._claim()
            was_all = self._relaying.has_ended
            self._told += self._relaying.take(self._look_aside)
            if not self._puts_off:
                if was_all and not self._told and self._in_hand:
                    raise LookupError(f"{self._in_hand} mails came to no end")
                self._record()
                self._measure()

    @property
    def _puts_off(self) -> bool:
        """Whether what has become of mails is written down later."""
        relaying = self._relaying
        return relaying.held and not relaying.over and monotonic() - self._recorded < PUT_OFF

    def _record(self) -> None:
        fates, self._told = self._told, []
        self._in_hand -= len(fates)
        self.tries += sum(fate.outcome is not None for fate in fates)
        record(fates)
        self._recorded = monotonic()

    def raise_trouble(self) -> None:
        trouble = self._relaying.trouble
        if isinstance(trouble, TryLater | Unauthorised):
            raise trouble
        if trouble is not None:
            log.error("handing in ended in a way nobody foresaw", exc_info=trouble)

    def _claim(self) -> None:
        """Take as many mails as will be handed in soon, if there are not enough of them here."""
        if self._is_ending or self._relaying.held or self._relaying.over:
            return
        connections = self._sender.connections
        wanted = max(round(self._rate * CLAIMED_FOR) or FIRST_CLAIM, connections)
        if self._relaying.waiting > wanted // 2:
            return
        if self._in_hand and monotonic() < self._ask_again_at:
            return
        claimed_at, wanted = uptime(), min(wanted, MOST)
        mailing = self._mailing
        claimed = claim_allowed(
            mailing.pk, mailing.destination_id, self._sender.token, wanted, self._limits
        )
        if len(claimed) < wanted:
            self._ask_again_at = monotonic() + ASK_AGAIN
        if claimed:
            self._idle_since = None
            self._in_hand += len(claimed)
            self._relaying.give(claimed, claimed_at)
        elif not self._in_hand:
            self._wait_or_end()

    def _wait_or_end(self) -> None:
        """Nothing is to be had: that is the end, unless limits hold something back."""
        self._idle_since = self._idle_since or monotonic()
        if not self._limits.on_mails or monotonic() - self._idle_since >= IDLE:
            self._end()

    def _look(self) -> None:
        """See whether there is a reason to end, or to give way."""
        self._look_aside()
        now = monotonic()
        if now - self._began >= SPAN.total_seconds():
            self.is_more = True
            self._end()
        elif now - self._looked >= LOOK:
            self._looked, self._now = now, database_now()
            still_here(self._sender, self._rate)
            if stop_withdrawn(self._mailing.pk) or not _may_go_on(self._mailing):
                self._is_ending = True
                self._relaying.stop()
            elif now - self._began >= LEAST_SPAN and others_wait(self._mailing):
                self.is_more = True
                self._end()

    def _look_aside(self) -> None:
        now = monotonic()
        if self._is_ending or self._mailing.lane == Lane.BREAKING:
            return
        heard, before = self._relaying.heard, self._heard
        self._heard = heard
        if heard != before:
            self._look_aside_at = now + STILL
        elif now >= self._look_aside_at:
            self._look_aside_at = now + LOOK_ASIDE
            # The clock is asked with the other looks: this one is made too often for that.
            self._relaying.hold(gives_way(self._mailing, self._now), heard=heard)

    def _end(self) -> None:
        self._is_ending = True
        self._relaying.hold(False, heard=self._relaying.heard)
        self._relaying.finish()

    def _measure(self) -> None:
        now = monotonic()
        span = LOOK if now - self._began >= LOOK else AT_FIRST
        if (seconds := now - self._rated_at) >= span:
            self._rate = (self.tries - self._rated) / seconds
            self._rated_at, self._rated = now, self.tries


def _may_go_on(mailing: Mailing) -> bool:
    """Whether nobody has stopped it since."""
    return Mailing.objects.filter(
        held().allows(channel="destination__channel_name", blog="blog"),
        pk=mailing.pk,
        state=MailingState.SENDING,
        destination__state=DestinationState.ACTIVE,
    ).exists()


def _alert(mailing: Mailing) -> str:
    return alert_key(mailing.destination, "relay")


def _hold(mailing: Mailing, error: TryLater | Unauthorised) -> None:
    """Nothing can be sent at present: wait, and if the account is to blame, wait for a person."""
    with transaction.atomic():
        now = database_now()
        Mailing.objects.filter(pk=mailing.pk).update(
            reason=error.reason.to_json(), paused_until=now + RELAY_PAUSE
        )
        if isinstance(error, Unauthorised):
            pause_and_tell(mailing.destination, error.reason, now)
        elif mailing.reason is not None:
            # For the second time: it is not a moment's trouble.
            name = mailing.destination.name
            why = Wording(RELAY_AWAY_WHY, {"why": error.reason})
            raise_alert(_alert(mailing), Wording(RELAY_AWAY, {"name": name}), why, now)
    log.warning("mailing held", mailing=mailing.pk, outcome=error.outcome, why=str(error.reason))
