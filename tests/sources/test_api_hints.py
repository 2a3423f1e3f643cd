"""Addresses of APIs that a page names."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.sources.api_hints import ApiHint, api_hints
from syndicator.sources.file_kinds import MAX_BYTES
from tests.machine_speed import here

PAGE = "https://blatt.example/live/"
BLOG = "5f1a2b3c4d5e6f7a8b9c0d1e"
OUTPUT = "6a1a2b3c4d5e6f7a8b9c0d1f"
API = f"https://lb.example/api/client_blogs/{BLOG}/posts"
REST = "https://blatt.example/wp-json/liveblog/v1/7"


def hints(html: str) -> list[tuple[str, str]]:
    return [(hint.kind, hint.url) for hint in api_hints(html.encode(), PAGE)]


@pytest.mark.parametrize(
    ("html", "kind", "url"),
    [
        pytest.param(
            r'<script>var liveblog_settings = {"post_id": "7", "endpoint_url":'
            r' "https:\/\/blatt.example\/wp-json\/liveblog\/v1\/7\/"};</script>',
            "wordpress-liveblog",
            REST,
            id="wordpress-settings",
        ),
        pytest.param(
            '<script>liveblog_settings={"permalink": "/live/", "endpoint_url": ""}</script>',
            "wordpress-liveblog",
            "https://blatt.example/live/liveblog",
            id="wordpress-permalink",
        ),
        pytest.param(
            f"<script>fetch('{REST}/entries/1/2')</script>", "wordpress-liveblog", REST, id="rest"
        ),
        pytest.param(
            "<link rel='https://api.w.org/' href='https://blatt.example/wp-json/'>"
            '<div data-liveblog-post-id="7">',
            "wordpress-liveblog",
            REST,
            id="wordpress-data",
        ),
        pytest.param(
            '<link rel="https://api.w.org/" href="/wp-json/"><body class="single postid-7">'
            '<div id="wpcom-liveblog-container"></div>',
            "wordpress-liveblog",
            REST,
            id="wordpress-container",
        ),
        pytest.param(
            f"<script>const api = 'https://lb.example/api/client_blogs/{BLOG}/posts?page=1'</script>",
            "sourcefabric",
            API,
            id="sourcefabric-api",
        ),
        pytest.param(
            f'<iframe src="//lb.example/api/v2/client_blogs/{BLOG}/posts">',
            "sourcefabric",
            API.replace("/api/", "/api/v2/"),
            id="version-2",
        ),
        pytest.param(
            f'<script>window.LB = {{"blog": {{"theme": {{"a": 1}}, "_id": "{BLOG}"}},'
            " api_host: 'https://lb.example/'};</script>",
            "sourcefabric",
            API,
            id="sourcefabric-settings",
        ),
        pytest.param(
            f'<iframe src="https://lb.example/embed/{BLOG}/{OUTPUT}"></iframe>',
            "sourcefabric",
            API.replace("/posts", f"/{OUTPUT}/posts"),
            id="sourcefabric-frame",
        ),
        pytest.param(
            f"<iframe id='liveblog-iframe' data-src='/s3/blogs/{BLOG}/index.html?a=1#b'></iframe>",
            "embedded-page",
            f"https://blatt.example/s3/blogs/{BLOG}/index.html",
            id="published",
        ),
    ],
)
def test_an_api_that_the_page_names_is_found_once(html: str, kind: str, url: str) -> None:
    assert hints(html + html) == [(kind, url)]


@pytest.mark.parametrize(
    "html",
    [
        "",
        "<p>Unser liveblog_settings ist geheim.</p>",
        "<script>liveblog_settings = {broken</script>",
        "<script>liveblog_settings = " + '{"a":' * 30_000 + "</script>",
        '<script>liveblog_settings = {"endpoint_url": "javascript:alert(1)"}</script>',
        '<script>liveblog_settings = {"endpoint_url": 7, "permalink": []}</script>',
        f"<iframe src='/embed/{BLOG[:23]}'></iframe>",
        f"<iframe src='https://video.example/embed/{BLOG}a'></iframe>",
        f"<p>/api/client_blogs/{BLOG}/posts</p>",
        '<link rel="https://api.w.org/" href="/wp-json/"><body class="single postid-7">',
        "<script>window.LB = {blog: {}, api_host: 'https://lb.example/'}</script>",
    ],
)
def test_a_page_that_names_none_gives_none(html: str) -> None:
    assert hints(html) == []


def test_no_more_are_told_than_anybody_would_ask() -> None:
    html = "".join(f"<p>https://lb.example/api/client_blogs/{n:024x}/posts" for n in range(500))
    assert len(hints(html)) == 10
    assert api_hints(b" " * (MAX_BYTES + 1), PAGE) == ()
    assert api_hints(b"\xff\xfe<", PAGE) == ()


@given(st.text(max_size=60), st.sampled_from(["", "//[", "javascript:1", PAGE]))
def test_whatever_stands_there_an_address_is_http(text: str, url: str) -> None:
    html = f'<script>liveblog_settings = {{"endpoint_url": "{text}"}}</script>'
    for hint in api_hints(html.encode("utf-8", "replace"), url):
        assert isinstance(hint, ApiHint)
        assert hint.url.startswith(("http://", "https://"))


@pytest.mark.parametrize(
    "bomb",
    [
        *("/", "//x", "<iframe ", "<iframe src='/", "<link rel=", "liveblog_settings = {", "LB={"),
        *(f"/embed/{BLOG}", f"/api/client_blogs/{BLOG}", "/liveblog/v1/7/", "LB={blog:{"),
        *("<body ", "data-liveblog-post-id=", "https://", f"<iframe src='/blogs/{BLOG}/"),
    ],
)
def test_hostile_pages_cost_little_time(bomb: str) -> None:
    started = process_time()
    hints(bomb * (1_000_000 // len(bomb)))
    assert process_time() - started < here(3)
