"""All subscriptions of one person: as they stand, and doing what the page's buttons say."""

from __future__ import annotations

from django.db import transaction
from django.http import QueryDict
from django.utils.translation import gettext as _

from syndicator.entrance.throttle import TooManyTries
from syndicator.newsletter import subscribing
from syndicator.newsletter.models import Pace, Subscriber, Subscription, SubscriptionState
from syndicator.newsletter.pacing import set_pace
from syndicator.signup import asking
from syndicator.signup.forms import PaceForm, ZoneForm


class Preferences:
    """The forms of *person*, filled with what was *posted*, or else with what is stored."""

    def __init__(self, person: Subscriber, posted: QueryDict | None = None) -> None:
        person.refresh_from_db()
        self.person = person
        self.zone = ZoneForm(person.time_zone, posted)
        running = Subscription.objects.filter(subscriber=person, state=SubscriptionState.ACTIVE)
        self.paces = [
            PaceForm(one, posted)
            for one in running.select_related("blog").order_by("blog__title", "pk")
        ]

    def act(self, pressed: str, from_address: str) -> str:
        """Do what the button *pressed* says; what to tell about it, "" if something entered is
        wrong and nothing was done."""
        act, _dash, which = pressed.partition("-")
        match act:
            case "leave":
                return self._leave(which)
            case "link":
                return self._send_link(from_address)
        return self._save()

    def _leave(self, which: str) -> str:
        running = {str(form.subscription.pk): form.subscription for form in self.paces}
        if which == "all":
            for one in running.values():
                subscribing.leave(one.pk)
            return _("You will get no more mail from us.")
        if which not in running:
            return _("You have left it already.")
        left = running[which]
        subscribing.leave(left.pk)
        return _("You will get no more mail about “%(blog)s”.") % {"blog": left.blog.title}

    def _send_link(self, from_address: str) -> str:
        try:
            asking.count(from_address)
        except TooManyTries:
            return _("Please wait a few minutes, and try again.")
        asking.ask_for_own_data(self.person.email)
        return _("A mail with the link is on its way to you.")

    def _save(self) -> str:
        if not all(form.is_valid() for form in (self.zone, *self.paces)):
            return ""
        with transaction.atomic():
            Subscriber.objects.filter(pk=self.person.pk).update(
                time_zone=self.zone.cleaned_data["time_zone"]
            )
            for form in self.paces:
                pace = Pace(form.cleaned_data["pace"])
                set_pace(form.subscription.pk, pace, form.cleaned_data["daily_hour"])
        return _("Saved.")
