"""What to do at X before an account can be connected."""

from __future__ import annotations

from syndicator.channels.base import Guide
from syndicator.wording import gettext_noop

GUIDE = Guide(
    page="https://console.x.com",
    needs=gettext_noop(
        "The account's log-in, and credits bought from X: a post with a link costs $0.20."
    ),
    steps=(
        gettext_noop(
            "Log in to X's developer console as the account that is to post. Buy credits there, "
            "and set a spending limit."
        ),
        gettext_noop(
            "Create an app. Under its user authentication settings choose “Read and write” and "
            "“Web App”, and enter the callback address that stands below."
        ),
        gettext_noop(
            "Copy the app's OAuth 2 client ID and client secret into the form. Save, then sign in."
        ),
        gettext_noop(
            "Or do without signing in: have X make the API key with its secret and the access "
            "token with its secret, after “Read and write” is set, and enter all four."
        ),
    ),
)
