from __future__ import annotations

import pytest
from django.test import override_settings

from syndicator.following.hub_links import with_hubs
from syndicator.following.hubs import can_be_called
from syndicator.sources.base import SourceDocument

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
