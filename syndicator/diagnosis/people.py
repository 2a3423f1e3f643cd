"""Whether anybody would learn of trouble."""

from __future__ import annotations

from syndicator.accounts.models import Role, User
from syndicator.diagnosis.findings import Finding, problem
from syndicator.wording import TimedWording, Wording, gettext_noop

NOBODY = TimedWording(
    gettext_noop("No administrator has a mail address, so nobody is told when something stops.")
)
ENTER_AN_ADDRESS = Wording(gettext_noop("Enter one on the desk under Settings, People."))


def somebody_is_told() -> list[Finding]:
    admins = User.objects.filter(role=Role.ADMIN, is_active=True).exclude(email="")
    return [] if admins.exists() else [problem(NOBODY, ENTER_AN_ADDRESS)]
