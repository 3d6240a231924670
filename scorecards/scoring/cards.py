"""A scorecard's score: weights, what is missing, coverage, wipe-outs, and the weights suggested for A, B and C."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import lcm
from typing import NamedTuple

from kpiapp.decimals import EXACT, HUNDRED, ONE, ZERO, allocate, divide, plain, round_completion, round_percent
from scorecards.scoring.lines import NOT_SCORABLE, SCORED, LineState
from scorecards.scoring.rules import DEFAULT_CAP, MissingPolicy
from scorecards.scoring.status import DEFAULT_STATUS_BANDS, Status, StatusBands, status_of
from scorecards.scoring.trace import Rounding, RuleCode, Trace


class WeightPolicy(StrEnum):
    """What weights that do not add up to 100 mean: refused, divided by their sum, or divided and warned about."""

    STRICT = "strict"
    NORMALISE = "normalise"
    WARN = "warn"


class WipeOutScope(StrEnum):
    """How far a severe violation reaches."""

    KPI = "kpi"
    SECTION = "section"
    SCORECARD = "scorecard"


class CardState(StrEnum):
    """What a card's score rests on. Weights refused are "rejected:weights_total_" and the total."""

    SCORED = "scored"
    NO_SCORE = "no_score"
    BLOCKED = "blocked"


# Less of the agreed weight than this, and a score says too little to be called one without a word.
PROVISIONAL_BELOW_PERCENT = Decimal(60)
DEFAULT_GROUP_FACTORS: Mapping[str, Decimal] = {"A": Decimal(3), "B": Decimal(2), "C": Decimal(1)}


@dataclass(frozen=True, slots=True)
class CardLine:
    """One line on a card: weight in percent, its state and completion, and what the card needs to know about it."""

    weight: Decimal
    state: str
    completion: Decimal | None = None
    name: str = ""
    section: str = ""
    missing_policy: MissingPolicy = MissingPolicy.EXCLUDE
    wipe_out: WipeOutScope | None = None


@dataclass(slots=True)
class CardSums:
    """The running sums of a card; order does not matter. The night keeps one per card and adds its lines.

    `weighted` is Σ(weight × completion); `measured` and `left_out` are weights.
    """

    weighted: Decimal = ZERO
    measured: Decimal = ZERO
    left_out: Decimal = ZERO
    lines_scored: int = 0
    lines_left_out: int = 0
    blocked_by: str = ""

    @property
    def total(self) -> Decimal:
        """The weight of all lines."""
        return _add(self.measured, self.left_out)

    @property
    def lines_total(self) -> int:
        """The number of all lines."""
        return self.lines_scored + self.lines_left_out

    def add(self, weight: Decimal, state: str, completion: Decimal | None, policy: str = MissingPolicy.EXCLUDE) -> bool:
        """Add one line; False when it is left out. A late line follows its policy, any other absence reweights."""
        if completion is not None:
            # Operators: a third quicker, and exact in any context of 28 digits, as there are 5 and 12.
            self.weighted += weight * completion
            self.measured += weight
            self.lines_scored += 1
            return True
        if policy == MissingPolicy.BLOCK and (state == LineState.LATE or state.startswith(NOT_SCORABLE)):
            self.blocked_by = self.blocked_by or state
        elif policy == MissingPolicy.ZERO and state == LineState.LATE:
            # No report counts as nothing reached, and as measured: the rule decided it.
            self.measured = _add(self.measured, weight)
            self.lines_scored += 1
            return True
        self.left_out = _add(self.left_out, weight)
        self.lines_left_out += 1
        return False


_add, _multiply = EXACT.add, EXACT.multiply
_ALL = round_percent(HUNDRED)


class CardResult(NamedTuple):
    """A card's score.

    `completion` (six places, 1 = whole) and `percent` (two places, half-up) are each rounded once from the exact
    quotient; tiers and ratings look at `percent`. Both are None unless the state is "scored". `coverage_percent` is
    the measured share of all weight on the card. `warnings` are "weights_total_…" where the policy lets them pass.
    """

    state: str
    completion: Decimal | None
    percent: Decimal | None
    status: Status
    lines_scored: int
    lines_total: int
    measured_weight: Decimal
    total_weight: Decimal
    coverage_percent: Decimal
    provisional: bool
    warnings: tuple[str, ...] = ()


