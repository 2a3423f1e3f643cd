"""A small IMAP server on loopback: one account, one folder, and the commands a reader needs."""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

USERNAME, PASSWORD = "bounces", 'open "sesame"'


@dataclass
class ImapServer:
    """*mails* by UID and their *flags*. It hangs up before each command named in *cut_before*; and
    with *boast* it names a length that no mail has."""

    port: int = 0
    mails: dict[int, bytes] = field(default_factory=dict)
    flags: dict[int, set[str]] = field(default_factory=dict)
    cut_before: set[str] = field(default_factory=set)
    boast: int = 0
    commands: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"imap://127.0.0.1:{self.port}/Returned%20mail"

    def put(self, mail: bytes) -> int:
        number = len(self.mails) + 1
        self.mails[number], self.flags[number] = mail, set()
        return number


class _Talk(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        imap: ImapServer = self.server.imap  # type: ignore[attr-defined]
        self.wfile.write(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
        for line in self.rfile:
            tag, _, rest = line.decode().strip().partition(" ")
            imap.commands.append(rest)
            words = rest.replace("UID ", "").split(" ")
            if words[0].upper() in imap.cut_before:
                return
            answer = getattr(self, f"_{words[0].lower()}", self._unknown)(imap, rest)
            self.wfile.write(answer.replace(b"%TAG", tag.encode()))
            if words[0].upper() == "LOGOUT":
                return

    def _unknown(self, imap: ImapServer, rest: str) -> bytes:
        return b"%TAG BAD unknown\r\n"

    def _capability(self, imap: ImapServer, rest: str) -> bytes:
        return b"* CAPABILITY IMAP4rev1\r\n%TAG OK done\r\n"

    def _login(self, imap: ImapServer, rest: str) -> bytes:
        right = r'LOGIN bounces "open \"sesame\""'
        if rest == right:
            return b"%TAG OK done\r\n"
        return f"%TAG NO you said {rest}\r\n".encode()

    def _select(self, imap: ImapServer, rest: str) -> bytes:
        if rest != 'SELECT "Returned mail"':
            return b"%TAG NO no such folder\r\n"
        return f"* {len(imap.mails)} EXISTS\r\n%TAG OK [READ-WRITE]\r\n".encode()

    def _search(self, imap: ImapServer, rest: str) -> bytes:
        unread = [str(uid) for uid, flags in imap.flags.items() if r"\Seen" not in flags]
        return f"* SEARCH {' '.join(unread)}\r\n%TAG OK done\r\n".encode()

    def _fetch(self, imap: ImapServer, rest: str) -> bytes:
        found = re.fullmatch(r"UID FETCH (\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)", rest)
        assert found
        uid, most = int(found[1]), int(found[2])
        mail = imap.mails[uid][:most]
        size = imap.boast or len(mail)
        head = f"* {uid} FETCH (UID {uid} BODY[]<0> {{{size}}}\r\n".encode()
        return head + mail + b")\r\n%TAG OK done\r\n"

    def _store(self, imap: ImapServer, rest: str) -> bytes:
        found = re.fullmatch(r"UID STORE (\d+) \+FLAGS\.SILENT \((.*)\)", rest)
        assert found
        imap.flags[int(found[1])].update(found[2].split())
        return b"%TAG OK done\r\n"

    def _logout(self, imap: ImapServer, rest: str) -> bytes:
        return b"* BYE so long\r\n%TAG OK done\r\n"


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    imap: ImapServer


@contextmanager
def serving_imap() -> Iterator[ImapServer]:
    with _Server(("127.0.0.1", 0), _Talk) as server:
        server.imap = ImapServer(port=server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server.imap
        server.shutdown()
