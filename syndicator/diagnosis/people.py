"""Whether anybody would learn of trouble."""

from __future__ import annotations

from django.conf import settings

from syndicator.alerts.mailing import recipients
from syndicator.alerts.webhook import the_webhook
from syndicator.diagnosis.findings import Finding, problem
from syndicator.wording import TimedWording, Wording, gettext_noop

NOBODY = TimedWording(
    gettext_noop("No administrator has a mail address, so nobody is told when something stops.")
)
ENTER_AN_ADDRESS = Wording(gettext_noop("Enter one on the desk under Settings, People."))
NO_SERVER = TimedWording(
    gettext_noop("No mail server is set, so nobody is told when something stops.")
)
SET_A_SERVER = Wording(gettext_noop("Set SYNDICATOR_MAIL_URL and SYNDICATOR_MAIL_FROM."))


def somebody_is_told() -> list[Finding]:
    found: list[Finding] = []
    if the_webhook():
        return found
    if not settings.EMAIL_HOST:
        found.append(problem(NO_SERVER, SET_A_SERVER))
    if not recipients():
        found.append(problem(NOBODY, ENTER_AN_ADDRESS))
    return found
