"""The sandbox platforms, all of them, in one process: `python -m syndicator.channels.sandboxes`.

The test account of X is at ``/x``, the one of Facebook at ``/facebook``. Further accounts, for
trying many destinations at once, are at ``/x-2``, ``/facebook-2`` and so on: each with its own
posts, faults and limits, all with the same credentials.
"""

from __future__ import annotations

import argparse
import functools
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from syndicator.channels.email.sandbox import EmailSandbox
from syndicator.channels.facebook.sandbox import CALL_LIMIT, FacebookSandbox
from syndicator.channels.sandbox.base import on_account
from syndicator.channels.sandbox.server import SandboxServer
from syndicator.channels.x.sandbox import POST_LIMIT, XSandbox
from syndicator.parent import when_gone

PLATFORMS = (XSandbox, FacebookSandbox, EmailSandbox)

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
    post_limit: int = POST_LIMIT,
) -> SandboxServer:
    """Start every sandbox; `OSError` if a port is taken. Port 0 takes a free one.

    *accounts* is how many X and Facebook have each; *post_limit* how many posts X takes from one
    account in 15 minutes. Facebook's limit on calls grows with it in proportion.
    """
    x = functools.partial(XSandbox, post_limit=post_limit)
    facebook = functools.partial(FacebookSandbox, call_limit=CALL_LIMIT * post_limit // POST_LIMIT)
    platforms = [
        *(on_account(make, number) for make in (x, facebook) for number in range(1, accounts + 1)),
        EmailSandbox,
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
            post_limit=options.post_limit,
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
        "--accounts", type=_at_least_one, default=1, help="how many X and Facebook have each"
    )
    parser.add_argument(
        "--post-limit",
        type=_at_least_one,
        default=POST_LIMIT,
        help="posts that X takes from an account in 15 minutes; Facebook's limit grows with it",
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


if __name__ == "__main__":
    sys.exit(main())
