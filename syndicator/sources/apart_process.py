"""The process that `apart` starts: it waits for connections and forks a child for each."""

from __future__ import annotations

import contextlib
import json
import math
import os
import resource
import signal
import socket
import sys
import traceback
from typing import Any

from syndicator.sources.apart import SECONDS, context_from_json, document_to_json
from syndicator.sources.base import SourceDocument, UnreadableSource
from syndicator.sources.detect import read_with, reader_named, readers, recognise

#: Of a child, in bytes: far more than any honest document needs.
MEMORY = 2 * 1024**3
_CHUNK = 1 << 16


def main() -> None:
    """Until the other side closes its door."""
    readers()  # loads them, for all children
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # whoever started this may have ignored it
    with socket.socket(fileno=int(sys.argv[1])) as door:
        while True:
            said, files, _, _ = socket.recv_fds(door, 1, 1)
            if not said:
                return
            for file in files:
                if os.fork() == 0:
                    door.close()
                    _serve(socket.socket(fileno=file))
                os.close(file)


def _serve(connection: socket.socket) -> None:
    """Answer, within the limits, and be gone."""
    _end_after(SECONDS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    code = 1
    try:
        with connection, connection.makefile("rb", _CHUNK) as received:
            question = json.loads(received.readline())
            _end_after(min(SECONDS, question["seconds"]))
            answer = _answer(question, received.read(question["size"]))
            connection.sendall(json.dumps(answer).encode())
        code = 0
    finally:
        # No handlers, no flushing: nothing of the parent's is this process's to end.
        os._exit(code)


def _end_after(seconds: float) -> None:
    """By the clock on the wall and, should that be stopped, by the processor's."""
    whole = math.ceil(seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (whole, whole + 1))
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _answer(question: dict[str, Any], data: bytes) -> dict[str, Any]:
    try:
        return document_to_json(_read(question, data))
    except UnreadableSource as error:
        return {"expected": error.expected, "found": error.found}
    except (RecursionError, MemoryError):
        expected = "Expected a document that can be read in a moment."
        return {"expected": expected, "found": "Found one that is nested too deeply or too large."}
    except Exception:
        traceback.print_exc()
        expected = "Expected a document that its reader understands."
        return {
            "expected": expected,
            "found": "Found one that it stumbled over; the log says where.",
        }


def _read(question: dict[str, Any], data: bytes) -> SourceDocument:
    reader = reader_named(question["reader"]) or recognise(data)
    return read_with(reader, data, context_from_json(question))


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
