"""Proof that who brings a code back is who asked for it: RFC 7636."""

from __future__ import annotations

import base64
import hashlib


def challenge(verifier: str) -> str:
    """The code challenge for *verifier* by the method S256."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
