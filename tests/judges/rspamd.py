"""rspamd with its own rules, on loopback, asking nobody but our name server."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

from tests.judges.samples import ADDRESS, HOST
from tests.ports import quiet_port

SYSTEM = Path("/etc/rspamd")
SECONDS_TO_START = 120


@contextmanager
def serving_rspamd(folder: Path, name_server: int) -> Iterator[int]:
    """The port it takes mails on. *folder* is scratch."""
    port = quiet_port()
    conf = folder / "conf"
    shutil.copytree(SYSTEM, conf)
    for name in ("db", "run", "log"):
        (folder / name).mkdir()
    (folder / "suffixes").write_text("example\norg\ncom\nde\n")
    local = conf / "local.d"
    local.mkdir(exist_ok=True)
    (local / "worker-normal.inc").write_text(f'bind_socket = "127.0.0.1:{port}";\ncount = 1;\n')
    for name in ("controller", "fuzzy", "proxy"):
        (local / f"worker-{name}.inc").write_text("enabled = false;\n")
    (local / "options.inc").write_text(
        f'dns {{ nameserver = ["127.0.0.1:{name_server}"]; }}\n'
        # Both take minutes to compile and change no result here.
        f'disable_hyperscan = true;\nurl_tld = "{folder}/suffixes";\n'
    )
    names = {"CONFDIR": conf, "LOCAL_CONFDIR": conf}
    names |= {f"{name.upper()}DIR": folder / name for name in ("db", "run", "log")}
    server = subprocess.Popen(
        ["rspamd", "--no-fork", "--insecure", "--config", str(conf / "rspamd.conf")]
        + [f"--var={name}={path}" for name, path in names.items()],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, server)
        yield port
    finally:
        server.terminate()
        server.wait(30)


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < ends:
        assert server.poll() is None, "rspamd ended by itself"
        try:
            with urlopen(f"http://127.0.0.1:{port}/ping", timeout=1):
                return
        except (URLError, OSError):
            time.sleep(0.2)
    raise TimeoutError("rspamd did not start")


def symbols(port: int, mail: bytes, return_path: str) -> Mapping[str, float]:
    """What it finds in *mail* from *return_path*, each with its score."""
    request = Request(
        f"http://127.0.0.1:{port}/checkv2",
        mail,
        {
            "From": return_path,
            "Rcpt": "ada@reader.example",
            "IP": ADDRESS,
            "Helo": HOST,
            "Hostname": HOST,
        },
    )
    with urlopen(request, timeout=60) as answer:
        found = json.load(answer)
    return {name: one["score"] for name, one in found["symbols"].items()}
