"""Our DKIM signatures, verified by dkimpy."""

from __future__ import annotations

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from syndicator.channels.base import Unauthorised
from syndicator.channels.email.mime import build
from syndicator.channels.email.signing import (
    OVERSIGNED,
    SIGNED,
    Signer,
    new_key,
    read_key,
    relaxed_body,
    relaxed_headers,
)
from syndicator.channels.email.splicing import prepare
from tests.channels.email.test_email_mime import ENVELOPE, MESSAGE

RSA = new_key()
SIGNERS = [
    Signer("paper.example", "news-2026", read_key(RSA)),
    Signer("news.paper.example", "ed", Ed25519PrivateKey.generate()),
]


def pem(key: object, protection: object = NoEncryption()) -> str:
    raw: bytes = key.private_bytes(  # type: ignore[attr-defined]
        Encoding.PEM, PrivateFormat.PKCS8, protection
    )
    return raw.decode()


def verifies(mail: bytes, signer: Signer) -> bool:
    def look_up(name: bytes, timeout: int = 5) -> bytes | None:
        return signer.record.encode() if name.decode() == f"{signer.record_name}." else None

    found: bool = dkim.verify(mail, dnsfunc=look_up)
    return found


@pytest.mark.parametrize("signer", SIGNERS, ids=["rsa", "ed25519"])
def test_what_was_signed_cannot_be_changed_unseen(signer: Signer) -> None:
    mail = prepare(MESSAGE, ENVELOPE, signer=signer).mail(ENVELOPE.addressee)
    assert mail.endswith(build(MESSAGE, ENVELOPE))
    assert verifies(mail, signer)
    signature, _, rest = mail.partition(b"\r\nFrom: ")
    for before, after in (
        (b"Die Zeitung", b"Die Zeiten"),
        (b"anna@", b"emil@"),
        (b"List-Unsubscribe: <https", b"List-Unsubscribe: <http"),
        (b"List-Unsubscribe=One-Click", b"List-Unsubscribe=No-Click"),
        (b"Baubeginn", b"Bauende"),
    ):
        assert before in rest
        changed = rest.replace(before, after, 1)
        assert not verifies(signature + b"\r\nFrom: " + changed, signer), before
    for name in OVERSIGNED:
        assert not verifies(name.encode() + b": x\r\n" + mail, signer), name


def test_what_a_relay_may_do_to_a_mail_does_not_break_the_signature() -> None:
    signer = SIGNERS[0]
    mail = prepare(MESSAGE, ENVELOPE, signer=signer).mail(ENVELOPE.addressee)
    refolded = mail.replace(b"From: Die Zeitung ", b"FROM:   Die\r\n Zeitung\t ", 1)
    assert refolded != mail
    assert verifies(b"Received: from us\r\nX-Spam: no\r\n" + refolded + b"\r\n\r\n", signer)


def test_the_same_mail_has_the_same_signature_at_every_try() -> None:
    form = prepare(MESSAGE, ENVELOPE, signer=SIGNERS[0])
    assert form.mail(ENVELOPE.addressee) == form.mail(ENVELOPE.addressee)


def test_every_header_of_a_list_is_signed() -> None:
    headers = build(MESSAGE, ENVELOPE).partition(b"\r\n\r\n")[0]
    relaxed = relaxed_headers(headers, SIGNED).decode().split("\r\n")
    assert [line.partition(":")[0] for line in relaxed] == [*(n.lower() for n in SIGNED), ""]


@given(st.lists(st.sampled_from([b"a", b" ", b"\t", b"\r\n", b".", b"=20"]), max_size=30))
def test_the_body_is_canonicalised_as_dkimpy_does_it(pieces: list[bytes]) -> None:
    body = b"".join(pieces) + b"\r\n"  # as every mail of ours ends
    assert relaxed_body(body) == dkim.canonicalization.Relaxed.canonicalize_body(body)


@pytest.mark.parametrize("mangled", [RSA.replace("\n", ""), RSA.replace("\n", " "), f"\n{RSA}\n\n"])
def test_a_key_that_went_through_a_form_is_read(mangled: str) -> None:
    settings = {"dkim_domain": "paper.example", "dkim_selector": "a.b", "dkim_key": mangled}
    signer = Signer.from_settings(settings)
    assert signer is not None
    assert signer.record_name == "a.b._domainkey.paper.example"
    assert signer.record == SIGNERS[0].record
    assert signer.record.startswith("v=DKIM1; k=rsa; p=MIIB")


def test_without_settings_nothing_is_signed() -> None:
    assert Signer.from_settings({}) is None
    assert Signer.from_settings({"dkim_domain": " ", "dkim_key": ""}) is None


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("open sesame", "does not begin with"),
        (RSA[:300], "does not begin with"),
        (RSA.replace("M", "", 1), "damaged"),
        (RSA.replace("PRIVATE KEY", "PUBLIC KEY"), "does not begin with"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "neither an RSA nor an Ed25519"),
        (pem(Ed25519PrivateKey.generate(), BestAvailableEncryption(b"x")), "passphrase"),
        ("", "all three"),
    ],
)
def test_a_key_that_cannot_be_used_is_refused_in_words_that_do_not_repeat_it(
    key: str, words: str
) -> None:
    settings = {"dkim_domain": "paper.example", "dkim_selector": "s", "dkim_key": key}
    with pytest.raises(Unauthorised, match=words) as caught:
        Signer.from_settings(settings)
    assert "sesame" not in str(caught.value)
    assert RSA.split("\n")[1] not in f"{caught.value}{caught.value.answer}"
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("domain", "selector"),
    [("paper example", "s"), ("paper.example", "s; t=y"), ("päper.example", "s")],
)
def test_a_domain_or_selector_cannot_bring_a_header_along(domain: str, selector: str) -> None:
    settings = {"dkim_domain": domain, "dkim_selector": selector, "dkim_key": RSA}
    with pytest.raises(Unauthorised, match="not a domain name"):
        Signer.from_settings(settings)
