"""The queue under many eyes: how long a page takes, how soon it is painted, how much it weighs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from re import findall
from statistics import median
from threading import Event
from time import monotonic

import requests
from playwright.sync_api import sync_playwright

from tests.bench.backends import Backend, call
from tests.bench.figures import Row, SystemFailed, percentile
from tests.installation import Installation

WAITING = 200
EDITORS = 50
#: Seconds of each measurement, between two looks of one editor, and between two new entries.
SECONDS, POLL, NEWS = 20.0, 5.0, 1.0
CHROMIUM = Path("/usr/bin/chromium")
NAME, PASSWORD = "edda", "correct horse battery"


def measure(backend: Backend, runs: int) -> Iterator[Row]:
    with backend.installed(["http://127.0.0.1:9"]) as installation:
        call(installation, "preparing.let_review", WAITING)
        call(installation, "preparing.add_editor", NAME, PASSWORD)
        backend.start(installation)
        yield from _weight(installation, backend)
        if CHROMIUM.exists():
            painted = [_first_paint(installation) for _ in range(max(3, runs))]
            yield Row(
                f"first paint, {WAITING} waiting", backend.name, median(painted), "ms", 300,
                "the bar", "Chromium on this machine, median",
            )  # fmt: skip
        alone = _under(installation, 1)
        together = _under(installation, EDITORS)
        for what, before, after in (
            ("page", alone.pages, together.pages),
            ("poll", alone.news, together.news),
            ("poll for what is stopped", alone.banners, together.banners),
        ):
            yield Row(
                f"the queue's {what}, 95th percentile, {EDITORS} editors", backend.name,
                percentile(after, 95), "ms", percentile(before, 95), "one editor",
                "a new entry every second, two looks every five",
            )  # fmt: skip


@dataclass
class Times:
    """How long each answer took, in ms: whole pages, and what an open page looks for by itself."""

    pages: list[float] = field(default_factory=list)
    news: list[float] = field(default_factory=list)
    banners: list[float] = field(default_factory=list)


def _under(installation: Installation, editors: int) -> Times:
    """How long pages and polls took while *editors* have the queue open."""
    done = Event()
    # One after another: two log-ins of one person at once look like guessing.
    *sessions, opener = [_signed_in(installation) for _ in range(editors + 1)]
    queries = [_opened(installation, session) for session in sessions]
    with ThreadPoolExecutor(2 * editors + 2) as pool:
        news = pool.submit(_keep_pushing, installation, done)
        # A page's two polls run beside each other, each over a connection of its own.
        watching = [
            pool.submit(
                _watch,
                _twin(session),
                f"{installation.desk}/queue/news/",
                query,
                number / editors,
                done,
            )
            for number, (session, query) in enumerate(zip(sessions, queries, strict=True))
        ]
        banners = [
            pool.submit(
                _watch,
                session,
                f"{installation.desk}/stop/standing/",
                {"back": "/", "banner": ""},
                number / editors,
                done,
            )
            for number, session in enumerate(sessions)
        ]
        opening = pool.submit(_keep_opening, installation, opener, done)
        done.wait(SECONDS)
        done.set()
        news.result()
        return Times(
            opening.result(),
            [took for one in watching for took in one.result()],
            [took for one in banners for took in one.result()],
        )


def _signed_in(installation: Installation) -> requests.Session:
    session = requests.Session()
    address = f"{installation.desk}/log-in/"
    session.get(address).raise_for_status()
    form = {
        "username": NAME,
        "password": PASSWORD,
        "csrfmiddlewaretoken": session.cookies["csrftoken"],
    }
    answer = session.post(address, form, headers={"Referer": address})
    if "/log-in/" in answer.url:
        raise SystemFailed("the bench could not log in")
    return session


def _keep_opening(
    installation: Installation, session: requests.Session, done: Event
) -> list[float]:
    took = []
    while not done.wait(0.5):
        took.append(_timed(session, f"{installation.desk}/"))
    return took


def _opened(installation: Installation, session: requests.Session) -> dict[str, object]:
    """What an open queue asks with when it looks for news."""
    page = session.get(f"{installation.desk}/").text
    shown = findall(r'name="shown" id="[^"]*" value="([^"]*)"', page)
    [since] = findall(r'name="since" value="([^"]*)"', page)
    return {"shown": shown, "since": since.replace("&#43;", "+"), "count": "0"}


def _twin(session: requests.Session) -> requests.Session:
    """The same person over another connection."""
    other = requests.Session()
    other.cookies.update(session.cookies)
    return other


def _watch(
    session: requests.Session,
    address: str,
    query: dict[str, object],
    share: float,
    done: Event,
) -> list[float]:
    """One poll of one editor's open queue, which looks again by itself."""
    took: list[float] = []
    if done.wait(POLL * share):
        return took
    while not done.is_set():
        took.append(_timed(session, address, query))
        done.wait(POLL)
    return took


def _keep_pushing(installation: Installation, done: Event) -> None:
    number = 0
    while not done.wait(NEWS):
        number += 1
        installation.push(f"news-{monotonic()}", headline=f"Neue Nachricht {number}")


def _timed(
    session: requests.Session, address: str, query: dict[str, object] | None = None
) -> float:
    began = monotonic()
    answer = session.get(address, params=query)
    took = (monotonic() - began) * 1000
    answer.raise_for_status()
    return took


def _weight(installation: Installation, backend: Backend) -> Iterator[Row]:
    session = _signed_in(installation)
    page = session.get(f"{installation.desk}/")
    parts = set(findall(r'(?:src|href)="(/static/[^"]+)"', page.text))
    sizes = [_transferred(page)] + [
        _transferred(session.get(f"{installation.desk}{part}")) for part in sorted(parts)
    ]
    yield Row(
        f"weight of the queue, {WAITING} waiting", backend.name, sum(sizes) / 1000, "kB", 150,
        "the bar", f"of which {sizes[0] / 1000:.0f} kB the page itself, as transferred",
    )  # fmt: skip


def _transferred(answer: requests.Response) -> int:
    answer.raise_for_status()
    return int(answer.headers.get("Content-Length", len(answer.content)))


def _first_paint(installation: Installation) -> float:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"{installation.desk}/log-in/")
        page.fill("[name=username]", NAME)
        page.fill("[name=password]", PASSWORD)
        page.click("button.primary")
        page.wait_for_url(f"{installation.desk}/")
        page.reload()
        page.wait_for_timeout(500)
        painted: Sequence[float] = page.evaluate(
            "performance.getEntriesByName('first-contentful-paint').map(one => one.startTime)"
        )
        browser.close()
    return painted[0]
