"""What readers may enter, and what only programs do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.signing import BadSignature, Signer
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from syndicator.clock import database_now
from syndicator.newsletter.models import Pace, Subscription
from syndicator.newsletter.subscribing import normalise
from syndicator.signup.asking import Wishes
from syndicator.signup.models import ConsentText, SignUp
from syndicator.signup.paces import CHOICES, HOURS, ZONES, is_zone

_shown_signer = Signer(salt="syndicator.signup.shown", sep=".")
#: Nobody reads the page, types an address and presses the button faster.
QUICKEST = timedelta(seconds=2)

USUAL_HOUR = 7

ONCE_MORE = _("Please check what you entered, and press the button once more.")
AGREE = _("The text below has changed. Please read it, and press the button once more.")


class AddressForm(forms.Form):
    """An address, and a field that people do not see (*remark*): programs fill in all they find.

    *shown* says when our own page was shown; the form on other websites has none.
    """

    email = forms.CharField(
        label=_("Your email address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email"}),
    )
    remark = forms.CharField(
        label=_("Please leave this empty"),
        required=False,
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )
    shown = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, posted: QueryDict | None = None, initial: dict[str, Any] | None = None
    ) -> None:
        super().__init__(posted, initial=initial, label_suffix="")
        self.now_shown = _shown_signer.sign(str(int(database_now().timestamp())))

    @property
    def by_program(self) -> bool:
        return bool(self.data.get("remark"))

    def clean_email(self) -> str:
        return normalise(self.cleaned_data["email"])

    def clean_shown(self) -> str:
        shown: str = self.cleaned_data["shown"]
        if shown:
            try:
                at = int(_shown_signer.unsign(shown))
            except BadSignature:
                raise ValidationError(ONCE_MORE) from None
            if database_now().timestamp() - at < QUICKEST.total_seconds():
                raise ValidationError(ONCE_MORE)
        return shown


class SubscribeForm(AddressForm):
    """What the form on another website leaves out is as it stands on our page at first."""

    pace = forms.ChoiceField(
        label=_("How often?"),
        choices=list(CHOICES.items()),
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": ONCE_MORE},
    )
    daily_hour = forms.TypedChoiceField(
        label=_("When, if once a day?"),
        choices=HOURS,
        coerce=int,
        required=False,
        empty_value=str(USUAL_HOUR),
    )
    time_zone = forms.CharField(required=False, max_length=60, widget=forms.HiddenInput)
    consent = forms.IntegerField(required=False, widget=forms.HiddenInput)
    field_order = ("email", "remark", "pace", "daily_hour")

    def __init__(self, sign_up: SignUp, posted: QueryDict | None = None) -> None:
        initial = {"pace": sign_up.offered[0], "daily_hour": USUAL_HOUR}
        super().__init__(posted, initial)
        self._sign_up = sign_up
        pace = self.fields["pace"]
        assert isinstance(pace, forms.ChoiceField)
        pace.choices = [(pace, CHOICES[pace]) for pace in sign_up.offered]

    def clean_consent(self) -> ConsentText:
        """The version that stood beside the button, which on other websites may be an older one."""
        version = self.cleaned_data["consent"]
        found = ConsentText.objects.filter(blog=self._sign_up.blog, version=version).first()
        if found is None:
            raise ValidationError(AGREE)
        return found

    def clean_time_zone(self) -> str:
        zone: str = self.cleaned_data["time_zone"]
        return zone if is_zone(zone) else ""

    @property
    def wishes(self) -> Wishes:
        pace = Pace(self.cleaned_data["pace"] or self._sign_up.offered[0])
        return Wishes(pace, int(self.cleaned_data["daily_hour"]), self.cleaned_data["time_zone"])


class PaceForm(forms.Form):
    """One subscription's pace: what its live blog offers, and what it is now."""

    pace = forms.ChoiceField(label=_("How often"))
    daily_hour = forms.TypedChoiceField(label=_("When, if once a day"), choices=HOURS, coerce=int)

    def __init__(self, subscription: Subscription, posted: QueryDict | None = None) -> None:
        now = {"pace": subscription.pace, "daily_hour": subscription.daily_hour}
        super().__init__(posted, initial=now, prefix=f"s{subscription.pk}", label_suffix="")
        self.subscription = subscription
        sign_up = SignUp.objects.filter(blog=subscription.blog_id).first()
        offered = {*(sign_up.offered if sign_up else Pace), Pace(subscription.pace)}
        pace = self.fields["pace"]
        assert isinstance(pace, forms.ChoiceField)
        pace.choices = [(pace, CHOICES[pace]) for pace in Pace if pace in offered]


class ZoneForm(forms.Form):
    time_zone = forms.ChoiceField(label=_("Your time zone"), required=False)

    def __init__(self, zone: str, posted: QueryDict | None = None) -> None:
        super().__init__(posted, initial={"time_zone": zone}, label_suffix="")
        listed = ZONES if zone in ("", *ZONES) else [zone, *ZONES]
        field = self.fields["time_zone"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("that of the live blog")), *((name, name) for name in listed)]
