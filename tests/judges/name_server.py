"""A name server on loopback that knows the sample's domain, so that nothing asks the real ones."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tests.judges.samples import ADDRESS, DOMAIN, HOST, SIGNER

_A, _PTR, _MX, _TXT = 1, 12, 15, 16
_TYPES = {"A": _A, "PTR": _PTR, "MX": _MX, "TXT": _TXT}
_REVERSED = ".".join(reversed(ADDRESS.split("."))) + ".in-addr.arpa"

#: What the guide tells a newsroom to publish, in its strictest form.
RECORDS: Mapping[str, Mapping[str, str]] = {
    DOMAIN: {"A": ADDRESS, "MX": HOST, "TXT": f"v=spf1 ip4:{ADDRESS} -all"},
    HOST: {"A": ADDRESS, "TXT": "v=spf1 a -all"},
    f"_dmarc.{DOMAIN}": {"TXT": "v=DMARC1; p=reject; adkim=s; aspf=s"},
    SIGNER.record_name: {"TXT": SIGNER.record},
    _REVERSED: {"PTR": HOST},
}


def answer(question: bytes) -> bytes:
    """The datagram that answers another: one record, or that there is no such name."""
    number = question[:2]
    name, end = _read_name(question, 12)
    kind = struct.unpack(">H", question[end : end + 2])[0]
    asked = question[12 : end + 4]
    known = RECORDS.get(name.lower())
    found = [data for label, data in (known or {}).items() if _TYPES[label] == kind]
    code = 0 if known is not None else 3
    head = number + struct.pack(">HHHHH", 0x8580 | code, 1, len(found), 0, 0)
    records = b"".join(
        b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(data)) + data
        for data in (_encoded(kind, one) for one in found)
    )
    return head + asked + records


def _encoded(kind: int, data: str) -> bytes:
    if kind == _A:
        return socket.inet_aton(data)
    if kind == _TXT:
        pieces = [data[at : at + 255].encode() for at in range(0, len(data), 255)]
        return b"".join(bytes([len(piece)]) + piece for piece in pieces)
    name = b"".join(bytes([len(part)]) + part.encode() for part in data.split(".")) + b"\0"
    return struct.pack(">H", 10) + name if kind == _MX else name


def _read_name(question: bytes, at: int) -> tuple[str, int]:
    parts = []
    while length := question[at]:
        parts.append(question[at + 1 : at + 1 + length].decode("ascii", "replace"))
        at += 1 + length
    return ".".join(parts), at + 1


@contextmanager
def serving_names() -> Iterator[int]:
    """The port it answers on."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                question, sender = server.recvfrom(4096)
                if not question:
                    return
                server.sendto(answer(question), sender)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.sendto(b"", server.getsockname())
        thread.join()
