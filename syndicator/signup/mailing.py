"""Hands in the mails that were asked for: each at most once, through the newsletter's relay.

Claim (committed, under a lease), hand in (outside any transaction), record. A mail whose fate is
not known is not sent again by itself: the reader who misses it asks again.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db.models import F, QuerySet

from syndicator import queue
from syndicator.alerts.raising import end_alert, raise_alert
from syndicator.channels.base import ChannelError, Rejected, TryLater, Unauthorised
from syndicator.channels.email.relay import Relay
from syndicator.channels.email.signing import Signer
from syndicator.channels.email.smtp import Connection
from syndicator.clock import database_now
from syndicator.destinations.accounts import usable_account_of
from syndicator.destinations.models import Destination, DestinationState
from syndicator.destinations.stops import Held, held
from syndicator.destinations.trouble import alert_key, pause_and_tell
from syndicator.entrance import throttle
from syndicator.entries.models import LiveBlog
from syndicator.signup.letters import Letter, letter_for
from syndicator.signup.models import LASTS, Ask, AskKind, AskState
from syndicator.signup.settings import mail_destination
from syndicator.wording import Wording, gettext_noop

log = structlog.get_logger(__name__)

#: One task begins no further mail after this; with the two deadlines it ends within a minute.
SPAN = timedelta(seconds=20)
CONNECT_DEADLINE = timedelta(seconds=15)
SEND_DEADLINE = timedelta(seconds=20)
#: Longer than one mail can take.
LEASE = timedelta(minutes=2)
#: The wait for a relay that cannot be used; it costs no mail a try.
WAIT = timedelta(seconds=30)
#: The n-th wait after a relay's "later"; after the last one the mail is given up.
BACKOFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))
#: A relay that is away for so long is somebody's business.
PATIENCE = timedelta(minutes=5)
AT_ONCE = 200

RELAY_AWAY = gettext_noop("%(name)s sends no mail")
RELAY_AWAY_WHY = gettext_noop(
    "%(why)s Readers who want to subscribe wait for their mail. "
    "Look whether the mail server runs and can be reached."
)


def mail_due() -> int:
    """Hand in what is due; the number of mails that were taken."""
    now = database_now()
    tidy(now)
    due = list(
        Ask.objects.filter(state=AskState.WAITING, due_at__lte=now)
        .select_related("blog")
        .order_by("due_at", "pk")[:AT_ONCE]
    )
    if not due:
        return 0
    taken, stops = 0, held()
    with ExitStack() as stack:
        relays = _Relays(stack)
        for ask in due:
            if database_now() >= now + SPAN:
                queue.ring(queue.MAIL_ASKS)
                break
            taken += _mail(ask, relays, stops)
    return taken


def tidy(now: datetime) -> None:
    """Give up mails whose sender's lease is over, and delete what is too old to be of use."""
    lost = Ask.objects.filter(state=AskState.SENDING, due_at__lte=now)
    if count := lost.update(state=AskState.UNCERTAIN, due_at=None):
        log.warning("mails to readers uncertain: their worker did not come back", mails=count)
    if count := Ask.objects.filter(ends_at__lte=now).exclude(state=AskState.SENDING).delete()[0]:
        log.info("asks of readers ended", asks=count)
    throttle.forget_old()


@dataclass(frozen=True, slots=True)
class _Way:
    """How mails leave for a destination. *signer*: None if its mail server signs, or nobody."""

    connection: Connection
    signer: Signer | None


