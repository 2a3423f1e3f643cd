"""What every channel is made of.

A channel turns a `Story` into a `Message` (`Channel`), and a `Message` into a post on one account
(`Client`). Preview and sending share `Channel.render`, so that editors approve what is sent.

To write one, subclass both, override what is abstract, and raise nothing but `ChannelError`
subclasses from a client. docs/adding-a-channel.md walks through it.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar

from syndicator.content import Picture, Story
from syndicator.wording import Wording, gettext_noop

EMPTY = Wording(gettext_noop("The text is empty."))
NO_PERMALINK = gettext_noop(
    "The entry's permalink %(permalink)s is missing from the post. Put it back."
)
TOO_LONG = gettext_noop("The text is %(over)s characters too long for %(channel)s.")
TOO_MANY_PICTURES = gettext_noop("%(channel)s takes at most %(most)s pictures in a post.")


class Outcome(StrEnum):
    """The closed set of what a call to a platform can come to. Nothing else leaves a channel."""

    ACCEPTED = "accepted"
    TRY_LATER = "try_later"
    REJECTED = "rejected"
    UNAUTHORISED = "unauthorised"
    DUPLICATE = "duplicate"
    UNKNOWN = "unknown"


class ChannelError(Exception):
    """A call that did not end in an accepted post.

    *reason* is a sentence for an editor; *status* the HTTP or SMTP status, if there was one;
    *answer* what the platform said, already redacted; it is truncated where it is stored.
    """

    outcome: ClassVar[Outcome]

    def __init__(self, reason: Wording, *, status: int | None = None, answer: str = "") -> None:
        super().__init__(str(reason))
        self.reason = reason
        self.status = status
        self.answer = answer


class TryLater(ChannelError):
    """Provably not done, or the platform said when to come back.

    *retry_after*, if it did say, holds the whole account. *tries* is the number of tries after
    which there is no point in more of them; without it the engine's own limit holds.
    """

    outcome = Outcome.TRY_LATER

    def __init__(
        self,
        reason: Wording,
        *,
        retry_after: timedelta | None = None,
        tries: int | None = None,
        status: int | None = None,
        answer: str = "",
    ) -> None:
        super().__init__(reason, status=status, answer=answer)
        self.retry_after = retry_after
        self.tries = tries


class Rejected(ChannelError):
    """The platform refused this very post; sending it again cannot help."""

    outcome = Outcome.REJECTED


class Unauthorised(ChannelError):
    """The account cannot post at all: token, permission or billing."""

    outcome = Outcome.UNAUTHORISED


class Duplicate(ChannelError):
    """The platform says it has this already. Evidence, not proof: it is looked up."""

    outcome = Outcome.DUPLICATE


class Unknown(ChannelError):
    """Anything else. The post may be out: it is looked up, never sent again blindly."""

    outcome = Outcome.UNKNOWN


class Act(StrEnum):
    """What is done on the platform."""

    PUBLISH = "publish"
    EDIT = "edit"
    DELETE = "delete"


class Capability(StrEnum):
    """What a platform can do beyond publishing; the desk offers nothing else."""

    EDIT = "edit"
    DELETE = "delete"
    PICTURES = "pictures"
    THREAD = "thread"
    REPLY = "reply"
    #: Its readers can have several entries in one mail, at a pace of their own.
    DIGESTS = "digests"


@dataclass(frozen=True, slots=True)
class Card:
    """A link card that the channel makes itself, for platforms that do not read the page."""

    title: str
    description: str = ""
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One post, frozen: what is previewed, approved and sent, byte for byte.

    *text* is the post itself (for mail the text/plain part) and contains *permalink*, unless the
    platform carries it in *link* (a link card, described by *card* where the platform does not
    read the page). *subject* and *html* are mail's. *audience* names the live blog (its slug) for
    channels that address subscribers instead of followers. *pictures* go out with the post;
    *thread* is what the account answers itself with, one post after another. *published_at* (ISO
    8601) is the entry's own time, for platforms where a post's name is made of a time.
    *in_reply_to* is the platform's own name for a post of the account that this one answers in
    public; empty if it answers none.
    *urgent* are key events and breaking news: for readers who want nothing else at once.
    *about* is the entry's own permalink where *permalink* is another link to it, for channels that
    look the entry up by it.
    """

    text: str
    permalink: str
    link: str = ""
    subject: str = ""
    html: str = ""
    audience: str = ""
    language: str = ""
    pictures: tuple[Picture, ...] = ()
    thread: tuple[str, ...] = ()
    card: Card | None = None
    published_at: str = ""
    in_reply_to: str = ""
    urgent: bool = False
    about: str = ""

    def to_json(self) -> dict[str, Any]:
        said: dict[str, Any] = {
            "text": self.text,
            "permalink": self.permalink,
            "link": self.link,
            "subject": self.subject,
            "html": self.html,
            "audience": self.audience,
            "language": self.language,
        }
        # Left out where empty: the fingerprint of a post approved before they existed stays.
        if self.pictures:
            said["pictures"] = [picture.to_json() for picture in self.pictures]
        if self.thread:
            said["thread"] = list(self.thread)
        if self.card:
            said["card"] = asdict(self.card)
        if self.published_at:
            said["published_at"] = self.published_at
        if self.in_reply_to:
            said["in_reply_to"] = self.in_reply_to
        if self.urgent:
            said["urgent"] = True
        if self.about:
            said["about"] = self.about
        return said

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Message:
        texts = {name: value for name, value in data.items() if isinstance(value, str)}
        return cls(
            **texts,
            pictures=tuple(Picture(**picture) for picture in data.get("pictures", ())),
            thread=tuple(data.get("thread", ())),
            card=_card_from_json(data.get("card")),
            urgent=bool(data.get("urgent")),
        )

    def fingerprint(self) -> str:
        """Hex SHA-256 of the canonical JSON: what an approval is bound to."""
        canonical = json.dumps(self.to_json(), ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()

    @property
    def all_pictures(self) -> tuple[Picture, ...]:
        """Every picture that goes out with it, the link card's included."""
        of_card = self.card.picture if self.card else None
        return (*self.pictures, of_card) if of_card else self.pictures

    @property
    def own_permalink(self) -> str:
        """The entry's, whatever link to it goes out."""
        return self.about or self.permalink

    def carries_permalink(self) -> bool:
        """Whether the exact permalink leaves with the final bytes."""
        return bool(self.permalink) and self.permalink in (self.link, *self.text.split())

    def as_posted(self) -> str:
        """The text as readers get it, with the link card's address on a last line of its own."""
        if not self.link or self.link in self.text.split():
            return self.text
        return f"{self.text}\n\n{self.link}"

    def with_text(self, text: str) -> Message:
        return replace(self, text=text)


def _card_from_json(data: Mapping[str, Any] | None) -> Card | None:
    if data is None:
        return None
    picture = data["picture"]
    return Card(data["title"], data["description"], Picture(**picture) if picture else None)


#: Between the names in a `Receipt.remote_id`.
ALSO = "\n"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The platform's own name for an accepted post, and its public address if it has one.

    Where a thread goes with the post, the names of its other posts follow in *remote_id*, each
    after a `ALSO`: so that deleting it deletes them all. 200 characters of it are kept.

    *wait* is how long the platform's limits ask the account to wait before its next post. *note*
    tells an editor what is not as approved, though the post is out: a thread that broke off.
    """

    remote_id: str
    url: str = ""
    answer: str = ""
    status: int | None = None
    wait: timedelta = timedelta(0)
    note: Wording | None = None


@dataclass(frozen=True, slots=True)
class LookUp:
    """What a look-up found: *receipt*, or its absence.

    *complete* is true only if every post of the account since the given time was seen; absence
    in an incomplete look-up proves nothing. *platform_time* is the platform's own clock, if it
    told it: where that is far from ours, “since” may have meant another time than we did. *cost*
    is what looking cost, in US dollars.
    """

    receipt: Receipt | None
    complete: bool
    platform_time: datetime | None = None
    cost: Decimal = Decimal(0)


class LookUpStrength(StrEnum):
    """What a complete look-up without a trace is worth: proof, a hint for a person, nothing."""

    STRONG = "strong"
    WEAK = "weak"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Setting:
    """Something a destination of this channel has to know. Secrets are encrypted at rest.

    What is *kept* nobody enters: a sign-in or `Account.renew` fills it in.
    """

    name: str
    label: str
    secret: bool = False
    required: bool = True
    default: str = ""
    help: str = ""
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Guide:
    """What a person does to connect an account, for the desk. All of it may be left out.

    *needs* is a line about what they must have; *steps* what to do at the platform, a sentence or
    two each; *page* the platform's web page to begin on; *address* says what belongs into the
    field for the platform's address.
    """

    needs: str = ""
    steps: tuple[str, ...] = ()
    page: str = ""
    address: str = ""


def _no_pictures(picture: Picture) -> bytes:
    raise LookupError(f"nothing is stored as {picture.digest}")


#: Exchanges an account's settings, the newest ones there are, for those to use from now on.
Exchange = Callable[[Mapping[str, str]], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Account:
    """A destination as its client sees it: where to call, and with which settings and secrets.

    *base_url* is the only difference between a sandbox and the real platform. *open_picture* gives
    a picture's bytes; `LookupError` if they are gone. *renew*, given an `Exchange`, has it called
    by one worker at a time, keeps what it returns, and returns all settings as they are then. If
    another worker renewed them since this account was read, it returns those without a call.
    Only destinations that are stored have it.
    """

    base_url: str
    settings: Mapping[str, str] = field(default_factory=dict, repr=False)
    allow_private_addresses: bool = False
    open_picture: Callable[[Picture], bytes] = field(default=_no_pictures, repr=False)
    renew: Callable[[Exchange], Mapping[str, str]] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class AccountCheck:
    """What the platform says about an account: shown when it is connected, and before it ends.

    *picture* is the account's own, as the platform gave it (bytes of an image), or empty.
    *missing* are the permissions it lacks, and what else will make posts fail, a sentence each;
    *notes* what else is worth knowing. *ends_at* (aware) is when a person has to connect it anew;
    None if never, or if the platform does not tell.
    """

    name: str
    url: str = ""
    picture: bytes = field(default=b"", repr=False)
    missing: tuple[Wording, ...] = ()
    ends_at: datetime | None = None
    notes: tuple[Wording, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """One account that a sign-in leads to: *settings* are what the destination keeps of it."""

    label: str
    settings: Mapping[str, str] = field(repr=False)


class SignIn(ABC):
    """Connecting an account in the browser: the platform asks its owner, and sends them back."""

    #: The settings a person enters before they are sent to the platform.
    needs: ClassVar[Sequence[str]]

    @abstractmethod
    def begin(
        self, account: Account, *, redirect_uri: str, state: str
    ) -> tuple[str, Mapping[str, str]]:
        """The platform's page to send the browser to, and what `finish` has to be told."""

    @abstractmethod
    def finish(
        self,
        account: Account,
        *,
        redirect_uri: str,
        kept: Mapping[str, str],
        answer: Mapping[str, str],
        deadline: timedelta,
    ) -> Sequence[Choice]:
        """The accounts to choose from; a `ChannelError` if it was refused. *answer* is the query
        the platform sent the browser back with; its ``state`` has been checked."""


class Client(ABC):
    """Talks to one account. Made afresh for every task; makes one try, and never sleeps before
    another. It may wait within its deadline for what is part of the try: a picture that the
    platform is still working on."""

    @abstractmethod
    def send(self, message: Message, *, key: str, deadline: timedelta) -> Receipt:
        """Post *message*, in answer to `Message.in_reply_to` where that names a post, which it
        only does where the channel has `Capability.REPLY`; raise a `ChannelError` otherwise. That
        the post to answer is gone, or may not be answered, is `Rejected`.

        *key* is the post's idempotency key, the same at every try. The call ends within
        *deadline* whatever the platform does.
        """

    def edit(self, remote_id: str, message: Message, *, key: str, deadline: timedelta) -> Receipt:
        """Make the post *remote_id* say *message*. Doing it twice must change nothing more.

        Only called where the channel has `Capability.EDIT`.
        """
        raise NotImplementedError

    def delete(self, remote_id: str, *, key: str, deadline: timedelta) -> Receipt:
        """Delete the post *remote_id*, and what else it names; what is gone already counts as
        deleted, so that doing it again finishes what was interrupted.

        Only called where the channel has `Capability.DELETE`.
        """
        raise NotImplementedError

    def check(self, *, deadline: timedelta) -> AccountCheck:
        """Ask the platform about the account; changes nothing there. A `ChannelError` says why it
        cannot be used."""
        raise NotImplementedError

    def look_up(
        self, message: Message, *, key: str, since: datetime, deadline: timedelta
    ) -> LookUp:
        """Look for *message* among the account's posts since *since* (aware), and if it is a reply
        among those that answer the same post.

        A look-up that fails raises a `ChannelError`: it proves nothing. Channels that declare
        `LookUpStrength.NONE` leave this as it is: nobody calls it.
        """
        raise NotImplementedError


class Channel(ABC):
    """One platform: how a story becomes a message there, and what the platform can do."""

    name: ClassVar[str]
    label: ClassVar[str]
    default_base_url: ClassVar[str]
    settings: ClassVar[Sequence[Setting]]
    look_up_strength: ClassVar[LookUpStrength] = LookUpStrength.NONE
    #: How long after a try a post may still be missing from the platform's own index.
    settle_time: ClassVar[timedelta] = timedelta(seconds=30)
    #: How long the platform recognises the key of `Client.send`: within it, sending again under
    #: the same key cannot make a second post. None if it has no such key.
    key_lifetime: ClassVar[timedelta | None] = None
    #: The least time between two posts of one account, whatever the platform's limits say.
    gap: ClassVar[timedelta] = timedelta(0)
    #: The longest `Message.text`, in `length` units; None where there is no limit.
    limit: int | None = None
    capabilities: ClassVar[frozenset[Capability]] = frozenset()
    #: Whether minor entries may be gathered into one post, which the domain makes by `render`.
    gathers: ClassVar[bool] = True
    #: How many pictures a post takes at most.
    most_pictures: ClassVar[int] = 0
    #: How the account is connected in the browser, where the platform offers that.
    sign_in: ClassVar[SignIn | None] = None
    #: What to do at the platform before that, in words for a person.
    guide: ClassVar[Guide] = Guide()

    @abstractmethod
    def render(self, story: Story) -> Message | None:
        """The best message for *story*, fitted and with its permalink; None if nothing is left."""

    @abstractmethod
    def client(self, account: Account) -> Client:
        """A client for one account."""

    def for_settings(self, settings: Mapping[str, str]) -> Channel:
        """This channel as an account with *settings* needs it (secrets are not among them).

        Itself, unless something differs from one account to another: the limit of their servers.
        """
        return self

    def account_name(self, settings: Mapping[str, str]) -> str:
        """What tells one account from another among its *settings* and secrets.

        The same after keys were renewed: where a post is looked up must be where it was sent.
        """
        return "\n".join(settings.get(one.name, "") for one in self.settings if not one.secret)

    def account_url(self, settings: Mapping[str, str]) -> str:
        """Where a person sees the account's posts; empty if its *settings* do not say."""
        return ""

    def cost(self, message: Message, act: Act = Act.PUBLISH) -> Decimal:
        """What the platform charges for *act*, in US dollars."""
        return Decimal(0)

    def length(self, text: str) -> int:
        """How long *text* is by the platform's own count."""
        return len(text)

    def revise(self, message: Message, text: str) -> Message:
        """*message* with an editor's *text*; channels with derived parts rebuild them here."""
        return message.with_text(text)

    def problems(self, message: Message) -> list[Wording]:
        """Why *message* must not be sent, in words for an editor; empty if it may."""
        found = []
        if not message.text.strip():
            found.append(EMPTY)
        if not message.carries_permalink():
            found.append(Wording(NO_PERMALINK, {"permalink": message.permalink}))
        if self.limit is not None and (over := self.length(message.text) - self.limit) > 0:
            found.append(Wording(TOO_LONG, {"over": over, "channel": self.label}))
        if len(message.pictures) > self.most_pictures:
            found.append(
                Wording(TOO_MANY_PICTURES, {"most": self.most_pictures, "channel": self.label})
            )
        return found
