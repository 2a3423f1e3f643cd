from __future__ import annotations

import hashlib
import hmac

import pytest
from django.test import override_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicator import secrets
from syndicator.following import hub_calls
from syndicator.following.hub_links import with_hubs
from syndicator.following.hubs import can_be_called
from syndicator.following.models import HubSubscription
from syndicator.sources.base import SourceDocument

SECRET = secrets.encrypt({"secret": "geheim"})
URL = "https://m.example.org/blog/live.xml"
IN_DOCUMENT = SourceDocument(
    "x", (), hub_urls=("https://hub.example/d",), topic_url="https://m.example.org/d"
)


@pytest.mark.parametrize(
    ("links", "hub_urls", "topic_url"),
    [
        ("", IN_DOCUMENT.hub_urls, IN_DOCUMENT.topic_url),
        ('<https://h.example/>; rel="hub"', ("https://h.example/",), IN_DOCUMENT.topic_url),
        (
            '<https://h.example/>; rel="hub", <https://i.example/>; rel=hub, <t>; rel="self"',
            ("https://h.example/", "https://i.example/"),
            "https://m.example.org/blog/t",
        ),
        ('</hub>; rel="preload HUB"', ("https://m.example.org/hub",), IN_DOCUMENT.topic_url),
        ('<https://m.example.org/s>; rel="self"', IN_DOCUMENT.hub_urls, "https://m.example.org/s"),
        ('<http://[broken>; rel="hub"', IN_DOCUMENT.hub_urls, IN_DOCUMENT.topic_url),
        (",;<>;;=", IN_DOCUMENT.hub_urls, IN_DOCUMENT.topic_url),
    ],
)
def test_headers_come_before_the_content(
    links: str, hub_urls: tuple[str, ...], topic_url: str
) -> None:
    found = with_hubs(IN_DOCUMENT, links, URL)
    assert (found.hub_urls, found.topic_url) == (hub_urls, topic_url)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("https://desk.example.org", True),
        ("http://127.0.0.1:8800", False),
        ("http://localhost:8800", False),
        ("https://desk.local", False),
        ("https://desk", False),
        ("https://10.1.2.3", False),
        ("https://[fd00::1]", False),
        ("https://8.8.8.8", True),
    ],
)
def test_only_a_desk_that_can_be_called_subscribes(address: str, public: bool) -> None:
    with override_settings(BASE_URL=address, ALLOW_PRIVATE_ADDRESSES=False):
        assert can_be_called() is public


@settings(max_examples=200, deadline=None)
@given(
    method=st.sampled_from(hub_calls.METHODS),
    body=st.binary(max_size=60),
    other=st.binary(max_size=60),
    at=st.integers(0, 200),
    what=st.characters(min_codepoint=33, max_codepoint=255),
)
def test_no_other_body_and_no_other_signature_is_right(
    method: str, body: bytes, other: bytes, at: int, what: str
) -> None:
    hub = HubSubscription(encrypted_secrets=SECRET)
    mac = hmac.new(b"geheim", body, getattr(hashlib, method)).hexdigest()
    signature = f"{method}={mac}"
    assert hub_calls.is_signed(hub, signature, [body[:7], body[7:]])
    if other != body:
        assert not hub_calls.is_signed(hub, signature, [other])
    at %= len(signature)
    changed = signature[:at] + what + signature[at + 1 :]
    if changed != signature:
        assert not hub_calls.is_signed(hub, changed, [body])
