"""Bluesky as a channel: 300 graphemes; the permalink as a card, or in the text with pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

from syndicator.channels.base import (
    NO_PERMALINK,
    Account,
    Capability,
    Card,
    Channel,
    LookUpStrength,
    Message,
    Setting,
)
from syndicator.channels.bluesky.client import BlueskyClient
from syndicator.channels.bluesky.guide import GUIDE
from syndicator.channels.bluesky.records import LARGEST_IMAGE, LARGEST_THUMB, MOST_IMAGES
from syndicator.channels.bluesky.rich_text import MOST_GRAPHEMES, rich_text
from syndicator.channels.bluesky.sessions import SETTING, identifier
from syndicator.channels.bluesky.teaser import first_sentence
from syndicator.channels.fitting import Draft, fit
from syndicator.channels.fitting.pieces import cleaned_text
from syndicator.channels.templating import render_text
from syndicator.content import Picture, Story
from syndicator.wording import Wording, gettext_noop

PICTURE_TOO_LARGE = Wording(
    gettext_noop("A picture is larger than Bluesky takes. Post without it.")
)


class BlueskyChannel(Channel):
    name = "bluesky"
    label = "Bluesky"
    default_base_url = "https://bsky.social"
    settings = (
        Setting(
            "handle",
            gettext_noop("Account name"),
            help=gettext_noop("For instance @morgenblatt.bsky.social."),
        ),
        Setting(
            "app_password",
            gettext_noop("App password"),
            secret=True,
            help=gettext_noop(
                "Not the account's own password: make one in Bluesky under Settings, Privacy and "
                "security, App passwords."
            ),
        ),
        Setting(SETTING, gettext_noop("Session"), secret=True, required=False, kept=True),
    )
    look_up_strength = LookUpStrength.STRONG
    # The repository itself is asked, and no index lags behind it. What may be missing is a request
    # that is still on its way; the engine waits for that as long as a call may take.
    settle_time = timedelta(seconds=1)
    limit = MOST_GRAPHEMES
    capabilities = frozenset(
        {Capability.EDIT, Capability.DELETE, Capability.PICTURES, Capability.REPLY}
    )
    most_pictures = MOST_IMAGES
    guide = GUIDE

    def render(self, story: Story) -> Message | None:
        # A picture's credit stays with it: rather no picture than one without.
        return self._render(story) or self._render(replace(story, pictures=()))

    def _render(self, story: Story) -> Message | None:
        pictures = _as_images(story.pictures)
        thumb = None if pictures else _as_thumb(story.pictures)
        shown = pictures or ((thumb,) if thumb else ())
        permalink = story.entry.permalink
        # The post that a reply answers has the card already.
        in_text = bool(pictures or story.in_reply_to)

        def write(draft: Draft) -> str:
            return render_text(
                __package__,
                "post.txt.jinja",
                headline=draft.headline,
                body=draft.body,
                credits=draft.credits,
                permalink=permalink if in_text else "",
                author=story.entry.author,
                blog_title=story.blog_title,
                key_event=story.entry.key_event,
            )

        text = fit(story, write, self.length, self.limit, pictures=shown)
        if not text:
            return None
        published_at = story.entry.published_at
        return Message(
            text,
            permalink,
            link="" if in_text else permalink,
            audience=story.blog_slug,
            language=story.language,
            pictures=pictures,
            card=None if in_text else _card(story, thumb),
            published_at=published_at.isoformat() if published_at else "",
            in_reply_to=story.in_reply_to,
        )

    def account_name(self, settings: Mapping[str, str]) -> str:
        return identifier(settings)

    def account_url(self, settings: Mapping[str, str]) -> str:
        handle = identifier(settings)
        return f"https://bsky.app/profile/{quote(handle)}" if handle else ""

    def length(self, text: str) -> int:
        """In graphemes as it is posted, with short links; or in tens of bytes if that is more."""
        return rich_text(text).length

    def client(self, account: Account) -> BlueskyClient:
        return BlueskyClient(account)

    def problems(self, message: Message) -> list[Wording]:
        found = super().problems(message)
        missing = Wording(NO_PERMALINK, {"permalink": message.permalink})
        # Pictures take the place of the card, and its link with it.
        if message.pictures and message.permalink not in message.text.split():
            found = [*(one for one in found if one != missing), missing]
        thumb = message.card.picture if message.card else None
        if any(one.size > LARGEST_IMAGE for one in message.pictures) or (
            thumb and thumb.size > LARGEST_THUMB
        ):
            found.append(PICTURE_TOO_LARGE)
        return found


def _as_images(pictures: tuple[Picture, ...]) -> tuple[Picture, ...]:
    """Those to post as pictures: none if one has no description for people who cannot see it."""
    small = tuple(one for one in pictures if one.size <= LARGEST_IMAGE)[:MOST_IMAGES]
    return small if all(one.alt for one in small) else ()


def _as_thumb(pictures: tuple[Picture, ...]) -> Picture | None:
    return next((one for one in pictures if one.size <= LARGEST_THUMB), None)


def _card(story: Story, thumb: Picture | None) -> Card:
    title = cleaned_text(story.entry.headline, "") or story.blog_title
    return Card(title, first_sentence(story.entry, story.language), thumb)
