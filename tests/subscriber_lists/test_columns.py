"""Lists of other programs, with the columns as they export them."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.newsletter.models import Pace
from syndicator.subscriber_lists.columns import Origin, Person, UnusableLine, columns_of
from syndicator.subscriber_lists.files import UnreadableFile

LISTMONK = ["uuid", "email", "name", "attributes", "status", "created_at", "updated_at"]
MAILCHIMP = [
    "Email Address", "First Name", "Last Name", "Address", "MEMBER_RATING", "OPTIN_TIME",
    "OPTIN_IP", "CONFIRM_TIME", "CONFIRM_IP", "LATITUDE", "LONGITUDE", "GMTOFF", "DSTOFF",
    "TIMEZONE", "CC", "REGION", "LAST_CHANGED", "LEID", "EUID", "NOTES", "TAGS",
]  # fmt: skip


def person(head: list[str], **said: str) -> Person:
    columns = columns_of(head)
    return columns.person(columns.used([said.get(name, "") for name in head]))


def test_listmonk() -> None:
    assert columns_of(LISTMONK).origin == Origin.LISTMONK
    told = {"email": "J@X.de", "name": "Jo", "status": "enabled", "created_at": "2024-03-01T08:00Z"}
    assert person(LISTMONK, **told) == Person(
        "j@x.de", "Jo", confirmed_at=datetime(2024, 3, 1, 8, tzinfo=UTC)
    )
    for status in ("blocklisted", "disabled", "hm"):
        with pytest.raises(UnusableLine):
            person(LISTMONK, email="j@x.de", status=status)


def test_mailchimp() -> None:
    assert columns_of(MAILCHIMP).origin == Origin.MAILCHIMP
    told = {
        "Email Address": "j@x.de",
        "First Name": "Jo",
        "Last Name": "Süß",
        "Address": "Hauptstraße 1",
        "CONFIRM_TIME": "2021-05-06 07:08:09",
        "TIMEZONE": "Europe/Berlin",
    }
    found = person(MAILCHIMP, **told)
    assert found.name == "Jo Süß"
    assert found.time_zone == "Europe/Berlin"
    assert found.confirmed_at == datetime(2021, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert not found.left


def test_mailchimps_other_two_files() -> None:
    left = [*MAILCHIMP, "UNSUB_TIME", "UNSUB_CAMPAIGN_TITLE"]
    found = person(left, **{"Email Address": "j@x.de", "UNSUB_TIME": "2022-01-01 00:00:00"})
    assert found.left
    assert found.left_at == datetime(2022, 1, 1, tzinfo=UTC)
    cleaned = [*MAILCHIMP, "CLEAN_TIME"]
    with pytest.raises(UnusableLine, match="came back"):
        person(cleaned, **{"Email Address": "j@x.de", "CLEAN_TIME": "2022-01-01 00:00:00"})


def test_our_own() -> None:
    head = ["email", "name", "state", "pace", "daily_hour", "time_zone", "confirmed_at"]
    assert columns_of(head).origin == Origin.SYNDICATOR
    found = person(head, email="'+49@x.de", name="'=1+1", pace="daily", daily_hour="21")
    assert found == Person("+49@x.de", "=1+1", pace=Pace.DAILY, daily_hour=21)
    with pytest.raises(UnusableLine):
        person(head, email="j@x.de", state="suppressed")


def test_a_mere_list_of_addresses_needs_no_head() -> None:
    columns = columns_of(["Jo Süß <j@x.de>"])
    assert not columns.has_header
    assert columns.person(columns.used(["Jo Süß <j@x.de>"])) == Person("j@x.de", "Jo Süß")


def test_a_table_without_addresses_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="“email”"):
        columns_of(["telephone", "street"])


@given(
    st.text(max_size=300) | st.text("aü.+'@ ", max_size=9).map("{}@x.de".format),
    st.text(max_size=50),
    st.text(max_size=30),
    st.text(max_size=30),
)
def test_whatever_a_cell_says_is_a_person_or_refused(
    email: str, name: str, status: str, hour: str
) -> None:
    columns = columns_of(["email", "name", "status", "daily_hour"])
    with contextlib.suppress(UnusableLine):
        found = columns.person(columns.used([email, name, status, hour]))
        assert found.email == found.email.lower()
        assert found.email.isascii()
        assert len(found.email) <= 254
        assert found.daily_hour is None or 0 <= found.daily_hour <= 23
