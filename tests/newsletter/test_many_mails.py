"""Mailings to many: workers killed in the middle, and what they ask of the database."""

from __future__ import annotations

from math import inf
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from syndicator.channels.email.signing import Signer
from syndicator.channels.email.signing_apart import SigningApart
from syndicator.newsletter import fanout, relaying
from syndicator.newsletter.fanout import send_due
from syndicator.newsletter.models import Mailing, RecipientState
from syndicator.newsletter.progress import progress
from tests.newsletter.killing import judge, kill_while_sending, prepared
from tests.newsletter.sink import recording


@pytest.mark.django_db(transaction=True)
def test_killed_again_and_again_a_mailing_reaches_everybody_once(
    tmp_path: Path, settings: Any
) -> None:
    settings.JOURNAL_FOLDER = tmp_path / "journals"
    with recording(tmp_path) as sink:
        mailing = prepared(sink, 1000)
        kill_while_sending(mailing, sink, kills=3, workers=1)
        judge(mailing, sink)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("killed", [0, 1, 2])
def test_signed_by_processes_that_may_be_killed_and_stopped_in_the_middle_a_mailing_loses_nothing(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, killed: int
) -> None:
    settings.JOURNAL_FOLDER = tmp_path / "journals"
    monkeypatch.setattr(fanout, "signing_processes", lambda mailing: 2)
    monkeypatch.setattr(fanout, "LOOK", 0.02)
    made: list[SigningApart] = []

    def make(signer: Signer, processes: int) -> SigningApart:
        made.append(SigningApart(signer, processes))
        return made[-1]

    monkeypatch.setattr(fanout, "SigningApart", make)
    with recording(tmp_path) as sink:
        mailing = prepared(sink, 3000, signed=True)

        def may_go_on(mailing: Mailing) -> bool:
            """Until some mails are out that a process has signed."""
            if not made[-1].is_there or len(made) > 1:
                return True
            for process in made[-1]._processes[:killed]:
                process._process.kill()
            return False

        monkeypatch.setattr(fanout, "_may_go_on", may_go_on)
        send_due(mailing.pk)
        counts = progress(mailing.pk)
        assert counts[RecipientState.QUEUED]
        assert not counts[RecipientState.IN_FLIGHT] + counts[RecipientState.UNCERTAIN]
        assert counts[RecipientState.ACCEPTED] == sink.message_ids().total()
        while progress(mailing.pk)[RecipientState.QUEUED]:
            send_due(mailing.pk)
        assert sink.message_ids().total() == 3000
        judge(mailing, sink)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("failures", "accepted"), [(1, 40), (10**6, 0)])
def test_a_mail_that_cannot_be_signed_is_tried_again_or_waits(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, failures: int, accepted: int
) -> None:
    settings.JOURNAL_FOLDER = tmp_path / "journals"
    left, signature = failures, Signer.signature

    def fail(signer: Signer, text: bytes) -> bytes:
        """As a machine without memory would, or a library that refuses the key."""
        nonlocal left
        if left:
            left -= 1
            raise MemoryError
        return signature(signer, text)

    monkeypatch.setattr(Signer, "signature", fail)
    with recording(tmp_path, seconds=0) as sink:
        mailing = prepared(sink, 40, signed=True)
        send_due(mailing.pk)
        counts = progress(mailing.pk)
        assert counts[RecipientState.ACCEPTED] == accepted == sink.message_ids().total()
        assert counts[RecipientState.QUEUED] == 40 - accepted


@pytest.mark.django_db(transaction=True)
def test_a_thousand_mails_more_cost_about_a_hundred_statements(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Apart from what is done by the clock."""
    settings.JOURNAL_FOLDER = tmp_path / "journals"
    for name in ("LOOK", "LOOK_ASIDE"):
        monkeypatch.setattr(fanout, name, inf)
    monkeypatch.setattr(relaying, "PATIENCE", 1.0)
    made = []
    with recording(tmp_path, seconds=0) as sink:
        for count in (500, 1500):
            mailing = prepared(sink, count)
            with CaptureQueriesContext(connection) as captured:
                send_due(mailing.pk)
            assert progress(mailing.pk)[RecipientState.ACCEPTED] == count
            made.append(len(captured))
    assert made[1] - made[0] < 120, made
