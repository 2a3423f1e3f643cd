from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection

from syndicator.content import Image, Paragraph
from syndicator.entries.ingest import Change, ingest, withdraw
from syndicator.entries.models import Entry, EntryState
from tests.factories import NOON, make_content, make_source

pytestmark = pytest.mark.django_db


def test_a_new_entry_is_kept_with_its_first_revision_and_is_due_for_rendering() -> None:
    content = make_content(
        "e1", blocks=(Paragraph("Text."), Image("Bild.", "Lena Hartwig/dpa", "Alt", ""))
    )
    ingested = ingest(make_source(), content)
    assert ingested.change == Change.CREATED
    entry = Entry.objects.get()
    assert entry.content == content
    assert entry.render_due_at is not None
    assert [r.revision for r in entry.revisions.all()] == [1]


def test_the_same_again_changes_nothing_even_with_a_touched_time() -> None:
    source, content = make_source(), make_content("e1")
    ingest(source, content)
    before = Entry.objects.values().get()
    again = ingest(source, replace(content, published_at=NOON + timedelta(hours=3)))
    assert again.change == Change.UNCHANGED
    assert Entry.objects.values().get() == before


def test_an_edit_makes_a_revision_and_keeps_what_was_said_before() -> None:
    source, content = make_source(), make_content("e1", headline="340 Gefangene")
    ingest(source, content)
    edited = ingest(source, replace(content, headline="430 Gefangene"))
    assert (edited.change, edited.entry.revision) == (Change.UPDATED, 2)
    said = [r.content["headline"] for r in edited.entry.revisions.all()]
    assert said == ["340 Gefangene", "430 Gefangene"]


def test_withdrawing_and_republishing_keep_the_identity() -> None:
    source, content = make_source(), make_content("e1")
    first = ingest(source, content).entry
    taken = withdraw(source, "e1")
    assert (taken.change, taken.entry.state) == (Change.WITHDRAWN, EntryState.WITHDRAWN)
    assert withdraw(source, "e1").change == Change.UNCHANGED
    back = ingest(source, content)
    assert back.change == Change.REPUBLISHED
    assert (back.entry.pk, back.entry.revision, back.entry.state) == (first.pk, 3, EntryState.LIVE)


def test_an_entry_without_a_time_gets_that_of_its_arrival_and_keeps_it() -> None:
    source, content = make_source(), make_content("e1", published_at=None)
    arrived = ingest(source, content).entry
    assert arrived.published_at == arrived.received_at
    edited = ingest(source, replace(content, headline="Neu")).entry
    assert edited.published_at == arrived.published_at


def test_an_entry_without_a_permalink_is_refused() -> None:
    with pytest.raises(ValueError, match="permalink"):
        ingest(make_source(), make_content(permalink=""))
    assert not Entry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_same_new_entry_pushed_by_many_at_once_is_created_once() -> None:
    source, content = make_source(), make_content("e1")

    def push(_: int) -> Change:
        try:
            return ingest(source, content).change
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        changes = sorted(pool.map(push, range(16)))
    assert changes == [Change.CREATED] + [Change.UNCHANGED] * 15
    assert Entry.objects.count() == 1
