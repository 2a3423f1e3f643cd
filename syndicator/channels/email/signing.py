"""DKIM signatures (RFC 6376, RFC 8301; Ed25519: RFC 8463) of mails that this package made.

What is signed is canonicalised by the caller, once for a whole mailing, and therefore apart from
the signing. The canonicalisation is “relaxed” for headers and body: relays may fold a header anew.
"""

from __future__ import annotations

import re
import textwrap
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import ClassVar, NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from syndicator.channels.base import Unauthorised
from syndicator.channels.email.addresses import is_domain
from syndicator.wording import Wording, gettext_noop

INCOMPLETE = Wording(
    gettext_noop("For signatures the mail needs all three: DKIM domain, selector and key.")
)
NOT_A_DOMAIN = gettext_noop("The DKIM domain or selector %(name)s is not a domain name.")
UNREADABLE = gettext_noop("The DKIM key cannot be read: %(why)s")
NO_PEM = Wording(gettext_noop("it does not begin with “-----BEGIN PRIVATE KEY-----”."))
ENCRYPTED = Wording(gettext_noop("it is protected by a passphrase. Enter it without one."))
DAMAGED = Wording(gettext_noop("it is damaged or incomplete."))
OTHER_KIND = Wording(gettext_noop("it is neither an RSA nor an Ed25519 key."))
WRONG_SIZE = gettext_noop("an RSA key of %(bits)s bits; it must have 1,024 to 4,096, best 2,048.")

#: In this order. Those above the line are named once more than a mail has them, so that nobody on
#: the way can add another one (RFC 6376, 8.15); those of the list a relay may.
SIGNED = (
    *("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"),
    *("List-Id", "List-Owner", "List-Unsubscribe", "List-Unsubscribe-Post", "Auto-Submitted"),
)
OVERSIGNED = (*SIGNED[:7], "Cc", "Reply-To", "Sender")
LEAST_BITS, MOST_BITS = 1024, 4096

#: Line ends and spaces inside may have been lost in a form's field.
_PEM = re.compile(
    r"-----BEGIN (?P<kind>(?:\w+ )?PRIVATE KEY)-----(?P<body>.*?)-----END (?P=kind)-----", re.DOTALL
)


class Unsigned(NamedTuple):
    """What a key is to sign for one mail, and the digest of its body, coded."""

    text: bytes
    digest: bytes


