"""The form for how readers of a live blog subscribe by themselves."""

from __future__ import annotations

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from syndicator.desk.origins import listed_origins
from syndicator.entries.models import LiveBlog
from syndicator.newsletter.models import Pace
from syndicator.signup.models import SignUp, usual_paces
from syndicator.signup.paces import CHOICES
from syndicator.signup.settings import set_up, usual_consent


class SignUpForm(forms.Form):
    is_open = forms.BooleanField(label=_("Readers can subscribe"), required=False)
    paces = forms.MultipleChoiceField(
        label=_("How often readers may choose to get mail"),
        choices=list(CHOICES.items()),
        widget=forms.CheckboxSelectMultiple,
    )
    consent = forms.CharField(
        label=_("What readers agree to"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_(
            "It stands beside the button, and each subscription keeps the text that was agreed to. "
            "Say there where your privacy notice is."
        ),
    )
    framed_by = forms.CharField(
        label=_("Websites that may show the form in a frame"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("One address a line. Empty: the website of the live blog."),
    )

    def __init__(self, blog: LiveBlog, posted: QueryDict | None = None) -> None:
        sign_up = SignUp.objects.select_related("consent").filter(blog=blog).first()
        now = {
            "is_open": bool(sign_up and sign_up.is_open),
            "paces": sign_up.paces if sign_up else usual_paces(),
            "consent": sign_up.consent.text if sign_up else usual_consent(blog),
            "framed_by": sign_up.framed_by if sign_up else "",
        }
        super().__init__(posted, initial=now, label_suffix="")
        self._blog = blog

    def clean_consent(self) -> str:
        text: str = self.cleaned_data["consent"]
        # Browsers send other line ends, which would make a new version of the same text.
        return "\n".join(text.splitlines())

    def clean_framed_by(self) -> str:
        return listed_origins(self.cleaned_data["framed_by"])

    def save(self) -> SignUp:
        chosen = self.cleaned_data
        return set_up(
            self._blog,
            is_open=chosen["is_open"],
            paces=[Pace(pace) for pace in chosen["paces"]],
            consent=chosen["consent"],
            framed_by=chosen["framed_by"],
        )
