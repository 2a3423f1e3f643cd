"""The replies of a relay, however they are cut on the way, and however often they are the same."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from syndicator.channels.email.replies import Replies, Reply

LINES = (
    (b"250 2.1.0 Ok\r\n", [Reply(250, b"2.1.0 Ok")]),
    (b"354 Go on\r\n", [Reply(354, b"Go on")]),
    (b"250-one\r\n250 two\r\n", [Reply(250, b"one\ntwo")]),
    (b"421 bye\n", [Reply(421, b"bye")]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.sampled_from(LINES), max_size=4), max_size=3), st.data())
def test_replies_are_the_same_however_they_are_cut_and_however_often_they_come(
    groups: Sequence[Sequence[tuple[bytes, list[Reply]]]], data: st.DataObject
) -> None:
    replies, found, expected = Replies(), [], []
    for group in [*groups, *groups]:
        text = b"".join(line for line, _ in group)
        expected += [reply for _, whole in group for reply in whole]
        cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=2).map(sorted))
        for begin, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
            found += replies.feed(text[begin:end])
    assert found == expected
    assert not replies.begun
