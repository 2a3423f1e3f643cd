"""A whole installation in one of its two shapes, with everything a test may strike.

One live blog with a route to every account of the sandbox platforms. What dies is started again,
as systemd or docker would; what the test kills by name stays dead until it starts it again.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import threading
import time
from abc import abstractmethod
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import psycopg
import requests

from syndicator import queue
from tests.faults import clock
from tests.faults.servers import Postgres, Redis
from tests.faults.strikes import FOLDER, Strike, Strikes
from tests.installation import Installation

PASSWORD = "Das ist nur ein Test."
MIGRATE = """
from syndicator.boot import boot
boot()
from django.core.management import call_command
call_command("migrate", interactive=False, verbosity=0)
"""
SET_UP = """
import json, sys
from syndicator.boot import boot
boot()
from syndicator.accounts.models import Role, User
from syndicator.channels.sandboxes import SANDBOX_SETTINGS
from syndicator.destinations.models import Destination, Route
from syndicator.entries.models import LiveBlog, Source
wanted = json.loads(sys.argv[1])
User.objects.create_user("edda", password=wanted["password"], role=Role.ADMIN)
blog = LiveBlog.objects.create(slug="genf", title="Genf", canonical_url="https://m.example.org/lb")
for name, base_url in wanted["accounts"].items():
    channel = name.partition("-")[0]
    destination = Destination(name=name, channel_name=channel, base_url=base_url)
    destination.configure(SANDBOX_SETTINGS[channel])
    destination.save()
    Route.objects.create(blog=blog, destination=destination, **wanted["route"])
print(Source.objects.create(blog=blog, name="cms").issue_token())
"""
#: A keeper looks this often, in seconds, whether something died.
INTERVAL = 0.1
#: Seconds a CMS goes on trying to hand an entry over.
CMS_PATIENCE = 90.0
CELERY = ("celery", "-A", "config.celery")
LINKS = "https://m.example.org/lb#"


@dataclass(frozen=True, slots=True)
class PostRow:
    """A post as the installation's database has it."""

    pk: int
    external_id: str
    destination: str
    action: str
    revision: int
    state: str
    is_due: bool
    payload_hash: str
    remote_id: str
    looked_up: bool
    text: str

    @property
    def is_open(self) -> bool:
        """Whether the installation itself still has something to do about it."""
        return self.state in ("approved", "sending") or (self.state == "uncertain" and self.is_due)


