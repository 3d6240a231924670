"""How worked cases of formulas are run: section `formulas` of a case file, with names of KPIs in square brackets."""

from collections.abc import Iterator
from decimal import Decimal

from kpiapp.case_files import Case, CaseError, Check, check_keys, register_section
from kpiapp.decimals import plain
from kpiapp.formulas import FormulaError, OperandUnit, dimension_of, evaluate, parse, unit_of

KEYS = ("formula", "input", "units", "expect", "refused", "unit")
EXPECTED = ("value", "missing", "fault")


def check_formula(case: Case) -> Iterator[Check]:
    """One formula: its value, what is missing for it, the fault, or the words by which it is refused."""
    check_keys(case, KEYS)
    given = {f"[{name}]": None if value is None else Decimal(str(value)) for name, value in _named(case, "input")}
    try:
        formula = parse(str(case["formula"]))
        if "units" in case:
            units = {
                f"[{name}]": OperandUnit(dimension_of(str(unit)), name, True) for name, unit in _named(case, "units")
            }
            yield Check("unit", str(case.get("unit", "")), unit_of(formula, units).label)
    except FormulaError as error:
        words = str(case.get("refused", "no"))
        yield Check("refused", words, words if words in str(error) else str(error))
        return
    yield Check("refused", str(case.get("refused", "no")), "no")
    if "expect" in case:
        yield from _outcome(case, evaluate(formula, given))


def _outcome(case: Case, outcome) -> Iterator[Check]:
    expected = case["expect"]
    check_keys(expected, EXPECTED)
    if "value" in expected:
        got = "none" if outcome.value is None else plain(outcome.value)
        yield Check("value", plain(Decimal(str(expected["value"]))), got)
    if "missing" in expected:
        yield Check("missing", ", ".join(expected["missing"]), ", ".join(key[1:-1] for key in outcome.missing))
    if "fault" in expected:
        yield Check("fault", str(expected["fault"]), outcome.fault or "none")


def _named(case: Case, key: str) -> list[tuple[str, object]]:
    found = case.get(key, {})
    if not isinstance(found, dict):
        raise CaseError(f"“{key}” is a list of names and values.")
    return list(found.items())


def register() -> None:
    """Let case files carry the section."""
    register_section("formulas", check_formula)
