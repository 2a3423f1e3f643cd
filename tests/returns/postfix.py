"""A Postfix of its own: on loopback, in a scratch folder, with Maildirs for two addresses.

It delivers to its own domain only, so nothing leaves the machine.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.ports import quiet_port

DOMAIN = "mail.example"
READER, BOUNCES = f"ada@{DOMAIN}", f"bounces@{DOMAIN}"
NOBODY = f"nobody-there@{DOMAIN}"
SECONDS_TO_START = 30


@dataclass(frozen=True, slots=True)
class Postfix:
    port: int
    mail: Path

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def mails(self, name: str, at_least: int = 1, seconds: float = 60) -> list[bytes]:
        """What has come for *name*; waits until there is enough."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            found = sorted((self.mail / name / "new").glob("*"))
            if len(found) >= at_least:
                return [path.read_bytes() for path in found]
            time.sleep(0.05)
        raise TimeoutError(f"nothing came for {name}")


def is_installed() -> bool:
    return shutil.which("postfix") is not None and os.geteuid() == 0


@contextmanager
def serving_postfix(folder: Path, lmtp_port: int | None = None) -> Iterator[Postfix]:
    """*folder* is scratch. Returned mail goes to a Maildir, or over LMTP to *lmtp_port*."""
    port = quiet_port()
    conf, queue, data, mail = (folder / name for name in ("conf", "queue", "data", "mail"))
    for path in (conf, queue, data, mail):
        path.mkdir(parents=True)
    scratch = Path(tempfile.gettempdir())
    for path in (folder, *folder.parents):
        if path != scratch and path.is_relative_to(scratch):
            path.chmod(0o755)
    shutil.chown(data, "postfix", "postfix")
    shutil.chown(mail, "nobody", "nogroup")
    user, group = mail.stat().st_uid, mail.stat().st_gid
    (conf / "mailboxes").write_text(f"{READER} ada/\n{BOUNCES} bounces/\n")
    (conf / "transports").write_text(
        f"{BOUNCES} lmtp:inet:127.0.0.1:{lmtp_port}\n" if lmtp_port else ""
    )
    (conf / "main.cf").write_text(
        f"""
compatibility_level = 3.6
queue_directory = {queue}
data_directory = {data}
multi_instance_enable = no
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.{DOMAIN}
mydestination =
mynetworks = 127.0.0.0/8
virtual_mailbox_domains = {DOMAIN}
virtual_mailbox_base = {mail}
virtual_mailbox_maps = texthash:{conf}/mailboxes
virtual_uid_maps = static:{user}
virtual_gid_maps = static:{group}
virtual_minimum_uid = 1
transport_maps = texthash:{conf}/transports
recipient_delimiter = +
# As a relay does that learns only later whether the address exists.
smtpd_reject_unlisted_recipient = no
smtpd_recipient_restrictions = permit_mynetworks, reject
default_transport = error:nothing leaves this machine
relay_transport = error:nothing leaves this machine
alias_maps =
alias_database =
disable_dns_lookups = yes
smtp_host_lookup = native
maillog_file = {folder}/postfix.log
maillog_file_prefixes = {folder}
"""
    )
    (conf / "master.cf").write_text(
        f"""
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
proxymap unix - - n - - proxymap
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""
    )
    _postfix(conf, "start")
    try:
        _wait_for(port, folder)
        yield Postfix(port, mail)
    finally:
        _postfix(conf, "stop")


def _postfix(conf: Path, command: str) -> None:
    done = subprocess.run(
        ["postfix", "-c", str(conf), command], check=False, capture_output=True, timeout=60
    )
    assert done.returncode == 0, done.stderr.decode()


def _wait_for(port: int, folder: Path) -> None:
    ends = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < ends:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError((folder / "postfix.log").read_text()[-2000:])