def score_card(
    lines: Iterable[CardLine],
    *,
    missing: MissingPolicy | None = None,
    weight_policy: str = WeightPolicy.STRICT,
    cap: Decimal | None = DEFAULT_CAP,
    bands: StatusBands = DEFAULT_STATUS_BANDS,
    trace: Trace | None = None,
) -> CardResult:
    """Score a card of lines. `missing`, when given, stands above the policies of the lines (a closing cycle)."""
    lines = list(lines)
    wiped_sections = {line.section for line in lines if line.wipe_out == WipeOutScope.SECTION}
    wiped = any(line.wipe_out == WipeOutScope.SCORECARD for line in lines)
    sums = CardSums()
    for line in lines:
        state, completion = line.state, line.completion
        reach = line.wipe_out or (WipeOutScope.SECTION if line.section in wiped_sections else None)
        if reach is not None:
            state, completion = SCORED, ZERO
            if trace is not None:
                trace.note(RuleCode.WIPED_OUT, ZERO, scope=reach.value)
        counted = sums.add(line.weight, state, completion, missing or line.missing_policy)
        if trace is not None:
            _note_line(line, state, completion, counted, trace)
    return card_result(sums, weight_policy=weight_policy, cap=cap, wiped_out=wiped, bands=bands, trace=trace)


def _note_line(line: CardLine, state: str, completion: Decimal | None, counted: bool, trace: Trace) -> None:
    if completion is not None:
        points = EXACT.multiply(line.weight, completion)
        trace.note(RuleCode.CARD_LINE, points, line=line.name, weight=line.weight, completion=completion)
    else:
        code = RuleCode.CARD_LINE_ZERO if counted else RuleCode.CARD_LINE_LEFT_OUT
        trace.note(code, ZERO if counted else None, line=line.name, weight=line.weight, state=state)


def card_result(
    sums: CardSums,
    *,
    weight_policy: str = WeightPolicy.STRICT,
    cap: Decimal | None = DEFAULT_CAP,
    wiped_out: bool = False,
    bands: StatusBands = DEFAULT_STATUS_BANDS,
    trace: Trace | None = None,
) -> CardResult:
    """The score of running sums: 100 × Σ(w·c) ÷ Σw over what is measured, and how much that is.

    Refused weights come first, then a blocked line, then nothing measured; only then is there a score.
    """
    total = sums.total
    warnings = () if total == HUNDRED else (f"weights_total_{plain(total)}",)
    coverage = _coverage(sums.measured, total)
    state = SCORED
    if warnings and weight_policy == WeightPolicy.STRICT:
        state = f"rejected:{warnings[0]}"
    elif sums.blocked_by:
        state = CardState.BLOCKED.value
    elif not sums.measured:
        state = CardState.NO_SCORE.value
    completion = percent = None
    if trace is not None:
        _note_card(sums, state, weight_policy, coverage, trace)
    if state == SCORED:
        completion, percent = _score(sums, cap, wiped_out, trace)
    status, provisional = status_of(completion, bands, trace), state == SCORED and coverage < PROVISIONAL_BELOW_PERCENT
    # By place: a night makes one of these per card, and names would cost as much as the score.
    counts = sums.lines_scored, sums.lines_total, sums.measured, total, coverage
    return CardResult(state, completion, percent, status, *counts, provisional, warnings)


def _coverage(measured: Decimal, total: Decimal) -> Decimal:
    """The measured share of all weight, in percent with two places; an empty card measures nothing."""
    if measured == total and total:
        return _ALL
    return round_percent(divide(_multiply(HUNDRED, measured), total)) if total else ZERO


def _score(sums: CardSums, cap: Decimal | None, wiped_out: bool, trace: Trace | None) -> tuple[Decimal, Decimal]:
    """Completion with six and percent with two places, each from the exact quotient."""
    exact = divide(sums.weighted, sums.measured)
    completion, percent = round_completion(exact), round_percent(EXACT.multiply(exact, HUNDRED))
    if trace is not None:
        trace.note(
            RuleCode.CARD_SCORE,
            percent,
            Rounding.PERCENT,
            weighted_sum=sums.weighted,
            measured_weight=sums.measured,
        )
    if cap is not None and completion > cap:
        capped = round_percent(EXACT.multiply(cap, HUNDRED))
        if trace is not None:
            trace.note(RuleCode.CARD_CAPPED, capped, percent=percent, cap_percent=capped)
        completion, percent = round_completion(cap), capped
    if wiped_out:
        if trace is not None:
            trace.note(RuleCode.WIPED_OUT, ZERO, scope=WipeOutScope.SCORECARD.value)
        completion, percent = round_completion(ZERO), round_percent(ZERO)
    return completion, percent


