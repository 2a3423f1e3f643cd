"""X as a channel: 280 weighted characters, the permalink among them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import quote

from syndicator.channels.base import Account, Channel, LookUpStrength, Message, Setting
from syndicator.channels.fitting import Draft, fit, permalink_count
from syndicator.channels.templating import render_text
from syndicator.channels.x.client import XClient
from syndicator.channels.x.weighted_length import weighted_length
from syndicator.content import Story
from syndicator.wording import Wording, gettext_noop

#: X takes one cashtag in a post: https://docs.x.com/x-api/posts/creation-of-a-post
CASHTAG = re.compile(r"(?<![\w$])\$[A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?(?!\w)")


class XChannel(Channel):
    name = "x"
    label = "X"
    default_base_url = "https://api.x.com"
    settings = (
        Setting("consumer_key", gettext_noop("API key"), secret=True),
        Setting("consumer_secret", gettext_noop("API key secret"), secret=True),
        Setting("access_token", gettext_noop("Access token"), secret=True),
        Setting("access_token_secret", gettext_noop("Access token secret"), secret=True),
        Setting(
            "handle",
            gettext_noop("Account name"),
            required=False,
            help=gettext_noop("As in @name; only for the desk: the preview, and where to look."),
        ),
    )
    look_up_strength = LookUpStrength.STRONG
    settle_time = timedelta(seconds=30)
    limit = 280

    def render(self, story: Story) -> Message | None:
        permalink = story.entry.permalink

        def write(draft: Draft) -> str:
            return render_text(
                __package__,
                "post.txt.jinja",
                headline=_accepted(draft.headline),
                body=_accepted(draft.body),
                permalink=permalink,
                author=story.entry.author,
                blog_title=story.blog_title,
                key_event=story.entry.key_event,
            )

        text = fit(story, write, self.length, self.limit)
        if text is None:
            return None
        return Message(text, permalink, audience=story.blog_slug, language=story.language)

    def account_name(self, settings: Mapping[str, str]) -> str:
        # An OAuth 1.0a user token begins with the user's own id.
        return settings.get("access_token", "").partition("-")[0]

    def account_url(self, settings: Mapping[str, str]) -> str:
        handle = settings.get("handle", "").lstrip("@")
        return f"https://x.com/{quote(handle)}" if handle else ""

    def length(self, text: str) -> int:
        # As it is sent: browsers end lines with two characters.
        return weighted_length(text.replace("\r\n", "\n"))

    def client(self, account: Account) -> XClient:
        return XClient(account)

    def problems(self, message: Message) -> list[Wording]:
        found = super().problems(message)
        if permalink_count(message.text, message.permalink) > 1:
            found.append(Wording(gettext_noop("The permalink stands in the text more than once.")))
        if len(CASHTAG.findall(message.text)) > 1:
            found.append(Wording(gettext_noop("X takes only one cashtag ($…) in a post.")))
        return found


def _accepted(text: str) -> str:
    """*text* without the characters for which X refuses a whole post."""
    return text.translate(dict.fromkeys((0xFFFE, 0xFEFF, 0xFFFF)))
