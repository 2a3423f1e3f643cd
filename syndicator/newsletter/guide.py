"""What to ask for before mail can go out."""

from __future__ import annotations

from syndicator.channels.base import Guide
from syndicator.wording import gettext_noop

GUIDE = Guide(
    needs=gettext_noop("A mail server that takes your mail, and a sender address of your own."),
    steps=(
        gettext_noop(
            "Ask whoever runs your mail server for its address, and for a user name and password "
            "if it wants them."
        ),
        gettext_noop(
            "Choose a sender address. The mail server must be allowed to send for its domain and "
            "sign with it (SPF, DKIM), or the mail ends up as spam."
        ),
        gettext_noop(
            "The readers' addresses come later: on the desk under Settings, at each live blog."
        ),
    ),
    address=gettext_noop(
        "For instance smtp+starttls://mail.example.org:587, or smtp://127.0.0.1:25 for a mail "
        "server on this machine."
    ),
)
