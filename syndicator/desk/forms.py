"""The forms of the desk: what a person may enter, and how it is checked."""

from __future__ import annotations

from collections.abc import Collection
from email.utils import getaddresses
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from django import forms
from django.contrib.auth.forms import BaseUserCreationForm, SetPasswordForm
from django.contrib.auth.password_validation import password_validators_help_texts
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import MinValueValidator, RegexValidator
from django.db import transaction
from django.utils.functional import lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from syndicator import secrets
from syndicator.accounts.models import Role, User
from syndicator.channels import registry
from syndicator.channels.base import Capability, Setting
from syndicator.desk.texts import platform_label
from syndicator.destinations.models import Destination, KeyEvents, Policy, Route
from syndicator.destinations.picture_rights import has_rules
from syndicator.digests.models import DigestSettings
from syndicator.entries.models import Entry, LiveBlog, Source
from syndicator.entries.word_lists import items
from syndicator.newsletter.models import Pace
from syndicator.posts.links import link_of

#: Setting names of a channel stand apart from the form's own fields.
SETTING = "setting_"

MAIL_IS_FOR = _(
    "Administrators get a mail here when something stops working. Editors get waiting posts here "
    "if they want to."
)

_translated = lazy(gettext, str)
_language_tag = RegexValidator(
    r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", _("Enter a language tag such as “de” or “en-GB”.")
)


