"""Reads the environment: ``SYNDICATOR_<NAME>``, or the file named by ``SYNDICATOR_<NAME>_FILE``."""

from __future__ import annotations

import os
import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from syndicator import keys_file

PREFIX = "SYNDICATOR_"
PACKAGE = Path(__file__).parent.parent / "syndicator"


class MisconfiguredEnvironment(SystemExit):
    """A variable that cannot be used; the text says which one and what it should hold."""


def read(name: str, default: str = "") -> str:
    """The value of ``SYNDICATOR_<name>``; secrets may come from a file, as Docker mounts them."""
    path = os.environ.get(f"{PREFIX}{name}_FILE")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise MisconfiguredEnvironment(
                f"{PREFIX}{name}_FILE names {path}, which cannot be read: {error.strerror}."
            ) from error
    return os.environ.get(PREFIX + name, default)


def read_list(name: str, default: str = "") -> list[str]:
    """A comma-separated value as a list."""
    return [item.strip() for item in read(name, default).split(",") if item.strip()]


def read_flag(name: str, default: bool = False) -> bool:
    value = read(name).lower()
    if value in ("", "1", "true", "yes", "on", "0", "false", "no", "off"):
        return default if not value else value in ("1", "true", "yes", "on")
    raise MisconfiguredEnvironment(f"{PREFIX}{name} must be yes or no, not {value!r}.")


def read_number(name: str, default: int) -> int:
    value = read(name)
    if value and not (value.isascii() and value.isdecimal()):
        raise MisconfiguredEnvironment(f"{PREFIX}{name} must be a whole number, not {value!r}.")
    return int(value or default)


def data_folder() -> Path:
    """Where the database, the keys and everything else worth a backup live."""
    return Path(read("DATA", "~/.local/share/syndicator")).expanduser().absolute()


def journal_folder(folder: Path) -> Path:
    """Local to this machine, and the same for all its workers; below *folder* unless said."""
    return Path(read("JOURNAL_FOLDER", str(folder / "journals"))).expanduser().absolute()


def keys(folder: Path) -> keys_file.Keys:
    """Signing and encryption keys: from the environment, else made once and kept in *folder*.

    ``SYNDICATOR_ENCRYPTION_KEYS`` holds Fernet keys, newest first; older ones still decrypt.
    """
    session, encryption = read("SECRET_KEY"), read_list("ENCRYPTION_KEYS")
    if session and encryption:
        return {"session": session, "encryption": encryption}
    if session or encryption:
        raise MisconfiguredEnvironment(
            f"Set both {PREFIX}SECRET_KEY and {PREFIX}ENCRYPTION_KEYS, or neither: "
            "then both are made and kept in the data folder."
        )
    return keys_file.read_or_make(folder / keys_file.NAME)


def own_keys_file(folder: Path) -> Path | None:
    """The file in *folder* that Syndicator keeps its keys in; None if the environment has them."""
    return None if read("ENCRYPTION_KEYS") else folder / keys_file.NAME


def encryption_keys_file(folder: Path) -> Path | None:
    """Where the encryption keys are to be read again; None if they cannot change."""
    named = os.environ.get(f"{PREFIX}ENCRYPTION_KEYS_FILE")
    return Path(named) if named else own_keys_file(folder)


