from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicator.channels.sandbox.store import Accepted, Action, SandboxStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SandboxStore]:
    with closing(SandboxStore(tmp_path)) as opened:
        yield opened


def ids(posts: list[Accepted]) -> list[str]:
    return [post.remote_id for post in posts]


def test_another_reader_sees_at_once_what_was_accepted(store: SandboxStore, tmp_path: Path) -> None:
    at = store.record(
        "x", Action.PUBLISH, "1", text="Eins", link="https://a.example/1", request={"text": "Eins"}
    )

    with closing(SandboxStore(tmp_path)) as reader:
        assert reader.accepted("x") == [
            Accepted(
                1, "x", Action.PUBLISH, "1", "Eins", "https://a.example/1", at, {"text": "Eins"}
            )
        ]
        assert reader.accepted("facebook") == []


def test_readers_see_the_latest_edit_and_no_deleted_post(store: SandboxStore) -> None:
    for post in ("1", "2", "3"):
        store.record("facebook", Action.PUBLISH, post, text=f"Text {post}")
    store.record("facebook", Action.EDIT, "2", text="Neu")
    store.record("facebook", Action.EDIT, "2", text="Noch neuer")
    store.record("facebook", Action.DELETE, "3")
    store.record("facebook", Action.DRAFT, "4", text="Entwurf")
    store.record("x", Action.DELETE, "1")

    assert [post.text for post in store.posts("facebook")] == ["Noch neuer", "Text 1"]
    assert [post.text for post in store.accepted("facebook")] == ["Text 1", "Text 2", "Text 3"]
    assert store.post("facebook", "3") is None
    assert store.post("facebook", "4") is not None
    assert store.last_remote_id("facebook") == "4"


def test_posts_are_bounded_by_time_and_number(store: SandboxStore) -> None:
    times = [store.record("x", Action.PUBLISH, str(number)) for number in range(5)]

    assert ids(store.posts("x", since=times[2])) == ["4", "3", "2"]
    assert ids(store.posts("x", until=times[1])) == ["1", "0"]
    assert ids(store.posts("x", before=3, limit=1)) == ["1"]
    assert store.posts("x", since=datetime.now(UTC) + timedelta(seconds=5)) == []


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=5), st.binary())
def test_texts_and_bytes_come_back_as_they_were(texts: list[str], raw: bytes) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(SandboxStore(Path(folder))) as store,
    ):
        for number, text in enumerate(texts):
            store.record("email", Action.PUBLISH, str(number), text=text, raw=raw)

        assert [post.text for post in store.accepted("email")] == texts
        assert all(store.raw("email", str(number)) == raw for number in range(len(texts)))
        assert all(store.has_post_with_text("email", text) for text in texts)
