"""A Redis and a PostgreSQL of the tests' own, to be killed; the machine's are not touched."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import redis
from psycopg import sql

from tests.ports import quiet_port

PATIENCE = 30.0
#: Where Debian and Red Hat keep the server's programs, the newest last.
POSTGRES_FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin")


class ServerMissing(RuntimeError):
    """A server's program is not installed; the message says which."""


class Server:
    """A process that can be killed, stopped and started again on the same port."""

    def __init__(self) -> None:
        self.port = quiet_port()
        self.folder = Path(tempfile.mkdtemp(prefix="syndicator-faults-"))
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> tuple[list[str], dict[str, Any]]:
        """What to run, and further arguments of `subprocess.Popen`."""
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError

    def start(self) -> None:
        arguments, further = self.command()
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **further,
            )
        _wait(self.answers, f"{arguments[0]} does not answer")

    def send(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.send_signal(signal.SIGCONT)
            self.process.wait(PATIENCE)
            self.process = None

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.folder)


class Redis(Server):
    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> tuple[list[str], dict[str, Any]]:
        program = shutil.which("redis-server")
        if program is None:
            raise ServerMissing("redis-server is not installed")
        options = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder)]
        return [program, *options, "--save", "", "--appendonly", "no"], {}

    def answers(self) -> bool:
        try:
            with redis.Redis(port=self.port, socket_timeout=1) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def flush_all(self) -> None:
        with redis.Redis(port=self.port, socket_timeout=5) as client:
            client.flushall()


class Postgres(Server):
    """A cluster with its data in a folder of its own, run by a user without rights."""

    def __init__(self) -> None:
        super().__init__()
        self._owner = _unprivileged()
        self._programs = _postgres_programs()
        if self._owner:
            os.chown(self.folder, self._owner.pw_uid, self._owner.pw_gid)
        subprocess.run(
            [
                self._programs / "initdb",
                *("-D", self.folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8"),
                *("--locale=C", "--no-sync"),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            **self._as_owner(),
        )

    def url(self, database: str) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    def command(self) -> tuple[list[str], dict[str, Any]]:
        # The machine stays up, so what the server wrote is not lost for want of an fsync.
        settings = {"fsync": "off", "max_connections": "200", "listen_addresses": "127.0.0.1"}
        return [
            str(self._programs / "postgres"),
            *("-D", str(self.folder / "data"), "-p", str(self.port), "-k", str(self.folder)),
            *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
        ], self._as_owner()

    def answers(self) -> bool:
        try:
            with psycopg.connect(self.url("postgres"), connect_timeout=1):
                return True
        except psycopg.OperationalError:
            return False

    def create_database(self, template: str = "template1") -> str:
        """The name of a new database."""
        name = f"faults_{uuid.uuid4().hex[:12]}"
        self._execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        return name

    def drop_database(self, name: str) -> None:
        self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def end_immediately(self) -> None:
        """As ``pg_ctl stop -m immediate``: every session ends at once, without a checkpoint."""
        self.kill(signal.SIGQUIT)

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def _as_owner(self) -> dict[str, Any]:
        if self._owner is None:
            return {"cwd": self.folder}
        return {
            "cwd": self.folder,
            "user": self._owner.pw_uid,
            "group": self._owner.pw_gid,
            "extra_groups": [],
        }


def _unprivileged() -> pwd.struct_passwd | None:
    """Whom to run as, since PostgreSQL refuses to run as root; None if this is not root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


def _postgres_programs() -> Path:
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).parent
    found = sorted(
        (folder for pattern in POSTGRES_FOLDERS for folder in Path("/").glob(pattern[1:])),
        key=lambda folder: int("".join(filter(str.isdigit, folder.parent.name)) or 0),
    )
    if not found:
        raise ServerMissing("PostgreSQL's server programs (initdb, postgres) are not installed")
    return found[-1]


def _wait(what: Callable[[], bool], otherwise: str) -> None:
    ends = time.monotonic() + PATIENCE
    while not what():
        if time.monotonic() > ends:
            raise TimeoutError(otherwise)
        time.sleep(0.05)
