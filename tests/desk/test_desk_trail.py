"""The audit trail: complete, without secrets, only ever longer."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import transaction
from django.test import Client as Browser

import syndicator
from syndicator.accounts.models import AppendOnly, AuditEntry, Role
from syndicator.desk.trail import ACTS, KINDS
from syndicator.destinations.models import Policy, Route
from syndicator.posts import review
from syndicator.posts.models import Decision, Verdict
from syndicator.wording import Wording
from tests.desk.test_desk_settings import FILTERS
from tests.factories import make_blog, make_destination, make_post, make_route, make_user


def filters(prefix: str) -> dict[str, object]:
    """A route's filters as the form sends them where none is set."""
    unset = {**FILTERS, "urgent_in_quiet_hours": "on"}
    return {f"{prefix}-{name}": value for name, value in unset.items()}


pytestmark = pytest.mark.django_db
ROOT = Path(syndicator.__file__).parent


def test_a_changed_route_is_on_record_with_before_and_after(admin: Browser) -> None:
    route = make_route(make_blog(), make_destination("note"), Policy.REVIEW, hold_seconds=20)
    prefix = f"to{route.destination_id}"
    form = {f"{prefix}-policy": "automatic", f"{prefix}-hold_seconds": 20}
    admin.post(
        f"/settings/blogs/{route.blog_id}/routes/",
        {**form, f"{prefix}-limit_minutes": 60, **filters(prefix)},
    )
    row = AuditEntry.objects.get(what="destinations.route")
    assert (row.before, row.after) == ({"policy": "review"}, {"policy": "automatic"})
    page = admin.get("/settings/trail/").text
    assert "Edda Kranz" in page
    assert re.search(r"<del>[^<]+</del> → <ins>[^<]+</ins>", page)


def test_no_secret_gets_into_it(admin: Browser) -> None:
    form = {
        "name": "Notizen",
        "base_url": "https://notes.example.org",
        "setting_handle": "notizen",
        "setting_token": "s3cret-token",
    }
    admin.post("/destinations/connect/note/", form)
    row = AuditEntry.objects.get(act="connected")
    assert row.after["encrypted_secrets"] == "•••"
    assert row.after["settings"] == {"handle": "notizen"}
    for path in ("", "audit.csv"):
        answer = admin.get(f"/settings/trail/{path}")
        content = b"".join(answer) if path else answer.content
        assert b"Notizen" in content
        assert b"s3cret" not in content


def test_decisions_stand_among_the_settings_by_time(admin: Browser) -> None:
    post = make_post(Policy.REVIEW, make_destination("note"), headline="Ein Satz")
    editor = make_user(Role.EDITOR, first_name="Jana")
    review.stop(editor, "Ein Test")
    review.reject(post.pk, editor, "Zu früh")
    admin.post("/settings/people/new/", {})
    said = admin.get("/settings/trail/").text
    assert "Jana" in said
    assert "Zu früh" in said
    assert f"/entries/{post.entry_id}/#post-{post.pk}" in said


def test_filters_choose_by_person_kind_and_day(admin: Browser) -> None:
    post = make_post(Policy.REVIEW, make_destination("note"), headline="Ein Satz")
    jana = make_user(Role.EDITOR, first_name="Jana")
    review.reject(post.pk, jana, "Zu früh")
    admin.post(
        "/settings/blogs/new/",
        {
            "title": "Neuer Blog",
            "slug": "neu",
            "canonical_url": "https://m.example.org/neu",
            "language": "de",
            "time_zone": "Europe/Berlin",
            "breaking_tags": "",
        },
    )
    for query, reject, blog in (
        ("", True, True),
        (f"who={jana.pk}", True, False),
        ("kind=decision", True, False),
        ("kind=setting", False, True),
        ("kind=entries.liveblog", False, True),
        ("kind=destinations.route", False, False),
        ("since=2999-01-01", False, False),
        ("until=2001-01-01", False, False),
        ("since=2001-01-01&until=2999-01-01&kind=&who=nobody", True, True),
    ):
        main = admin.get(f"/settings/trail/?{query}").text.partition("</form>\n")[2]
        assert ("Zu früh" in main, "Neuer Blog" in main) == (reject, blog), query


def test_the_table_has_the_same_lines_and_no_formulas(admin: Browser) -> None:
    post = make_post(Policy.REVIEW, make_destination("note"), headline="=1+1")
    review.reject(post.pk, make_user(Role.EDITOR, first_name="Jana"), '=HYPERLINK("x")')
    text = b"".join(admin.get("/settings/trail/audit.csv")).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows[0]["Person"] == "Jana"
    assert rows[0]["Act"] == "rejected"
    assert rows[0]["Said"] == """'=HYPERLINK("x")"""
    assert rows[0]["Name"] == "'=1+1"


