"""The audit trail as one list: what was decided about posts, and what was done to the desk."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.core.paginator import Paginator
from django.db.models import CharField, F, QuerySet, Value
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from syndicator.accounts.models import AuditEntry, User
from syndicator.desk import texts
from syndicator.desk.forms import BlogForm, BudgetForm, DestinationForm, PersonForm, RouteForm
from syndicator.desk.source_forms import PaceForm
from syndicator.desk.times import clock, desk_zone
from syndicator.posts.models import Decision, Verdict
from syndicator.wording import Wording

_SETTING, _DECISION = "setting", "decision"

#: What can be done, by how it is recorded.
ACTS = {
    "accepted": _("accepted"),
    "approved": _("approved"),
    "ended": _("said to be over"),
    "rejected": _("rejected"),
    "reopened": _("said to go on"),
    "app added": _("authenticator app added"),
    "app removed": _("authenticator app removed"),
    "blocked": _("blocked"),
    "cancelled": _("cancelled"),
    "changed": _("changed"),
    "code refused": _("wrong code"),
    "compared": _("compared with its source"),
    "connected": _("connected"),
    "created": _("created"),
    "encryption key added": _("encryption key added"),
    "mail link used": _("decided by a link in a mail"),
    "found another": _("found to be another entry"),
    "found same": _("found to be the same entry"),
    "kept": _("left where it is"),
    "lifted": _("let go on"),
    "log-in failed": _("log-in failed"),
    "old encryption keys removed": _("old encryption keys removed"),
    "password refused": _("wrong password"),
    "password set": _("password set"),
    "password set on the machine": _("password set on the machine itself"),
    "paused": _("paused"),
    "pressed": _("pressed"),
    "recovery codes made": _("recovery codes made"),
    "removed": _("removed"),
    "resumed": _("resumed"),
    "revoked": _("taken back"),
    "second step demanded": _("second step demanded"),
    "second step reset": _("second step taken away"),
    "session ended": _("session ended"),
    "sessions ended": _("sessions ended"),
    "signed in": _("signed in at the platform"),
    "signing secret issued": _("signing secret issued"),
    "subscribers added": _("subscribers added"),
    "subscribers exported": _("subscribers saved as a file"),
    "subscribers imported": _("subscribers imported"),
    "switched off": _("switched off"),
    "switched on": _("switched on"),
    "token issued": _("push token issued"),
    "unblocked": _("unblocked"),
    "uncertain mails counted as sent": _("uncertain mails counted as sent"),
    "uncertain mails sent again": _("uncertain mails sent again"),
}
#: What it can be done to, by model.
KINDS = {
    "accounts.user": _("Person"),
    "approval_mail.approvalmail": _("Post"),
    "destinations.destination": _("Destination"),
    "destinations.route": _("Route"),
    "destinations.stop": _("Red button"),
    "digests.digest": _("Digest"),
    "digests.digestsettings": _("Digests on the web"),
    "entrance.invitation": _("Invitation"),
    "entrance.passkey": _("Passkey"),
    "entries.entry": _("Entry"),
    "entries.liveblog": _("Live blog"),
    "entries.source": _("Source"),
    "following.following": _("Followed source"),
    "following.likeness": _("Entry under a new name"),
    "newsletter.mailing": _("Mailing"),
    "newsletter.subscription": _("Subscription"),
    "share.sharepages": _("Share pages"),
    "signup.signup": _("Sign-up"),
    "newsletter.suppression": _("Blocked address"),
    "returns.rules": _("Rules for undeliverable mail"),
}


#: What is changed, by its name in the database: as the forms call it that change it.
LABELS = {
    **BlogForm.Meta.labels,
    **RouteForm.Meta.labels,
    **BudgetForm.Meta.labels,
    **DestinationForm.Meta.labels,
    **PersonForm.Meta.labels,
    **PaceForm.Meta.labels,
    "encrypted_secrets": _("Access keys"),
    "mails_waiting": _("Waiting posts by mail"),
    "pause_reason": _("Why"),
    "paused_at": _("Paused since"),
    "reader": _("Read as"),
    "settings": _("Settings"),
    "state": _("State"),
}


@dataclass(frozen=True, slots=True)
class Change:
    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that somebody did. *link* is the path of its page, or ""."""

    at: datetime
    who: str
    act: str
    kind: str
    name: str
    link: str
    said: str
    address: str
    changes: Sequence[Change]


