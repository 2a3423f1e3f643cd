"""One embedded process for a data folder at a time.

Holding the folder also proves that whoever sent from it before is dead.
"""

from __future__ import annotations

import fcntl
import time
from pathlib import Path
from typing import IO

#: Seconds to wait for a predecessor that is just ending.
PATIENCE = 15.0


class FolderInUse(Exception):
    """Another process works on the data folder and does not end."""


def hold(folder: Path, name: str = "serve.lock", patience: float = PATIENCE) -> IO[bytes]:
    """Lock *folder* until the returned file is closed or this process ends, however it ends."""
    file = (folder / name).open("ab")
    ends = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= ends:
                file.close()
                raise FolderInUse(
                    f"Another Syndicator already runs on {folder}. End it first, "
                    "or name another folder by --data."
                ) from None
            time.sleep(0.1)
        else:
            return file
