"""Is a KPI SMARTER? Seven letters judged from data that is passed in: no database, no language, no clock."""

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from kpiapp.decimals import EXACT, HUNDRED, ZERO, divide

YEAR = 12
# Fewer results than these say nothing about a year, or about how often a band was held.
FEWEST_FOR_A_YEAR, FEWEST_TO_JUDGE = 3, 6
# Reached in at least this share of the last results, a target asks for nothing new.
EASY_SHARE = Decimal("0.8")
# A target asks too much when it is further away than twice the best growth so far, and further than this percent.
HARD_TIMES, HARD_LEAST = Decimal(2), Decimal(25)
# Without results, against the baseline alone.
HARD_FROM_BASELINE = Decimal(100)
LONGEST_WITHOUT_REVIEW = datetime.timedelta(days=366)
REVIEW_DAYS = {"month": 31, "quarter": 92, "half_year": 184, "year": 366}

# Two things in one name. Letters on both sides, so that "A/B" and "24/7" are left alone.
_JOINED = re.compile(
    r"\s(?:and|và|cùng với|lẫn|as well as|plus|or|hoặc)\s|\s?[;&+,]\s|\w{2,}\s?/\s?\w{2,}", re.IGNORECASE
)


@dataclass(frozen=True)
class Past:
    """What was reached in one period."""

    starts_on: datetime.date
    value: Decimal


@dataclass(frozen=True)
class Facts:
    """Everything the letters are judged by. `past` comes newest first, one row a period."""

    today: datetime.date
    name: str = ""
    owner: str = ""
    source: str = ""
    frequency: str = "month"
    direction: str = "increase"
    is_scored: bool = True
    needs_target: bool = True
    has_one_formula: bool = False
    target: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    baseline: Decimal | None = None
    objective: str = ""
    objective_is_published: bool = False
    due_on: datetime.date | None = None
    reevaluate_on: datetime.date | None = None
    review_every: str = ""
    reviewed_on: datetime.date | None = None
    past: Sequence[Past] = field(default_factory=tuple)


@dataclass(frozen=True)
class Finding:
    """One letter: what was found (`code` with `params`), whether it holds, and whether it keeps a KPI a draft."""

    letter: str
    code: str
    holds: bool
    params: dict[str, object] = field(default_factory=dict)
    blocks: bool = True

    @property
    def keeps_back(self) -> bool:
        """Whether somebody has to give a reason to use the KPI as it is."""
        return self.blocks and not self.holds


def judge(facts: Facts) -> list[Finding]:
    """The seven letters in order."""
    return [
        _specific(facts),
        _measurable(facts),
        achievable(facts),
        _relevant(facts),
        *dated(facts),
    ]


def dated(facts: Facts) -> list[Finding]:
    """The letters that fail by themselves, as time passes: due, to be judged anew, reviewed."""
    return [_time_bound(facts), _evaluated(facts), _reviewed(facts)]


def is_smarter(findings: Sequence[Finding]) -> bool:
    """Whether nothing keeps a KPI a draft."""
    return not any(finding.keeps_back for finding in findings)


def joined_measures(name: str) -> bool:
    """Whether a name speaks of two things at once: "revenue and profit", "doanh thu và lợi nhuận"."""
    return bool(_JOINED.search(name))


def _specific(facts: Facts) -> Finding:
    if not facts.name:
        return Finding("S", "no_name", False)
    if joined_measures(facts.name) and not facts.has_one_formula:
        return Finding("S", "two_measures", False)
    if not facts.owner:
        return Finding("S", "no_owner", False)
    return Finding("S", "one_measure", True, {"owner": facts.owner})


def _measurable(facts: Facts) -> Finding:
    if not facts.source:
        return Finding("M", "no_source", False)
    return Finding("M", "measured", True, {"source": facts.source, "frequency": facts.frequency})


def _relevant(facts: Facts) -> Finding:
    if not facts.objective:
        return Finding("R", "no_objective", False)
    if not facts.objective_is_published:
        return Finding("R", "objective_not_published", False, {"objective": facts.objective})
    return Finding("R", "serves", True, {"objective": facts.objective})


def _time_bound(facts: Facts) -> Finding:
    if facts.due_on is None:
        return Finding("T", "no_due", False)
    code = "due" if facts.due_on >= facts.today else "due_over"
    return Finding("T", code, code == "due", {"day": facts.due_on})


def _evaluated(facts: Facts) -> Finding:
    if facts.reevaluate_on is None:
        return Finding("E", "no_reevaluation", False)
    code = "reevaluation" if facts.reevaluate_on >= facts.today else "reevaluation_over"
    return Finding("E", code, code == "reevaluation", {"day": facts.reevaluate_on})


