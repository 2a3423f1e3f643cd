"""What makes a process of an installation strikeable, put in by `tests.faults.settings`.

The product's own code runs unchanged, with two differences: its waits are a tenth as long, and,
where a folder for strikes is named, a hook stands at every named step.
"""

from __future__ import annotations

import os
from pathlib import Path

from django.apps import AppConfig

from syndicator import steps


class Faults(AppConfig):
    name = "tests.faults"
    path = str(Path(__file__).parent)

    def ready(self) -> None:
        # Django's models have to be there before.
        from tests.faults import clock, haste
        from tests.faults.strikes import FOLDER, Hook

        haste.shorten()
        if FOLDER in os.environ:
            folder = Path(os.environ[FOLDER])
            clock.follow(folder)
            steps.strike_with(Hook(folder))
