"""The log-in by name and password, with its waits; what it says is the same for names unknown."""

from __future__ import annotations

from datetime import timedelta
from math import ceil
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import ngettext

from syndicator.accounts import audit
from syndicator.accounts.models import User
from syndicator.entrance import throttle
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


def _record_failure(name: str, address: str) -> None:
    """What was typed is kept only where it is the name of a person: it may be a password."""
    person = User.objects.filter(username=name).first()
    audit.record(None, "log-in failed", person, address=address)
