"""What the sandbox platforms accepted: on disk before the platform answers."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

FILE_NAME = "sandbox.sqlite3"

SCHEMA = """
CREATE TABLE IF NOT EXISTS accepted (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    platform TEXT NOT NULL,
    action TEXT NOT NULL,
    remote_id TEXT NOT NULL,
    text TEXT NOT NULL,
    link TEXT NOT NULL,
    accepted_at TEXT NOT NULL,
    request TEXT NOT NULL,
    raw BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS accepted_in_order ON accepted (platform, number);
CREATE INDEX IF NOT EXISTS accepted_by_id ON accepted (platform, remote_id, action);
CREATE INDEX IF NOT EXISTS accepted_by_text ON accepted (platform, text);
"""

IN_ORDER = """
SELECT number, platform, action, remote_id, text, link, accepted_at, request
FROM accepted
WHERE platform = :platform AND action = :action
ORDER BY number
"""

#: A post as its readers see it: its latest edit, and nothing once it is deleted.
VISIBLE = """
SELECT number, platform, action, remote_id,
       COALESCE((SELECT edit.text FROM accepted AS edit
                 WHERE edit.platform = post.platform AND edit.remote_id = post.remote_id
                   AND edit.action = 'edit'
                 ORDER BY edit.number DESC LIMIT 1), post.text),
       link, accepted_at, request
FROM accepted AS post
WHERE platform = :platform AND action IN (:action, :other_action)
  AND NOT EXISTS (SELECT 1 FROM accepted AS removal
                  WHERE removal.platform = post.platform AND removal.remote_id = post.remote_id
                    AND removal.action = 'delete')
"""


class Action(StrEnum):
    PUBLISH = "publish"
    DRAFT = "draft"
    EDIT = "edit"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Accepted:
    """One act a platform accepted.

    *link* is the URL it points to: a link card's, else the one the platform makes of the text.
    *accepted_at* is aware; *request* holds the fields as sent, without credentials.
    """

    number: int
    platform: str
    action: Action
    remote_id: str
    text: str
    link: str
    accepted_at: datetime
    request: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "id": self.remote_id,
            "action": self.action.value,
            "text": self.text,
            "link": self.link,
            "time": self.accepted_at.isoformat(),
            "request": dict(self.request),
        }


class SandboxStore:
    """An append-only record in one SQLite file, readable by other processes while it is written.

    Every act is committed and synced before `record` returns, so what a platform answered with
    success survives its being killed. Hold `lock` over a check and the `record` it decides.
    """

    def __init__(self, data_folder: Path) -> None:
        data_folder.mkdir(parents=True, exist_ok=True)
        self.lock = threading.RLock()
        self._connection = sqlite3.connect(
            data_folder / FILE_NAME, timeout=20, isolation_level=None, check_same_thread=False
        )
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.executescript(SCHEMA)

    def close(self) -> None:
        with self.lock:
            self._connection.close()

    def record(
        self,
        platform: str,
        action: Action,
        remote_id: str,
        *,
        text: str = "",
        link: str = "",
        request: Mapping[str, Any] | None = None,
        raw: bytes = b"",
    ) -> datetime:
        """Write one accepted act; return when it was accepted (aware)."""
        accepted_at = datetime.now(UTC)
        fields = json.dumps(request or {}, ensure_ascii=True)
        with self.lock:
            self._connection.execute(
                "INSERT INTO accepted (platform, action, remote_id, text, link, accepted_at,"
                " request, raw) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (platform, action, remote_id, text, link, accepted_at.isoformat(), fields, raw),
            )
        return accepted_at

    def accepted(self, platform: str, action: Action = Action.PUBLISH) -> list[Accepted]:
        """Everything *platform* accepted, oldest first, with what was deleted since."""
        return self._read(IN_ORDER, {"platform": platform, "action": action})

    def posts(
        self,
        platform: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        before: int | None = None,
        limit: int = -1,
    ) -> list[Accepted]:
        """The posts readers see now, newest first.

        *since* and *until* (aware, inclusive) bound the time of publishing, *before* the
        `Accepted.number`.
        """
        return self._read(
            VISIBLE
            + " AND (:since IS NULL OR accepted_at >= :since)"
            + " AND (:until IS NULL OR accepted_at <= :until)"
            + " AND (:before IS NULL OR number < :before)"
            + " ORDER BY number DESC LIMIT :limit",
            {
                "platform": platform,
                "action": Action.PUBLISH,
                "other_action": Action.PUBLISH,
                "since": since and since.astimezone(UTC).isoformat(),
                "until": until and until.astimezone(UTC).isoformat(),
                "before": before,
                "limit": limit,
            },
        )

    def post(self, platform: str, remote_id: str) -> Accepted | None:
        """One post or draft as it is now; None if it never was or is deleted."""
        found = self._read(
            VISIBLE + " AND remote_id = :remote_id",
            {
                "platform": platform,
                "action": Action.PUBLISH,
                "other_action": Action.DRAFT,
                "remote_id": remote_id,
            },
        )
        return found[0] if found else None

    def has_post_with_text(self, platform: str, text: str) -> bool:
        """Whether readers see a post that was published with exactly this *text*."""
        return bool(
            self._read(
                VISIBLE + " AND text = :text LIMIT 1",
                {
                    "platform": platform,
                    "action": Action.PUBLISH,
                    "other_action": Action.PUBLISH,
                    "text": text,
                },
            )
        )

    def last_remote_id(self, platform: str) -> str:
        """The id given out last, deleted or not; empty if there is none."""
        with self.lock:
            row = self._connection.execute(
                "SELECT remote_id FROM accepted WHERE platform = ? AND action IN (?, ?)"
                " ORDER BY number DESC LIMIT 1",
                (platform, Action.PUBLISH, Action.DRAFT),
            ).fetchone()
        return str(row[0]) if row else ""

    def raw(self, platform: str, remote_id: str) -> bytes:
        """The bytes that were handed over for a post (a mail's message) or a draft (a picture),
        empty if none."""
        with self.lock:
            row = self._connection.execute(
                "SELECT raw FROM accepted"
                " WHERE platform = ? AND remote_id = ? AND action IN (?, ?)",
                (platform, remote_id, Action.PUBLISH, Action.DRAFT),
            ).fetchone()
        return bytes(row[0]) if row else b""

    def _read(self, query: str, gaps: Mapping[str, Any]) -> list[Accepted]:
        with self.lock:
            rows = self._connection.execute(query, gaps).fetchall()
        return [
            Accepted(
                number,
                platform,
                Action(action),
                remote_id,
                text,
                link,
                datetime.fromisoformat(accepted_at),
                json.loads(request),
            )
            for number, platform, action, remote_id, text, link, accepted_at, request in rows
        ]
