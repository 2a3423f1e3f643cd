"""A live blog's sign-up: what it is before anybody has set it, and changing it."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext

from syndicator.channels.email.words import GERMAN, words_for
from syndicator.clock import database_now
from syndicator.destinations.models import Destination, DestinationState, Policy
from syndicator.entries.models import LiveBlog
from syndicator.newsletter.models import Pace
from syndicator.signup.models import ConsentText, SignUp


def spoken(language: str) -> str:
    """The language readers of a live blog in *language* are spoken to in: that of its mails."""
    return "de" if words_for(language) is GERMAN else "en"


def usual_consent(blog: LiveBlog) -> str:
    """What the readers of *blog* agree to until the newsroom words it otherwise."""
    with translation.override(spoken(blog.language)):
        return gettext(
            "I want to get the live blog “%(blog)s” by email. My address is used for nothing else. "
            "I can end this at any time by a link in every mail."
        ) % {"blog": blog.title}


def set_up(
    blog: LiveBlog, *, is_open: bool, paces: Sequence[Pace], consent: str, framed_by: str = ""
) -> SignUp:
    """Save the sign-up of *blog*. A *consent* that reads otherwise than the last becomes a new
    version; proofs keep pointing at the old one."""
    with transaction.atomic():
        LiveBlog.objects.select_for_update().get(pk=blog.pk)
        latest = ConsentText.objects.filter(blog=blog).order_by("-version").first()
        if latest is None or latest.text != consent:
            latest = ConsentText.objects.create(
                blog=blog,
                version=latest.version + 1 if latest else 1,
                text=consent,
                made_at=database_now(),
            )
        sign_up, _created = SignUp.objects.update_or_create(
            blog=blog,
            defaults={
                "is_open": is_open,
                "paces": list(paces),
                "consent": latest,
                "framed_by": framed_by,
            },
        )
        return sign_up


def frame_ancestors(sign_up: SignUp) -> list[str]:
    """The origins whose pages may show the form in a frame."""
    return sign_up.framed_by.split() or [origin(sign_up.blog.canonical_url)]


def origin(address: str) -> str:
    """Scheme, host and port of a web address; `ValueError` if it has none, or something that would
    not end where a source of a content security policy does."""
    parts = urlsplit(address)
    host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    if parts.scheme not in ("http", "https") or not host or set(host) & set(" ;,'\"*"):
        raise ValueError(address)
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")


def mail_destination(blog: LiveBlog | None) -> Destination | None:
    """Whose mail server and sender address the mails to readers of *blog* go through (None: of no
    blog in particular): that of its newsletter. One that works comes before one that is paused."""
    by_mail = Destination.objects.filter(channel_name="email").exclude(
        state=DestinationState.DISCONNECTED
    )
    if blog is not None:
        routes = blog.routes.exclude(policy=Policy.OFF)
        by_mail = by_mail.filter(pk__in=routes.values("destination"))
    # “active” comes before “paused”.
    return by_mail.order_by("state", "pk").first()
