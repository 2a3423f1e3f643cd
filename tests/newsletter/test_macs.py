"""Keyed hashes against Django's own."""

from __future__ import annotations

from django.core.signing import Signer
from django.test import override_settings
from django.utils.crypto import salted_hmac
from hypothesis import given
from hypothesis import strategies as st

from syndicator.newsletter.macs import LinkSigner, salted_mac


@given(st.text(max_size=20), st.text(max_size=40))
def test_they_are_those_of_django(salt: str, value: str) -> None:
    django = Signer(salt=salt or "x", sep=".")
    ours = LinkSigner(salt or "x")
    assert ours.sign(value) == django.sign(value)
    assert ours.unsign(django.sign(value)) == value
    assert salted_mac(salt, value) == salted_hmac(salt, value, algorithm="sha256").digest()


def test_another_secret_makes_others() -> None:
    before = salted_mac("x", "y"), LinkSigner("x").sign("y")
    with override_settings(SECRET_KEY="another secret"):
        after = salted_mac("x", "y"), LinkSigner("x").sign("y")
    assert not set(before) & set(after)
    assert salted_mac("x", "y") == before[0]


def test_a_secret_that_was_replaced_still_opens_old_links() -> None:
    old = LinkSigner("x").sign("y")
    with override_settings(SECRET_KEY="new", SECRET_KEY_FALLBACKS=[LinkSigner("x").key]):
        assert LinkSigner("x").unsign(old) == "y"
