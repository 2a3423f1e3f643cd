"""A day that was really read is played again."""

from __future__ import annotations

import gzip
from datetime import timedelta

import pytest

from syndicator.clock import database_now
from syndicator.entries.models import Entry, EntryRevision
from syndicator.following.likenesses import decide
from syndicator.following.models import Following, Likeness, Reading, ReadPage, Sameness
from syndicator.following.replaying import Counts, Replay, replay
from syndicator.following.switching import begin
from tests.factories import make_blog, make_user
from tests.following.followed import PATH, document, item, look, start
from tests.following.site import Site

pytestmark = pytest.mark.django_db

LINK = "https://magazin.example.org/genf/waffenruhe"
AT = 'xmlns:at="http://purl.org/atompub/tombstones/1.0"'
DAY = timedelta(days=1)


def today(following: Following, **bounds: object) -> Replay:
    now = database_now()
    return replay(following, now - DAY, now + DAY, **bounds)  # type: ignore[arg-type]


@pytest.fixture
def following(site: Site) -> Following:
    """A first look at two entries; one more; an edit; one under a new name, which an editor finds
    to be the same; another new one; and an edit of that."""
    following = start(site, 1, 2)
    states = [
        document(1, 2, item(3, permalink=LINK)),
        document(1, item(2, "Verbessert."), item(3, permalink=LINK)),
        document(1, item(2, "Verbessert."), item(3, "Neu.", external_id="x3", permalink=LINK)),
    ]
    for state in states:
        site.put(PATH, state)
        look(following)
    decide(Likeness.objects.get().pk, Sameness.SAME, make_user())
    for text in ("Neu.", "Neuer."):
        newest = item(3, text, external_id="x3", permalink=LINK)
        site.put(PATH, document(1, item(2, "Verbessert."), newest, 4))
        look(following)
    return following


def test_all_comes_out_as_it_did_then(following: Following) -> None:
    played = today(following)
    assert played.is_whole
    assert [step.then for step in played.steps] == [step.now for step in played.steps]
    assert played.steps[1].now == Counts(created=1)
    assert played.steps[2].now == Counts(updated=1)
    assert played.steps[-3].now == Counts(held=1)
    assert played.steps[-2].now == Counts(created=1)
    assert played.steps[-1].now == Counts(updated=1)
    (updated,) = played.steps[2].updated
    assert updated.external_id.endswith(":n2")
    assert not any(step.differs for step in played.steps)


def feed(*entries: str) -> str:
    return f'<feed xmlns="http://www.w3.org/2005/Atom" {AT}>{"".join(entries)}</feed>'


def atom(number: int) -> str:
    return (
        f"<entry><id>urn:n{number}</id><title>Satz {number}</title>"
        f'<link href="{LINK}/{number}"/><updated>2026-11-30T01:0{number}:00Z</updated></entry>'
    )


def test_what_was_taken_back_is_taken_back_again(site: Site) -> None:
    site.put(PATH, feed(atom(1), atom(2)))
    following = begin(make_blog(), "feed", site.url + PATH, "feed")
    look(following)
    gone = '<at:deleted-entry ref="urn:n1" when="2026-11-30T01:30:00Z"/>'
    site.put(PATH, feed(gone, atom(2)))
    look(following)
    first, second = today(following).steps
    assert second.now == second.then == Counts(withdrawn=1)
    assert [entry.headline for entry in second.withdrawn] == ["Satz 1"]
    assert not first.differs


def test_it_may_begin_in_the_middle_of_the_day(following: Following) -> None:
    third = following.readings.order_by("read_at")[2]
    played = replay(following, third.read_at, database_now() + DAY)
    assert [step.then for step in played.steps] == [step.now for step in played.steps]


def test_what_a_reader_says_differently_is_marked(following: Following) -> None:
    second = following.readings.order_by("read_at")[1]
    Reading.objects.filter(pk=second.pk).update(created=7)
    played = today(following)
    assert [step.reading.pk for step in played.steps if step.differs] == [second.pk]
    assert played.differing == 1


def test_what_cannot_be_read_any_more_is_said_and_the_rest_goes_on(following: Following) -> None:
    second = following.readings.order_by("read_at")[1]
    ReadPage.objects.filter(reading=second).update(gzipped=gzip.compress(b"<html>neu</html>"))
    steps = today(following).steps
    assert "HTML" in steps[1].problem
    # What was new then is new one reading later.
    assert steps[2].now == Counts(created=1, updated=1)
    assert len(steps) == following.readings.count()


def test_it_writes_nothing(following: Following) -> None:
    def rows() -> list[object]:
        models = (Entry, EntryRevision, Reading, ReadPage, Likeness, Following)
        return [list(model.objects.order_by("pk").values()) for model in models]

    before = rows()
    today(following)
    assert rows() == before


def test_it_is_bounded_by_number_and_by_time(following: Following) -> None:
    few = today(following, most=2)
    assert (len(few.steps), few.readings, few.is_whole) == (2, following.readings.count(), False)
    assert len(today(following, patience=timedelta(0)).steps) == 1


def test_another_day_has_nothing(following: Following) -> None:
    now = database_now()
    played = replay(following, now + DAY, now + 2 * DAY)
    assert (played.readings, played.steps) == (0, [])
