"""What a KPI version says about scoring: method, parameters, cap, floor and gate, checked before anything is saved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from types import MappingProxyType
from typing import cast

from kpiapp.decimals import EXACT, HUNDRED, ONE, ZERO, gettext_noop


class Method(StrEnum):
    """How an actual becomes a completion; the same values stand in the apps' choices."""

    RATIO = "ratio"
    MIRROR = "mirror"
    INVERSE = "inverse"
    BASELINE = "baseline"
    DEVIATION = "deviation"
    BAND = "band"
    BINARY = "binary"
    DEDUCT = "deduct"
    MILESTONE = "milestone"
    SCALE = "scale"
    PIECEWISE_LINEAR = "piecewise_linear"
    MANUAL = "manual"


class Direction(StrEnum):
    INCREASE = "increase"
    DECREASE = "decrease"
    RANGE = "range"
    PASS = "pass"


class MissingPolicy(StrEnum):
    """What a late value does to the card when the period closes."""

    EXCLUDE = "exclude_reweight"
    ZERO = "zero"
    CARRY_FORWARD = "carry_forward"
    BLOCK = "block"


DEFAULT_CAP = Decimal("1.20")
DEFAULT_DEDUCT_PER_UNIT = Decimal("0.25")
EMPTY_PARAMS: Mapping[str, object] = MappingProxyType({})
# A raw completion is stored in NUMERIC(12,6); what lies beyond says no more than "far beyond".
RAW_LIMIT = Decimal("999999.999999")

ZERO_TARGET_REFUSED = frozenset({Method.RATIO, Method.MIRROR, Method.DEVIATION})
DIRECTIONS_OF = {
    Method.RATIO: frozenset({Direction.INCREASE}),
    Method.MIRROR: frozenset({Direction.DECREASE}),
    Method.INVERSE: frozenset({Direction.DECREASE}),
    Method.DEDUCT: frozenset({Direction.DECREASE}),
    Method.BAND: frozenset({Direction.RANGE}),
    Method.DEVIATION: frozenset({Direction.RANGE}),
}


class RuleError(ValueError):
    """A scoring rule that cannot be used: `field` names the input, `message` (with `params`) says what to change."""

    def __init__(self, field: str, message: str, **params: str) -> None:
        super().__init__(message % params)
        self.field = field
        self.message = message
        self.params = params


@dataclass(frozen=True, slots=True)
class KpiRule:
    """How one KPI version scores. Completions (cap, floor, gate) are fractions; None means without.

    `factor` multiplies an actual that is kept as a quotient (100 for percents). `direction` is what is good.
    """

    method: Method
    params: Mapping[str, object] = field(default_factory=lambda: EMPTY_PARAMS)
    direction: Direction = Direction.INCREASE
    factor: Decimal = ONE
    cap: Decimal | None = DEFAULT_CAP
    floor: Decimal | None = ZERO
    min_gate: Decimal | None = None
    missing_policy: MissingPolicy = MissingPolicy.EXCLUDE
    zero_target_full_if_met: bool = False


def default_cap(method: Method) -> Decimal | None:
    """120 % unless the method draws its own upper end: the last anchor of a piecewise line is its cap."""
    return None if method is Method.PIECEWISE_LINEAR else DEFAULT_CAP


def rule_from_data(
    scoring: Mapping[str, object],
    *,
    direction: str = Direction.INCREASE,
    factor: object = ONE,
    target: Mapping[str, object] | None = None,
) -> KpiRule:
    """A rule from data as the library and the database keep it: {method, params, cap, floor, min_gate, missing}.

    `target` may be the library's suggested target, whose low and high are the optimum of a band. Raises RuleError.
    """
    try:
        method = Method(str(scoring.get("method")))
    except ValueError as error:
        raise RuleError("method", UNKNOWN_METHOD, method=str(scoring.get("method"))) from error
    params = dict(cast(Mapping[str, object], scoring.get("params") or {}))
    if method is Method.BAND and target:
        params = {**{name: target[name] for name in ("low", "high") if name in target}, **params}
    return KpiRule(
        method=method,
        params=params,
        direction=Direction(direction),
        factor=to_decimal("factor", ONE if factor is None else factor),
        cap=_fraction(scoring, "cap", default_cap(method)),
        floor=_fraction(scoring, "floor", ZERO),
        min_gate=_fraction(scoring, "min_gate", None),
        missing_policy=MissingPolicy(str(scoring.get("missing", MissingPolicy.EXCLUDE))),
        zero_target_full_if_met=scoring.get("zero_target_full_if_met") is True,
    )