class _Relays:
    """One connection to each destination's relay, for as long as *stack* is open."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._open: dict[int, _Way | None] = {}

    def to(self, destination: Destination) -> _Way | None:
        """With a connection that is ready to be used; None if there is no way in at present."""
        known = self._open.get(destination.pk)
        if known is None and destination.pk in self._open:
            return None
        try:
            if known is None:
                account = usable_account_of(destination)
                signer = Signer.from_settings(account.settings)
                connection = Connection(Relay.from_account(account))
                known = _Way(self._stack.enter_context(connection), signer)
            known.connection.ready(CONNECT_DEADLINE)
        except (TryLater, Unauthorised) as error:
            self.failed(destination, error)
            return None
        self._open[destination.pk] = known
        return known

    def failed(self, destination: Destination, error: ChannelError) -> None:
        self._open[destination.pk] = None
        now = database_now()
        log.warning("no mails to readers", destination=destination.pk, outcome=error.outcome)
        if isinstance(error, Unauthorised):
            pause_and_tell(destination, error.reason, now)
        elif Ask.objects.filter(state=AskState.WAITING, asked_at__lt=now - PATIENCE).exists():
            name = destination.name
            why = Wording(RELAY_AWAY_WHY, {"why": error.reason})
            raise_alert(_alert(destination), Wording(RELAY_AWAY, {"name": name}), why, now)


def _mail(ask: Ask, relays: _Relays, stops: Held) -> bool:
    letter = letter_for(ask)
    if letter is None:
        _seen(ask).update(state=AskState.NOTHING, due_at=None)
        return False
    destination = destination_for(ask, letter.blog)
    if destination is None or not is_open(destination, ask, stops):
        way = None
    else:
        way = relays.to(destination)
    if destination is None or way is None:
        _seen(ask).update(due_at=database_now() + WAIT)
        return False
    return claim(ask) and _hand_in(ask, letter, destination, way, relays)


def destination_for(ask: Ask, blog: LiveBlog | None) -> Destination | None:
    """Whose mail server a mail goes through that *ask* wants, and that is about *blog*, if any."""
    destination = mail_destination(blog)
    if destination is None and ask.kind == AskKind.OWN_DATA:
        # Also of a live blog that is mailed no longer one may see one's data.
        destination = mail_destination(None)
    return destination


def is_open(destination: Destination, ask: Ask, stops: Held) -> bool:
    """Whether *destination* may be used for it: nobody has stopped or paused it."""
    stopped = stops.covers(destination) or ask.blog_id in stops.blogs
    return not stopped and destination.state == DestinationState.ACTIVE


def claim(ask: Ask) -> bool:
    """Take *ask* for one try, and commit that; False if somebody else has."""
    lease = database_now() + LEASE
    if not _seen(ask).update(state=AskState.SENDING, due_at=lease, tries=F("tries") + 1):
        return False
    ask.state, ask.due_at, ask.tries = AskState.SENDING, lease, ask.tries + 1
    return True


def _hand_in(
    ask: Ask, letter: Letter, destination: Destination, way: _Way, relays: _Relays
) -> bool:
    held_by_me = _seen(ask)
    try:
        mail = letter.mail(way.connection.relay, database_now(), way.signer)
        way.connection.send(ask.address, mail, SEND_DEADLINE)
    except ChannelError as error:
        log.warning("mail to reader not sent", ask=ask.pk, outcome=error.outcome)
        now = database_now()
        match error:
            case Unauthorised():
                held_by_me.update(state=AskState.WAITING, due_at=now, tries=F("tries") - 1)
                relays.failed(destination, error)
            case TryLater() if ask.tries <= len(BACKOFF):
                wait = BACKOFF[ask.tries - 1]
                held_by_me.update(state=AskState.WAITING, due_at=now + wait)
            case TryLater() | Rejected():
                held_by_me.update(state=AskState.REFUSED, due_at=None)
            case _:
                held_by_me.update(state=AskState.UNCERTAIN, due_at=None)
        return False
    now = database_now()
    held_by_me.update(state=AskState.SENT, due_at=None, ends_at=now + LASTS)
    end_alert(_alert(destination), now)
    log.info("mail to reader handed in", ask=ask.pk, kind=ask.kind)
    return True


def _seen(ask: Ask) -> QuerySet[Ask]:
    """The row, if it is still as this process knows it: *due_at* is the fence."""
    return Ask.objects.filter(pk=ask.pk, state=ask.state, due_at=ask.due_at)


def _alert(destination: Destination) -> str:
    return alert_key(destination, "relay")