def _reviewed(facts: Facts) -> Finding:
    """A KPI nobody has used yet cannot have been reviewed: this letter asks, and never keeps one back."""
    if facts.reviewed_on is None:
        return Finding("R", "never_reviewed", False, blocks=False)
    days = REVIEW_DAYS.get(facts.review_every)
    span = datetime.timedelta(days=days) if days else LONGEST_WITHOUT_REVIEW
    is_fresh = facts.today - facts.reviewed_on <= span
    return Finding("R", "reviewed" if is_fresh else "review_late", is_fresh, {"day": facts.reviewed_on}, blocks=False)


# --- achievable: the target against what was reached before -----------------------------------------


def achievable(facts: Facts) -> Finding:
    """The target against the last twelve results and the years before, else against the baseline."""
    if not facts.is_scored:
        return Finding("A", "not_scored", True)
    if facts.direction == "range":
        return _in_range(facts)
    if not facts.needs_target:
        return Finding("A", "no_target_needed", True)
    if facts.target is None:
        return Finding("A", "no_target", False)
    if facts.direction == "pass":
        return Finding("A", "pass_or_fail", True)
    last = [past.value for past in facts.past[:YEAR]]
    if len(last) < FEWEST_FOR_A_YEAR:
        return _against_baseline(facts)
    return _against_year(facts, last)


def _against_year(facts: Facts, last: Sequence[Decimal]) -> Finding:
    years = yearly_means([past.value for past in facts.past])
    growths = [growth for growth in map(change_percent, years[1:], years) if growth is not None]
    change = change_percent(years[0], facts.target or ZERO)
    params = {"change": change, "growths": growths[:2], "mean": years[0], "count": len(last)}
    met = sum(_reaches(value, facts) for value in last)
    params["met"] = met
    if len(last) >= FEWEST_TO_JUDGE and Decimal(met) >= EASY_SHARE * len(last):
        return Finding("A", "easy", False, params)
    asked = _asked(change, facts.direction)
    if asked is not None and asked <= ZERO:
        return Finding("A", "easy", False, params)
    limit = _hardest(growths, facts.direction)
    if not met and asked is not None and asked > limit:
        return Finding("A", "hard", False, {**params, "limit": limit})
    return Finding("A", "above_year", True, params)


def _against_baseline(facts: Facts) -> Finding:
    if facts.baseline is None:
        return Finding("A", "nothing_to_compare", False)
    change = change_percent(facts.baseline, facts.target or ZERO)
    params = {"change": change, "baseline": facts.baseline}
    if _reaches(facts.baseline, facts):
        return Finding("A", "easy_baseline", False, params)
    asked = _asked(change, facts.direction)
    # Going down, nothing is further away than zero: that alone is never too hard.
    if facts.direction == "increase" and asked is not None and asked > HARD_FROM_BASELINE:
        return Finding("A", "hard_baseline", False, params)
    return Finding("A", "above_baseline", True, params)


def _in_range(facts: Facts) -> Finding:
    if facts.low is None or facts.high is None:
        if facts.target is None:
            return Finding("A", "no_target", False)
        return Finding("A", "pass_or_fail", True)
    last = [past.value for past in facts.past[:YEAR]]
    if len(last) < FEWEST_TO_JUDGE:
        return Finding("A", "range_set", True, {"low": facts.low, "high": facts.high})
    inside = sum(facts.low <= value <= facts.high for value in last)
    params = {"met": inside, "count": len(last)}
    if inside == len(last):
        return Finding("A", "range_easy", False, params)
    return Finding("A", "range_hard" if not inside else "range_held", bool(inside), params)


def yearly_means(values: Sequence[Decimal]) -> list[Decimal]:
    """The mean of the last twelve values, of the twelve before, …; a year of too few values ends the row."""
    years = [values[start : start + YEAR] for start in range(0, len(values), YEAR)]
    kept = []
    for year in years:
        if len(year) < FEWEST_FOR_A_YEAR:
            break
        kept.append(divide(sum(year, ZERO), Decimal(len(year))))
    return kept


def change_percent(before: Decimal, after: Decimal) -> Decimal | None:
    """How far `after` lies above `before`, in percent of its size; None from zero, where no percent says it."""
    if not before:
        return None
    return divide(EXACT.multiply(EXACT.subtract(after, before), HUNDRED), abs(before))


def _asked(change: Decimal | None, direction: str) -> Decimal | None:
    """How much better a target is, in percent, whichever way is better."""
    return change if change is None or direction == "increase" else -change


def _hardest(growths: Sequence[Decimal], direction: str) -> Decimal:
    best = max([growth if direction == "increase" else -growth for growth in growths] + [ZERO])
    return max(HARD_LEAST, best * HARD_TIMES)


def _reaches(value: Decimal, facts: Facts) -> bool:
    target = facts.target if facts.target is not None else ZERO
    return value >= target if facts.direction == "increase" else value <= target
