"""Returned mails about a recipient's mail, and mailings that have gone out."""

from __future__ import annotations

from pathlib import Path

from syndicator.destinations.models import Destination
from syndicator.entries.models import LiveBlog
from syndicator.newsletter.models import Mailing, MailingRecipient, MailingState, RecipientState
from syndicator.newsletter.return_path import return_path
from syndicator.newsletter.subscribing import unsubscribe_url
from tests.newsletter.mailings import make_mailing
from tests.returns.conftest import RETURN_ADDRESS

SAMPLES = Path(__file__).parents[1] / "channels/email/returned"
PATH_IN_SAMPLES = "bounces+7-fx.abcdefghijklmnopqrstuvwx@paper.example"


def path_of(recipient: MailingRecipient) -> str:
    return return_path(recipient.pk, RETURN_ADDRESS, on=recipient.mailing.created_at)


def sample(name: str, recipient: MailingRecipient, path: str | None = None) -> bytes:
    """One of the samples, about the mail to *recipient*."""
    mail = (SAMPLES / f"{name}.eml").read_text()
    link = unsubscribe_url(recipient.subscription_id)
    return (
        mail.replace(PATH_IN_SAMPLES, path_of(recipient) if path is None else path)
        .replace("<aa.1@paper.example>", recipient.message_id)
        .replace("https://desk.paper.example/newsletter/unsubscribe/7.sig/", link)
        .encode()
    )


def gone_out(destination: Destination, blog: LiveBlog, *addresses: str) -> list[MailingRecipient]:
    """The recipients of a mailing that the relay took."""
    mailing = make_mailing(destination, blog, *addresses)
    mailing.recipients.update(state=RecipientState.ACCEPTED, due_at=None)
    Mailing.objects.filter(pk=mailing.pk).update(state=MailingState.DONE)
    return list(mailing.recipients.select_related("mailing").order_by("pk"))
