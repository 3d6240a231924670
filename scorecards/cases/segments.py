"""How cases of lines in segments are run: dated targets and entries of a period, as HR would write them on paper."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from kpiapp.calendars import OFF, WorkingCalendar
from kpiapp.case_files import Case, CaseError, Check, check_keys, register_section
from kpiapp.decimals import plain
from scorecards.scoring import Entry, LineState, Segment, combine_span, rule_from_data, score_segments, weights_by_days
from scorecards.scoring.rules import to_decimal

CASE_KEYS = (
    "period",
    "holidays",
    "agg",
    "method",
    "cap",
    "missing",
    "absence",
    "carried",
    "segments",
    "entries",
    "below",
)
EXPECTED = ("days", "completion", "raw", "status")


def check_segments(case: Case) -> Iterator[Check]:
    """A line whose values change on given days: working days of each segment, and the completion of the line."""
    check_keys(case, (*CASE_KEYS, "expect"))
    expect: Mapping[str, Any] = case["expect"]
    check_keys(expect, EXPECTED)
    segments = _segments(case)
    carried = (to_decimal("carried", case["carried"]), None) if "carried" in case else None
    absence = str(case.get("absence", LineState.LATE))
    state, raw, completion = score_segments(segments, absence=absence, carried=carried)
    if "days" in expect:
        yield Check("days", _numbers(expect["days"]), " ".join(plain(segment.days) for segment in segments))
    if "completion" in expect:
        yield Check("completion", str(expect["completion"]), str(completion))
    if "raw" in expect:
        yield Check("raw", str(expect["raw"]), str(raw))
    yield Check("status", str(expect.get("status", LineState.SCORED)), state)


def _segments(case: Case) -> list[Segment]:
    first, last = case["period"]
    after, kind, parts = last + timedelta(days=1), str(case.get("agg", "sum")), case["segments"]
    ratio = kind.startswith("ratio")
    kind, parts_of_ratio = ("ratio", kind) if ratio else (kind, "")
    top, bottom = parts_of_ratio.removeprefix("ratio").strip("()").split(",") if ratio else ("sum", "sum")
    starts = [part.get("from", first) for part in parts]
    calendar = WorkingCalendar(days=dict.fromkeys(case.get("holidays") or [], OFF))
    owners = [[_entry(on, value) for on, value in own.items()] for own in case.get("below") or []]
    below = partial(combine_span, kind, owners, numerator_agg=top, denominator_agg=bottom) if owners else None
    found = []
    for part, start, end in zip(parts, starts, [*starts[1:], after], strict=True):
        check_keys(part, ("from", "T", "B", "method", "params"))
        scoring = {"method": part.get("method", case.get("method", "ratio")), "params": part.get("params", {})}
        scoring |= {name: case[name] for name in ("cap", "missing") if name in case}
        entries = [_entry(on, value) for on, value in (case.get("entries") or {}).items() if start <= on < end]
        found.append(
            Segment(
                starts_on=start,
                ends_on=end,
                days=calendar.working_days(start, end),
                rule=rule_from_data(scoring),
                target=_maybe(part.get("T")),
                baseline=_maybe(part.get("B")),
                aggregation=kind,
                numerator_agg=top,
                denominator_agg=bottom,
                entries=entries,
                source=below,
            )
        )
    return found


def _entry(on: date, value: object) -> Entry:
    """A number, or the two parts of a ratio as [numerator, denominator]."""
    if isinstance(value, list):
        return Entry(to_decimal("numerator", value[0]), to_decimal("denominator", value[1]), on)
    return Entry(to_decimal("entry", value), None, on)


def check_dated_weights(case: Case) -> Iterator[Check]:
    """Weights of the lines of a card over segments of given days, to one weight each."""
    check_keys(case, ("days", "lines", "expect"))
    days = [to_decimal("days", count) for count in case["days"]]
    if any(len(weights) != len(days) for weights in case["lines"]):
        raise CaseError("Each line needs a weight for every segment.")
    lines = [
        [(count, to_decimal("weight", weight)) for count, weight in zip(days, weights, strict=True)]
        for weights in case["lines"]
    ]
    yield Check("weights", _numbers(case["expect"]), " ".join(plain(weight) for weight in weights_by_days(lines)))


def _numbers(values: list[Any]) -> str:
    return " ".join(plain(to_decimal("expect", value)) for value in values)


def _maybe(value: object) -> Decimal | None:
    return None if value is None else to_decimal("a number", value)


def register() -> None:
    """Make the sections known to the case runner."""
    register_section("segments", check_segments)
    register_section("dated_weights", check_dated_weights)
