"""How cases of scoring are run: each section of a case file through the very functions the product scores with."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from kpiapp.case_files import Case, CaseError, Check, check_keys, register_section
from kpiapp.decimals import EXACT, HUNDRED, ONE, plain, quantize, round_completion
from scorecards.scoring import (
    DEFAULT_STATUS_BANDS,
    DEFAULT_TIERS,
    CardLine,
    Child,
    Entry,
    KpiRule,
    LineState,
    Method,
    MissingPolicy,
    PlannedWay,
    RollUp,
    RuleError,
    Status,
    StatusBand,
    StatusBands,
    Tier,
    WipeOutScope,
    aggregate,
    average_of_periods,
    goal_red_flag,
    pace_of,
    problems_of,
    roll_up,
    rule_from_data,
    score_card,
    score_line,
    status_of,
    suggest_weights,
    tier_of,
    value_of,
)
from scorecards.scoring.rules import DEFAULT_CAP, to_decimal

# A spider-style goal and red flag reads on a scale of 0 to 10.
GOAL_RED_FLAG = "goal_red_flag_0_10"
GOAL_RED_FLAG_TOP = Decimal(10)
PACE_KINDS = {"flow_budget_decrease": "lower_flow"}
VALUE_PLACES_SHOWN = 4
NOTHING = "none"

INPUT_KEYS = ("A", "T", "B", "x", "a", "b", "factor", "days_late", "absence", "carried", "wiped_out")
RULE_KEYS = ("cap", "floor", "min_gate", "missing", "zero_target_full_if_met")


def _number(value: object, name: str = "a number") -> Decimal | None:
    return None if value is None else to_decimal(name, value)


def _needed(case: Case, key: str) -> Decimal:
    value = _number(case.get(key), key)
    if value is None:
        raise CaseError(f"“{key}” is missing.")
    return value


def _text(value: Decimal | None) -> str:
    return NOTHING if value is None else str(value)


def _same_number(what: str, expected: object, got: Decimal | None, places: int = VALUE_PLACES_SHOWN) -> Check:
    """Compare numbers as numbers: the result rounded half-up to `places`, or to those expected when they are more."""
    if expected is None or got is None:
        return Check(what, NOTHING if expected is None else str(expected), NOTHING if got is None else plain(got))
    wanted = to_decimal(what, expected)
    exponent = wanted.as_tuple().exponent
    shown = max(places, -exponent if isinstance(exponent, int) else 0)
    return Check(what, plain(wanted), plain(quantize(got, shown)))


# --- kpi ------------------------------------------------------------------------------------------


def check_kpi(case: Case) -> Iterator[Check]:
    """One line: method and input to raw completion, completion after gate, cap and floor, or a state."""
    check_keys(case, ("method", "input", "expect", "direction"))
    expect: Mapping[str, Any] = case["expect"]
    check_keys(expect, ("raw", "completion_capped", "status", "word", "refused"))
    given: Mapping[str, Any] = case["input"]
    if "refused" in expect:
        yield Check("refused", str(expect["refused"]), _refusal(case, given))
        return
    rule = _rule(case, given)
    result = score_line(
        rule,
        actual=_number(next((given[key] for key in ("A", "x", "a") if key in given), None), "A"),
        denominator=_number(given.get("b"), "b"),
        target=_number(given.get("T"), "T"),
        baseline=_number(given.get("B"), "B"),
        absence=str(given.get("absence", LineState.LATE)),
        late=_number(given.get("days_late"), "days_late"),
        carried=(_needed(given, "carried"), None) if "carried" in given else None,
        wiped_out=given.get("wiped_out") is True,
    )
    if "status" in expect:
        yield Check("status", str(expect["status"]), result.state)
    elif result.state != LineState.SCORED:
        yield Check("status", LineState.SCORED, result.state)
    if "raw" in expect:
        yield Check("raw", str(expect["raw"]), _text(result.raw))
    if "completion_capped" in expect:
        yield Check("completion_capped", str(expect["completion_capped"]), _text(result.completion))
    if "word" in expect:
        yield Check("word", str(expect["word"]), result.status)


def _rule(case: Case, given: Mapping[str, Any]) -> KpiRule:
    method = str(case.get("method"))
    if method == GOAL_RED_FLAG:
        goal, red_flag = _needed(given, "goal"), _needed(given, "red_flag")
        return goal_red_flag(goal, red_flag, top=GOAL_RED_FLAG_TOP)
    params = {key: value for key, value in given.items() if key not in INPUT_KEYS + RULE_KEYS}
    limits = {key: given[key] for key in RULE_KEYS if key in given}
    return rule_from_data(
        {"method": method, "params": params, **limits},
        direction=str(case.get("direction", "increase")),
        factor=given.get("factor"),
    )


def _refusal(case: Case, given: Mapping[str, Any]) -> str:
    """The field a rule is refused at when it is saved, or "none"."""
    try:
        rule = _rule(case, given)
    except RuleError as error:
        return error.field
    problems = problems_of(rule, target=_number(given.get("T"), "T"), baseline=_number(given.get("B"), "B"))
    return problems[0].field if problems else NOTHING


# --- scorecard ------------------------------------------------------------------------------------

CARD_KEYS = ("rows", "missing", "weight_policy", "cap", "expect", "expect_pct", "expect_percent", "measured")


def check_scorecard(case: Case) -> Iterator[Check]:
    """A card of rows with weight w and completion c: its percent with four places, or the state it ends in."""
    check_keys(case, (*CARD_KEYS, "lines", "provisional", "warnings", "word"))
    result = score_card(
        [_card_line(row) for row in case["rows"]],
        missing=MissingPolicy(case["missing"]) if "missing" in case else None,
        weight_policy=str(case.get("weight_policy", "strict")),
        cap=_number(case["cap"], "cap") if "cap" in case else DEFAULT_CAP,
    )
    if "expect" in case:
        yield Check("state", str(case["expect"]), result.state)
    elif result.state != LineState.SCORED:
        yield Check("state", LineState.SCORED, result.state)
    if "expect_pct" in case:
        got = None if result.completion is None else EXACT.multiply(result.completion, HUNDRED)
        yield Check("expect_pct", str(case["expect_pct"]), _text(None if got is None else quantize(got, 4)))
    if "expect_percent" in case:
        yield Check("expect_percent", str(case["expect_percent"]), _text(result.percent))
    if "measured" in case:
        yield _same_number("measured", case["measured"], result.coverage_percent)
    if "lines" in case:
        yield Check("lines", str(case["lines"]), f"{result.lines_scored} of {result.lines_total}")
    if "provisional" in case:
        yield Check("provisional", _yes(case["provisional"]), _yes(result.provisional))
    if "warnings" in case:
        yield Check("warnings", ", ".join(case["warnings"]), ", ".join(result.warnings))
    if "word" in case:
        yield Check("word", str(case["word"]), result.status)


def _yes(value: object) -> str:
    return "yes" if value is True else "no"


def _card_line(row: Mapping[str, Any]) -> CardLine:
    check_keys(row, ("w", "c", "state", "section", "missing", "wipe_out"))
    completion = _number(row.get("c"), "c")
    state = str(row.get("state", LineState.LATE if completion is None else LineState.SCORED))
    return CardLine(
        weight=_needed(row, "w"),
        state=state,
        completion=completion,
        name=str(row.get("name", "")),
        section=str(row.get("section", "")),
        missing_policy=MissingPolicy(row.get("missing", MissingPolicy.EXCLUDE)),
        wipe_out=WipeOutScope(row["wipe_out"]) if row.get("wipe_out") else None,
    )


# --- time -----------------------------------------------------------------------------------------

TIME_KEYS = ("agg", "actual", "target", "num", "den", "weight", "factor", "expect", "wrong_average", "recompute")


def check_time(case: Case) -> Iterator[Check]:
    """Periods to one actual, and a longer period scored in its two readings."""
    check_keys(case, (*TIME_KEYS, "average_of_period_scores_capped_at_1", "dates", "method", "status"))
    kind, numerator, denominator = _kind(str(case["agg"]))
    values = case["num"] if kind == "ratio" else case["actual"]
    seconds = case["den"] if kind == "ratio" else case.get("weight")
    entries = _entries(values, seconds, case.get("dates"))
    factor = _number(case.get("factor"), "factor") or ONE
    pair = aggregate(kind, entries, numerator_agg=numerator, denominator_agg=denominator)
    if "status" in case:
        rule = KpiRule(Method.RATIO, factor=factor)
        state = score_line(rule, actual=pair and pair[0], denominator=pair and pair[1], target=ONE).state
        yield Check("status", str(case["status"]), state)
    if "expect" in case:
        yield _same_number("expect", case["expect"], None if pair is None else value_of(*pair, factor))
    if "wrong_average" in case:
        each = [value_of(_known(entry.value), entry.second, factor) for entry in entries]
        mean = average_of_periods(each).completion
        yield _same_number("wrong_average", case["wrong_average"], mean)
    if "target" in case:
        yield from _longer_period(case, entries, pair)


def _kind(written: str) -> tuple[str, str, str]:
    """ "ratio(sum,avg)" → ratio, sum, avg; a plain kind keeps sums for its parts."""
    name, _, rest = written.replace(" ", "").partition("(")
    parts = rest.removesuffix(")").split(",") if rest else ["sum", "sum"]
    if name != "ratio":
        return name, "sum", "sum"
    if len(parts) != 2:
        raise CaseError(f"“{written}” is no aggregation. Write for example ratio(sum,avg).")
    return name, parts[0], parts[1]


def _entries(values: list[Any], seconds: list[Any] | None, dates: list[date] | None) -> list[Entry]:
    days = dates or [date(2026, 1, 1) + timedelta(days=index) for index in range(len(values))]
    return [
        Entry(_number(value), None if second is None else _number(second), on, index)
        for index, (value, second, on) in enumerate(zip(values, seconds or [None] * len(values), days, strict=True))
    ]


def _known(value: Decimal | None) -> Decimal:
    if value is None:
        raise CaseError("A missing value has no average.")
    return value


def _longer_period(case: Case, entries: list[Entry], pair: tuple[Decimal, Decimal | None] | None) -> Iterator[Check]:
    """Score the summed actual against the summed target, and the mean of the scores of each period."""
    targets = [_number(target) for target in case["target"]]
    rule = rule_from_data({"method": case.get("method", "ratio")})
    if "recompute" in case:
        whole = aggregate("sum", [Entry(target) for target in targets])
        result = score_line(rule, actual=pair and pair[0], denominator=pair and pair[1], target=whole and whole[0])
        yield Check("recompute", str(case["recompute"]), _text(result.raw))
    key = "average_of_period_scores_capped_at_1"
    if key in case:
        capped = rule_from_data({"method": case.get("method", "ratio"), "cap": ONE})
        scores = [
            score_line(capped, actual=entry.value, target=target).completion
            for entry, target in zip(entries, targets, strict=True)
        ]
        yield Check(key, str(case[key]), _text(average_of_periods(scores).completion))


# --- pace, tiers and the rest ---------------------------------------------------------------------


def check_pace(case: Case) -> Iterator[Check]:
    """Pace at an elapsed share of a period: what is expected by now, the pace, the forecast, the word."""
    keys = ("kind", "A", "B", "T", "elapsed", "plan", "expected", "pace", "forecast", "forecast_completion")
    check_keys(case, (*keys, "expect"))
    kind = str(case["kind"])
    actual, target, baseline = (_number(case.get(key), key) for key in ("A", "T", "B"))
    result = pace_of(
        PACE_KINDS.get(kind, kind),
        actual=actual,
        target=target,
        elapsed=_needed(case, "elapsed"),
        baseline=baseline,
        plan=_planned_way(case.get("plan")),
    )
    if "expect" in case:
        yield Check("expect", str(case["expect"]), result.status)
    for what, got in (("expected", result.expected), ("forecast", result.forecast)):
        if what in case:
            yield _same_number(what, case[what], got)
    if "pace" in case:
        yield Check("pace", NOTHING if case["pace"] is None else str(case["pace"]), _text(result.pace))
    if "forecast_completion" in case:
        rule = KpiRule(Method.MIRROR if kind in ("lower_flow", "flow_budget_decrease") else Method.RATIO)
        completion = score_line(rule, actual=result.forecast, target=target).raw
        yield Check("forecast_completion", str(case["forecast_completion"]), _text(completion))


def _planned_way(given: Mapping | None) -> PlannedWay | None:
    if given is None:
        return None
    check_keys(given, ("months", "over", "elapsed"))
    months = tuple(to_decimal("months", month) for month in given["months"])
    return PlannedWay(months, int(given["over"]), _needed(given, "elapsed"))


def check_tier(case: Case) -> Iterator[Check]:
    """A percent to its coefficient, in the default table or in the case's own."""
    check_keys(case, ("score_pct", "coef", "table"))
    tiers = DEFAULT_TIERS
    if "table" in case:
        tiers = tuple(Tier(_number(row[0]), to_decimal("coef", row[1])) for row in case["table"])
    yield _same_number("coef", case["coef"], tier_of(_needed(case, "score_pct"), tiers).coefficient)


