"""X as a channel: 280 weighted characters, the permalink among them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar
from urllib.parse import quote

from syndicator.channels.base import (
    Account,
    Act,
    Capability,
    Channel,
    LookUpStrength,
    Message,
    Setting,
    SignIn,
)
from syndicator.channels.fitting import Draft, fit, permalink_count
from syndicator.channels.templating import render_text
from syndicator.channels.x import prices
from syndicator.channels.x.client import XClient
from syndicator.channels.x.connection import user_id_of
from syndicator.channels.x.guide import GUIDE
from syndicator.channels.x.media import LONGEST_ALT
from syndicator.channels.x.sign_in import XSignIn
from syndicator.channels.x.threads import parts_after
from syndicator.channels.x.weighted_length import weighted_length
from syndicator.content import Picture, Story
from syndicator.wording import Wording, gettext_noop

#: X takes one cashtag in a post: https://docs.x.com/x-api/posts/creation-of-a-post
CASHTAG = re.compile(r"(?<![\w$])\$[A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?(?!\w)")
THREAD_TOO_LONG = gettext_noop("Answer %(number)s of the thread is %(over)s characters too long.")


class XChannel(Channel):
    name = "x"
    label = "X"
    default_base_url = "https://api.x.com"
    settings = (
        Setting(
            "client_id",
            gettext_noop("Client ID (OAuth 2)"),
            required=False,
            help=gettext_noop("For signing in at X. Or enter the four keys of OAuth 1.0a below."),
        ),
        Setting(
            "client_secret", gettext_noop("Client secret (OAuth 2)"), secret=True, required=False
        ),
        Setting("consumer_key", gettext_noop("API key"), secret=True, required=False),
        Setting("consumer_secret", gettext_noop("API key secret"), secret=True, required=False),
        Setting("access_token", gettext_noop("Access token"), secret=True, required=False),
        Setting(
            "access_token_secret", gettext_noop("Access token secret"), secret=True, required=False
        ),
        Setting(
            "handle",
            gettext_noop("Account name"),
            required=False,
            help=gettext_noop("As in @name; only for the desk: the preview, and where to look."),
        ),
        Setting("oauth2_access_token", "", secret=True, required=False, kept=True),
        Setting("oauth2_refresh_token", "", secret=True, required=False, kept=True),
        Setting("oauth2_expires_at", "", required=False, kept=True),
        Setting("oauth2_scopes", "", required=False, kept=True),
        Setting("user_id", "", required=False, kept=True),
    )
    look_up_strength = LookUpStrength.STRONG
    settle_time = timedelta(seconds=30)
    limit = 280
    #: Edits need a Premium account, within an hour, and each makes a post of a new id.
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {Capability.DELETE, Capability.PICTURES, Capability.THREAD, Capability.REPLY}
    )
    most_pictures = 4
    sign_in: ClassVar[SignIn | None] = XSignIn()
    guide = GUIDE

    def render(self, story: Story) -> Message | None:
        pictures = _allowed_together(story.pictures)
        # A picture's credit stays with it: rather no picture than one without.
        return self._render(story, pictures) or self._render(story, ())

    def _render(self, story: Story, pictures: tuple[Picture, ...]) -> Message | None:
        permalink = story.entry.permalink
        told = ""

        def write(draft: Draft) -> str:
            nonlocal told
            told = draft.body
            return render_text(
                __package__,
                "post.txt.jinja",
                headline=_accepted(draft.headline),
                body=_accepted(draft.body),
                credits=_accepted(draft.credits),
                permalink=permalink,
                author=story.entry.author,
                blog_title=story.blog_title,
                key_event=story.entry.key_event,
            )

        text = fit(story, write, self.length, self.limit, pictures=pictures)
        if text is None:
            return None
        # What `fit` wrote last is what it chose.
        thread: tuple[str, ...] = ()
        if story.thread:
            thread = parts_after(told, story, pictures, self.length, self.limit)
        return Message(
            text,
            permalink,
            audience=story.blog_slug,
            language=story.language,
            pictures=pictures,
            thread=tuple(map(_accepted, thread)),
            in_reply_to=story.in_reply_to,
        )

    def account_name(self, settings: Mapping[str, str]) -> str:
        return user_id_of(settings)

    def account_url(self, settings: Mapping[str, str]) -> str:
        handle = settings.get("handle", "").lstrip("@")
        return f"https://x.com/{quote(handle)}" if handle else ""

    def cost(self, message: Message, act: Act = Act.PUBLISH) -> Decimal:
        if act == Act.DELETE:
            return prices.DELETE * (1 + len(message.thread))
        posts = sum(map(prices.of_post, (message.text, *message.thread)), Decimal(0))
        described = sum(bool(picture.alt) for picture in message.pictures)
        return posts + described * prices.ALT_TEXT

    def length(self, text: str) -> int:
        # As it is sent: browsers end lines with two characters.
        return weighted_length(text.replace("\r\n", "\n"))

    def revise(self, message: Message, text: str) -> Message:
        return message.with_text(_accepted(text))

    def client(self, account: Account) -> XClient:
        return XClient(account)

    def problems(self, message: Message) -> list[Wording]:
        found = super().problems(message)
        if permalink_count(message.text, message.permalink) > 1:
            found.append(Wording(gettext_noop("The permalink stands in the text more than once.")))
        if len(CASHTAG.findall(message.text)) > 1:
            found.append(Wording(gettext_noop("X takes only one cashtag ($…) in a post.")))
        for number, part in enumerate(message.thread, start=1):
            if (over := self.length(part) - self.limit) > 0:
                found.append(Wording(THREAD_TOO_LONG, {"number": number, "over": over}))
        return found


def _allowed_together(pictures: tuple[Picture, ...]) -> tuple[Picture, ...]:
    """As many as X takes in one post: four still ones, or one that moves."""
    moving = [picture for picture in pictures if picture.media_type == "image/gif"]
    chosen = tuple(moving[:1]) or pictures[: XChannel.most_pictures]
    return tuple(replace(picture, alt=picture.alt[:LONGEST_ALT]) for picture in chosen)


def _accepted(text: str) -> str:
    """*text* without the characters for which X refuses a whole post."""
    return text.translate(dict.fromkeys((0xFFFE, 0xFEFF, 0xFFFF)))