class StopForm(forms.Form):
    """What to stop, and why. *scope* is ``everything``, ``blog:<pk>`` or ``channel:<name>``."""

    scope = forms.ChoiceField(label=_("What to stop"))
    reason = forms.CharField(
        max_length=300,
        label=_("Why"),
        help_text=_("Everybody on the desk sees it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._blogs = {f"blog:{blog.pk}": blog for blog in LiveBlog.objects.order_by("title")}
        names = Destination.objects.order_by("channel_name").values_list("channel_name", flat=True)
        scope = self.fields["scope"]
        assert isinstance(scope, forms.ChoiceField)
        scope.choices = [
            ("everything", _("Everything")),
            (_("One live blog"), [(key, blog.title) for key, blog in self._blogs.items()]),
            (
                _("One platform"),
                [(f"channel:{name}", platform_label(name)) for name in names.distinct()],
            ),
        ]

    @property
    def blog(self) -> LiveBlog | None:
        return self._blogs.get(self.cleaned_data["scope"])

    @property
    def channel_name(self) -> str:
        kind, _colon, name = self.cleaned_data["scope"].partition(":")
        return name if kind == "channel" else ""


class BlogForm(forms.ModelForm):  # type: ignore[type-arg]
    language = forms.CharField(
        label=_("Language"),
        initial="de",
        max_length=10,
        validators=[_language_tag],
        help_text=_("The language that readers read, as a tag: “de”, “en-GB”."),
    )
    time_zone = forms.CharField(
        label=_("Time zone"),
        initial="Europe/Berlin",
        widget=forms.TextInput(attrs={"list": "time-zones", "autocomplete": "off"}),
        help_text=_("The times of the live blog are shown in it, for instance “Europe/Berlin”."),
    )
    #: What the browser offers while typing.
    zones = sorted(zone for zone in available_timezones() if "/" in zone)

    class Meta:
        model = LiveBlog
        fields = [
            "title",
            "slug",
            "canonical_url",
            "language",
            "time_zone",
            "breaking_tags",
            "never_automatic",
            "never_automatic_tags",
        ]
        labels = {
            "title": _("Title"),
            "slug": _("Short name"),
            "canonical_url": _("Address of the page"),
            "breaking_tags": _("Tags of breaking news"),
            "never_automatic": _("Words that never go out by themselves"),
            "never_automatic_tags": _("Tags that never go out by themselves"),
        }
        widgets = {"never_automatic": forms.Textarea(attrs={"rows": 4})}
        help_texts = {
            "slug": _("Letters, digits and hyphens; it is part of the push API's address."),
            "canonical_url": _("Where readers read the live blog. Permalinks start from here."),
        }


class RouteForm(forms.ModelForm):  # type: ignore[type-arg]
    #: What is set every day; all the rest is folded away.
    EVERYDAY = (
        *("policy", "hold_seconds", "limit_minutes", "with_pictures", "as_thread"),
        *("gather_minutes", "review_digests"),
    )

    class Meta:
        model = Route
        fields = [
            "policy",
            "hold_seconds",
            "limit_minutes",
            "with_pictures",
            "as_thread",
            "gather_minutes",
            "review_digests",
            "four_eyes",
            "hold_broken_links",
            "only_tags",
            "not_tags",
            "only_authors",
            "not_authors",
            "key_events",
            "otherwise",
            "quiet_from",
            "quiet_to",
            "urgent_in_quiet_hours",
            "tracking",
            "share_page",
        ]
        labels = {
            "policy": _("Policy"),
            "hold_seconds": _("Hold, seconds"),
            "limit_minutes": _("Limit, minutes"),
            "with_pictures": _("With the entry's pictures"),
            "as_thread": _("Long entries as a thread"),
            "gather_minutes": _("Gather minor entries, minutes"),
            "review_digests": _("An editor looks at digests first"),
            "four_eyes": _("Four eyes"),
            "hold_broken_links": _("Hold entries whose permalink does not work"),
            "only_tags": _("Only with one of these tags"),
            "not_tags": _("Not with one of these tags"),
            "only_authors": _("Only by one of these authors"),
            "not_authors": _("Not by one of these authors"),
            "key_events": _("Key events"),
            "otherwise": _("What these filters leave out"),
            "quiet_from": _("Quiet from"),
            "quiet_to": _("Quiet until"),
            "urgent_in_quiet_hours": _("Breaking news and key events go out all the same"),
            "tracking": _("Parameters for links"),
            "share_page": _("Link to share pages"),
        }
        help_texts = {
            "hold_seconds": "",
            "limit_minutes": "",
            "review_digests": "",
            "tracking": _(
                "For your analytics: utm_source={platform}&utm_medium=social&utm_campaign={blog}. "
                "{platform}, {blog} and {entry} are filled in. What a link has already stays."
            ),
            "share_page": _(
                "Where the live blog has them; otherwise posts link to the entry itself."
            ),
        }
        widgets = {
            "quiet_from": forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
            "quiet_to": forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        channel = registry.channels().get(self.instance.destination.channel_name)
        offered = channel.capabilities if channel else frozenset()
        if Capability.PICTURES not in offered:
            del self.fields["with_pictures"]
        if Capability.THREAD not in offered:
            del self.fields["as_thread"]
        self.fields["gather_minutes"].required = False
        if channel is not None and not channel.gathers:
            del self.fields["gather_minutes"]
        if Capability.DIGESTS not in offered:
            del self.fields["review_digests"]
            policy = self.fields["policy"]
            assert isinstance(policy, forms.ChoiceField)
            policy.choices = _policies(offered)

    def clean_gather_minutes(self) -> int:
        minutes: int | None = self.cleaned_data["gather_minutes"]
        return minutes or 0

    @property
    def everyday(self) -> list[forms.BoundField]:
        return [bound for bound in self if bound.name in self.EVERYDAY]

    @property
    def more(self) -> list[forms.BoundField]:
        return [bound for bound in self if bound.name not in self.EVERYDAY]

    @property
    def more_is_set(self) -> bool:
        """Whether something of it is set, or wrong, so that it must not be folded away."""
        route = self.instance
        set_now = (
            route.four_eyes,
            route.hold_broken_links,
            route.only_tags,
            route.not_tags,
            route.only_authors,
            route.not_authors,
            route.key_events != KeyEvents.ALL,
            route.quiet_from,
            route.tracking,
            route.share_page,
        )
        return any(set_now) or any(bound.errors for bound in self.more)

    @property
    def example_link(self) -> str:
        """The link to the live blog's newest entry as posts on this route would carry it."""
        blog: LiveBlog = self.instance.blog
        entry = blog.entries.order_by("-published_at", "-pk").first()
        if entry is None:
            entry = Entry(external_id="1", permalink=blog.canonical_url)
        entry.blog = blog
        if self["tracking"].errors or (entry.pk is None and self.instance.share_page):
            return entry.permalink
        return link_of(entry, self.instance)

    @property
    def sets_quiet_hours(self) -> bool:
        return bool({"quiet_from", "quiet_to", "urgent_in_quiet_hours"} & set(self.changed_data))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        begin, end = cleaned.get("quiet_from"), cleaned.get("quiet_to")
        if (begin is None) != (end is None):
            missing = "quiet_to" if end is None else "quiet_from"
            self.add_error(missing, _("Quiet hours need a beginning and an end."))
        elif begin is not None and begin == end:
            self.add_error("quiet_to", _("Quiet hours need another end than beginning."))
        return cleaned


def _policies(offered: Collection[Capability]) -> list[tuple[str, str]]:
    """What a route to a channel with these capabilities can be set to."""
    return [
        (value, str(label))
        for value, label in Policy.choices
        if value != Policy.DIGEST or Capability.DIGESTS in offered
    ]


class ArchiveForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = DigestSettings
        fields = ["archive"]
        labels = {"archive": _("Who may read the digests on the web")}


class BudgetForm(forms.ModelForm):  # type: ignore[type-arg]
    """How much one destination's platform may charge. Empty: as much as it likes."""

    class Meta:
        model = Destination
        fields = ["daily_budget", "monthly_budget"]
        labels = {
            "daily_budget": _("Budget a day, US dollars"),
            "monthly_budget": _("Budget a month, US dollars"),
        }
        help_texts = {
            "monthly_budget": _("What would go beyond it waits for an editor. Empty: no limit.")
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.validators.append(MinValueValidator(0))

    def save(self, commit: bool = True) -> Destination:
        saved: Destination = super().save(commit=False)
        if commit:
            saved.save(update_fields=["daily_budget", "monthly_budget"])
        return saved


class SourceForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Source
        fields = ["name"]
        labels = {"name": _("Name of the source")}
        help_texts = {"name": _("The system that pushes entries, for instance “CMS”.")}

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if Source.objects.filter(blog=self.instance.blog, name=name).exists():
            raise forms.ValidationError(_("This live blog already has a source of that name."))
        return name


#: What the form of a destination writes.
SAVED = (
    *("name", "base_url", "settings", "encrypted_secrets", "account_key"),
    *("refused_credits", "only_credits", "pictures_without_credit"),
)
#: Of them, whose pictures may be shown.
PICTURE_RIGHTS = ("refused_credits", "only_credits", "pictures_without_credit")


class DestinationForm(forms.ModelForm):  # type: ignore[type-arg]
    """A destination with the settings that its channel asks for.

    A stored secret is never sent back to the browser; an empty field keeps it.
    """

    class Meta:
        model = Destination
        fields = ["name", "base_url", *PICTURE_RIGHTS]
        labels = {
            "name": _("Name"),
            "base_url": _("Address of the platform"),
            "refused_credits": _("Pictures that may not be shown here: credited to"),
            "only_credits": _("Only pictures that are credited to"),
            "pictures_without_credit": _("Pictures without any credit may be shown"),
        }
        widgets = {
            "refused_credits": forms.Textarea(attrs={"rows": 2}),
            "only_credits": forms.Textarea(attrs={"rows": 2}),
        }
        help_texts = {
            "name": _("What editors call this account, for instance “X – newsroom”."),
            "base_url": _("Change it only to post to a sandbox."),
            "refused_credits": _(
                "Agencies and names, separated by commas, for instance “dpa, Reuters*, AFP via "
                "Getty”. “*” stands for any ending or beginning. Empty: no picture is refused."
            ),
            "only_credits": _("Empty: pictures of everybody else may be shown."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unreadable = False
        self._stored = self._stored_secrets()
        default = self.instance.channel.default_base_url
        if about_address := self.instance.channel.guide.address:
            self.fields["base_url"].help_text = _translated(about_address)
        self.fields["base_url"].required = bool(default)
        if Capability.PICTURES not in self.instance.channel.capabilities:
            for name in PICTURE_RIGHTS:
                del self.fields[name]
        if not self.instance.pk:
            self.initial["base_url"] = default
        for setting in self.instance.channel.settings:
            if setting.kept:
                continue
            self.fields[SETTING + setting.name] = self._field(setting)

    @property
    def entered(self) -> list[forms.BoundField]:
        """What a person always fills in."""
        return [bound for bound in self if bound.name not in (*self._brought, *PICTURE_RIGHTS)]

    @property
    def rights(self) -> list[forms.BoundField]:
        """Whose pictures may be shown; nothing where the platform takes none."""
        return [bound for bound in self if bound.name in PICTURE_RIGHTS]

    @property
    def rights_are_set(self) -> bool:
        """Whether something of them is set, or wrong, so that they must not be folded away."""
        return has_rules(self.instance) or any(bound.errors for bound in self.rights)

    @property
    def brought(self) -> list[forms.BoundField]:
        """What a sign-in fills in, or a person who does without one."""
        return [bound for bound in self if bound.name in self._brought]

    @property
    def _brought(self) -> set[str]:
        sign_in = self.instance.channel.sign_in
        if sign_in is None:
            return set()
        return {
            SETTING + setting.name
            for setting in self.instance.channel.settings
            if setting.name not in sign_in.needs and (setting.secret or setting.required)
        }

    def _stored_secrets(self) -> set[str]:
        try:
            return set(secrets.decrypt(self.instance.encrypted_secrets))
        except secrets.UnreadableSecrets:
            self.unreadable = True
            return set()

    def _field(self, setting: Setting) -> forms.Field:
        help_text = _translated(setting.help) if setting.help else ""
        sign_in = self.instance.channel.sign_in
        # What a sign-in brings along cannot be there before it.
        required = setting.required and (sign_in is None or setting.name in sign_in.needs)
        if setting.secret:
            stored = setting.name in self._stored
            return forms.CharField(
                label=_translated(setting.label),
                required=required and not stored,
                help_text=_("Stored. Leave empty to keep it.") if stored else help_text,
                widget=forms.PasswordInput(
                    render_value=False, attrs={"autocomplete": "new-password"}
                ),
            )
        return forms.CharField(
            label=_translated(setting.label),
            required=required,
            help_text=help_text,
            initial=self.instance.settings.get(setting.name, setting.default),
        )

    def clean_refused_credits(self) -> str:
        return _with_words(self.cleaned_data["refused_credits"])

    def clean_only_credits(self) -> str:
        return _with_words(self.cleaned_data["only_credits"])

    def clean_base_url(self) -> str:
        address: str = self.cleaned_data["base_url"].rstrip("/")
        example = self.instance.channel.default_base_url
        # “http” goes with “https”, and “smtp” with “smtps” and “smtp+starttls”.
        family = urlsplit(example).scheme.removesuffix("s")
        try:
            parts = urlsplit(address)
            complete = parts.scheme.startswith(family) and bool(parts.hostname)
        except ValueError:
            complete = False
        if address and not complete:
            raise forms.ValidationError(
                _("Enter a full address such as %(example)s."), params={"example": example}
            )
        return address

    @transaction.atomic
    def save(self, commit: bool = True) -> Destination:
        if self.instance.pk:
            # Workers renew rotating keys, also while somebody fills this in.
            now = Destination.objects.select_for_update(no_key=True).get(pk=self.instance.pk)
            self.instance.settings = now.settings
            self.instance.encrypted_secrets = now.encrypted_secrets
        if self.unreadable:
            self.instance.encrypted_secrets = ""
        self.instance.configure(
            {
                name.removeprefix(SETTING): value
                for name, value in self.cleaned_data.items()
                if name.startswith(SETTING)
            }
        )
        saved: Destination = super().save(commit and not self.instance.pk)
        if commit:
            # Not what workers wrote meanwhile: its state, limits and circuit.
            saved.save(update_fields=SAVED)
        return saved


def _with_words(listed: str) -> str:
    """*listed*, if each of its items can be found in a credit."""
    for item in items(listed):
        if not any(char.isalnum() for char in item):
            raise forms.ValidationError(
                _("“%(item)s” has no letter or digit to look for."), params={"item": item}
            )
    return listed


class StartForm(forms.Form):
    """What of each live blog goes to *destination*, where nothing does yet."""

    def __init__(self, *args: Any, destination: Destination, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._destination = destination
        channel = registry.channels().get(destination.channel_name)
        offered = _policies(channel.capabilities if channel else ())
        served = destination.routes.exclude(policy=Policy.OFF)
        self._blogs = list(LiveBlog.objects.exclude(routes__in=served).order_by("-pk"))
        for blog in self._blogs:
            self.fields[f"blog{blog.pk}"] = forms.ChoiceField(
                label=blog.title, choices=offered, initial=Policy.OFF, required=False
            )

    def save(self) -> list[Route]:
        """The routes that were switched on."""
        started = []
        for blog in self._blogs:
            policy = self.cleaned_data[f"blog{blog.pk}"] or Policy.OFF
            if policy == Policy.OFF:
                continue
            route, _created = Route.objects.update_or_create(
                blog=blog, destination=self._destination, defaults={"policy": policy}
            )
            started.append(route)
        return started


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]
    """A person who works on the desk. Whoever fills it in cannot lock themselves out."""

    class Meta:
        model = User
        fields = ["username", "first_name", "last_name", "email", "role", "is_active"]
        labels = {"role": _("Role"), "is_active": _("May log in")}
        help_texts = {"username": "", "is_active": "", "email": MAIL_IS_FOR}

    def __init__(self, *args: Any, editor: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._editor = editor

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        own = self.instance.pk == self._editor.pk
        if own and (cleaned.get("role") != Role.ADMIN or not cleaned.get("is_active")):
            raise forms.ValidationError(
                _("You cannot take your own administrator's rights away. Ask another one.")
            )
        return cleaned


class NewPersonForm(BaseUserCreationForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ["username", "first_name", "last_name", "email", "role"]
        labels = {"role": _("Role")}
        help_texts = {"username": "", "email": MAIL_IS_FOR}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].help_text = _password_rules()


class InvitationForm(forms.Form):
    email = forms.EmailField(label=_("Email address"))
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.EDITOR)

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if User.objects.filter(email__iexact=email).exists():
            raise forms.ValidationError(_("Somebody with this address has an account."))
        return email


class InvitedForm(BaseUserCreationForm):  # type: ignore[type-arg]
    """What an invited person chooses; role and address come with the invitation."""

    class Meta:
        model = User
        fields = ["username", "first_name", "last_name"]
        help_texts = {"username": _("You log in with it.")}

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].help_text = _password_rules()
        self.instance.email = email


class NewPasswordForm(SetPasswordForm):  # type: ignore[type-arg]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_password1"].help_text = _password_rules()


def _password_rules() -> str:
    """As sentences; Django's own help is a list in HTML."""
    return " ".join(password_validators_help_texts())


class SubscriberForm(forms.Form):
    email = forms.EmailField(label=_("Email address"))
    name = forms.CharField(label=_("Name"), required=False, max_length=200)


class ManySubscribersForm(forms.Form):
    """Addresses as they are pasted: one a line or separated by commas, with or without names."""

    MOST = 2000

    addresses = forms.CharField(
        label=_("Addresses"),
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_(
            "One a line, or separated by commas or spaces. “Name <name@example.org>” works too."
        ),
    )

    def clean_addresses(self) -> list[tuple[str, str]]:
        """Pairs of name and address."""
        pasted: str = self.cleaned_data["addresses"]
        # Line by line: one broken line must not take the others along.
        pairs = [pair for line in pasted.replace(";", ",").splitlines() for pair in _people(line)]
        if len(pairs) > self.MOST:
            raise forms.ValidationError(
                _("These are %(count)s addresses. Paste at most %(most)s at a time."),
                params={"count": len(pairs), "most": self.MOST},
            )
        return pairs


class SubscriberFileForm(forms.Form):
    #: Bytes. More than the web server takes goes in on the machine itself.
    MOST = 20_000_000

    file = forms.FileField(
        label=_("File"),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv"}),
        help_text=_(
            "CSV: an export of Syndicator, listmonk or Mailchimp, or a table with a column “email”."
        ),
        error_messages={"empty": _("The file is empty.")},
    )
    pace = forms.ChoiceField(
        label=_("How often they get mail"),
        choices=Pace,
        help_text=_("For whom the file says nothing else."),
    )
    consent = forms.CharField(
        label=_("How these people agreed"),
        max_length=500,
        help_text=_(
            "For instance: “Sign-up form on our site, with double opt-in, kept in Mailchimp since "
            "2021.” You may have to prove it."
        ),
    )

    def clean_file(self) -> UploadedFile[bytes]:
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > self.MOST:
            raise forms.ValidationError(
                _(
                    "The file is larger than 20 MB. Cut it into several, or run “syndicator "
                    "subscribers import” on the machine."
                )
            )
        return file


def _people(line: str) -> list[tuple[str, str]]:
    """Name and address of each person on a pasted line; what is no address comes as one."""
    if "<" in line:
        return [(name, address or line) for name, address in getaddresses([line.strip(" ,")])]
    return [("", word) for word in line.replace(",", " ").split()]
