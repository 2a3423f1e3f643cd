"""What a live blog offers its readers; who asked for mail; the proof that they agreed."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from syndicator.entries.models import LiveBlog
from syndicator.newsletter.models import Pace, Subscription

#: For how long the link in a mail works; counted from when the mail was handed in.
LASTS = timedelta(hours=48)


def usual_paces() -> list[str]:
    """All but every single entry, of which a busy live blog has a hundred a day."""
    return [Pace.KEY_EVENTS, Pace.HOURLY, Pace.DAILY, Pace.AT_CLOSE]


class ConsentText(models.Model):
    """What readers of a live blog agree to. A version is never changed: a new text is a new one."""

    blog = models.ForeignKey(LiveBlog, on_delete=models.CASCADE, related_name="consent_texts")
    version = models.PositiveIntegerField()
    text = models.TextField(max_length=2000)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("blog", "version", name="one_consent_text_per_version")
        ]

    def __str__(self) -> str:
        return f"{self.version}: {self.text}"


class SignUp(models.Model):
    """How readers of a live blog may subscribe. Without a row they cannot."""

    blog = models.OneToOneField(
        LiveBlog, on_delete=models.CASCADE, primary_key=True, related_name="sign_up"
    )
    is_open = models.BooleanField(_("Readers can subscribe"), default=False)
    paces = models.JSONField(_("How often readers may choose to get mail"), default=usual_paces)
    consent = models.ForeignKey(
        ConsentText,
        on_delete=models.RESTRICT,
        related_name="+",
        verbose_name=_("What readers agree to"),
    )
    #: Origins, one a line. Empty: that of the live blog's own page.
    framed_by = models.TextField(
        _("Websites that may show the form in a frame"), max_length=2000, blank=True, default=""
    )

    def __str__(self) -> str:
        return str(self.blog)

    @property
    def offered(self) -> list[Pace]:
        return [pace for pace in Pace if pace in self.paces]


class AskKind(models.TextChoices):
    SUBSCRIBE = "subscribe"
    OWN_DATA = "own_data"


class AskState(models.TextChoices):
    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"
    NOTHING = "nothing"


class Ask(models.Model):
    """Somebody entered *address* on a page: the outbox of one mail to it, and what its link is
    good for. Nothing says that they are its owner; until the link is used, this is all there is.

    *due_at* is when to hand the mail in, or when the lease of the try under way ends (sending);
    NULL when nothing more is to be done. The link is made of *nonce* and a signature and works
    until *ends_at*; then the row goes. A mail that may be out is not sent again (uncertain), one
    that would have nothing to say is not sent at all (nothing). *blog*, *consent* and the wishes
    belong to a subscription; *asked_from* is a network, not an address.
    """

    kind = models.CharField(max_length=10, choices=AskKind)
    address = models.EmailField()
    blog = models.ForeignKey(LiveBlog, on_delete=models.CASCADE, null=True, related_name="+")
    pace = models.CharField(max_length=10, choices=Pace, blank=True, default="")
    daily_hour = models.PositiveSmallIntegerField(default=7)
    time_zone = models.CharField(max_length=60, blank=True, default="")
    consent = models.ForeignKey(ConsentText, on_delete=models.CASCADE, null=True, related_name="+")
    nonce = models.CharField(max_length=43)
    asked_at = models.DateTimeField()
    asked_from = models.CharField(max_length=49, blank=True, default="")
    state = models.CharField(max_length=10, choices=AskState, default=AskState.WAITING)
    due_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    ends_at = models.DateTimeField(db_index=True)
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index("address", "asked_at", name="asks_of_address"),
            models.Index("due_at", name="asks_due", condition=Q(due_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Consent(models.Model):
    """The proof that a subscriber agreed: to which text, when they asked and when they confirmed
    by the link in the mail, and from which networks (/24 of IPv4, /48 of IPv6). It goes with the
    subscription."""

    subscription = models.ForeignKey(
        Subscription, on_delete=models.CASCADE, related_name="consents"
    )
    text = models.ForeignKey(ConsentText, on_delete=models.RESTRICT, related_name="consents")
    asked_at = models.DateTimeField()
    asked_from = models.CharField(max_length=49, blank=True)
    confirmed_at = models.DateTimeField()
    confirmed_from = models.CharField(max_length=49, blank=True)

    def __str__(self) -> str:
        return f"{self.subscription}: {self.text.version}"