class Shape(Installation):
    """*accounts* are of each of *platforms*: x, facebook, x-2, facebook-2 and so on."""

    name: ClassVar[str]

    def __init__(
        self,
        folder: Path,
        *,
        accounts: int = 1,
        platforms: Sequence[str] = ("x", "facebook"),
        policy: str = "automatic",
        limit_minutes: int = 60,
        hold_seconds: int = 0,
        environment: dict[str, str] | None = None,
    ) -> None:
        self.strikes = Strikes(folder / "faults")
        super().__init__(
            folder / "data",
            {
                "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
                FOLDER: str(self.strikes.folder),
                **(environment or {}),
            },
        )
        self.sandbox_folder = folder / "sandbox"
        self.sandbox_folder.mkdir()
        self.route = {
            "policy": policy,
            "limit_minutes": limit_minutes,
            "hold_seconds": hold_seconds,
        }
        numbers = range(1, accounts + 1)
        self._number_of_accounts = accounts
        self.accounts = [
            channel if number == 1 else f"{channel}-{number}"
            for number in numbers
            for channel in platforms
        ]
        self.database_url = self.environment.get("SYNDICATOR_DATABASE_URL", "")
        self._kept: dict[str, Sequence[str]] = {}
        self._keeping = threading.Lock()
        self._ended = threading.Event()
        self._keeper = threading.Thread(target=self._keep, daemon=True)

    @abstractmethod
    def start_product(self) -> None:
        """Start every process of the product, with `keep`."""

    def __enter__(self) -> Self:
        try:
            self.set_up()
            self.start_sandbox()
            self.start_product()
            self._keeper.start()
            self.wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def set_up(self) -> None:
        root = f"http://127.0.0.1:{self.sandbox_port}"
        wanted = {
            "password": PASSWORD,
            "route": self.route,
            "accounts": {name: f"{root}/{name}" for name in self.accounts},
        }
        self.token = self.script(SET_UP, json.dumps(wanted)).strip()

    def start_sandbox(self) -> None:
        self.start(
            "sandbox",
            "syndicator",
            "sandbox",
            f"--data={self.sandbox_folder}",
            f"--http-port={self.sandbox_port}",
            f"--smtp-port={self.smtp_port}",
            f"--accounts={self._number_of_accounts}",
            "--generosity=1000",
        )

    # --- Processes -----------------------------------------------------------

    @property
    def kept(self) -> Collection[str]:
        """The names of the product's processes."""
        return self._kept.keys()

    def keep(self, name: str, *command: str) -> None:
        """Start a process, and again whenever it dies by itself."""
        with self._keeping:
            self._kept[name] = command
            self.start(name, *command)

    def kill(self, name: str) -> None:
        with self._keeping:
            self._kept.pop(name, None)
            super().kill(name)

    def stop(self) -> None:
        self._ended.set()
        if self._keeper.is_alive():
            self._keeper.join()
        with contextlib.suppress(KeyError):
            for name in list(self.processes):
                self.kill(name)

    def end_product(self) -> None:
        """Kill every process of the product; the platforms go on."""
        for name in list(self._kept):
            self.kill(name)

    def let_go_on(self) -> None:
        """SIGCONT to what a strike stopped."""
        for pid in self.strikes.struck():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def _keep(self) -> None:
        while not self._ended.wait(INTERVAL):
            with self._keeping:
                for name, command in self._kept.items():
                    if self.processes[name].poll() is not None:
                        self.start(name, *command)

    def push(self, external_id: str, **values: Any) -> requests.Response:
        """As a CMS does that tries again until the desk has said that it has the entry."""
        ends = time.monotonic() + CMS_PATIENCE
        while True:
            try:
                return super().push(external_id, **values)
            except AssertionError:
                # The database was away or full.
                if time.monotonic() > ends:
                    raise
                time.sleep(0.3)

    # --- Strikes and faults --------------------------------------------------

    def strike(self, *strikes: Strike) -> None:
        self.strikes.plan(*strikes)

    def wait_for_strikes(self, count: int = 1, seconds: float = 60) -> None:
        self.eventually(lambda: len(self.strikes.struck()) >= count, seconds)

    def fault(self, platform: str, fault: str, **options: Any) -> None:
        """Switch a fault of a sandbox platform on; `syndicator.channels.sandbox.controls`."""
        self._controls("POST", "faults", json={"platform": platform, "fault": fault, **options})

    def no_faults(self) -> None:
        for platform in self.accounts:
            self._controls("DELETE", "faults", params={"platform": platform})

    def log_of(self, platform: str) -> list[dict[str, Any]]:
        """What the platform says it accepted, in order: the only truth."""
        found: list[dict[str, Any]] = self._controls(
            "GET", "accepted", params={"platform": platform}
        ).json()
        return found

    def _controls(self, method: str, path: str, **options: Any) -> requests.Response:
        address = f"http://127.0.0.1:{self.sandbox_port}/_sandbox/{path}"
        for left in range(100, -1, -1):
            try:
                answer = requests.request(method, address, timeout=10, **options)
            except requests.ConnectionError:
                # It has only just been started.
                if not left:
                    raise
                time.sleep(0.1)
            else:
                answer.raise_for_status()
                break
        return answer

    def set_clock(self, seconds: float) -> None:
        clock.put_ahead(self.strikes.folder, self.database_url, seconds)

    # --- What its database says ----------------------------------------------

    @contextlib.contextmanager
    def database(self) -> Iterator[Any]:
        """A connection of the test's own."""
        if self.database_url:
            with psycopg.connect(self.database_url, autocommit=True) as connection:
                yield connection
        else:
            path = self.folder / "syndicator.sqlite3"
            with contextlib.closing(sqlite3.connect(path, timeout=20)) as connection:
                yield connection

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        with self.database() as connection:
            return list(connection.execute(statement))

    def posts(self) -> list[PostRow]:
        rows = self.query(
            """
            SELECT post.id, entry.external_id, destination.name, post.action, post.revision,
                   post.state, post.due_at IS NOT NULL, post.payload_hash, post.remote_id,
                   EXISTS (SELECT 1 FROM posts_attempt AS attempt
                           WHERE attempt.post_id = post.id AND attempt.kind = 'look_up'),
                   post.payload
            FROM posts_post AS post
            JOIN entries_entry AS entry ON entry.id = post.entry_id
            JOIN destinations_destination AS destination ON destination.id = post.destination_id
            ORDER BY destination.name, entry.published_at, entry.id, post.id
            """
        )
        return [
            PostRow(
                *row[:6],
                bool(row[6]),
                *row[7:9],
                bool(row[9]),
                (json.loads(row[10]) if isinstance(row[10], str) else row[10])["text"],
            )
            for row in rows
        ]

    def to_render(self) -> int:
        return int(
            self.query("SELECT count(*) FROM entries_entry WHERE render_due_at IS NOT NULL")[0][0]
        )

    # --- The desk ------------------------------------------------------------

    def editor(self) -> Editor:
        return Editor(self.desk)


