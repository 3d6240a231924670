"""How worked cases of splitting a target are run: section `split` of a case file, written for people in HR to read."""

import datetime
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from kpiapp.calendars import WorkingCalendar
from kpiapp.case_files import Case, CaseError, Check, check_keys, register_section
from kpiapp.decimals import ONE, plain
from kpiapp.public_holidays import holidays_in
from kpiapp.splitting import Event, SplitError, equal_shares, level_path, shape_of, split, split_mean, with_events

KEYS = (
    "total",
    "mean",
    "level",
    "from",
    "over",
    "by_days",
    "by_working_days",
    "like",
    "events",
    "pinned",
    "steps_of",
    "decimals",
    "expect",
    "refused",
)
HOLIDAYS_OF = "VN"


def check_split(case: Case) -> Iterator[Check]:
    """One split: its parts in order, or the reason why it cannot be."""
    check_keys(case, KEYS)
    try:
        parts = _parts(case)
    except SplitError as error:
        yield Check("refused", str(case.get("refused", "no")), error.code)
        return
    yield Check("refused", str(case.get("refused", "no")), "no")
    if "expect" in case:
        yield Check("parts", _told(case["expect"]), _told(parts))
        if "total" in case:
            yield Check("total", plain(_number(case["total"])), plain(sum(parts, Decimal(0))))


def _parts(case: Case) -> list[Decimal]:
    pins = {int(place) - 1: _number(value) for place, value in (case.get("pinned") or {}).items()}
    if "level" in case:
        start = _number(case["from"]) if "from" in case else None
        places = int(case.get("decimals", 0))
        return level_path(_number(case["level"]), int(case["over"]), baseline=start, pins=pins, places=places)
    weights = with_events(_weights(case), [_event(row) for row in case.get("events", ())])
    unit = _number(case.get("steps_of", ONE))
    if "mean" in case:
        return split_mean(_number(case["mean"]), weights, pins=pins, unit=unit)
    return split(_number(case["total"]), weights, pins=pins, unit=unit)


def _weights(case: Case) -> list[Decimal]:
    if "over" in case:
        return equal_shares(int(case["over"]))
    if "by_days" in case:
        return [_number(days) for days in case["by_days"]]
    if "by_working_days" in case:
        return _working_days(case["by_working_days"])
    if "like" in case:
        return shape_of([None if figure is None else _number(figure) for figure in case["like"]])
    raise CaseError("say over what it is split: over, by_days, by_working_days or like.")


def _working_days(span: Mapping[str, Any]) -> list[Decimal]:
    """Months of a year, Monday to Friday without the public holidays of Vietnam."""
    year = int(span["year"])
    calendar = WorkingCalendar(days={holiday.on: Decimal(0) for holiday in holidays_in(HOLIDAYS_OF, year)})
    firsts = [_first(year, int(month)) for month in span["months"]]
    return [calendar.working_days(first, _first(first.year, first.month + 1)) for first in firsts]


def _first(year: int, month: int) -> datetime.date:
    return datetime.date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)


def _event(row: Mapping[str, Any]) -> Event:
    return Event(int(row["in"]) - 1, _number(row["percent"]), str(row.get("name", "")))


def _number(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise CaseError(f"“{value}” is not a number.")
    return Decimal(value)


def _told(parts: object) -> str:
    if not isinstance(parts, list):
        raise CaseError("“expect” is a list of numbers.")
    return " + ".join(plain(_number(part)) for part in parts)


def register() -> None:
    """Let case files carry the section."""
    register_section("split", check_split)
