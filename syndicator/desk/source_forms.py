"""The forms of followed sources: where to look, what it is called here, and how often."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from syndicator.entries.models import LiveBlog, Source
from syndicator.following.models import Following
from syndicator.sources.detect import readers


class PasteForm(forms.Form):
    """An address as people copy it, with or without “https://”."""

    url = forms.CharField(
        label=_("Address of the live blog"),
        max_length=2000,
        widget=forms.TextInput(
            attrs={"inputmode": "url", "autocomplete": "off", "autocapitalize": "off"}
        ),
        help_text=_("The page that readers see, its feed, or the address of its API."),
    )


class PaceForm(forms.ModelForm):  # type: ignore[type-arg]
    """How often a source is looked at, and when its silence is alarming."""

    class Meta:
        model = Following
        fields = ["shortest", "longest", "silence_minutes"]
        labels = {
            "shortest": _("Look at most every … seconds"),
            "longest": _("Look at least every … seconds"),
            "silence_minutes": _("Alarm after so many minutes without news"),
        }
        help_texts = {
            "shortest": _("While much happens. A page of the newspaper's own bears 15."),
            "longest": _("While nothing happens."),
        }

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        shortest, longest = cleaned.get("shortest"), cleaned.get("longest")
        if shortest is not None and longest is not None and shortest > longest:
            raise forms.ValidationError(
                _("The longer wait has to be at least as long as the shorter one.")
            )
        return cleaned


class NewFollowingForm(PaceForm):
    """A source to follow. What stands at *url* was shown to the person, who pasted *typed*."""

    name = forms.CharField(
        label=_("Name of the source"),
        max_length=80,
        help_text=_("Alerts call it by this name."),
    )
    reader = forms.CharField(max_length=40, widget=forms.HiddenInput)
    typed = forms.CharField(max_length=2000, required=False, widget=forms.HiddenInput)

    class Meta(PaceForm.Meta):
        fields = ["name", "url", "reader", *PaceForm.Meta.fields, "typed"]
        widgets = {"url": forms.HiddenInput}

    def __init__(self, *args: Any, blog: LiveBlog, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._blog = blog

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if Source.objects.filter(blog=self._blog, name=name).exists():
            raise forms.ValidationError(_("This live blog already has a source of that name."))
        return name

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        if Following.objects.filter(source__blog=self._blog, url=url).exists():
            raise forms.ValidationError(_("This live blog follows that address already."))
        return url

    def clean_reader(self) -> str:
        reader: str = self.cleaned_data["reader"]
        if reader not in {one.name for one in readers()}:
            raise forms.ValidationError(_("Nothing here can read that."))
        return reader
