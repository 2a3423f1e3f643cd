from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from syndicator.channels.sandbox.store import Action, SandboxStore


def test_what_was_accepted_is_there_for_another_reader_at_once(tmp_path: Path) -> None:
    writer = SandboxStore(tmp_path)
    writer.record("x", Action.PUBLISH, "1", text="Eins", link="https://a.example/1")
    reader = SandboxStore(tmp_path)

    [accepted] = reader.accepted("x")

    assert (accepted.remote_id, accepted.text, accepted.link) == ("1", "Eins", "https://a.example/1")
    assert reader.accepted("facebook") == []
    writer.close()
    reader.close()


def test_readers_see_the_latest_edit_and_no_deleted_post(tmp_path: Path) -> None:
    store = SandboxStore(tmp_path)
    for post in ("1", "2", "3"):
        store.record("facebook", Action.PUBLISH, post, text=f"Text {post}")
    store.record("facebook", Action.EDIT, "2", text="Neu")
    store.record("facebook", Action.EDIT, "2", text="Noch neuer")
    store.record("facebook", Action.DELETE, "3")
    store.record("facebook", Action.DRAFT, "4", text="Entwurf")

    assert [(post.remote_id, post.text) for post in store.posts("facebook")] == [
        ("2", "Noch neuer"),
        ("1", "Text 1"),
    ]
    assert [post.text for post in store.accepted("facebook")] == ["Text 1", "Text 2", "Text 3"]
    assert store.post("facebook", "3") is None
    assert store.post("facebook", "4") is not None
    store.close()


def test_posts_are_bounded_by_time_and_number(tmp_path: Path) -> None:
    store = SandboxStore(tmp_path)
    times = [store.record("x", Action.PUBLISH, str(n)) for n in range(5)]

    def ids(**bounds: datetime | int | None) -> list[str]:
        return [post.remote_id for post in store.posts("x", **bounds)]  # type: ignore[arg-type]

    assert ids(since=times[2]) == ["4", "3", "2"]
    assert ids(until=times[1]) == ["1", "0"]
    assert ids(before=3, limit=1) == ["1"]
    assert ids(since=datetime.now(UTC) + timedelta(seconds=5)) == []
    store.close()


@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back_as_it_was(
    tmp_path_factory: object, text: str
) -> None:
    assert text == text
