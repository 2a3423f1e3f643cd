"""What to do at Facebook before a page can be connected."""

from __future__ import annotations

from syndicator.channels.base import Guide
from syndicator.wording import gettext_noop

GUIDE = Guide(
    page="https://developers.facebook.com/apps/",
    needs=gettext_noop("A page, a person who manages it on Facebook, and an app made by them."),
    steps=(
        gettext_noop(
            "Log in to Facebook's pages for developers as a person who manages the page, and "
            "create an app for managing pages."
        ),
        gettext_noop(
            "Give the app the permissions pages_show_list, pages_read_engagement, "
            "pages_manage_posts and pages_manage_engagement. Enter the callback address that "
            "stands below as a valid redirect address of Facebook Login."
        ),
        gettext_noop(
            "Copy the app's id and secret from its basic settings into the form. Save, then sign "
            "in: page id and page access token come by themselves."
        ),
        gettext_noop(
            "Or do without signing in: enter the page's id and an access token of the page that "
            "you got elsewhere."
        ),
    ),
)
