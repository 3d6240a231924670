"""Every decision leaves an audit event: what a service writes for somebody, it writes down as well."""

import ast
import importlib
import inspect
import pkgutil
import sys
import textwrap
from collections.abc import Callable, Iterator
from functools import cache

from kpiapp.services import audit

APPS = ("kpiapp", "strategy", "scorecards", "payroll")
WRITES = {"save", "create", "bulk_create", "get_or_create", "update_or_create", "update", "bulk_update", "delete"}
# Work on what counts for nothing until a decision about it is written down.
NO_DECISION = {
    "kpiapp.services.imports.upload": "a file that waits for its dry run; applying and undoing it are the decisions",
    "kpiapp.services.imports.open_table": "rows of a file that wait for their dry run, as an upload does",
    "scorecards.services.drafts.create_draft": "a grid to fill in; putting it on the cards is the decision",
    "scorecards.services.copying.copy_periods": "a grid to fill in; putting it on the cards is the decision",
}


def services() -> Iterator[tuple[str, Callable]]:
    """Every public function of a service that somebody acts through (`by`), by its full name."""
    for app in APPS:
        package = importlib.import_module(f"{app}.services")
        for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            for name, function in vars(importlib.import_module(found.name)).items():
                plain = inspect.unwrap(function) if inspect.isroutine(function) else None
                if not inspect.isfunction(plain) or plain.__module__ != found.name or name.startswith("_"):
                    continue
                if "by" in inspect.signature(plain).parameters:
                    yield f"{found.name}.{name}", plain


@cache
def parsed(thing) -> ast.AST:
    return ast.parse(textwrap.dedent(inspect.getsource(thing)))


@cache
def uses(thing) -> frozenset:
    """Our own functions and classes that a function or class names, those in a table of functions included."""
    scope = vars(sys.modules[thing.__module__])
    named = [node for node in ast.walk(parsed(thing)) if isinstance(node, ast.Name | ast.Attribute)]
    found = {one for node in named for one in callables(meaning(node, scope))}
    return frozenset(one for one in found if one.__module__.split(".")[0] in APPS and not hasattr(one, "_meta"))


def meaning(node: ast.AST, scope: dict):
    """What a name or module.name stands for."""
    if isinstance(node, ast.Name):
        return scope.get(node.id)
    if isinstance(node, ast.Attribute):
        owner = meaning(node.value, scope)
        return getattr(owner, node.attr, None) if inspect.ismodule(owner) or inspect.isclass(owner) else None
    return None


def callables(thing) -> list:
    if isinstance(thing, dict):
        return [one for value in thing.values() for one in callables(value)]
    plain = inspect.unwrap(thing) if inspect.isroutine(thing) else thing
    is_ours = (inspect.isfunction(plain) and plain.__name__ != "<lambda>") or inspect.isclass(plain)
    return [plain] if is_ours else []


def reached(thing) -> set:
    """All of ours that is used by something, however far down."""
    seen, todo = {thing}, [thing]
    while todo:
        new = uses(todo.pop()) - seen
        seen |= new
        todo += new
    return seen


def is_writing(thing) -> bool:
    calls = (node.func for node in ast.walk(parsed(thing)) if isinstance(node, ast.Call))
    return any(isinstance(called, ast.Attribute) and called.attr in WRITES for called in calls)


def silent() -> dict[str, list[str]]:
    """Services that write and never reach the audit trail, with what writes."""
    found = {}
    for name, function in services():
        used = reached(function)
        if not used & {audit.record, audit.record_changes}:
            found[name] = sorted(one.__qualname__ for one in used if is_writing(one))
    return {name: writers for name, writers in found.items() if writers}


def test_the_walk_finds_the_services():
    names = {name for name, _function in services()}
    assert {"scorecards.services.actuals.record_actual", "payroll.services.runs.approve"} <= names
    assert len(names) > 120


def test_every_service_that_writes_for_somebody_leaves_an_event():
    """Whoever adds one calls audit.record, or says in NO_DECISION why nothing is decided by it."""
    assert sorted(silent()) == sorted(NO_DECISION)
