"""The steps are where their names say, and nothing on an entry's way is without one."""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path

import pytest

from syndicator.posts import attempts
from syndicator.steps import Step
from tests.faults import haste, test_kills
from tests.faults.path_code import PACKAGE, PATH, Module, sites, uncovered

#: Transactions on the way's modules that move no entry on: `function` by module.
OFF_THE_WAY = {
    # An administrator's or an editor's word about a whole route, destination or live blog.
    "posts/render.py": {"switch_off"},
    "posts/review.py": {"resume", "stop", "go_on"},
    # Joins the transaction of whoever records: deliver and reconcile have the steps.
    "posts/attempts.py": {"finish"},
}
MODULES = sorted(PATH)


@pytest.mark.parametrize("step", list(Step))
def test_a_step_is_reached_where_its_name_says(step: Step) -> None:
    places = set(sites()[step])
    assert places, f"nothing reaches {step}"
    homes = {module for module, prefixes in PATH.items() if step.partition(".")[0] in prefixes}
    assert places <= homes


@pytest.mark.parametrize("module", MODULES)
def test_every_transaction_and_call_on_the_way_has_a_step_beside_it(module: str) -> None:
    found = uncovered((PACKAGE / module).read_text(encoding="utf-8"))
    assert {place.function for place in found} == OFF_THE_WAY.get(module, set())


def test_all_calls_of_a_channel_client_are_on_the_way() -> None:
    calling = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if "channels" not in path.parts
        and any(place.what == "call" for place in Module(path.read_text(encoding="utf-8")).places())
    }
    # A test post is no entry's, and goes to the sandbox only.
    assert calling == {"posts/deliver.py", "posts/reconcile.py", "destinations/trial.py"}


def test_every_step_is_struck_by_the_matrix() -> None:
    (mark,) = (mark for mark in test_kills.test_killed_at.pytestmark if mark.name == "parametrize")
    assert mark.args == ("step", list(Step))


@pytest.mark.parametrize(
    "source",
    [
        "def act():\n    with transaction.atomic():\n        write()\n",
        "def act():\n    reached(Step.A)\n    with transaction.atomic():\n        write()\n",
        "def act():\n    client.send(message, deadline=DEADLINE)\n    reached(Step.A)\n",
        "def act():\n    reached(Step.A)\n    client.look_up(message, deadline=DEADLINE)\n",
        # One of the two that call it goes on without a step.
        (
            "def a():\n    act()\n    reached(Step.A)\ndef b():\n    act()\n"
            "def act():\n    with transaction.atomic():\n        write()\n"
        ),
    ],
)
def test_code_without_a_step_is_found(source: str) -> None:
    assert [place.function for place in uncovered(source)] == ["act"]


@pytest.mark.parametrize(
    "source",
    [
        "def act():\n    with transaction.atomic():\n        write()\n        reached(Step.A)\n",
        "def act():\n    with transaction.atomic():\n        write()\n    reached(Step.A)\n",
        (
            "def act():\n    with transaction.atomic():\n        record()\n"
            "def record():\n    transaction.on_commit(partial(reached, Step.A))\n"
        ),
        (
            "def outer():\n    reached(Step.A)\n    act()\n    reached(Step.B)\n"
            "def act():\n    client.send(message, deadline=DEADLINE)\n"
        ),
    ],
)
def test_code_beside_a_step_is_not_complained_about(source: str) -> None:
    assert not uncovered(source)


def test_all_waits_are_shortened_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    before = {
        (module, name): getattr(module, name)
        for module in haste.MODULES
        for name in haste.NAMES
        if hasattr(module, name)
    }
    for (module, name), value in before.items():
        monkeypatch.setattr(module, name, value)
    for channel in haste.channel_classes():
        monkeypatch.setattr(channel, "settle_time", channel.settle_time)
    haste.shorten()
    assert {module for module, _ in before} == set(haste.MODULES)
    assert timedelta(seconds=6) == attempts.LEASE
    assert attempts.LEASE > attempts.DEADLINE + 2 * attempts.MARGIN
    for (module, name), value in before.items():
        shortened = getattr(module, name)
        if isinstance(value, tuple):
            assert shortened == tuple(wait / haste.FACTOR for wait in value)
        else:
            assert shortened == value / haste.FACTOR


def test_no_module_keeps_an_unshortened_copy() -> None:
    knowing = {
        path
        for folder in ("posts", "channels")
        for path in (PACKAGE / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Name | ast.alias) and name_of(node) in haste.NAMES)
    }
    assert knowing == {Path(str(module.__file__)) for module in haste.MODULES}


def name_of(node: ast.Name | ast.alias) -> str:
    return node.id if isinstance(node, ast.Name) else node.name
