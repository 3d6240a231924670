"""Worked cases as data: reads a case file, runs each section through its handler, and says what does not hold.

A case file is YAML: sections, each a list of cases with an `id`. A handler belongs to the app that owns the rules and
registers itself (`register_section`); it turns a case into checks of what is expected against what came out. Numbers
in the file arrive as int or Decimal, never as binary fractions.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, cast

import yaml

# Keys of a file that describe it rather than hold cases.
HEADER_KEYS = ("schema", "note", "title", "about")


@dataclass(frozen=True, slots=True)
class Check:
    """One expectation of a case: what it is about, what the file says, what the product says. Compared as text."""

    what: str
    expected: str
    got: str

    @property
    def holds(self) -> bool:
        return self.expected == self.got


Case = Mapping[str, Any]
Handler = Callable[[Case], Iterable[Check]]

SECTIONS: dict[str, Handler] = {}
# Sections a file may carry whose rules are not part of the product yet.
SKIPPED_SECTIONS = {"pay", "gross_net"}


class CaseFileError(ValueError):
    """The file cannot be read as cases; the message says what to mend."""


class CaseError(ValueError):
    """One case cannot be run: a key or method nobody knows, or an input that is missing."""


@dataclass(slots=True)
class Report:
    """What running files came to: counts of cases, and a line of words for everything that does not hold."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: list[str] = field(default_factory=list)

    @property
    def summary(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"

    def fail(self, where: str, message: str) -> None:
        self.failed += 1
        self.failures.append(f"{where}: {message}")


def register_section(name: str, handler: Handler) -> None:
    """Let `handler` run the cases of a section; an app calls this once when it starts."""
    SECTIONS[name] = handler


class _CaseLoader(yaml.SafeLoader):
    """Safe YAML whose fractions are Decimals exactly as written, and where a key may stand only once."""


def _decimal(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Decimal:
    text = str(loader.construct_scalar(node)).replace("_", "")
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise CaseFileError(f"“{text}” is not a number a case can use.") from error
    return value


def _mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[str] = set()
    for key, _ in node.value:
        if str(key.value) in seen:
            raise CaseFileError(f"“{key.value}” stands twice in one case (line {key.start_mark.line + 1}).")
        seen.add(str(key.value))
    return loader.construct_mapping(node, deep=True)


_CaseLoader.add_constructor("tag:yaml.org,2002:float", _decimal)
_CaseLoader.add_constructor("tag:yaml.org,2002:map", _mapping)


def load_cases(path: Path) -> dict[str, list[Case]]:
    """Sections of a case file, by name. Raises CaseFileError, in a sentence, for a file that is none."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise CaseFileError(f"The file cannot be opened: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise CaseFileError("The file is not UTF-8 text. Save it as UTF-8 and try again.") from error
    try:
        data = yaml.load(text, Loader=_CaseLoader)  # noqa: S506  (a SafeLoader that keeps numbers as text)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" near line {mark.line + 1}" if mark else ""
        raise CaseFileError(f"The file is not valid YAML{where}. Check indentation and quotes.") from error
    except ValueError as error:
        raise CaseFileError(f"The file cannot be read: {error}") from error
    if not isinstance(data, dict):
        raise CaseFileError("The file holds no sections. Start with a section such as “kpi:” and a list of cases.")
    sections = {str(name): cases for name, cases in data.items() if name not in HEADER_KEYS}
    if not sections:
        raise CaseFileError("The file holds no cases. Add a section such as “kpi:” with a list of cases.")
    return cast("dict[str, list[Case]]", sections)


def run_files(paths: Iterable[Path]) -> Report:
    """Run every case of every file; a file that cannot be read counts as one failure."""
    report = Report()
    for path in paths:
        try:
            sections = load_cases(path)
        except CaseFileError as error:
            report.fail(str(path), str(error))
            continue
        for name, cases in sections.items():
            _run_section(f"{path.name} {name}", name, cases, report)
    return report


def _run_section(where: str, name: str, cases: object, report: Report) -> None:
    if not isinstance(cases, list):
        report.fail(where, "the section is not a list of cases.")
        return
    handler = SECTIONS.get(name)
    if handler is None:
        if name in SKIPPED_SECTIONS:
            report.skipped += len(cases)
        else:
            known = ", ".join(sorted(SECTIONS))
            report.fail(where, f"nobody knows how to run this section. Known sections: {known}.")
        return
    for number, case in enumerate(cases, start=1):
        if not isinstance(case, dict):
            report.fail(f"{where} {number}", "the case is not a list of “key: value” lines.")
            continue
        _run_case(f"{where} {_name_of(case, number)}", handler, case, report)


def _name_of(case: Case, number: int) -> str:
    return str(case.get("id") or case.get("name") or f"case {number}")


def _run_case(where: str, handler: Handler, case: Case, report: Report) -> None:
    try:
        checks = list(handler(case))
    except (CaseError, ValueError, ArithmeticError) as error:
        report.fail(where, f"cannot be run: {error}")
        return
    except (KeyError, TypeError, AttributeError) as error:
        # A hand-written case may lack any key or hold any shape; the case is at fault, and must be named.
        report.fail(where, f"cannot be run: the case lacks something or has the wrong shape ({error!r}).")
        return
    if not checks:
        report.fail(where, "expects nothing, so it proves nothing. Add what should come out.")
        return
    wrong = [check for check in checks if not check.holds]
    if not wrong:
        report.passed += 1
        return
    report.failed += 1
    report.failures += [f"{where}: {check.what} expected {check.expected}, got {check.got}" for check in wrong]


def check_keys(case: Case, known: Iterable[str]) -> None:
    """Refuse a key nobody reads: a misspelt expectation would silently prove nothing. Raises CaseError."""
    known = {*known, "id", "name", "note"}
    for key in case:
        if key not in known:
            raise CaseError(f"“{key}” is not a key here. Known keys: {', '.join(sorted(known))}.")