def _note_card(sums: CardSums, state: str, weight_policy: str, coverage: Decimal, trace: Trace) -> None:
    trace.note(RuleCode.CARD_WEIGHTS, state, total_weight=sums.total, policy=str(weight_policy))
    trace.note(
        RuleCode.CARD_COVERAGE,
        coverage,
        Rounding.PERCENT,
        lines_scored=Decimal(sums.lines_scored),
        lines_total=Decimal(sums.lines_total),
        measured_weight=sums.measured,
        total_weight=sums.total,
    )
    if state == CardState.BLOCKED:
        trace.note(RuleCode.CARD_BLOCKED, None, state=sums.blocked_by)
    elif state == CardState.NO_SCORE:
        trace.note(RuleCode.CARD_NO_SCORE, None)
    elif state == CardState.SCORED and coverage < PROVISIONAL_BELOW_PERCENT:
        trace.note(RuleCode.CARD_PROVISIONAL, None, coverage_percent=coverage, needed_percent=PROVISIONAL_BELOW_PERCENT)


def suggest_weights(
    groups: Sequence[str],
    *,
    factors: Mapping[str, Decimal] = DEFAULT_GROUP_FACTORS,
    total: Decimal = HUNDRED,
    unit: Decimal = ONE,
    least: Decimal = ZERO,
    most: Decimal | None = None,
    trace: Trace | None = None,
) -> list[Decimal]:
    """Weights in percent for KPIs of groups A, B and C, in the order given: A,A,B,B,C → 28, 27, 18, 18, 9.

    Each lies between `least` and `most` (whole units) where that many KPIs allow it; what a limit takes from one
    goes to the others by their factors. A,C,C,C,C,C with at most 30 and at least 5 is 30, 14, 14, 14, 14, 14. Raises
    AllocationError for an empty list and KeyError for a group without a factor.
    """
    given = [factors[group] for group in groups]
    top = total if most is None else most
    has_room = given and EXACT.multiply(least, Decimal(len(given))) <= total <= EXACT.multiply(top, Decimal(len(given)))
    low, high = (Fraction(least), Fraction(top)) if has_room else (Fraction(0), Fraction(total))
    if not any(given):
        return allocate(total, given, unit=unit)
    shares = _within(given, Fraction(total), low, high, trace)
    # Shares as whole numbers in the same proportions: allocate takes decimals.
    scale = lcm(*(share.denominator for share in shares))
    weights = allocate(total, [Decimal(int(share * scale)) for share in shares], unit=unit)
    if trace is not None:
        for number, (share, weight) in enumerate(zip(shares, weights, strict=True), 1):
            trace.note(RuleCode.WEIGHT, weight, Rounding.REMAINDER, number=Decimal(number), share=_decimal(share))
    return weights


def _within(
    factors: Sequence[Decimal], total: Fraction, least: Fraction, most: Fraction, trace: Trace | None = None
) -> list[Fraction]:
    """Shares of a total by factor, none below `least` or above `most`, exactly; the limits must leave room."""
    shares: dict[int, Fraction] = {}
    while len(shares) < len(factors):
        free = [index for index in range(len(factors)) if index not in shares]
        rest, weight = total - sum(shares.values()), sum((Fraction(factors[index]) for index in free), Fraction(0))
        tried = {index: rest * Fraction(factors[index]) / weight for index in free}
        over = {index: most for index in free if tried[index] > most}
        under = {index: least for index in free if tried[index] < least}
        too_much = sum((tried[index] - most for index in over), Fraction(0))
        too_little = sum((least - tried[index] for index in under), Fraction(0))
        # The side that is further out is fixed first: fixing it can only bring the others closer to their limits.
        fixed = over if too_much >= too_little else under
        shares |= fixed or tried
        if trace is not None:
            for index, share in tried.items() if not fixed else ((index, tried[index]) for index in fixed):
                named = {"number": Decimal(index + 1)}
                if fixed:
                    limit = _decimal(fixed[index])
                    trace.note(RuleCode.WEIGHT_LIMITED, limit, **named, share=_decimal(share), limit=limit)
                else:
                    named |= {"factor": factors[index], "rest": _decimal(rest), "factors": _decimal(weight)}
                    trace.note(RuleCode.WEIGHT_SHARE, _decimal(share), **named)
    return [shares[index] for index in range(len(factors))]


def _decimal(share: Fraction) -> Decimal:
    return divide(Decimal(share.numerator), Decimal(share.denominator))
