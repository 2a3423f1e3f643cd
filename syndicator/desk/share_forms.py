"""The form for what the world can read of a live blog here."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from syndicator.clock import database_now
from syndicator.desk.origins import listed_origins
from syndicator.share.models import SharePages


class SharePagesForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = SharePages
        fields = ["is_on", "feeds_on", "framed_by"]
        help_texts = {
            "is_on": _(
                "Each entry that was posted gets a page with its own card for social networks. "
                "It sends readers on to the entry. Which routes link to it is set there."
            ),
            "feeds_on": _(
                "For feed readers, other websites and search engines: Atom, JSON Feed and a "
                "schema.org document. What was taken back is gone from them."
            ),
            "framed_by": _("One address a line. Empty: the website of the live blog."),
        }
        widgets = {"framed_by": forms.Textarea(attrs={"rows": 2})}

    def clean_framed_by(self) -> str:
        return listed_origins(self.cleaned_data["framed_by"])

    def save(self, commit: bool = True) -> SharePages:
        self.instance.changed_at = database_now()
        saved: SharePages = super().save(commit)
        return saved