class Signer:
    """Signs with *key* for *domain*; the public key is published under *selector*."""

    #: Which headers of a mail are signed, in the order `relaxed_headers` must give them in.
    headers: ClassVar[Sequence[str]] = SIGNED

    def __init__(self, domain: str, selector: str, key: RSAPrivateKey | Ed25519PrivateKey) -> None:
        self.domain, self.selector, self._key = domain, selector, key
        algorithm = "rsa-sha256" if isinstance(key, RSAPrivateKey) else "ed25519-sha256"
        names = textwrap.wrap(" ".join((*SIGNED, *OVERSIGNED)), 70, break_on_hyphens=False)
        listed = ":\r\n\t ".join(line.replace(" ", ":") for line in names)
        begun = (
            f"DKIM-Signature: v=1; a={algorithm}; c=relaxed/relaxed;\r\n"
            f"\td={domain}; s={selector};\r\n\th={listed};\r\n\tbh="
        )
        self._begun = begun.encode()
        # The name of the header is the only one that matters to what is signed of it.
        self._begun_relaxed = relaxed_headers(self._begun, ["DKIM-Signature"]).rstrip(b"\r\n")

    @classmethod
    def from_settings(cls, settings: Mapping[str, str]) -> Signer | None:
        """The signer of a destination; None if it has none, `Unauthorised` says what is wrong."""
        domain, selector, pem = (settings.get(name, "").strip() for name in SETTINGS)
        if not (domain or selector or pem):
            return None
        if not (domain and selector and pem):
            raise Unauthorised(INCOMPLETE)
        for name in (domain, selector):
            if not is_domain(name):
                raise Unauthorised(Wording(NOT_A_DOMAIN, {"name": name}))
        return cls(domain, selector, read_key(pem))

    def sign(self, headers: bytes, body: bytes) -> bytes:
        """The header to be put above a mail. *headers* and *body* are as `relaxed_headers` (of
        `Signer.headers`) and `relaxed_body` make them."""
        unsigned = self.unsigned(headers, body)
        return self.header(unsigned, self.signature(unsigned.text))

    def unsigned(self, headers: bytes, body: bytes) -> Unsigned:
        """The first step of `sign`."""
        digest = b64encode(sha256(body).digest())
        return Unsigned(b"".join((headers, self._begun_relaxed, digest, b"; b=")), digest)

    def signature(self, text: bytes) -> bytes:
        """The second, and by far the slowest: that of `Unsigned.text` by the key."""
        if isinstance(self._key, RSAPrivateKey):
            return self._key.sign(text, _PADDING, _HASH)
        return self._key.sign(sha256(text).digest())

    def header(self, unsigned: Unsigned, signature: bytes) -> bytes:
        """The third."""
        coded = b64encode(signature)
        lines = [coded[start : start + 72] for start in range(0, len(coded), 72)]
        return b"".join(
            (self._begun, unsigned.digest, b";\r\n\tb=", b"\r\n\t ".join(lines), b"\r\n")
        )

    @property
    def pem(self) -> bytes:
        """The private key, for a process that signs for this one."""
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def signed(self, mail: bytes) -> bytes:
        """*mail*, with CRLF line ends, below its signature."""
        headers, _, body = mail.partition(b"\r\n\r\n")
        return self.sign(relaxed_headers(headers, self.headers), relaxed_body(body)) + mail

    @property
    def record_name(self) -> str:
        """Where in the DNS the public key is published."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def record(self) -> str:
        """The text (TXT) to be published there."""
        public = self._key.public_key()
        if isinstance(self._key, RSAPrivateKey):
            kind = "rsa"
            raw = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        else:
            kind = "ed25519"
            raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return f"v=DKIM1; k={kind}; p={b64encode(raw).decode()}"


#: Names of the settings: domain, selector and key.
SETTINGS = ("dkim_domain", "dkim_selector", "dkim_key")
_PADDING, _HASH = PKCS1v15(), SHA256()


def read_key(pem: str) -> RSAPrivateKey | Ed25519PrivateKey:
    """The private key in *pem*, whose line ends may be missing; `Unauthorised` if there is none."""
    found = _PEM.search(pem)
    if found is None:
        raise _unreadable(NO_PEM)
    if "ENCRYPTED" in found[0]:
        raise _unreadable(ENCRYPTED)
    try:
        key = load_der_private_key(b64decode("".join(found["body"].split()), validate=True), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # Its text could quote the key.
        raise _unreadable(DAMAGED) from None
    if isinstance(key, Ed25519PrivateKey):
        return key
    if not isinstance(key, RSAPrivateKey):
        raise _unreadable(OTHER_KIND)
    if not LEAST_BITS <= key.key_size <= MOST_BITS:
        raise _unreadable(Wording(WRONG_SIZE, {"bits": key.key_size}))
    return key


def new_key() -> str:
    """A new RSA key of 2,048 bits, which every receiver understands, as PEM."""
    key = generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def relaxed_headers(headers: bytes, names: Sequence[str]) -> bytes:
    """Those of a mail's *headers* that are called *names*, in that order (RFC 6376, 3.4.2).

    The mail has each at most once.
    """
    found = {}
    for line in re.sub(rb"\r\n(?=[ \t])", b"", headers).split(b"\r\n"):
        name, _, value = line.partition(b":")
        relaxed = re.sub(rb"[ \t]+", b" ", value).strip(b" ")
        found[name.strip().lower()] = relaxed
    keys = [name.lower().encode() for name in names]
    return b"".join(key + b":" + found[key] + b"\r\n" for key in keys if key in found)


def relaxed_body(body: bytes) -> bytes:
    """*body* as it is hashed (RFC 6376, 3.4.4)."""
    lines = re.sub(rb"[ \t]+", b" ", re.sub(rb"[ \t]+(?=\r\n|\Z)", b"", body))
    return re.sub(rb"(?:\r\n)*\Z", b"\r\n" if lines.strip(b"\r\n") else b"", lines, count=1)


def _unreadable(why: Wording) -> Unauthorised:
    return Unauthorised(Wording(UNREADABLE, {"why": why}))
