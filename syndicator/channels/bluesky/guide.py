"""What to do at Bluesky before an account can be connected."""

from __future__ import annotations

from syndicator.channels.base import Guide
from syndicator.wording import gettext_noop

GUIDE = Guide(
    page="https://bsky.app/settings/app-passwords",
    needs=gettext_noop("An account, and an app password made for it. It costs nothing."),
    steps=(
        gettext_noop("Log in to Bluesky as the account that is to post."),
        gettext_noop(
            "Under Settings, Privacy and security, App passwords add one and call it "
            "“Syndicator”. It needs no access to direct messages."
        ),
        gettext_noop("Copy it at once, Bluesky shows it only now, and enter it in the form."),
    ),
    address=gettext_noop("Change it only if the account is on a server of its own."),
)