def test_it_is_told_in_the_readers_words(admin: Browser) -> None:
    german = {"headers": {"Accept-Language": "de"}}
    admin.post("/stop/", {"scope": "everything", "reason": "Falschmeldung"}, **german)
    post = make_post(Policy.REVIEW, make_destination("note"))
    reason = Wording("The access token was revoked. Connect the account anew.").to_json()
    AuditEntry.objects.create(
        at="2026-11-17T12:00:00Z", act="paused", what="destinations.destination", name="Notiz",
        before={"state": "active"},
        after={"state": "paused", "pause_reason": reason, "paused_at": "2025-11-17T12:00:00Z"},
    )  # fmt: skip
    at = datetime(2026, 12, 24, 17, 0, tzinfo=UTC)
    Decision.objects.create(
        post=post, user=make_user(Role.EDITOR), verdict=Verdict.SCHEDULE, payload_hash="x",
        comment=f"{at.isoformat()}/", decided_at=at,
    )  # fmt: skip
    page = " ".join(admin.get("/settings/trail/", **german).text.split())
    assert "Roter Knopf Alles" in page
    assert "Angehalten seit" in page
    assert "17. Nov. 2025, 13:00:00" in page
    assert "Nicht vor" in page
    for raw in ("sentence", "pause reason", "T12:00", "T17:00", "object ("):
        assert raw not in re.sub(r'datetime="[^"]*"', "", page.partition('class="trail"')[2]), raw
    table = b"".join(admin.get("/settings/trail/audit.csv", **german)).decode("utf-8-sig")
    assert table.startswith("Zeit;Person;")
    assert "{" not in table


def test_nothing_can_be_rewritten() -> None:
    AuditEntry.objects.create(
        at="2026-11-17T12:00:00Z", act="changed", what="entries.liveblog", name="x"
    )
    row = AuditEntry.objects.get()
    row.name = "y"
    for rewrite in (
        row.save,
        row.delete,
        AuditEntry.objects.all().delete,
        lambda: AuditEntry.objects.filter(pk=row.pk).update(name="y"),
        lambda: AuditEntry.objects.bulk_update([row], ["name"]),
    ):
        with pytest.raises(AppendOnly), transaction.atomic():
            rewrite()
    assert AuditEntry.objects.get().name == "x"


def test_what_fails_to_be_recorded_is_not_done(
    admin: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    from syndicator.accounts import audit

    def broken(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError

    route: Route = make_route(make_blog(), make_destination("note"), Policy.REVIEW)
    monkeypatch.setattr(audit, "record", broken)
    prefix = f"to{route.destination_id}"
    form = {f"{prefix}-policy": "automatic", f"{prefix}-hold_seconds": 0}
    with pytest.raises(RuntimeError):
        admin.post(
            f"/settings/blogs/{route.blog_id}/routes/",
            {**form, f"{prefix}-limit_minutes": 60, **filters(prefix)},
        )
    route.refresh_from_db()
    assert route.policy == Policy.REVIEW


def test_every_act_and_kind_has_its_words() -> None:
    source = "".join(path.read_text() for path in ROOT.rglob("*.py"))
    called = re.findall(
        r"audit\.(?:record|recorded|saved)\(([^()]*(?:\([^()]*\)[^()]*)*)\)", source
    )
    acts = {
        act
        for call in called
        if (act := next(iter(re.findall(r'"([a-z -]+)"', call)), "")) and "act," not in call
    }
    assert len(acts) > 15
    assert acts <= set(ACTS)
    from django.apps import apps

    assert all(apps.get_model(kind) for kind in KINDS)


def test_as_many_queries_for_many_lines_as_for_few(admin: Browser) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    admin.get("/settings/trail/")
    post = make_post(Policy.REVIEW, make_destination("note"))
    review.reject(post.pk, make_user(Role.EDITOR), "Zu früh")
    with CaptureQueriesContext(connection) as few:
        admin.get("/settings/trail/")
    for _ in range(5):
        post = make_post(Policy.REVIEW, make_destination("note"))
        review.reject(post.pk, make_user(Role.EDITOR), "Zu früh")
    with CaptureQueriesContext(connection) as many:
        admin.get("/settings/trail/")
    assert len(many) == len(few)
