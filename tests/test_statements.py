"""Statements made once: they read and write what Django itself would, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, models, transaction
from django.db.models import OuterRef, Q
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syndicator import statements
from syndicator.clock import database_now
from syndicator.destinations.models import Destination
from syndicator.entries.models import Entry
from syndicator.posts.models import Attempt, AttemptKind, Post, PostState
from syndicator.statements import Gap, Prepared
from tests.factories import make_post

pytestmark = pytest.mark.django_db

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=50)
times = st.datetimes(
    datetime(1990, 1, 1),  # noqa: DTZ001
    datetime(2090, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
columns = st.fixed_dictionaries(
    {
        "state": st.sampled_from(PostState),
        "reason": st.none() | st.dictionaries(texts, texts | st.integers() | st.none(), max_size=3),
        "due_at": st.none() | times,
        "changed_at": times,
        "remote_id": texts,
        "breaking": st.booleans(),
        "tries": st.integers(0, 100),
        "cost": st.decimals(0, 9999, places=4),
    }
)


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(columns)
def test_what_is_written_is_what_django_reads(changes: dict[str, Any]) -> None:
    post = make_post()
    assert statements.update(Post, {"id": post.pk, "epoch": 0}, changes) == 1
    expected = Post.objects.get(pk=post.pk)
    for name, value in changes.items():
        assert getattr(expected, name) == value
    found = statements.get(Post, post.pk)
    for field in Post._meta.concrete_fields:
        value = getattr(found, field.attname)
        assert value == getattr(expected, field.attname)
        # True is 1 to an assertion, and a budget of 0.2 nearly Decimal("0.2").
        assert type(value) is type(getattr(expected, field.attname))


def test_an_empty_set_names_no_row() -> None:
    post = make_post()
    assert statements.update(Post, {"id": post.pk, "state": set()}, {"tries": 3}) == 0
    assert Post.objects.get().tries == 0


def test_a_gap_takes_several_spans_away() -> None:
    noon = datetime(2026, 11, 17, 12, tzinfo=UTC)
    gap = Gap("now", models.DateTimeField()) - timedelta(hours=1) - timedelta(minutes=5)
    early = Gap("now", models.DateTimeField()) - timedelta(minutes=65)
    assert gap.filled({"now": noon}) == early.filled({"now": noon})


@pytest.mark.django_db(transaction=True)
def test_a_row_is_not_locked_outside_of_a_transaction() -> None:
    post = make_post()
    with pytest.raises(transaction.TransactionManagementError):
        statements.get(Post, post.pk, lock=True)


@pytest.mark.parametrize("model", [Post, Entry, Destination])
def test_a_row_is_read_as_django_reads_it(model: type[models.Model]) -> None:
    make_post(tags=("Eilmeldung", "Übung"), key_event=True)
    expected = model._default_manager.get()
    found = statements.get(model, expected.pk)
    assert found == expected
    assert not found._state.adding
    for field in model._meta.concrete_fields:
        assert getattr(found, field.attname) == getattr(expected, field.attname), field.name
    found.save()


def test_a_row_that_is_not_there_is_missed_as_django_misses_it() -> None:
    with pytest.raises(Post.DoesNotExist):
        statements.get(Post, 987654321)


def test_only_rows_that_are_as_expected_are_changed() -> None:
    post, other = make_post(), make_post()
    now = database_now()
    changes = {"state": PostState.SENDING, "changed_at": now}
    wrong = {"id": post.pk, "state": {PostState.PENDING, PostState.FAILED}}
    assert statements.update(Post, wrong, changes) == 0
    right = {"id": post.pk, "state": frozenset({PostState.PENDING, PostState.APPROVED})}
    assert statements.update(Post, right, changes) == 1
    post.refresh_from_db()
    other.refresh_from_db()
    assert (post.state, other.state) == (PostState.SENDING, PostState.APPROVED)


def test_a_new_row_is_django_s_own() -> None:
    post = make_post()
    attempt = Attempt(post=post, kind=AttemptKind.SEND, epoch=3, started_at=database_now())
    statements.insert(attempt)
    found = Attempt.objects.get()
    assert found == attempt
    assert (found.post_id, found.kind, found.epoch, found.reason) == (post.pk, "send", 3, None)
    assert found.started_at == attempt.started_at
    attempt.outcome = "unknown"
    attempt.save()
    assert Attempt.objects.get().outcome == "unknown"


@pytest.mark.django_db(transaction=True)
def test_a_locked_row_is_nobody_else_s() -> None:
    if not connection.features.has_select_for_update:
        pytest.skip("SQLite locks the whole database")
    pk = make_post().destination_id

    def free_for_others() -> list[int]:
        try:
            with transaction.atomic():
                rows = Destination.objects.select_for_update(no_key=True, skip_locked=True)
                return list(rows.values_list("pk", flat=True))
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as others:
        with transaction.atomic():
            statements.get(Destination, pk)
            assert others.submit(free_for_others).result() == [pk]
            statements.get(Destination, pk, lock=True)
            assert others.submit(free_for_others).result() == []
        assert others.submit(free_for_others).result() == [pk]


def test_a_prepared_query_is_made_once_and_filled_each_time() -> None:
    made = []

    def build() -> Any:
        made.append(1)
        moment = Gap("moment", models.DateTimeField())
        same = Post.objects.filter(pk=OuterRef("pk"), due_at__gt=moment - timedelta(hours=1))
        return Post.objects.filter(
            Q(destination=Gap("destination", models.BigIntegerField())), models.Exists(same)
        ).values_list("pk", "state")[:1]

    query, post = Prepared(build), make_post()
    due = post.due_at
    assert due
    hour, moment = timedelta(hours=1), timedelta(milliseconds=1)
    ask = {"destination": post.destination_id}
    assert query.first(**ask, moment=due + hour - moment) == (post.pk, PostState.APPROVED)
    assert query.first(**ask, moment=due + hour) is None
    assert query.first(destination=post.destination_id + 1, moment=due) is None
    assert len(made) == 1
