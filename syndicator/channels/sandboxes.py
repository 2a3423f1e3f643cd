"""The sandbox platforms, all of them, in one process: `python -m syndicator.channels.sandboxes`.

They are found by the entry-point group ``syndicator.sandboxes``. The test account of X is at
``/x``, the one of Facebook at ``/facebook``. Further accounts, for trying many destinations at
once, are at ``/x-2``, ``/facebook-2`` and so on: each with its own posts, faults and limits, all
with the same credentials.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import structlog

from syndicator.channels.sandbox.base import SandboxPlatform, on_account
from syndicator.channels.sandbox.server import SandboxServer
from syndicator.parent import when_gone

GROUP = "syndicator.sandboxes"


log = structlog.get_logger(__name__)


def _platforms() -> list[type[SandboxPlatform]]:
    """All installed sandboxes that load. A broken plug-in is logged and takes no other down."""
    found = []
    for point in sorted(entry_points(group=GROUP), key=lambda one: one.name):
        try:
            found.append(_load(point))
        except Exception as error:
            source = point.dist.name if point.dist else "an unknown package"
            log.error("a sandbox does not load", sandbox=point.name, of=source, error=str(error))
    return found


def _load(point: EntryPoint) -> type[SandboxPlatform]:
    made = point.load()
    if isinstance(made, type) and issubclass(made, SandboxPlatform) and made.name == point.name:
        return made
    raise TypeError(f"{point.value} is not a SandboxPlatform of that name")


PLATFORMS = _platforms()

#: The test accounts: channel name → the settings of a destination that posts to its sandbox.
SANDBOX_SETTINGS: Mapping[str, Mapping[str, str]] = {
    platform.name: platform.credentials for platform in PLATFORMS
}


def start_all(
    data_folder: Path,
    *,
    host: str = "127.0.0.1",
    http_port: int = 0,
    smtp_port: int = 0,
    accounts: int = 1,
    generosity: float = 1.0,
) -> SandboxServer:
    """Start every sandbox; `OSError` if a port is taken. Port 0 takes a free one.

    *accounts* is how many each platform has, except mail; *generosity* is how many times the
    platforms' own their limits are.
    """
    platforms = [
        on_account(platform, number, generosity)
        for platform in PLATFORMS
        for number in range(1, accounts + 1 if platform.has_further_accounts else 2)
    ]
    server = SandboxServer(
        data_folder, platforms, host=host, http_port=http_port, smtp_port=smtp_port
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
            accounts=options.accounts,
            generosity=options.generosity,
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
        description="Servers that behave like the platforms and a mail server, on this machine.",
    )
    parser.add_argument("--data", type=Path, required=True, help="folder for what was accepted")
    parser.add_argument("--http-port", type=int, required=True, help="0 takes a free one")
    parser.add_argument("--smtp-port", type=int, required=True, help="0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument(
        "--accounts", type=_at_least_one, default=1, help="how many each platform has"
    )
    parser.add_argument(
        "--generosity",
        type=_positive,
        default=1.0,
        help="how many times the platforms' own their limits are",
    )
    parser.add_argument(
        "--exit-with-parent", action="store_true", help="end when standard input is closed"
    )
    return parser


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("has to be at least 1")
    return number


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < 1e6:
        raise argparse.ArgumentTypeError("has to be more than 0")
    return number


if __name__ == "__main__":
    sys.exit(main())
