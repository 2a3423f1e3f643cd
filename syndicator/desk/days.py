"""One day of one live blog, or of all: from midnight to midnight in its zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date as date_type
from datetime import datetime, time, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from syndicator.desk.filters import BlogFilter
from syndicator.desk.times import desk_zone
from syndicator.entries.models import LiveBlog

HOUR = timedelta(hours=1)
#: Beyond these a calendar cannot be asked for the day before or after.
FIRST, LAST = date_type(2000, 1, 1), date_type(2999, 12, 31)


@dataclass(frozen=True, slots=True)
class Day:
    date: date_type
    zone: str

    @property
    def start(self) -> datetime:
        return self._midnight(self.date)

    @property
    def end(self) -> datetime:
        return self._midnight(self.date + timedelta(days=1))

    @property
    def hours(self) -> list[datetime]:
        """When each of its hours begins: 24, or one more or less when clocks are changed."""
        began, hours = self.start.astimezone(ZoneInfo("UTC")), []
        while began < self.end:
            hours.append(began.astimezone(ZoneInfo(self.zone)))
            began += HOUR
        return hours

    def hour_of(self, moment: datetime) -> int:
        """Which of the day's hours *moment* is in."""
        return int((moment - self.start.astimezone(ZoneInfo("UTC"))) / HOUR)

    def _midnight(self, day: date_type) -> datetime:
        return datetime.combine(day, time(), ZoneInfo(self.zone))


class DayForm(BlogFilter):
    """Which live blog, and which day. What does not exist chooses nothing."""

    day = forms.DateField(
        required=False,
        label=_("Day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, data: Mapping[str, Any], *, one_blog: bool = False) -> None:
        super().__init__(data)
        self._one_blog = one_blog
        if one_blog:
            field = self.fields["blog"]
            assert isinstance(field, forms.ModelChoiceField)
            field.empty_label = None
        self.is_valid()
        # The fields show what was chosen, and what stands for what was not.
        of_blog = {"blog": str(self.of_blog.pk)} if self.of_blog else {}
        self.data = {**self.data, "day": self.chosen.date.isoformat(), **of_blog}

    @cached_property
    def of_blog(self) -> LiveBlog | None:
        """The live blog; None for all. Where one is needed and none chosen, the newest."""
        asked: LiveBlog | None = self.cleaned_data.get("blog")
        if asked is None and self._one_blog:
            return LiveBlog.objects.order_by("-pk").first()
        return asked

    @cached_property
    def chosen(self) -> Day:
        """The day; today unless another was asked for."""
        zone = self.of_blog.time_zone if self.of_blog else desk_zone()
        asked = self.cleaned_data.get("day")
        if asked is None or not FIRST < asked < LAST:
            asked = timezone.localtime(timezone=ZoneInfo(zone)).date()
        return Day(asked, zone)

    @property
    def query(self) -> str:
        return self._query(self.chosen.date)

    @property
    def day_before(self) -> str:
        return self._query(self.chosen.date - timedelta(days=1))

    @property
    def day_after(self) -> str:
        """Empty today: nothing is known of tomorrow."""
        after = self.chosen.date + timedelta(days=1)
        today = timezone.localtime(timezone=ZoneInfo(self.chosen.zone)).date()
        return self._query(after) if after <= today else ""

    def _query(self, day: date_type) -> str:
        blog = {"blog": self.of_blog.pk} if self.of_blog else {}
        return urlencode({**blog, "day": day.isoformat()})
