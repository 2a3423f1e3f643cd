"""Mail as a channel: posting to it means making a mailing, whose fan-out follows by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import DatabaseError, transaction
from django.db.models import QuerySet

from syndicator.channels.base import (
    Account,
    AccountCheck,
    Capability,
    Channel,
    Client,
    LookUp,
    LookUpStrength,
    Message,
    Receipt,
    Rejected,
    Setting,
    TryLater,
    Unknown,
)
from syndicator.channels.email import rendering, revising
from syndicator.channels.email.handing_in import try_out
from syndicator.channels.email.mailbox import Box
from syndicator.channels.email.mime import UNSUBSCRIBE
from syndicator.channels.email.pictures import MOST_PICTURES
from syndicator.channels.email.relay import Relay
from syndicator.channels.email.signing import Signer
from syndicator.clock import database_now
from syndicator.content import Story
from syndicator.entries.models import LiveBlog
from syndicator.newsletter import return_path
from syndicator.newsletter.addressing import address
from syndicator.newsletter.guide import GUIDE
from syndicator.newsletter.lanes import lane_of
from syndicator.newsletter.limits import SETTINGS, Limits
from syndicator.newsletter.models import Mailing, Subscription
from syndicator.newsletter.pacing import told_at_once
from syndicator.outbound.deadline import Deadline, DeadlinePassed
from syndicator.wording import Wording, gettext_noop

LONGEST = timedelta(hours=1)

NO_SUBJECT = Wording(gettext_noop("The mail has no subject."))
NO_LINK = gettext_noop("The entry's permalink %(permalink)s is missing from the mail's HTML part.")
NO_WAY_OUT = Wording(gettext_noop("The link to unsubscribe is missing from the mail."))
NO_BLOG = Wording(gettext_noop("The live blog whose subscribers should get this mail is gone."))
TOO_SLOW = Wording(gettext_noop("The mailing could not be prepared in time."))
NOT_STORED = Wording(gettext_noop("The database did not say whether it took the mailing."))
PUBLISH = gettext_noop(
    "Publish this in the DNS, so that signatures count: %(name)s TXT “%(record)s”"
)
OTHER_DOMAIN = gettext_noop(
    "Mails are signed for %(domain)s, but the sender is at %(sender)s: DMARC counts that "
    "as no signature."
)


class NewsletterChannel(Channel):
    name = "email"
    label = gettext_noop("Email")
    default_base_url = "smtp://127.0.0.1:25"
    settings = (
        Setting(
            "from_address",
            gettext_noop("Sender address"),
            help=gettext_noop("What subscribers see as the sender."),
        ),
        Setting("from_name", gettext_noop("Sender name"), required=False),
        Setting("username", gettext_noop("User name on the mail server"), required=False),
        Setting(
            "password", gettext_noop("Password on the mail server"), secret=True, required=False
        ),
        Setting(
            "dkim_domain",
            gettext_noop("DKIM domain"),
            required=False,
            help=gettext_noop(
                "Only if your mail server does not sign: mails are signed here before they leave. "
                "Usually the domain of the sender address."
            ),
        ),
        Setting(
            "dkim_selector",
            gettext_noop("DKIM selector"),
            required=False,
            help=gettext_noop("A name for the key, for instance news2026."),
        ),
        Setting(
            "dkim_key",
            gettext_noop("DKIM key"),
            secret=True,
            required=False,
            help=gettext_noop(
                "The private key, from “-----BEGIN PRIVATE KEY-----” on. "
                "“syndicator dkim-key” makes one."
            ),
        ),
        Setting(
            return_path.SETTING,
            gettext_noop("Return address"),
            required=False,
            help=gettext_noop(
                "Where undeliverable mail comes back to, so that it is noticed here; best in the "
                "sender's domain. The mailbox must also take addresses with a “+” and more before "
                "the @. Empty: it goes to the sender address, and nobody here hears of it."
            ),
        ),
        Setting(
            "return_box",
            gettext_noop("Mailbox of the return address"),
            required=False,
            help=gettext_noop(
                "For instance imaps://imap.example.org/INBOX. It is read once a minute; what was "
                "understood is marked as read, all else also as important. Leave it empty if a "
                "mail server or a provider hands returned mail over by itself."
            ),
        ),
        Setting("return_username", gettext_noop("User name of the mailbox"), required=False),
        Setting(
            "return_password", gettext_noop("Password of the mailbox"), secret=True, required=False
        ),
        Setting(
            "return_webhook_key",
            gettext_noop("Key for the calls of a mail provider"),
            secret=True,
            required=False,
            help=gettext_noop("Begins with whsec_. The provider signs with it what it reports."),
        ),
        *SETTINGS,
    )
    look_up_strength = LookUpStrength.STRONG
    settle_time = timedelta(0)
    capabilities = frozenset({Capability.PICTURES, Capability.DIGESTS})
    # Digests are its way to gather.
    gathers = False
    most_pictures = MOST_PICTURES
    guide = GUIDE

    def render(self, story: Story) -> Message | None:
        message = rendering.render(story)
        return replace(message, about=story.about) if message and story.about else message

    def revise(self, message: Message, text: str) -> Message:
        return revising.revise(message, text)

    def problems(self, message: Message) -> list[Wording]:
        found = super().problems(message)
        if not message.subject.strip():
            found.append(NO_SUBJECT)
        if message.permalink not in rendering.link_targets(message.html):
            found.append(Wording(NO_LINK, {"permalink": message.permalink}))
        if message.html.count(UNSUBSCRIBE) != 1:
            found.append(NO_WAY_OUT)
        return found

    def account_name(self, settings: Mapping[str, str]) -> str:
        # How mails are signed does not make it another account.
        return "\n".join(
            settings.get(name, "") for name in ("from_address", "from_name", "username")
        )

    def client(self, account: Account) -> Client:
        return NewsletterClient(account)


class NewsletterClient(Client):
    """Makes mailings for the destination whose id is in the account's settings."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def send(self, message: Message, *, key: str, deadline: timedelta) -> Receipt:
        """Make the mailing called *key*, with one mail for each subscriber, all or nothing.

        The same key again makes nothing and gives the same receipt. The one thing waited for is
        the database: a long list may take it longer than *deadline*, but not longer than the
        caller has (`no_call_after`).
        """
        # Both refuse settings that no mail can be sent with.
        Relay.from_account(self._account)
        Limits.from_settings(self._account.settings)
        try:
            with Deadline(LONGEST) as ends, transaction.atomic():
                blog = LiveBlog.objects.get(slug=message.audience)
                mailing, created = Mailing.objects.get_or_create(
                    key=key,
                    defaults={
                        "destination_id": int(self._account.settings["destination_id"]),
                        "blog": blog,
                        "message": message.to_json(),
                        "lane": lane_of(blog, message.own_permalink),
                        "created_at": database_now(),
                    },
                )
                if created:
                    address(mailing, _readers(blog, message))
                receipt = _receipt(mailing)
                # Whoever asked may have been given up by now, and the post taken back.
                ends.check()
                return receipt
        except DeadlinePassed as error:
            raise TryLater(TOO_SLOW) from error
        except LiveBlog.DoesNotExist:
            raise Rejected(NO_BLOG) from None
        except DatabaseError as error:
            raise Unknown(NOT_STORED, answer=str(error)) from error

    def check(self, *, deadline: timedelta) -> AccountCheck:
        """Whether the mail server lets us in and the settings for returned mail make sense; and
        what to publish so that signatures count."""
        relay = Relay.from_account(self._account)
        signer = Signer.from_settings(self._account.settings)
        return_path.return_address(self._account.settings)
        if self._account.settings.get("return_box", "").strip():
            Box.from_account(self._account)
        Limits.from_settings(self._account.settings)
        try_out(relay, deadline)
        return AccountCheck(relay.from_address, notes=_notes(signer, relay) if signer else ())

    def look_up(
        self, message: Message, *, key: str, since: datetime, deadline: timedelta
    ) -> LookUp:
        try:
            mailing = Mailing.objects.filter(key=key).first()
        except DatabaseError as error:
            raise Unknown(NOT_STORED, answer=str(error)) from error
        return LookUp(_receipt(mailing) if mailing else None, complete=True)


def _notes(signer: Signer, relay: Relay) -> tuple[Wording, ...]:
    record = Wording(PUBLISH, {"name": signer.record_name, "record": signer.record})
    sender, domain = relay.from_address.rpartition("@")[2].lower(), signer.domain.lower()
    if f".{sender}".endswith(f".{domain}") or domain.endswith(f".{sender}"):
        return (record,)
    return (record, Wording(OTHER_DOMAIN, {"domain": domain, "sender": sender}))


def _readers(blog: LiveBlog, message: Message) -> QuerySet[Subscription]:
    """Who gets the mail of one entry now; the others read of it in their digest."""
    return told_at_once(blog, message.own_permalink, urgent=message.urgent).order_by("pk")


def _receipt(mailing: Mailing) -> Receipt:
    addressed = mailing.recipients.count()
    return Receipt(
        remote_id=f"mailing-{mailing.pk}",
        answer=f"Recipients: {addressed}."
        if addressed
        else "Nobody has asked for a mail like this one at once, so nobody gets it.",
    )
