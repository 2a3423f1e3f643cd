"""What a person picks from a list of posts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from syndicator.channels import registry
from syndicator.desk.texts import platform_label
from syndicator.destinations.models import Destination
from syndicator.entries.models import Entry, LiveBlog
from syndicator.posts.models import WAITING, Post, PostState

#: Authors to choose from: more do not write at once.
MOST_AUTHORS = 100


class BlogFilter(forms.Form):
    """Of which live blog; of all, if none is chosen."""

    blog = forms.ModelChoiceField(
        LiveBlog.objects.order_by("title"),
        required=False,
        label=_("Live blog"),
        empty_label=_("all"),
    )


class LogFilter(BlogFilter):
    destination = forms.ModelChoiceField(
        Destination.objects.order_by("name"),
        required=False,
        label=_("Destination"),
        empty_label=_("all"),
    )
    state = forms.ChoiceField(
        choices=[("", _("all")), *PostState.choices], required=False, label=_("State")
    )

    def conditions(self) -> dict[str, Any]:
        """What to filter posts by; a choice that does not exist filters nothing."""
        self.is_valid()
        fields = {"blog": "entry__blog", "destination": "destination", "state": "state"}
        chosen = {lookup: self.cleaned_data.get(name) for name, lookup in fields.items()}
        return {lookup: value for lookup, value in chosen.items() if value}


class QueueFilter(BlogFilter):
    """Which of the waiting posts to show. What does not exist filters nothing."""

    platform = forms.ChoiceField(required=False, label=_("Platform"))
    author = forms.ChoiceField(required=False, label=_("Author"))
    wants = forms.ChoiceField(
        choices=[
            ("", _("all")),
            ("approval", _("an approval")),
            ("failed", _("a second try")),
            ("unclear", _("a look at the platform")),
            ("by_hand", _("a correction or deletion")),
        ],
        required=False,
        label=_("Waits for"),
    )

    #: What each of the choices of *wants* is among the waiting posts.
    WANTS: ClassVar = {
        "approval": Q(state=PostState.PENDING),
        "failed": Q(state=PostState.FAILED),
        "unclear": Q(state=PostState.UNCERTAIN),
        "by_hand": Q(state=PostState.SKIPPED),
    }

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data)
        self._choose("platform", _platforms)
        self._choose("author", _authors)
        self.is_valid()

    def _choose(self, name: str, offered: Callable[[], Sequence[tuple[str, str]]]) -> None:
        """Offer those of *offered*, and what is chosen already. They are read where the field is
        shown, or where something is chosen: a page that only looks for news asks for none."""
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        chosen = str(self.data.get(name, ""))

        def choices() -> Sequence[tuple[str, Any]]:
            found = offered()
            kept = [] if not chosen or chosen in dict(found) else [(chosen, chosen)]
            return [("", _("all")), *found, *kept]

        field.choices = choices

    @property
    def conditions(self) -> Q:
        """Waiting posts that are wanted."""
        chosen = self.cleaned_data
        wanted = Q(WAITING)
        for name, lookup in (
            ("blog", "entry__blog"),
            ("platform", "destination__channel_name"),
            ("author", "entry__author"),
        ):
            if chosen.get(name):
                wanted &= Q(**{lookup: chosen[name]})
        return wanted & self.WANTS.get(chosen.get("wants", ""), Q())

    @property
    def query(self) -> str:
        """The query of an address that filters likewise; empty if nothing is left out."""
        chosen = {name: self.data.get(name) for name in self.fields}
        return urlencode({name: value for name, value in chosen.items() if value})


def _platforms() -> Sequence[tuple[str, str]]:
    platforms = {name: platform_label(name) for name in registry.channels()}
    return sorted(platforms.items(), key=lambda one: one[1])


def _authors() -> Sequence[tuple[str, str]]:
    """Who wrote what waits."""
    waiting = Entry.objects.filter(Exists(Post.objects.filter(WAITING, entry=OuterRef("pk"))))
    named = waiting.exclude(author="").order_by("author").values_list("author", flat=True)
    return [(name, name) for name in named.distinct()[:MOST_AUTHORS]]