_MAIL_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mails to administrators are handed in, and as whom.

    *starttls*: encryption must be offered and is used; *tls*: encrypted from the start.
    """

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    starttls: bool
    tls: bool
    sender: str


def mail_server() -> MailServer | None:
    """The server of ``SYNDICATOR_MAIL_URL``; None if there is none.

    The URL's scheme is that of a mail destination. A password never travels in the clear: over
    ``smtp://`` beyond this machine it demands STARTTLS.
    """
    url = read("MAIL_URL")
    if not url:
        return None
    try:
        parts = urlsplit(url)
        host, port, surplus = parts.hostname, parts.port, parts.query or parts.fragment
    except ValueError:
        host = None
    if not host or parts.scheme not in _MAIL_PORTS or parts.path.strip("/") or surplus:
        # Not the value itself: it may hold a password.
        raise MisconfiguredEnvironment(
            f"{PREFIX}MAIL_URL must be like smtp://mail.example.org:25, "
            "smtp+starttls://user:password@mail.example.org:587 or smtps://…; "
            "in user and password, write %40 for @, %3A for : and %2F for /."
        )
    username, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(username) != bool(password) or not (username + password).isascii():
        raise MisconfiguredEnvironment(
            f"{PREFIX}MAIL_URL must name both a user and a password, in ASCII letters, or neither."
        )
    in_the_clear = parts.scheme == "smtp" and (host in _LOOPBACK or not password)
    return MailServer(
        host=host,
        port=port or _MAIL_PORTS[parts.scheme],
        username=username,
        password=password,
        starttls=parts.scheme != "smtps" and not in_the_clear,
        tls=parts.scheme == "smtps",
        sender=_sender(),
    )


def alert_addresses() -> list[str]:
    """Who gets mail about alerts besides the administrators."""
    addresses = read_list("ALERT_ADDRESSES")
    for address in addresses:
        _must_be_address("ALERT_ADDRESSES", address)
    return addresses


def alert_language(known: Container[str]) -> str:
    """The language of mails about alerts, one of *known*."""
    language = read("ALERT_LANGUAGE", "en")
    if language not in known:
        raise MisconfiguredEnvironment(f"{PREFIX}ALERT_LANGUAGE must be en or de.")
    return language


@dataclass(frozen=True, slots=True)
class Provider:
    """The OpenID Connect provider that people may sign in at. *roles* are its names of roles, and
    what they mean here; empty if it says nothing about roles."""

    issuer: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    name: str = ""
    roles_claim: str = ""
    roles: Mapping[str, str] = field(default_factory=dict)


def provider(known_roles: Container[str]) -> Provider:
    """That of ``SYNDICATOR_OIDC_ISSUER``; an empty one if there is none."""
    issuer = read("OIDC_ISSUER")
    if not issuer:
        return Provider()
    parts = urlsplit(issuer)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise MisconfiguredEnvironment(f"{PREFIX}OIDC_ISSUER must begin with https://.")
    client_id, client_secret = read("OIDC_CLIENT_ID"), read("OIDC_CLIENT_SECRET")
    if not client_id or not client_secret:
        raise MisconfiguredEnvironment(
            f"Set {PREFIX}OIDC_CLIENT_ID and {PREFIX}OIDC_CLIENT_SECRET with {PREFIX}OIDC_ISSUER."
        )
    roles = {}
    for pair in read_list("OIDC_ROLES"):
        theirs, _, ours = pair.rpartition("=")
        if not theirs or ours not in known_roles:
            raise MisconfiguredEnvironment(
                f"{PREFIX}OIDC_ROLES must be like desk-admins=admin,newsroom=editor; "
                "the roles here are viewer, author, editor and admin."
            )
        roles[theirs] = ours
    return Provider(
        issuer=issuer,
        client_id=client_id,
        client_secret=client_secret,
        name=read("OIDC_NAME") or parts.hostname or "",
        roles_claim=read("OIDC_ROLES_CLAIM", "roles"),
        roles=roles,
    )


#: A bucket by the rules of S3, and a prefix that needs no escaping in a URL.
_BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_][A-Za-z0-9._-]*)*")
_LONGEST_BUCKET = 200


def picture_store() -> str:
    """Where new pictures are kept, like ``s3://bucket/prefix``; empty for the database."""
    named = read("PICTURE_STORE").rstrip("/")
    if named in ("", "database"):
        return ""
    if not _BUCKET.fullmatch(named) or len(named) > _LONGEST_BUCKET:
        raise MisconfiguredEnvironment(
            f"{PREFIX}PICTURE_STORE must be database, or like s3://bucket/prefix."
        )
    if not read("S3_KEY_ID") or not read("S3_SECRET"):
        raise MisconfiguredEnvironment(
            f"Set {PREFIX}S3_KEY_ID and {PREFIX}S3_SECRET with {PREFIX}PICTURE_STORE."
        )
    if find_spec("botocore") is None:
        raise MisconfiguredEnvironment(
            f"{PREFIX}PICTURE_STORE needs botocore: pip install 'syndicator[s3]'."
        )
    return named


def s3_endpoint(region: str) -> str:
    """The server of ``SYNDICATOR_S3_ENDPOINT``, without a slash at its end; AWS's own if unset."""
    if not re.fullmatch(r"[A-Za-z0-9-]{1,40}", region):
        raise MisconfiguredEnvironment(f"{PREFIX}S3_REGION must be like eu-central-1.")
    url = read("S3_ENDPOINT").rstrip("/") or f"https://s3.{region}.amazonaws.com"
    try:
        parts = urlsplit(url)
        whole = bool(parts.hostname) and url == f"{parts.scheme}://{parts.netloc}"
        whole = whole and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        whole = False
    if not whole or parts.scheme not in ("https", "http"):
        # Not the value itself: it may hold a password.
        raise MisconfiguredEnvironment(
            f"{PREFIX}S3_ENDPOINT must be like https://s3.example.org or http://minio:9000."
        )
    return url


def _sender() -> str:
    """An email address, perhaps with a name: ``Desk <desk@example.org>``."""
    sender = read("MAIL_FROM")
    _must_be_address("MAIL_FROM", parseaddr(sender)[1])
    return sender


def _must_be_address(name: str, value: str) -> None:
    try:
        validate_email(value)
    except ValidationError:
        raise MisconfiguredEnvironment(
            f"{PREFIX}{name} must hold an email address, not {value!r}."
        ) from None
