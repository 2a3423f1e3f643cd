"""Facebook Pages as a channel: the whole entry as text, with a link card or with its pictures."""

from __future__ import annotations

from collections.abc import Mapping
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
from syndicator.channels.facebook import comments
from syndicator.channels.facebook.client import CARD_OR_PICTURES, FacebookClient
from syndicator.channels.facebook.guide import GUIDE
from syndicator.channels.facebook.photos import LARGEST_PICTURE, MOST_PICTURES
from syndicator.channels.facebook.sign_in import BASE_URL, FacebookSignIn
from syndicator.channels.fitting import Draft, fit
from syndicator.channels.templating import render_text
from syndicator.content import Story
from syndicator.wording import Wording, gettext_noop

PICTURE_TOO_LARGE = Wording(gettext_noop("A picture is too large for Facebook."))


class FacebookChannel(Channel):
    name = "facebook"
    label = "Facebook"
    default_base_url = BASE_URL
    settings = (
        Setting("page_id", gettext_noop("Page id")),
        Setting("page_access_token", gettext_noop("Page access token"), secret=True),
        Setting(
            "app_id",
            gettext_noop("App id"),
            required=False,
            help=gettext_noop("The number of your app on developers.facebook.com."),
        ),
        Setting(
            "app_secret",
            gettext_noop("App secret"),
            secret=True,
            required=False,
            help=gettext_noop("Lets Facebook check that calls come from your app."),
        ),
    )
    look_up_strength = LookUpStrength.STRONG
    settle_time = timedelta(seconds=30)
    limit = 63_206
    capabilities = frozenset(
        {Capability.EDIT, Capability.DELETE, Capability.PICTURES, Capability.REPLY}
    )
    most_pictures = MOST_PICTURES
    sign_in = FacebookSignIn()
    guide = GUIDE

    def render(self, story: Story) -> Message | None:
        pictures = story.pictures[: self.most_pictures]
        permalink = story.entry.permalink

        def write(draft: Draft) -> str:
            return render_text(
                __package__,
                "post.txt.jinja",
                headline=draft.headline,
                body=draft.body,
                pictures=pictures,
                credits=draft.credits,
                permalink=permalink,
                in_reply_to=story.in_reply_to,
                author=story.entry.author,
                blog_title=story.blog_title,
                key_event=story.entry.key_event,
            )

        limit = comments.LONGEST if story.in_reply_to else self.limit
        text = fit(story, write, self.length, limit, pictures=pictures)
        if text is None:
            return None
        return Message(
            text,
            permalink,
            # A post has either a link card or pictures.
            link="" if pictures or story.in_reply_to else permalink,
            audience=story.blog_slug,
            language=story.language,
            pictures=pictures,
            in_reply_to=story.in_reply_to,
        )

    def problems(self, message: Message) -> list[Wording]:
        found = super().problems(message)
        over = self.length(message.text) - comments.LONGEST
        if message.in_reply_to and over > 0:
            found.append(Wording(comments.TOO_LONG, {"over": over}))
        if message.pictures and message.link:
            found.append(CARD_OR_PICTURES)
        if any(picture.size > LARGEST_PICTURE for picture in message.pictures):
            found.append(PICTURE_TOO_LARGE)
        return found

    def account_name(self, settings: Mapping[str, str]) -> str:
        return settings.get("page_id", "")

    def account_url(self, settings: Mapping[str, str]) -> str:
        page = settings.get("page_id", "")
        return f"https://www.facebook.com/{quote(page)}" if page else ""

    def client(self, account: Account) -> FacebookClient:
        return FacebookClient(account)
