"""Workers killed in the middle of a mailing: nobody gets it twice, nobody is forgotten."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

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
