"""Every page of every address has a strict content security policy, and nothing inline in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urljoin, urlsplit

import pytest
import requests
from bs4 import BeautifulSoup, Tag
from django.http import HttpResponse
from django.test import Client as Browser
from django.urls import URLPattern, get_resolver

from syndicator.accounts.models import Role
from syndicator.channels.sandbox.server import SandboxServer
from tests.desk.test_desk_roles import ADDRESSES, paths  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db

#: Of others than the desk, with a path for each.
OTHERS = {
    "openapi-json": "/api/v1/openapi.json",
    "api-root": "/api/v1/",
    "push_entry": "/api/v1/blogs/x/entries",
    "push_entries": "/api/v1/blogs/x/entries/batch",
    "withdraw_entry_called_batch": "/api/v1/blogs/x/entries/batch",
    "read_entry_called_batch": "/api/v1/blogs/x/entries/batch",
    "push_signed": "/api/v1/push/x/",
    "withdraw_entry": "/api/v1/blogs/x/entries/y",
    "read_entry": "/api/v1/blogs/x/entries/y",
    "unsubscribe": "/newsletter/unsubscribe/x/",
    "subscribe": "/newsletter/subscribe/x/",
    "frame": "/newsletter/subscribe/x/frame/",
    "asked": "/newsletter/subscribe/x/asked/",
    "asked_in_frame": "/newsletter/subscribe/x/frame/asked/",
    "confirm": "/newsletter/confirm/x/",
    "lost_link": "/newsletter/preferences/",
    "lost_link_asked": "/newsletter/preferences/asked/",
    "preferences": "/newsletter/preferences/x/",
    "own_data": "/newsletter/own-data/x/",
    "own_data_file": "/newsletter/own-data/x/file/",
    "erase": "/newsletter/own-data/x/delete/",
    "event": "/returns/1/events/",
    "hub_calls": "/websub/x/",
    "archive": "/digests/x/",
    "page": "/digests/x/y/",
    "share_page": "/e/x/",
    "share_bar": "/e/x/bar/",
    "share_picture": "/e/x/picture/y/",
    "atom_feed": "/feeds/x/atom.xml",
    "json_feed": "/feeds/x/feed.json",
    "live_blog_document": "/feeds/x/live-blog.jsonld",
    None: "/metrics/",
}
#: A mail's HTML has styles within, and is shown in a frame that may do nothing at all; pictures
#: are no pages.
OF_THEIR_OWN = (
    *("mail", "mail_by_link", "digest_mail", "next_digest_mail"),
    *("picture", "account_picture", "picture_by_link"),
)


def policy(header: str | None) -> dict[str, list[str]]:
    assert header, "no policy"
    parts = [part.split() for part in header.split(";") if part.strip()]
    return {name: values for name, *values in parts}


def strict(header: str | None) -> None:
    said = policy(header)
    assert said["default-src"] == ["'none'"]
    assert said["base-uri"] == ["'none'"]
    assert said["frame-ancestors"] == ["'none'"]
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "https:", "http:"} & {
        value for values in said.values() for value in values
    }
    for name in ("script-src", "style-src", "connect-src", "form-action"):
        assert set(said[name]) <= {"'self'"}, name


def inline(html: str) -> list[str]:
    """What the policy would keep from working, or would have to be loosened for."""
    found = []
    for tag in BeautifulSoup(html, "html.parser").find_all(True):
        assert isinstance(tag, Tag)
        if tag.name == "style" or (tag.name == "script" and not tag.get("src")):
            found.append(str(tag)[:80])
        found += [
            f"{tag.name} {name}={value}"
            for name, value in tag.attrs.items()
            if name == "style"
            or name.startswith(("on", "hx-on"))
            or str(value).strip().casefold().startswith("javascript:")
        ]
    return found


def checked(answer: HttpResponse) -> None:
    strict(answer.headers.get("Content-Security-Policy"))
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        assert inline(answer.text) == []


@pytest.mark.parametrize("role", [Role.ADMIN, Role.VIEWER, None])
@pytest.mark.parametrize("method", ["get", "post"])
def test_every_page_of_the_desk(
    browse: Callable[[Role], Browser],
    paths: dict[str, str],  # noqa: F811
    role: Role | None,
    method: str,
) -> None:
    browser = browse(role) if role else Browser()
    for name in ADDRESSES:
        if name == "logout" or (name in OF_THEIR_OWN and role):
            continue
        try:
            checked(getattr(browser, method)(paths[name]))
        except AssertionError as failed:
            raise AssertionError(f"{method} {name}: {failed}") from failed


def test_what_has_a_policy_of_its_own_may_do_less(
    browse: Callable[[Role], Browser],
    paths: dict[str, str],  # noqa: F811
) -> None:
    for name in OF_THEIR_OWN:
        answer = browse(Role.ADMIN).get(paths[name])
        said = policy(answer.headers.get("Content-Security-Policy"))
        assert said["default-src"] == ["'none'"], name
        if answer.status_code == 200:
            assert "sandbox" in said, name
            assert "script-src" not in said, name


def test_everything_else() -> None:
    for path in OTHERS.values():
        checked(Browser().get(path))


def test_no_address_is_left_out() -> None:
    named = {pattern.name for pattern in _all(get_resolver().url_patterns)}
    assert named == {*ADDRESSES, *OTHERS}


def _all(patterns: list[object]) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield pattern
        else:
            yield from _all(pattern.url_patterns)  # type: ignore[attr-defined]


def test_error_pages(browse: Callable[[Role], Browser], monkeypatch: pytest.MonkeyPatch) -> None:
    from syndicator.desk.views import people

    admin = browse(Role.ADMIN)
    admin.raise_request_exception = False

    def broken() -> None:
        raise RuntimeError

    monkeypatch.setattr(people, "desk_zone", broken)
    strange = Browser(enforce_csrf_checks=True)
    for expected, answer in (
        (500, admin.get("/settings/people/")),
        (404, admin.get("/nothing/")),
        (403, browse(Role.VIEWER).get("/settings/")),
        (403, strange.post("/log-in/")),
        (400, admin.get("/", headers={"Host": "elsewhere.example"})),
        (405, admin.get("/log-out/")),
    ):
        assert answer.status_code == expected
        checked(answer)


def test_every_page_of_the_sandbox(sandbox: SandboxServer) -> None:
    seen, ahead = set(), [sandbox.http_url + "/"]
    while ahead:
        address = ahead.pop()
        if address in seen or urlsplit(address).netloc != urlsplit(sandbox.http_url).netloc:
            continue
        seen.add(address)
        answer = requests.get(address, timeout=5)
        if not answer.headers.get("Content-Type", "").startswith("text/html"):
            continue
        said = policy(answer.headers.get("Content-Security-Policy"))
        assert said["default-src"] == ["'none'"], address
        assert not any("unsafe" in value for values in said.values() for value in values), address
        assert inline(answer.text) == [], address
        links = BeautifulSoup(answer.text, "html.parser").find_all("a", href=True)
        ahead += [urljoin(address, str(link["href"])).partition("#")[0] for link in links]
    assert len(seen) > 4
