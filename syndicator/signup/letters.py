"""The mails to readers who asked for something: what each says, and its bytes.

Nothing in them comes from whoever asked: a form that anybody can fill in for anybody must not
carry messages.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import sha256

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext

from syndicator.channels.email.mime import POLICY
from syndicator.channels.email.relay import Relay
from syndicator.channels.email.signing import Signer
from syndicator.channels.email.wrapping import wrapped
from syndicator.entries.models import LiveBlog
from syndicator.newsletter.models import Pace, Subscriber, Subscription, SubscriptionState
from syndicator.newsletter.subscribing import preferences_url
from syndicator.signup import links
from syndicator.signup.models import Ask
from syndicator.signup.paces import said
from syndicator.signup.settings import spoken


@dataclass(frozen=True, slots=True)
class Button:
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail in the name of *blog*: *before* and *after* are paragraphs around the buttons, in
    *language*."""

    ask: Ask
    blog: LiveBlog | None
    language: str
    subject: str
    before: tuple[str, ...]
    buttons: tuple[Button, ...]
    after: tuple[str, ...]

    @property
    def text(self) -> str:
        paragraphs = [wrapped(paragraph) for paragraph in self.before]
        paragraphs += [f"{button.label}:\n{button.url}" for button in self.buttons]
        paragraphs += [wrapped(paragraph) for paragraph in self.after]
        return "\n\n".join(paragraphs) + "\n"

    @property
    def html(self) -> str:
        return render_to_string("signup/mail.html", {"letter": self, "language": self.language})

    def mail(self, relay: Relay, now: datetime, signer: Signer | None = None) -> bytes:
        """Its bytes, with CRLF line ends, signed if there is a signer. The Message-ID is the same
        at every try."""
        mail = EmailMessage(policy=POLICY)
        mail["From"] = f"{relay.from_name} <{relay.from_address}>".strip()
        mail["To"] = self.ask.address
        mail["Subject"] = " ".join(self.subject.split())
        mail["Date"] = format_datetime(now)
        mail["Message-ID"] = _message_id(self.ask, relay)
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(self.text, cte="quoted-printable")
        mail.add_alternative(self.html, subtype="html", cte="quoted-printable")
        made = mail.as_bytes()
        return signer.signed(made) if signer else made


def letter_for(ask: Ask) -> Letter | None:
    """What *ask*'s address is told now; None if it is to be told nothing."""
    if ask.blog is None:
        return _own_data(ask)
    running = Subscription.objects.filter(
        subscriber__email=ask.address, blog=ask.blog, state=SubscriptionState.ACTIVE
    ).first()
    with translation.override(spoken(ask.blog.language)):
        if running is not None:
            return already_subscribed(ask, ask.blog, running)
        return please_confirm(ask, ask.blog)


def please_confirm(ask: Ask, blog: LiveBlog) -> Letter:
    """To who is to become a subscriber of *blog*, in the language that is active."""
    zone = ask.time_zone or blog.time_zone
    pace = said(Pace(ask.pace), ask.daily_hour, zone)
    return Letter(
        ask,
        blog,
        spoken(blog.language),
        gettext("Please confirm: “%(blog)s” by email") % {"blog": blog.title},
        (
            gettext("Hello,"),
            gettext(
                "Somebody, probably you, wants to get the live blog “%(blog)s” at this address."
            )
            % {"blog": blog.title},
            gettext("How often: %(pace)s.") % {"pace": pace},
            gettext("If that is what you want, please confirm it. The link works for 48 hours."),
        ),
        (Button(gettext("Confirm the subscription"), links.address(ask)),),
        (
            gettext(
                "If it was not you, do nothing: without the confirmation you get no mail, and "
                "your address is deleted."
            ),
        ),
    )


def already_subscribed(ask: Ask, blog: LiveBlog, running: Subscription) -> Letter:
    """To who is a subscriber of *blog*, in the language that is active."""
    return Letter(
        ask,
        blog,
        spoken(blog.language),
        gettext("You have subscribed to “%(blog)s” already") % {"blog": blog.title},
        (
            gettext("Hello,"),
            gettext(
                "Somebody, probably you, wants to get the live blog “%(blog)s” at this address. "
                "You get it already, so nothing was changed."
            )
            % {"blog": blog.title},
            gettext("How often you get mail, and whether at all, is yours to set here:"),
        ),
        (Button(gettext("Your preferences"), preferences_url(running.pk)),),
        (gettext("If it was not you, do nothing."),),
    )


def _own_data(ask: Ask) -> Letter | None:
    subscriber = Subscriber.objects.filter(email=ask.address).first()
    if subscriber is None:
        return None
    newest = (
        Subscription.objects.filter(subscriber=subscriber)
        .select_related("blog")
        .order_by("state", "-confirmed_at")  # “active” comes first
        .first()
    )
    with translation.override(spoken(newest.blog.language) if newest else settings.LANGUAGE_CODE):
        return own_data(ask, newest)


def own_data(ask: Ask, newest: Subscription | None) -> Letter:
    """To who may see what is kept of them, in the language that is active; *newest* is the
    subscription they think of first."""
    buttons = [Button(gettext("Your preferences"), preferences_url(newest.pk))] if newest else []
    return Letter(
        ask,
        newest.blog if newest else None,
        translation.get_language(),
        gettext("Your preferences and your data"),
        (
            gettext("Hello,"),
            gettext(
                "You, or somebody else, asked for this mail on our pages. Here you set how "
                "often you get which live blog, and see what we keep of you."
            ),
        ),
        (*buttons, Button(gettext("See or delete your data"), links.address(ask))),
        (
            gettext(
                "The link to your data works for 48 hours. Do not pass this mail on: whoever "
                "has it can see and change all this. If it was not you, do nothing."
            ),
        ),
    )


def _message_id(ask: Ask, relay: Relay) -> str:
    name = sha256(f"{ask.pk} {ask.nonce}".encode()).hexdigest()[:32]
    return f"<{name}@{relay.from_address.rpartition('@')[2]}>"
