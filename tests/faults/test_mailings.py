"""SIGKILL, fifty times in one mailing: the mail server's own record shows nobody twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.newsletter.killing import judge, kill_while_sending, prepared
from tests.newsletter.sink import recording

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("workers", [1, 2])
def test_killed_fifty_times(workers: int, tmp_path: Path, settings: Any) -> None:
    settings.JOURNAL_FOLDER = tmp_path / "journals"
    with recording(tmp_path) as sink:
        mailing = prepared(sink, 12_000)
        kill_while_sending(mailing, sink, kills=50, workers=workers)
        judge(mailing, sink)
