"""The sandbox platforms, all of them, in one process: `python -m syndicator.channels.sandboxes`."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from syndicator.channels.email.sandbox import EmailSandbox
from syndicator.channels.facebook.sandbox import FacebookSandbox
from syndicator.channels.sandbox.server import SandboxServer
from syndicator.channels.x.sandbox import XSandbox
from syndicator.parent import when_gone

PLATFORMS = (XSandbox, FacebookSandbox, EmailSandbox)

#: The test accounts: channel name → the settings of a destination that posts to its sandbox.
SANDBOX_SETTINGS: Mapping[str, Mapping[str, str]] = {
    platform.name: platform.credentials for platform in PLATFORMS
}


def start_all(
    data_folder: Path, *, host: str = "127.0.0.1", http_port: int = 0, smtp_port: int = 0
) -> SandboxServer:
    """Start every sandbox; `OSError` if a port is taken. Port 0 takes a free one."""
    server = SandboxServer(
        data_folder, PLATFORMS, host=host, http_port=http_port, smtp_port=smtp_port
    )
    server.start()
    return server


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT, or until the parent is gone; the exit status."""
    options = _parser().parse_args(arguments)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        server = start_all(
            options.data,
            host=options.host,
            http_port=options.http_port,
            smtp_port=options.smtp_port,
        )
    except OSError as problem:
        print(f"The sandbox platforms cannot start: {problem}", file=sys.stderr)
        return 1
    if options.exit_with_parent:
        when_gone(ended.set)
    print(f"Sandbox platforms: {server.http_url}/", flush=True)
    print(f"Sandbox mail server: {server.smtp_address}", flush=True)
    ended.wait()
    server.stop()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m syndicator.channels.sandboxes",
        description="Servers that behave like X, Facebook and a mail server, on this machine.",
    )
    parser.add_argument("--data", type=Path, required=True, help="folder for what was accepted")
    parser.add_argument("--http-port", type=int, required=True, help="0 takes a free one")
    parser.add_argument("--smtp-port", type=int, required=True, help="0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument(
        "--exit-with-parent", action="store_true", help="end when standard input is closed"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
