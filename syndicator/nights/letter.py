"""The mail about a night."""

from __future__ import annotations

from datetime import datetime
from email.utils import parseaddr
from hashlib import sha256
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext, pgettext

from syndicator.nights.models import NightMail
from syndicator.nights.report import Night, Report
from syndicator.posts.models import Post

#: An entry without a headline is named by its own id, which may be long.
TITLE = 120


def compose(wish: NightMail, night: Night, told: Report) -> EmailMessage:
    """The mail to *wish*'s person, in their language. The same night makes the same Message-ID."""
    with translation.override(wish.language):
        day = date_format(night.day, pgettext("Django date format", "j M"), use_l10n=False)
        subject = gettext("The night to %(day)s: %(sent)s sent, %(failed)s failed") % {
            "day": day,
            "sent": told.went_out,
            "failed": told.failures,
        }
        if wish.blog:
            subject = f"{wish.blog.title}: {subject}"
        paragraphs = [
            _sums(told),
            *_failed(night, told),
            *_retracted(night, told),
            *_waiting(night, told),
            _closing(wish, night),
        ]
    return EmailMessage(
        subject=" ".join(subject.split()),
        body="\n\n".join(paragraphs) + "\n",
        to=[wish.user.email],
        headers={"Message-ID": _message_id(wish, night), "Auto-Submitted": "auto-generated"},
    )


def _sums(told: Report) -> str:
    lines = [
        ngettext("%(count)s post went out.", "%(count)s posts went out.", told.went_out)
        % {"count": told.went_out}
    ]
    lines += [
        f"  {one.name}: {one.sent}" + (f" (${one.spent:.2f})" if one.spent else "")
        for one in told.destinations
    ]
    if told.corrected:
        lines.append(gettext("Corrected there: %(count)s") % {"count": told.corrected})
    if told.deleted:
        lines.append(gettext("Deleted there: %(count)s") % {"count": told.deleted})
    lines.append(gettext("Spent: $%(amount)s") % {"amount": f"{told.spent:.2f}"})
    return "\n".join(lines)


def _failed(night: Night, told: Report) -> list[str]:
    if not told.failures:
        return [gettext("Nothing failed.")]
    head = gettext("Failed, or it is not clear whether it is out: %(count)s")
    return [
        "\n".join([head % {"count": told.failures}, *(_post(night, post) for post in told.failed)])
    ]


def _retracted(night: Night, told: Report) -> list[str]:
    if not told.retracted:
        return []
    lines = [
        f"- {_time(night, made.made_at)} {str(made.entry)[:TITLE]}\n"
        f"  {made.made_by}: {made.reason}\n  {_address('desk:entry', made.entry_id)}"
        for made in told.retracted
    ]
    return ["\n".join([gettext("Taken back:"), *lines])]


def _waiting(night: Night, told: Report) -> list[str]:
    if not told.waiting:
        return [gettext("Nothing waits for a person.")]
    head = ngettext(
        "%(count)s post waits for a person, the longest first:",
        "%(count)s posts wait for a person, the longest first:",
        told.waiting,
    )
    lines = (_post(night, post) for post in told.longest_waiting)
    return ["\n".join([head % {"count": told.waiting}, *lines])]


def _post(night: Night, post: Post) -> str:
    said = f"- {_time(night, post.changed_at)} {post.destination}: {str(post.entry)[:TITLE]}"
    why = f"\n  {post.wording.said(gettext)}" if post.wording else ""
    return f"{said}{why}\n  {_address('desk:entry', post.entry_id)}"


def _closing(wish: NightMail, night: Night) -> str:
    query = {"day": night.day.isoformat(), **({"blog": wish.blog.pk} if wish.blog else {})}
    page = f"{_address('desk:night')}?{urlencode(query)}"
    return gettext("All of it, and where to stop this mail: %(address)s") % {"address": page}


def _address(name: str, *args: int) -> str:
    return f"{settings.BASE_URL}{reverse(name, args=args)}"


def _time(night: Night, moment: datetime) -> str:
    return f"{timezone.localtime(moment, ZoneInfo(night.zone)):%H:%M}"


def _message_id(wish: NightMail, night: Night) -> str:
    told = f"{settings.BASE_URL} {wish.user_id} {night.day}"
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    return f"<night.{sha256(told.encode()).hexdigest()[:32]}@{domain}>"
