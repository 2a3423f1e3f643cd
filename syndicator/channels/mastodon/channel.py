"""Mastodon as a channel: 500 characters or what the server takes, the permalink among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

from syndicator.channels.base import (
    Account,
    Capability,
    Channel,
    LookUpStrength,
    Message,
    Setting,
)
from syndicator.channels.fitting import Draft, fit
from syndicator.channels.mastodon.client import MastodonClient
from syndicator.channels.mastodon.countable_length import countable_length
from syndicator.channels.mastodon.guide import GUIDE
from syndicator.channels.mastodon.limit import DEFAULT_LIMIT, limit_of
from syndicator.channels.mastodon.sign_in import MastodonSignIn
from syndicator.channels.templating import render_text
from syndicator.content import Story
from syndicator.wording import gettext_noop


class MastodonChannel(Channel):
    """For one server's *limit*: each sets its own, and rendering asks nobody."""

    name = "mastodon"
    label = "Mastodon"
    default_base_url = "https://mastodon.social"
    settings = (
        Setting(
            "handle",
            gettext_noop("Account name"),
            help=gettext_noop("With its server, for instance @morgenblatt@mastodon.social."),
        ),
        Setting("access_token", gettext_noop("Access token"), secret=True),
        Setting(
            "visibility",
            gettext_noop("Visibility"),
            required=False,
            default="public",
            help=gettext_noop(
                "public, unlisted (only on the profile) or private (only for followers)."
            ),
        ),
        Setting(
            "limit",
            gettext_noop("Longest post"),
            required=False,
            default=str(DEFAULT_LIMIT),
            help=gettext_noop("In characters, as many as the server takes."),
        ),
    )
    # Not the key: a repetition is safe only on servers that keep it, and for those alone.
    look_up_strength = LookUpStrength.STRONG
    settle_time = timedelta(seconds=30)
    key_lifetime = None
    capabilities = frozenset(
        {Capability.EDIT, Capability.DELETE, Capability.PICTURES, Capability.REPLY}
    )
    most_pictures = 4
    sign_in = MastodonSignIn()
    guide = GUIDE

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        self.limit = limit

    def for_settings(self, settings: Mapping[str, str]) -> MastodonChannel:
        limit = limit_of(settings)
        return self if limit == self.limit else MastodonChannel(limit)

    def render(self, story: Story) -> Message | None:
        # A picture's credit stays with it: rather no picture than one without.
        return self._render(story) or self._render(replace(story, pictures=()))

    def _render(self, story: Story) -> Message | None:
        pictures = story.pictures[: self.most_pictures]
        permalink = story.entry.permalink

        def write(draft: Draft) -> str:
            return render_text(
                __package__,
                "post.txt.jinja",
                headline=draft.headline,
                body=draft.body,
                credits=draft.credits,
                permalink=permalink,
                author=story.entry.author,
                blog_title=story.blog_title,
                key_event=story.entry.key_event,
            )

        text = fit(story, write, self.length, self.limit, pictures=pictures)
        if text is None:
            return None
        return Message(
            text,
            permalink,
            audience=story.blog_slug,
            language=story.language,
            pictures=pictures,
            in_reply_to=story.in_reply_to,
        )

    def account_name(self, settings: Mapping[str, str]) -> str:
        # The server is part of the address that is called.
        return settings.get("handle", "").lstrip("@").partition("@")[0].lower()

    def account_url(self, settings: Mapping[str, str]) -> str:
        name, _, server = settings.get("handle", "").lstrip("@").partition("@")
        return f"https://{quote(server)}/@{quote(name)}" if name and server else ""

    def length(self, text: str) -> int:
        # As it is sent: browsers end lines with two characters.
        return countable_length(text.replace("\r\n", "\n"))

    def client(self, account: Account) -> MastodonClient:
        return MastodonClient(account)
