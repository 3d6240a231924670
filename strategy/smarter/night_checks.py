"""What the night finds in the KPIs in use: days that have passed, and targets that are too easy or too hard by now."""

import datetime
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from kpiapp.decimals import plain
from strategy.quality.rules import Finding, Severity
from strategy.smarter import judging, letters, words

# What SMARTER found, by the rule of the audit that it breaks. The other letters are judged on cards and on the map.
RULES = {
    "due_over": "due_over",
    "reevaluation_over": "reevaluation_over",
    "review_late": "review_late",
    "easy": "target_easy",
    "easy_baseline": "target_easy",
    "range_easy": "target_easy",
    "hard": "target_hard",
    "hard_baseline": "target_hard",
    "range_hard": "target_hard",
}
WHAT = frozenset(RULES.values())
SEVERITIES = {"review_late": Severity.LOW}


def findings_of_kpis(on: datetime.date) -> Iterator[tuple[int, Finding]]:
    """Ids of KPIs in use with what is to be said about each; two queries, however many KPIs there are."""
    for pk, found in judging.judge_all(on):
        for one in found:
            if one.code in RULES:
                rule = RULES[one.code]
                severity = SEVERITIES.get(rule, Severity.MEDIUM)
                yield pk, Finding(rule, severity, (), {"found": one.code, **_as_text(one.params)})


def overdue_kpis(on: datetime.date) -> list[int]:
    """Ids of KPIs in use that somebody has to look at again, because a day has passed; one query."""
    dates = ("current__due_on", "current__reevaluate_on", "current__review_every", "reviewed_on")
    rows = judging.kpis_in_use().order_by("pk").values_list("pk", *dates)
    return [pk for pk, *row in rows.iterator() if _is_overdue(on, *row)]


def _is_overdue(on: datetime.date, due_on, reevaluate_on, review_every, reviewed_on) -> bool:
    facts = letters.Facts(
        on, due_on=due_on, reevaluate_on=reevaluate_on, review_every=review_every, reviewed_on=reviewed_on
    )
    return any(found.code in RULES for found in letters.dated(facts))


def sentence_of(numbers: Mapping[str, Any]) -> str:
    """What was found, as the letter of SMARTER says it while somebody types."""
    params = {name: _READERS.get(name, _decimal)(value) for name, value in numbers.items() if name != "found"}
    sentence = words.sentence_of(letters.Finding("", numbers["found"], False, params))
    return sentence if sentence.endswith(".") else f"{sentence}."


def _as_text(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _kept(value) for name, value in params.items()}


def _kept(value: Any) -> Any:
    if isinstance(value, list):
        return [_kept(one) for one in value]
    if isinstance(value, Decimal):
        return plain(value)
    return value.isoformat() if isinstance(value, datetime.date) else value


def _decimal(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


_READERS = {
    "day": datetime.date.fromisoformat,
    "met": int,
    "count": int,
    "growths": lambda values: [Decimal(value) for value in values],
}
