"""What a dead sender's journal proves, and what it does not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from syndicator.channels.base import Rejected
from syndicator.destinations.models import Destination
from syndicator.entries.models import LiveBlog
from syndicator.newsletter import journal as journals
from syndicator.newsletter.journal import Journal
from syndicator.newsletter.limits import Limits
from syndicator.newsletter.models import Mailing, MailingRecipient, RecipientState, Sender
from syndicator.newsletter.recording import Fate
from syndicator.newsletter.settling import settle
from syndicator.newsletter.sweep import sweep
from syndicator.newsletter.throttle import claim_allowed
from syndicator.wording import Wording
from tests.newsletter.mailings import make_due, make_mailing, states

pytestmark = pytest.mark.django_db(transaction=True)

S = RecipientState
READERS = [f"{word}@reader.example" for word in ("anna", "ben", "cleo", "dan")]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Iterator[Path]:
    settings.JOURNAL_FOLDER = tmp_path / "journals"
    return settings.JOURNAL_FOLDER


@pytest.fixture
def mailing(destination: Destination, blog: LiveBlog) -> Mailing:
    return make_mailing(destination, blog, *READERS)


def struck_down(mailing: Mailing) -> Journal:
    """A sender that had claimed all four: one mail accepted, one refused, one in doubt, and one
    not begun; nothing of it is recorded."""
    journal = Journal()
    claimed = claim_allowed(
        mailing.pk, mailing.destination_id, journal.token, len(READERS), Limits()
    )
    for mail, said in zip(claimed, ("250 ok", Rejected(Wording("No.")), None, ""), strict=True):
        if said != "":
            journal.begun(mail.pk, mail.epoch)
        if said:
            journal.answered(Fate.of(mail, said))
    return journal


SORTED = {"anna": S.ACCEPTED, "ben": S.BOUNCED, "cleo": S.UNCERTAIN, "dan": S.QUEUED}


def test_a_dead_senders_mails_are_sorted_by_what_it_wrote(mailing: Mailing, folder: Path) -> None:
    journal = struck_down(mailing)
    assert settle() == 0, "as long as it lives"
    assert set(states(mailing).values()) == {S.IN_FLIGHT}
    journal.leave()
    assert settle() == 4
    assert states(mailing) == SORTED
    dan = mailing.recipients.get(address=READERS[3])
    assert (dan.attempts, bool(dan.due_at)) == (0, True)
    assert list(folder.iterdir()) == []
    assert settle() == 0


def test_a_journal_tells_more_than_a_lease_that_is_over(mailing: Mailing) -> None:
    journal = struck_down(mailing)
    make_due(mailing)
    sweep()
    assert set(states(mailing).values()) == {S.UNCERTAIN}
    journal.leave()
    settle()
    assert states(mailing) == SORTED


def test_a_journal_from_before_the_machine_started_proves_nothing_by_silence(
    mailing: Mailing, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    struck_down(mailing).leave()
    monkeypatch.setattr(journals, "_boot_id", lambda: "another")
    settle()
    assert states(mailing) == {**SORTED, "dan": S.IN_FLIGHT}, "its lease tells when it is over"
    assert len(list(folder.iterdir())) == 1
    make_due(mailing)
    sweep()
    assert states(mailing) == {**SORTED, "dan": S.UNCERTAIN}
    settle()
    assert list(folder.iterdir()) == []


def test_an_old_journal_changes_nothing_that_was_claimed_anew(mailing: Mailing) -> None:
    journal = struck_down(mailing)
    MailingRecipient.objects.update(state=S.QUEUED)
    make_due(mailing)
    claim_allowed(mailing.pk, mailing.destination_id, "another", 10, Limits())
    journal.leave()
    settle()
    assert set(states(mailing).values()) == {S.IN_FLIGHT}


@pytest.mark.parametrize("torn", [b"17", b'{"pk": 1, "ep', b"\0\0\0\n", b"{}\n", b"a b\n", b"[]\n"])
def test_a_torn_or_damaged_line_is_no_line(mailing: Mailing, folder: Path, torn: bytes) -> None:
    journal = struck_down(mailing)
    with (folder / f"{journal.token}.journal").open("ab") as file:
        file.write(torn)
    journal.leave()
    settle()
    assert states(mailing) == SORTED


def test_no_dot_leaves_before_the_answers_read_until_then_are_written(
    mailing: Mailing, folder: Path
) -> None:
    journal = Journal()
    claimed = claim_allowed(mailing.pk, mailing.destination_id, journal.token, 3, Limits())
    anna, ben, cleo = claimed
    journal.begun(anna.pk, anna.epoch)
    journal.answered(Fate.of(anna, "250 ok \n \u2028 wie gewünscht"))
    journal.begun(ben.pk, ben.epoch)
    journal.answered(Fate.of(ben, Rejected(Wording("No."))))
    journal.begun(cleo.pk, cleo.epoch)
    os.close(journal._file)  # nothing that it had not written yet is written by that
    settle()
    assert states(mailing) == {**SORTED, "dan": S.QUEUED}
    assert mailing.recipients.get(pk=anna.pk).answer == "250 ok \n \u2028 wie gewünscht"
    assert list(folder.iterdir()) == []


def test_a_dead_sender_gives_its_connections_back(mailing: Mailing) -> None:
    journal = struck_down(mailing)
    Sender.objects.create(
        token=journal.token, mailing=mailing, connections=20, until=mailing.created_at
    )
    journal.leave()
    settle()
    assert not Sender.objects.exists()


def test_uncertain_mails_are_sent_once_more_where_that_is_wished(mailing: Mailing) -> None:
    struck_down(mailing).leave()
    Destination.objects.update(settings={**mailing.destination.settings, "uncertain": "again"})
    sweep()
    assert states(mailing) == {**SORTED, "cleo": S.QUEUED}
    mailing.recipients.filter(address=READERS[2]).update(state=S.UNCERTAIN, attempts=2)
    sweep()
    assert states(mailing) == SORTED, "but not a third time"