class Editor:
    """A person at the desk, who tries again when it was away for a moment."""

    def __init__(self, desk: str) -> None:
        self._desk = desk
        self._session = requests.Session()
        self._send("GET", "/log-in/")
        answer = self._send("POST", "/log-in/", username="edda", password=PASSWORD)
        assert "sessionid" in self._session.cookies, answer.text

    def decide(self, post: PostRow, action: str, **fields: str) -> requests.Response:
        """Press a post's button on the desk: approve, reject, retry and so on."""
        return self._send(
            "POST", f"/posts/{post.pk}/{action}/", payload_hash=post.payload_hash, **fields
        )

    def resume(self, destination_id: int) -> requests.Response:
        return self._send("POST", f"/destinations/{destination_id}/resume/")

    def page(self, path: str) -> str:
        return self._send("GET", path).text

    def _send(self, method: str, path: str, **fields: str) -> requests.Response:
        while True:
            token = self._session.cookies.get("csrftoken", "")
            try:
                answer = self._session.request(
                    method,
                    f"{self._desk}{path}",
                    data=fields,
                    headers={"X-CSRFToken": token},
                    timeout=30,
                )
            except requests.RequestException:
                time.sleep(0.1)
            else:
                assert answer.status_code < 500 or path == "/log-in/", answer.text
                return answer


class Embedded(Shape):
    """SQLite and one process for everything."""

    name = "embedded"
    _migrated: ClassVar[Path | None] = None

    def set_up(self) -> None:
        target = self.folder / "syndicator.sqlite3"
        if Embedded._migrated is None:
            self.script(MIGRATE)
            with contextlib.closing(sqlite3.connect(target)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            Embedded._migrated = self.folder.parent.parent / "migrated.sqlite3"
            shutil.copy(target, Embedded._migrated)
        else:
            shutil.copy(Embedded._migrated, target)
        super().set_up()

    def start_product(self) -> None:
        self.keep("desk", "syndicator", "serve", f"--port={self.port}")


class Distributed(Shape):
    """PostgreSQL and Redis; web, beat and three workers, two in processes and one in threads."""

    name = "distributed"
    workers = ("one", "two", "threads")
    _migrated: ClassVar[dict[int, str]] = {}

    def __init__(
        self,
        folder: Path,
        *,
        postgres: Postgres,
        redis: Redis,
        beats: int = 1,
        environment: dict[str, str] | None = None,
        **options: Any,
    ) -> None:
        self.postgres, self.redis, self._beats = postgres, redis, beats
        redis.flush_all()
        if postgres.port not in self._migrated:
            self._migrate(folder / "migrate")
        self.database_name = postgres.create_database(self._migrated[postgres.port])
        database_url = postgres.url(self.database_name)
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(clock.SET_UP)
        super().__init__(
            folder,
            environment={
                **(environment or {}),
                "SYNDICATOR_DATABASE_URL": database_url,
                "SYNDICATOR_BROKER_URL": redis.url,
            },
            **options,
        )

    def _migrate(self, folder: Path) -> None:
        """A database to copy: migrating takes as long as many a test."""
        template = self.postgres.create_database()
        environment = {"SYNDICATOR_DATABASE_URL": self.postgres.url(template)}
        Installation(folder, environment).script(MIGRATE)
        self._migrated[self.postgres.port] = template

    def start_product(self) -> None:
        self.keep("web", "syndicator", "web", f"--port={self.port}")
        for number in range(self._beats):
            name = f"beat-{number + 1}"
            self.keep(name, *CELERY, "beat", "--scheduler=celery.beat:Scheduler")
        self.start_workers()

    def start_workers(self) -> None:
        for name in self.workers:
            pool = ("-P", "threads", "-c", "8") if name == "threads" else ("-c", "2")
            queues = ",".join(queue.QUEUES)
            self.keep(name, *CELERY, "worker", "-Q", queues, *pool, "-n", name)

    def stop(self) -> None:
        super().stop()
        self.postgres.drop_database(self.database_name)


def permalink(external_id: str) -> str:
    return f"{LINKS}{external_id}"
