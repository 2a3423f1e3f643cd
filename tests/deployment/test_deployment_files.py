"""Docker does not run everywhere the tests do. So the files are parsed, and every command, port,
variable and path in them is held against the project."""

from __future__ import annotations

import configparser
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from celery.bin.celery import celery as celery_command
from click.testing import CliRunner

from config.celery import app
from syndicator import queue
from syndicator.cli import main

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service.get("image") == "syndicator"}
DOCKERFILE = (ROOT / "Dockerfile").read_text()
VARIABLE = re.compile(r"SYNDICATOR_[A-Z0-9_]+")


def known_variables() -> set[str]:
    """What the settings and commands read."""
    read = set()
    for path in (ROOT / "config").glob("*.py"):
        for name in re.findall(r'read(?:_list|_flag)?\(\s*"([A-Z0-9_]+)"', path.read_text()):
            read |= {f"SYNDICATOR_{name}", f"SYNDICATOR_{name}_FILE"}
    return read


def check_syndicator(arguments: list[str]) -> None:
    """The command exists and takes these options: they are parsed, the command is not run."""
    name, *options = arguments
    group: Any = main
    command = group.get_command(None, name)
    assert command is not None, name
    command.make_context(name, list(options))


def check_celery(arguments: list[str]) -> None:
    assert arguments[:3] == ["celery", "-A", "config.celery"]
    kind, *options = arguments[3:]
    assert celery_command.commands[kind]
    if kind == "worker":
        assert set(options[options.index("-Q") + 1].split(",")) <= set(queue.QUEUES)


@pytest.mark.parametrize("name", OURS)
def test_every_command_is_one_of_the_projects(name: str) -> None:
    command = OURS[name]["command"]
    if command[0] == "syndicator":
        check_syndicator(command[1:])
    else:
        check_celery(command)


def test_every_queue_has_its_workers_and_every_task_a_queue() -> None:
    served = set()
    for service in OURS.values():
        command = service["command"]
        if "-Q" in command:
            served |= set(command[command.index("-Q") + 1].split(","))
    assert served == set(queue.QUEUES)
    app.loader.import_default_modules()
    for task in app.tasks:
        if not task.startswith("celery."):
            assert app.amqp.router.route({}, task)["queue"].name in served, task


def test_every_variable_is_read_somewhere_and_documented() -> None:
    documented = set(VARIABLE.findall((ROOT / "docs/configuration.md").read_text()))
    known = known_variables()
    for text in ((ROOT / "docker-compose.yml").read_text(), DOCKERFILE):
        assert set(VARIABLE.findall(text)) <= known | {"SYNDICATOR_BASE_URL"}
    assert {name for name in known if not name.endswith("_FILE")} <= documented


def test_every_mounted_secret_is_the_file_that_the_settings_read() -> None:
    declared = set(COMPOSE["secrets"])
    for name, service in SERVICES.items():
        mounted = set(service.get("secrets", ()))
        assert mounted <= declared, name
        for variable, value in service.get("environment", {}).items():
            if variable.endswith("_FILE"):
                assert value.removeprefix("/run/secrets/") in mounted, (name, variable)


def test_published_ports_are_those_that_the_services_listen_on() -> None:
    for service in OURS.values():
        for published in service.get("ports", ()):
            host, _, port = published.rsplit(":", 2)
            assert host == "127.0.0.1", "only a proxy on the same host gets in"
            assert port in service["command"]


def test_what_a_service_waits_for_exists_and_tells_its_health() -> None:
    for name, service in SERVICES.items():
        for needed, how in service.get("depends_on", {}).items():
            assert needed in SERVICES, (name, needed)
            if how["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[needed], needed


def test_volumes_keep_what_must_outlive_a_container() -> None:
    data = re.search(r"SYNDICATOR_DATA=(\S+)", DOCKERFILE)
    assert data
    for name, service in OURS.items():
        kept = [volume.split(":") for volume in service["volumes"]]
        assert [path for _, path in kept] == [data[1]], name
        assert kept[0][0] in COMPOSE["volumes"]
    assert f"VOLUME {data[1]}" in DOCKERFILE


def test_the_image_copies_what_exists_and_does_not_run_as_root() -> None:
    for line in DOCKERFILE.splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            for source in shlex.split(line)[1:-1]:
                assert (ROOT / source).exists(), source
                assert f"!{source.removeprefix('./')}" in (ROOT / ".dockerignore").read_text()
    *_, user = re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE)
    assert user != "root"
    assert f"useradd --uid 10001 --create-home --home-dir /var/lib/syndicator {user}" in DOCKERFILE
    command = re.search(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    assert command
    check_syndicator(yaml.safe_load(command[1])[1:])


def test_the_systemd_unit_starts_an_existing_command_with_known_variables() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(ROOT / "docs/syndicator.service")
    binary, *arguments = shlex.split(unit["Service"]["ExecStart"])
    assert binary.endswith("/bin/syndicator")
    check_syndicator(arguments)
    assert set(VARIABLE.findall(unit["Service"]["Environment"])) <= known_variables()


def test_every_command_that_the_docs_name_exists() -> None:
    listed = CliRunner().invoke(main, ["--help"]).output
    for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for name in re.findall(
            r"^ *(?:\$ )?(?:\S*/)?syndicator ([a-z-]+)", path.read_text(), re.MULTILINE
        ):
            assert re.search(rf"^  {name} ", listed, re.MULTILINE), (
                f"{path.name}: syndicator {name}"
            )
