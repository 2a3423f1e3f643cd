"""What a demo remembers between two starts: its log-ins, its push token, how far it got."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(slots=True)
class Memory:
    """Kept as ``demo.json`` in the data folder, readable by its owner alone."""

    token: str = ""
    admin_password: str = ""
    editor_password: str = ""
    position: int = 0

    @classmethod
    def load(cls, folder: Path) -> Memory:
        try:
            return cls(**json.loads((folder / "demo.json").read_text(encoding="utf-8")))
        except FileNotFoundError:
            return cls()

    def save(self, folder: Path) -> None:
        part = folder / "demo.json.part"
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(asdict(self), file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(folder / "demo.json")
