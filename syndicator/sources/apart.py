"""Reads documents in processes of their own, so that a hostile one slows and breaks nothing else.

One process stands by for each of ours, with all readers loaded; for every document it forks a child
that has so much time and memory and then is gone (`apart_process`). Only JSON comes back.
"""

from __future__ import annotations

import atexit
import json
import os
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from syndicator.content import EntryContent, MalformedContent, blocks_from_json
from syndicator.sources.base import ReadingContext, SourceDocument, UnreadableSource
from syndicator.uptime import uptime

#: Seconds for one document, by the clock on the wall.
SECONDS = 30
#: Of an answer, in bytes.
LARGEST_ANSWER = 100_000_000
_CHUNK = 1 << 16

_lock = threading.Lock()
_standing_by: _StandingBy | None = None


@dataclass(frozen=True, slots=True)
class _StandingBy:
    """The process that forks, and the socket on which it is handed one end of a new one."""

    process: subprocess.Popen[bytes]
    door: socket.socket


def read_apart(
    data: bytes, reader: str, context: ReadingContext, seconds: float = SECONDS
) -> SourceDocument:
    """What the reader called *reader* makes of *data* (empty: the one that recognises it).

    Raises `UnreadableSource`, also where it took too long or too much memory.
    """
    question = {
        "reader": reader,
        "canonical_url": context.canonical_url,
        "time_zone": context.time_zone.key,
        "language": context.language,
        "source_url": context.source_url,
        "size": len(data),
        "seconds": seconds,
    }
    ours, theirs = socket.socketpair()
    with ours:
        ours.settimeout(seconds)
        try:
            with theirs:
                _hand_over(theirs)
            ours.sendall(json.dumps(question).encode() + b"\n" + data)
            answer = json.loads(_all_of(ours, seconds))
        except (OSError, ValueError):
            raise UnreadableSource(
                "Expected a document that can be read in a moment.",
                "Found one that takes too long or too much memory.",
            ) from None
    if "found" in answer:
        raise UnreadableSource(str(answer["expected"]), str(answer["found"]))
    return document_from_json(answer)


def document_to_json(document: SourceDocument) -> dict[str, Any]:
    return {
        "reader": document.reader,
        "entries": [
            {**entry.to_json(), "derived_id": entry.derived_id} for entry in document.entries
        ],
        "title": document.title,
        "canonical_url": document.canonical_url,
        "language": document.language,
        "warnings": list(document.warnings),
        "withdrawn": list(document.withdrawn),
        "sparse": list(document.sparse),
        "next_url": document.next_url,
        "hub_urls": list(document.hub_urls),
        "topic_url": document.topic_url,
    }


def document_from_json(data: dict[str, Any]) -> SourceDocument:
    """The reverse of `document_to_json`; `UnreadableSource` if it is anything else."""
    try:
        return SourceDocument(
            **{
                **data,
                "entries": tuple(map(_entry, data["entries"])),
                **{
                    name: tuple(map(str, data[name]))
                    for name in ("warnings", "withdrawn", "sparse", "hub_urls")
                },
            }
        )
    except (KeyError, TypeError, ValueError, MalformedContent):
        raise UnreadableSource("Expected what a reader answers.", "Found something else.") from None


def _entry(data: dict[str, Any]) -> EntryContent:
    times = {
        name: datetime.fromisoformat(data[name]) if data[name] else None
        for name in ("published_at", "embargo_until")
    }
    blocks = blocks_from_json(data["blocks"])
    return EntryContent(**{**data, **times, "blocks": blocks, "tags": tuple(data["tags"])})


def context_from_json(data: dict[str, Any]) -> ReadingContext:
    return ReadingContext(
        data["canonical_url"], ZoneInfo(data["time_zone"]), data["language"], data["source_url"]
    )


def _all_of(ours: socket.socket, seconds: float) -> bytes:
    ends, parts, size = uptime() + seconds, [], 0
    while part := ours.recv(_CHUNK):
        parts.append(part)
        size += len(part)
        if size > LARGEST_ANSWER or uptime() > ends:
            raise TimeoutError
    return b"".join(parts)


def _hand_over(theirs: socket.socket) -> None:
    """Give one end of a connection to the process that stands by; start that if there is none."""
    global _standing_by  # noqa: PLW0603
    with _lock:
        for _ in range(2):
            if _standing_by is None:
                _standing_by = _start()
            try:
                socket.send_fds(_standing_by.door, [b"."], [theirs.fileno()])
            except OSError:
                _end()
            else:
                return
    raise OSError("the process that reads documents does not start")


def _start() -> _StandingBy:
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "syndicator.sources.apart_process", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    return _StandingBy(process, ours)


def _end() -> None:
    global _standing_by  # noqa: PLW0603
    if _standing_by is not None:
        # It ends when its door is closed; what it forked has its limits.
        _standing_by.door.close()
        _standing_by.process.kill()
        _standing_by.process.wait()
        _standing_by = None


def _forget() -> None:
    """A forked process has none of its own yet, and must not speak on its parent's door."""
    global _standing_by, _lock
    if _standing_by is not None:
        _standing_by.door.close()
        _standing_by.process.returncode = 0  # not this process's to wait for
    _standing_by, _lock = None, threading.Lock()


os.register_at_fork(after_in_child=_forget)
atexit.register(_end)
