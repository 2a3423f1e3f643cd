"""What the source says about an entry's way out: its transactions, its calls, and the steps beside.

Read from the syntax tree, so that code nobody thought of when the steps were named is found.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import syndicator
from syndicator.steps import Step

PACKAGE = Path(syndicator.__file__).parent
#: The modules on the way, and the prefixes of the steps that belong to each.
PATH: Mapping[str, tuple[str, ...]] = {
    "entries/ingest.py": ("ingest",),
    "entries/revising.py": ("ingest",),
    "posts/render.py": ("render",),
    "posts/review.py": ("review",),
    "posts/deliver.py": ("claim", "send", "record"),
    "posts/attempts.py": (),
    "posts/reconcile.py": ("look_up",),
    "outbound/http.py": ("send",),
}
#: Calls of the network: methods of `syndicator.channels.base.Client`.
CALLS = ("send", "look_up")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class Place:
    """A transaction or a call of the network: *what*, in which *function*, on which *line*."""

    what: str
    function: str
    line: int


def steps_in(tree: ast.AST) -> Iterator[str]:
    """The names of the steps that are reached anywhere in *tree*, now or when it commits."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and any(_is_name(part, "reached") for part in _said(node)):
            for argument in node.args:
                if isinstance(argument, ast.Attribute) and _is_name(argument.value, "Step"):
                    yield argument.attr


@cache
def sites() -> dict[Step, list[str]]:
    """For each step the modules of the whole package that reach it, once for each place."""
    found: dict[Step, list[str]] = {step: [] for step in Step}
    for path in PACKAGE.rglob("*.py"):
        for name in steps_in(ast.parse(path.read_text(encoding="utf-8"))):
            found[Step[name]].append(path.relative_to(PACKAGE).as_posix())
    return found


class Module:
    """One module's functions, and which of them reach a step, themselves or by another here."""

    def __init__(self, source: str) -> None:
        tree = ast.parse(source)
        self.functions = {node.name: node for node in ast.walk(tree) if isinstance(node, FUNCTIONS)}
        self._stepping = {name for name, node in self.functions.items() if any(steps_in(node))}
        grown = True
        while grown:
            more = {
                name
                for name, node in self.functions.items()
                if name not in self._stepping and self._stepping & set(_called(node))
            }
            grown = bool(more)
            self._stepping |= more

    def places(self) -> Iterator[Place]:
        """Every transaction and every call of the network."""
        for name, function in self.functions.items():
            for node in ast.walk(function):
                if isinstance(node, ast.With) and any(
                    "transaction.atomic" in ast.unparse(item.context_expr) for item in node.items
                ):
                    yield Place("transaction", name, node.lineno)
                if _is_network_call(node):
                    yield Place("call", name, node.lineno)

    def is_covered(self, place: Place) -> bool:
        """Whether a step comes in it or after it; and before it too, if it is a call."""
        after = self._has_step(place.function, place.line, after=True)
        return after and (
            place.what != "call" or self._has_step(place.function, place.line, after=False)
        )

    def _has_step(
        self, name: str, line: int, *, after: bool, seen: frozenset[str] = frozenset()
    ) -> bool:
        """Whether *name* reaches a step on that side of *line*, or all that call it do."""
        function = self.functions[name]
        for node in ast.walk(function):
            at = getattr(node, "lineno", None)
            if isinstance(node, ast.Call) and at is not None and (at >= line) == after:
                called = _called_name(node)
                if any(steps_in(node)) or (called in self._stepping and called != name):
                    return True
        callers = [
            (other, node.lineno)
            for other, caller in self.functions.items()
            if other != name and other not in seen
            for node in ast.walk(caller)
            if isinstance(node, ast.Call) and _called_name(node) == name
        ]
        return bool(callers) and all(
            self._has_step(other, at, after=after, seen=seen | {name}) for other, at in callers
        )


def uncovered(source: str) -> list[Place]:
    """The transactions and calls in *source* that have no step beside them."""
    module = Module(source)
    return [place for place in module.places() if not module.is_covered(place)]


def _said(call: ast.Call) -> list[ast.expr]:
    """What is called, and what is handed on to be called: ``partial(reached, …)``."""
    return [call.func, *call.args]


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _called_name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _called(function: ast.AST) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            yield _called_name(node)


def _is_network_call(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in CALLS
        and any(keyword.arg == "deadline" for keyword in node.keywords)
    )
