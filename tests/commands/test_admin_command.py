"""``syndicator admin``: the way back in for who has lost everything."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.installation import Installation

SETS_UP = """
from syndicator.boot import boot
boot()
from syndicator.accounts.models import User
from syndicator.clock import database_now
from syndicator.entrance import second_step
from syndicator.entrance.models import Authenticator
person = User.objects.get(username="otto")
second_step.begin_app(person)
Authenticator.objects.update(confirmed_at=database_now())
second_step.new_recovery_codes(person)
"""
SAYS = """
from syndicator.boot import boot
boot()
from syndicator.accounts.models import AuditEntry, User
from syndicator.entrance import second_step
from syndicator.entrance.models import RecoveryCode
person = User.objects.get(username="otto")
print(second_step.is_set_up(person), RecoveryCode.objects.count(), AuditEntry.objects.count())
"""


def test_a_lost_second_step_is_taken_away_only_if_asked(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "data")
    installation.set_up()

    def admin(*options: str) -> None:
        command = [sys.executable, "-m", "syndicator", "admin", "otto", "--password"]
        subprocess.run(
            [*command, "a horse of course", *options],
            env=installation.environment,
            capture_output=True,
            check=True,
            timeout=60,
        )

    admin()
    installation.script(SETS_UP)
    admin()
    assert installation.script(SAYS).split()[-3:] == ["True", "10", "2"]
    admin("--reset-second-step")
    assert installation.script(SAYS).split()[-3:] == ["False", "0", "3"]
