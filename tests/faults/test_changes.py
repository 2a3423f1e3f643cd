"""An entry edited, withdrawn or rejected at the very moment it is sent.

What goes out is what was approved, byte for byte, and whoever came too late finds a note to act on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from syndicator.steps import Step
from tests.faults.conftest import Case
from tests.faults.shapes import PostRow, permalink
from tests.faults.strikes import Act, Strike

pytestmark = pytest.mark.faults

MOMENTS = (
    Step.RENDER_DRAFTED,
    Step.RENDER_WRITTEN,
    Step.RENDER_COMMITTED,
    Step.CLAIM_LOCKED,
    Step.CLAIM_WRITTEN,
    Step.CLAIM_COMMITTED,
    Step.SEND_PREPARED,
    Step.SEND_CONNECTED,
    Step.SEND_REQUESTED,
    Step.SEND_ANSWERED,
    Step.RECORD_WRITTEN,
)
#: Long enough to act in, and shorter than the deadline of a call.
MOMENT = 1.2


def test_edited_while_sending(case: Callable[..., Case]) -> None:
    made = case("entry edited while sending")
    for name in at_every_moment(made):
        made.shape.push(name, headline=f"Neu: {name}")
    verdict = made.expect_all_out()
    assert verdict.accepted == verdict.posts
    for post, posts in publications(made):
        (out,) = [act for act in made.shape.log_of(post.destination) if act["link"] == link(post)]
        (sent,) = [one for one in posts if one.state == "sent"]
        assert out["text"] == sent.text
        noted = has_note(made, post, "edit")
        assert noted == (sent.revision == 1), (post.external_id, posts)
        assert {one.state for one in posts if one is not sent} <= {"cancelled"}


def test_withdrawn_while_sending(case: Callable[..., Case]) -> None:
    made = case("entry withdrawn while sending")
    for name in at_every_moment(made):
        made.shape.push(name, state="withdrawn")
    excused = taken_back(made, "cancelled", "skipped")
    assert made.drain(excused=excused).is_good
    for post, posts in publications(made):
        out = [act for act in made.shape.log_of(post.destination) if act["link"] == link(post)]
        sent = [one for one in posts if one.state == "sent"]
        assert [act["text"] for act in out] == [one.text for one in sent]
        assert has_note(made, post, "delete") == bool(sent), (post.external_id, posts)


def test_rejected_while_sending(case: Callable[..., Case]) -> None:
    """The desk may say that it is too late; then the post goes out, and nobody is deceived."""
    made = case("approval withdrawn while sending")
    shape = made.shape
    editor = shape.editor()
    for name in at_every_moment(made):
        for post in shape.posts():
            if post.external_id == name and post.state in ("approved", "sending", "sent"):
                editor.decide(post, "reject", reason="Stimmt nicht.")
    excused = taken_back(made, "rejected")
    assert made.drain(excused=excused).is_good
    for post, posts in publications(made):
        out = [act for act in shape.log_of(post.destination) if act["link"] == link(post)]
        (only,) = posts
        assert only.state == ("sent" if out else "rejected")
        assert [act["text"] for act in out] == [only.text] * len(out)


def at_every_moment(made: Case) -> Iterator[str]:
    """The name of an entry each time one is held at a step on its way out."""
    for step in MOMENTS:
        made.shape.strike(Strike(step, Act.SLEEP, argument=MOMENT))
        made.push(1)
        made.shape.wait_for_strikes()
        yield made.pushed[-1]
        made.shape.eventually(lambda: not made.shape.to_render() and not any_open(made))


def any_open(made: Case) -> bool:
    posts = made.shape.posts()
    known = {(post.external_id, post.destination) for post in posts}
    everywhere = len(known) == len(made.pushed) * len(made.shape.accounts)
    return not everywhere or any(post.is_open for post in posts)


def taken_back(made: Case, *states: str) -> set[tuple[str, str]]:
    """(account, entry) of which every publication ended in one of *states*."""
    return {
        (post.destination, post.external_id)
        for post, posts in publications(made)
        if all(one.state in states for one in posts)
    }


def publications(made: Case) -> Iterator[tuple[PostRow, list[PostRow]]]:
    """For each entry × account one post, and all that were meant to publish it."""
    found: dict[tuple[str, str], list[PostRow]] = {}
    for post in made.shape.posts():
        if post.action == "publish":
            found.setdefault((post.destination, post.external_id), []).append(post)
    for posts in found.values():
        yield posts[0], posts


def has_note(made: Case, about: PostRow, action: str) -> bool:
    """Whether a note waits for a person who has to mend what is out."""
    return any(
        (post.external_id, post.destination) == (about.external_id, about.destination)
        and (post.action, post.state) == (action, "skipped")
        for post in made.shape.posts()
    )


def link(post: PostRow) -> str:
    return permalink(post.external_id)
