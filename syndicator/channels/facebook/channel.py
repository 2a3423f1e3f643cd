"""Facebook Pages as a channel: the whole entry as text, the permalink as a link card."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import quote

from syndicator.channels.base import Account, Channel, LookUpStrength, Message, Setting
from syndicator.channels.facebook.client import FacebookClient
from syndicator.channels.fitting import Draft, fit
from syndicator.channels.templating import render_text
from syndicator.content import Story
from syndicator.wording import gettext_noop


class FacebookChannel(Channel):
    name = "facebook"
    label = "Facebook"
    default_base_url = "https://graph.facebook.com"
    settings = (
        Setting("page_id", gettext_noop("Page id")),
        Setting("page_access_token", gettext_noop("Page access token"), secret=True),
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

    def render(self, story: Story) -> Message | None:
        def write(draft: Draft) -> str:
            return render_text(
                __package__,
                "post.txt.jinja",
                headline=draft.headline,
                body=draft.body,
                permalink=story.entry.permalink,
                author=story.entry.author,
                blog_title=story.blog_title,
                key_event=story.entry.key_event,
            )

        text = fit(story, write, self.length, self.limit)
        if text is None:
            return None
        permalink = story.entry.permalink
        return Message(
            text, permalink, link=permalink, audience=story.blog_slug, language=story.language
        )

    def account_name(self, settings: Mapping[str, str]) -> str:
        return settings.get("page_id", "")

    def account_url(self, settings: Mapping[str, str]) -> str:
        page = settings.get("page_id", "")
        return f"https://www.facebook.com/{quote(page)}" if page else ""

    def client(self, account: Account) -> FacebookClient:
        return FacebookClient(account)
