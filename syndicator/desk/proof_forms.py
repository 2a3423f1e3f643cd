"""What a person proves to be themselves by, with the waits after what was wrong.

What the log-in says is the same for names that nobody has.
"""

from __future__ import annotations

from datetime import timedelta
from math import ceil
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from syndicator.accounts import audit
from syndicator.accounts.models import User
from syndicator.entrance import second_step, throttle
from syndicator.entrance.places import address_of


class LogInForm(AuthenticationForm):
    def clean(self) -> dict[str, Any]:
        name, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if not name or not password or self.request is None:
            return super().clean()
        address = address_of(self.request)
        try:
            attempt = throttle.begin(name, address)
        except throttle.TooManyTries as refused:
            raise forms.ValidationError(too_many(refused.wait), code="too_many") from None
        try:
            cleaned = super().clean()
        except forms.ValidationError:
            _record_failure(name, address)
            raise
        attempt.succeeded()
        return cleaned


def too_many(wait: timedelta) -> str:
    seconds = ceil(wait.total_seconds())
    if seconds <= 90:
        return ngettext(
            "Too many wrong passwords. Wait %(count)s second.",
            "Too many wrong passwords. Wait %(count)s seconds.",
            seconds,
        ) % {"count": seconds}
    minutes = ceil(seconds / 60)
    return ngettext(
        "Too many wrong passwords. Wait %(count)s minute.",
        "Too many wrong passwords. Wait %(count)s minutes.",
        minutes,
    ) % {"count": minutes}


def too_many_codes(wait: timedelta) -> str:
    seconds = ceil(wait.total_seconds())
    return ngettext(
        "Too many wrong codes. Wait %(count)s second.",
        "Too many wrong codes. Wait %(count)s seconds.",
        seconds,
    ) % {"count": seconds}


def _record_failure(name: str, address: str) -> None:
    """What was typed is kept only where it is the name of a person: it may be a password."""
    person = User.objects.filter(username=name).first()
    audit.record(None, "log-in failed", person, address=address)


class CodeForm(forms.Form):
    """The second step."""

    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}
        ),
    )

    def __init__(self, *args: Any, person: User, address: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._person, self._address = person, address

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        try:
            attempt = throttle.begin(self._person.username, self._address, of="code")
        except throttle.TooManyTries as refused:
            raise forms.ValidationError(too_many_codes(refused.wait)) from None
        if not second_step.is_right(self._person, code):
            audit.record(None, "code refused", self._person, address=self._address)
            raise forms.ValidationError(
                _("That code is not right, or was used already. Wait for the next one.")
            )
        attempt.succeeded()
        return code


class OwnPasswordForm(forms.Form):
    """The person's own password, once more."""

    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, person: User, address: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._person, self._address = person, address

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        try:
            attempt = throttle.begin(self._person.username, self._address)
        except throttle.TooManyTries as refused:
            raise forms.ValidationError(too_many(refused.wait)) from None
        if not self._person.check_password(password):
            audit.record(self._person, "password refused", self._person, address=self._address)
            raise forms.ValidationError(_("That is not your password."))
        attempt.succeeded()
        return password
