"""The rules for what comes back, and how far each destination's mailbox has been read."""

from __future__ import annotations

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from syndicator.destinations.models import Destination
from syndicator.wording import Wording

_PERCENT = [MinValueValidator(Decimal("0.1")), MaxValueValidator(Decimal(100))]


class Rules(models.Model):
    """What follows from what comes back; one row, or none: then these defaults hold."""

    soft_days = models.PositiveSmallIntegerField(
        _("days with undeliverable mail"),
        default=3,
        validators=[MinValueValidator(1), MaxValueValidator(30)],
        help_text=_("After mail came back on so many different days, an address is blocked."),
    )
    within_days = models.PositiveSmallIntegerField(
        _("within so many days"),
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
        help_text=_("A full mailbox or a mail server that is away is forgotten after that."),
    )
    bounce_percent = models.DecimalField(
        _("undeliverable, in percent"),
        max_digits=4,
        decimal_places=1,
        default=Decimal(5),
        validators=_PERCENT,
        help_text=_("A mailing of which more comes back is stopped, and you are told."),
    )
    complaint_percent = models.DecimalField(
        _("reported as spam, in percent"),
        max_digits=4,
        decimal_places=1,
        default=Decimal("0.3"),
        validators=_PERCENT,
        help_text=_("Likewise. Above 0.3 percent, Gmail and Yahoo refuse a sender's mail."),
    )
    from_mails = models.PositiveIntegerField(
        _("from so many mails on"),
        default=200,
        validators=[MinValueValidator(20)],
        help_text=_("In a smaller mailing, a few say nothing about the whole."),
    )
    kept_days = models.PositiveSmallIntegerField(
        _("days that recipients' addresses are kept"),
        default=90,
        validators=[MinValueValidator(14), MaxValueValidator(3650)],
        help_text=_("Then a mailing only keeps how many of its mails arrived and came back."),
    )

    def __str__(self) -> str:
        return str(_("Rules for undeliverable mail"))


#: There is one set of rules, so there is one row.
THE_RULES = 1


def the_rules() -> Rules:
    return Rules.objects.filter(pk=THE_RULES).first() or Rules(pk=THE_RULES)


class ReturnBox(models.Model):
    """How far a destination's mailbox has been read.

    *due_at* is when to look next, or when the lease of who is looking ends; *epoch* grows with
    every look and fences what is written after it. *problem* says why the last look failed.
    """

    destination = models.OneToOneField(
        Destination, on_delete=models.CASCADE, primary_key=True, related_name="return_box"
    )
    due_at = models.DateTimeField()
    epoch = models.PositiveIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0)
    read_at = models.DateTimeField(null=True)
    problem = models.JSONField(null=True)

    def __str__(self) -> str:
        return str(self.destination)

    @property
    def wording(self) -> Wording | None:
        return Wording.from_json(self.problem)
