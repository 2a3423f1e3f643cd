"""The sandbox's own web pages: escaped by default, without scripts but our own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from werkzeug.wrappers import Response

FOLDER = Path(__file__).parent / "templates"

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)

ASSETS = {"style.css": "text/css", "refresh.js": "text/javascript"}


class Pages:
    """Renders templates out of *folders* (searched in order) and the shared folder."""

    def __init__(self, *folders: Path) -> None:
        search_path: Sequence[Path] = (*folders, FOLDER)
        self._environment = Environment(
            loader=FileSystemLoader(search_path),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["clock"] = clock

    def render(
        self, template: str, /, status: int = 200, leads_to: str = "", **values: object
    ) -> Response:
        """*leads_to* is the address of another site that a form on the page may lead to."""
        html = self._environment.get_template(template).render(values)
        response = Response(html, status=status, content_type="text/html; charset=utf-8")
        policy = CONTENT_SECURITY_POLICY
        if leads_to:
            place = urlsplit(leads_to)
            policy = policy.replace(
                "form-action 'self'", f"form-action 'self' {place.scheme}://{place.netloc}"
            )
        return protect(response, policy)


def protect(response: Response, content_security_policy: str) -> Response:
    response.headers["Content-Security-Policy"] = content_security_policy
    response.headers["X-Content-Type-Options"] = "nosniff"
    # With "no-referrer", browsers would send "Origin: null" with our own forms too.
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "no-store"
    return response


def asset(name: str) -> Response:
    content = (FOLDER / name).read_bytes()
    response = Response(content, content_type=f"{ASSETS[name]}; charset=utf-8")
    return protect(response, CONTENT_SECURITY_POLICY)


def clock(moment: datetime) -> str:
    """*moment* (aware) as this machine's clock shows it: "13:05 · 22 Nov 2026"."""
    return moment.astimezone().strftime("%H:%M · %d %b %Y")
