"""The process that `signing_apart` starts: it signs what comes in, one after another.

On its standard input, a socket: the key (PEM), then texts; on the same socket their signatures in
the same order. Before each stand its octets, as four octets (`framed`).
"""

from __future__ import annotations

import signal
import socket

from syndicator.channels.email.signing import Signer, read_key

_LENGTH = 4


def framed(data: bytes) -> bytes:
    return len(data).to_bytes(_LENGTH) + data


class Frames:
    """What was `framed`, cut out of the bytes that arrive."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        self._rest += data
        whole, start = [], 0
        while len(self._rest) >= start + _LENGTH:
            end = start + _LENGTH + int.from_bytes(self._rest[start : start + _LENGTH])
            if len(self._rest) < end:
                break
            whole.append(bytes(self._rest[start + _LENGTH : end]))
            start = end
        del self._rest[:start]
        return whole


def main() -> None:
    """Until the other side closes its end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started this ends it
    signer: Signer | None = None
    frames = Frames()
    with socket.socket(fileno=0) as wire:
        while data := wire.recv(1 << 16):
            for frame in frames.feed(data):
                if signer is None:
                    # Of the signer only its key is used here.
                    signer = Signer("", "", read_key(frame.decode()))
                    wire.sendall(framed(b""))
                else:
                    wire.sendall(framed(signer.signature(frame)))


if __name__ == "__main__":
    main()
