"""What to do on a Mastodon server before an account can be connected."""

from __future__ import annotations

from syndicator.channels.base import Guide
from syndicator.wording import gettext_noop

GUIDE = Guide(
    needs=gettext_noop("An account on any Mastodon server. It costs nothing."),
    steps=(
        gettext_noop(
            "Enter the address of the account's server. Nothing has to be prepared there."
        ),
        gettext_noop("Save, then sign in on the server as the account that is to post."),
        gettext_noop(
            "Or do without signing in: make an application on the server under Preferences, "
            "Development, with the scopes read:accounts, read:statuses, write:statuses and "
            "write:media, and enter its access token and the account's name."
        ),
    ),
    address=gettext_noop(
        "The server that the account is on, for instance https://mastodon.social."
    ),
)