def _fraction(data: Mapping[str, object], name: str, default: Decimal | None) -> Decimal | None:
    if name not in data:
        return default
    return None if data[name] is None else to_decimal(name, data[name])


# --- reading parameters ---------------------------------------------------------------------------

UNKNOWN_METHOD = gettext_noop("There is no scoring method “%(method)s”.")
NEEDS_NUMBER = gettext_noop("Give a number for “%(name)s”.")
NEEDS_ROWS = gettext_noop("Give at least one row for “%(name)s”.")
NEEDS_CHOICE = gettext_noop("“%(name)s” must be one of: %(choices)s.")
UNKNOWN_PARAMETER = gettext_noop("“%(name)s” is not a parameter of this scoring method.")


def to_decimal(name: str, value: object) -> Decimal:
    """A finite Decimal from Decimal, int, text, or a number read from JSON or YAML. Raises RuleError."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal | float):
        raise RuleError(name, NEEDS_NUMBER, name=name)
    try:
        # A JSON or YAML number is the shortest text that a person wrote; its text is exact where the float is not.
        number = Decimal(str(value))
    except InvalidOperation as error:
        raise RuleError(name, NEEDS_NUMBER, name=name) from error
    if not number.is_finite():
        raise RuleError(name, NEEDS_NUMBER, name=name)
    return number


def check_names(params: Mapping[str, object], known: Sequence[str]) -> None:
    """Refuse parameters a method does not know: a misspelt one would silently score by its default."""
    for name in params:
        if name not in known:
            raise RuleError(name, UNKNOWN_PARAMETER, name=name)


def number_param(params: Mapping[str, object], name: str, default: Decimal | None = None) -> Decimal:
    """A parameter as Decimal, or its default. Raises RuleError when there is neither."""
    optional = optional_param(params, name)
    if optional is not None:
        return optional
    if default is None:
        raise RuleError(name, NEEDS_NUMBER, name=name)
    return default


def optional_param(params: Mapping[str, object], name: str) -> Decimal | None:
    value = params.get(name)
    return None if value is None else to_decimal(name, value)


def choice_param(params: Mapping[str, object], name: str, choices: Sequence[str]) -> str:
    """A parameter out of `choices`; the first is the default. Raises RuleError."""
    value = params.get(name, choices[0])
    if value not in choices:
        raise RuleError(name, NEEDS_CHOICE, name=name, choices=", ".join(choices))
    return cast(str, value)


def row_params(params: Mapping[str, object], name: str, first: str) -> list[tuple[Decimal | None, Decimal, str]]:
    """Rows of a table as (first column or None, completion, label).

    A row is a pair [first, completion] or a mapping with `first` (or a label under that key) and `pct` or
    `completion`; `pct` is a percent. Raises RuleError.
    """
    rows = params.get(name)
    if not isinstance(rows, Sequence) or isinstance(rows, str) or not rows:
        raise RuleError(name, NEEDS_ROWS, name=name)
    return [_row(name, first, row) for row in rows]


def _row(name: str, first: str, row: object) -> tuple[Decimal | None, Decimal, str]:
    if isinstance(row, Mapping):
        label = str(row.get("label") or row.get("milestone") or "")
        bound = row.get(first)
        if "pct" in row:
            completion = EXACT.divide(to_decimal(name, row["pct"]), HUNDRED)
        else:
            completion = to_decimal(name, row.get("completion"))
    elif isinstance(row, Sequence) and not isinstance(row, str) and len(row) == 2:
        label, bound = "", row[0]
        completion = to_decimal(name, row[1])
    else:
        raise RuleError(name, NEEDS_ROWS, name=name)
    return (None if bound is None else to_decimal(name, bound)), completion, label