def check_weights(case: Case) -> Iterator[Check]:
    """Groups A, B and C to suggested weights."""
    check_keys(case, ("groups", "expect"))
    got = suggest_weights([str(group) for group in case["groups"]])
    yield Check("weights", _joined(case["expect"]), " ".join(plain(weight) for weight in got))


def _joined(numbers: list[Any]) -> str:
    return " ".join(plain(to_decimal("expect", number)) for number in numbers)


def check_roll_up(case: Case) -> Iterator[Check]:
    """Children to parent; values are percents (100 = whole), as people read them."""
    check_keys(case, ("method", "children", "own", "own_share", "expect", "measured"))
    children = [_child(row) for row in case.get("children") or []]
    own = _number(case.get("own"), "own")
    share = _number(case.get("own_share"), "own_share")
    result = roll_up(
        RollUp(case["method"]),
        children,
        own=None if own is None else EXACT.divide(own, HUNDRED),
        own_share=ONE if share is None else share,
    )
    got = None if result.completion is None else EXACT.multiply(result.completion, HUNDRED)
    yield _same_number("expect", case["expect"], got)
    if "measured" in case:
        yield Check("measured", str(case["measured"]), f"{result.children_scored} of {result.children_total}")


def _child(row: object) -> Child:
    if isinstance(row, Mapping):
        check_keys(row, ("w", "pct"))
        percent, weight = _number(row.get("pct"), "pct"), _needed(row, "w")
    else:
        percent, weight = _number(row, "pct"), ONE
    return Child(None if percent is None else EXACT.divide(percent, HUNDRED), weight)


def check_status(case: Case) -> Iterator[Check]:
    """A completion to its word, by the default thresholds or by the case's own (highest first)."""
    check_keys(case, ("c", "word", "bands"))
    bands = DEFAULT_STATUS_BANDS
    if "bands" in case:
        bands = StatusBands([StatusBand(Status(word), _number(bound)) for word, bound in case["bands"]])
    completion = _number(case.get("c"), "c")
    yield Check(
        "word", str(case["word"]), status_of(None if completion is None else round_completion(completion), bands)
    )


def register() -> None:
    """Make the sections of scoring known to the case runner."""
    register_section("kpi", check_kpi)
    register_section("scorecard", check_scorecard)
    register_section("time", check_time)
    register_section("pace", check_pace)
    register_section("tiers", check_tier)
    register_section("weights", check_weights)
    register_section("roll_up", check_roll_up)
    register_section("status", check_status)
