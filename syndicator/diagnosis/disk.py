"""The disk that the data folder lies on."""

from __future__ import annotations

import shutil

from django.conf import settings

from syndicator.diagnosis.findings import Finding, problem
from syndicator.wording import TimedWording, Wording, gettext_noop

#: Megabytes. A full disk stops every write, and with it every post.
LITTLE = 500

NEARLY_FULL = gettext_noop("Only %(free)s MB are free on the disk of %(folder)s.")
MAKE_ROOM = Wording(gettext_noop("Make room: on a full disk nothing can be recorded or sent."))


def has_room() -> list[Finding]:
    """Nothing to say where there is no data folder: then other hosts keep the data."""
    folder = settings.DATA_FOLDER
    if not folder.is_dir():
        return []
    free = shutil.disk_usage(folder).free // 1_000_000
    if free >= LITTLE:
        return []
    return [problem(TimedWording(NEARLY_FULL, {"free": free, "folder": str(folder)}), MAKE_ROOM)]