class TrailFilter(forms.Form):
    """A choice that does not exist filters nothing."""

    who = forms.ModelChoiceField(
        User.objects.order_by("username"), required=False, label=_("Person"), empty_label=_("all")
    )
    kind = forms.ChoiceField(
        choices=[
            ("", _("all")),
            (_DECISION, _("Decisions about posts")),
            (_SETTING, _("All but decisions")),
            *KINDS.items(),
        ],
        required=False,
        label=_("What"),
    )
    since = forms.DateField(
        required=False, label=_("From"), widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        required=False, label=_("Until"), widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, asked: Mapping[str, Any], zone: str) -> None:
        super().__init__(asked, label_suffix="")
        self._zone = ZoneInfo(zone)
        self.is_valid()

    def rows(self) -> QuerySet[Any, tuple[datetime, str, int]]:
        """When, of which table, and which row: the latest first."""
        kind = self.cleaned_data.get("kind") or ""
        settings = self._chosen(AuditEntry.objects.order_by(), "at", "who", _SETTING)
        decisions = self._chosen(
            Decision.objects.filter(user__isnull=False).order_by(), "decided_at", "user", _DECISION
        )
        if kind in KINDS:
            settings = settings.filter(what=kind)
        if kind == _DECISION:
            return decisions.order_by("-moment", "-pk")
        if kind:
            return settings.order_by("-moment", "-pk")
        return settings.union(decisions, all=True).order_by("-moment", "-pk")

    def _chosen(
        self, rows: QuerySet[Any], moment: str, person: str, table: str
    ) -> QuerySet[Any, tuple[datetime, str, int]]:
        if who := self.cleaned_data.get("who"):
            rows = rows.filter(**{person: who})
        if since := self.cleaned_data.get("since"):
            rows = rows.filter(**{f"{moment}__gte": datetime.combine(since, time(), self._zone)})
        if until := self.cleaned_data.get("until"):
            end = datetime.combine(until + timedelta(days=1), time(), self._zone)
            rows = rows.filter(**{f"{moment}__lt": end})
        told: QuerySet[Any, tuple[datetime, str, int]] = rows.annotate(
            moment=F(moment), table=Value(table, output_field=CharField())
        ).values_list("moment", "table", "pk")
        return told


def lines(rows: Iterable[tuple[datetime, str, int]]) -> list[Line]:
    """As `TrailFilter.rows` names them; three queries, however many."""
    rows = list(rows)
    settings = AuditEntry.objects.select_related("who").in_bulk(
        [pk for _at, table, pk in rows if table == _SETTING]
    )
    decisions = Decision.objects.select_related(
        "user", "post__destination", "post__entry__blog"
    ).in_bulk([pk for _at, table, pk in rows if table == _DECISION])
    return [
        _of_setting(settings[pk]) if table == _SETTING else _of_decision(decisions[pk])
        for _at, table, pk in rows
    ]


def all_lines(chosen: TrailFilter, at_once: int = 500) -> Iterator[Line]:
    """Every line, a few hundred in memory at a time."""
    for page in Paginator(chosen.rows(), at_once):
        yield from lines(page)


def _of_setting(entry: AuditEntry) -> Line:
    both = entry.before.keys() & entry.after.keys()
    changes = [
        Change(
            _label(entry.what, name),
            _shown(entry.what, name, entry.before.get(name)),
            _shown(entry.what, name, entry.after.get(name)),
        )
        for name in dict.fromkeys([*entry.before, *entry.after])
        # A field that was empty when its row was made, or removed, did not change.
        if entry.before.get(name) or entry.after.get(name) or name in both
    ]
    return Line(
        at=entry.at,
        who=str(entry.who) if entry.who else "",
        act=str(ACTS.get(entry.act, entry.act)),
        kind=str(KINDS.get(entry.what, "")),
        name=entry.name,
        link="",
        said="",
        address=entry.address,
        changes=changes,
    )


def _of_decision(decision: Decision) -> Line:
    post = decision.post
    return Line(
        at=decision.decided_at,
        who=str(decision.user),
        act=str(Verdict(decision.verdict).label),
        kind=gettext("Post on %(name)s") % {"name": post.destination},
        name=texts.title(post.entry),
        link=f"{reverse('desk:entry', args=[post.entry_id])}#post-{post.pk}",
        said=_comment(decision),
        address="",
        changes=[],
    )


def _comment(decision: Decision) -> str:
    """What was said with the decision; of one for later, the times that it set."""
    if decision.verdict != Verdict.SCHEDULE or "/" not in decision.comment:
        return decision.comment
    begin, end = decision.comment.split("/")
    zone = decision.post.entry.blog.time_zone
    said = []
    if begin:
        said.append(
            gettext("Not before %(time)s") % {"time": clock(datetime.fromisoformat(begin), zone)}
        )
    if end:
        said.append(
            gettext("Not after %(time)s") % {"time": clock(datetime.fromisoformat(end), zone)}
        )
    return "\n".join(said)


def _label(what: str, name: str) -> str:
    if name in LABELS:
        return str(LABELS[name])
    field = _field(what, name)
    return str(field.verbose_name) if field else name.replace("_", " ")


def _shown(what: str, name: str, value: Any) -> str:
    field = _field(what, name)
    if value is None or value in ("", [], {}):
        return "–"
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if field and field.flatchoices and isinstance(value, str | int):
        return str(dict(field.flatchoices).get(value, value))
    if field and field.get_internal_type() == "DateTimeField":
        return clock(datetime.fromisoformat(value), desk_zone(), precise=True)
    if isinstance(value, dict) and set(value) == {"sentence", "gaps"}:
        return texts.say(Wording.from_json(value))
    if isinstance(value, str | int):
        return str(value)
    if isinstance(value, list) and all(isinstance(one, str | int) for one in value):
        return ", ".join(map(str, value))
    if isinstance(value, dict) and all(isinstance(one, str | int) for one in value.values()):
        return ", ".join(f"{key}: {one}" for key, one in value.items())
    return json.dumps(value, ensure_ascii=False)


def _field(what: str, name: str) -> Any:
    try:
        return apps.get_model(what)._meta.get_field(name) if what else None
    except (LookupError, FieldDoesNotExist):
        return None
