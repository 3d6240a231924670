"""When a milestone was reached, and how many days after the day it was due.

A rule that charges for lateness names its due day within the period (`due_day`, 1 = the first day; none, or one beyond
the end, is the last day). The milestone that stands at the end counts as reached on the day since which the running
actual has never been below it: saying it again later costs nothing, and what was taken back has to be reached anew.
Lateness is in calendar days.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from scorecards.scoring.aggregation import Pair
from scorecards.scoring.lines import SCORED, compile_rule
from scorecards.scoring.rules import KpiRule, Method, optional_param
from scorecards.scoring.trace import RuleCode, Trace


class Lateness(NamedTuple):
    """The day something was due, and the day on which what stands now was reached."""

    due_on: date
    reached_on: date

    @property
    def days(self) -> Decimal:
        """Calendar days between them, 0 when in time."""
        return Decimal(max(0, (self.reached_on - self.due_on).days))

    def note(self, trace: Trace) -> None:
        """Leave both days in the trace."""
        trace.note(
            RuleCode.MILESTONE_REACHED,
            self.days,
            due_on=self.due_on.isoformat(),
            reached_on=self.reached_on.isoformat(),
        )


def charges_lateness(rule: KpiRule) -> bool:
    """Whether the day on which something was reached matters to a rule."""
    return rule.method is Method.MILESTONE and bool(rule.params.get("late_percent"))


def due_on(rule: KpiRule, starts_on: date, ends_on: date) -> date:
    """The day on which a rule's milestones are due in the period [starts_on, ends_on)."""
    last, day = ends_on - timedelta(days=1), optional_param(rule.params, "due_day")
    return last if day is None else min(last, starts_on + timedelta(days=int(day) - 1))


def lateness_of(
    rule: KpiRule, due: date, days: Sequence[date], reached: Callable[[date], Pair | None]
) -> Lateness | None:
    """Since when what stands on the last of `days` has stood; None when nothing was reached. Raises RuleError.

    `days` are those on which something may have changed, in order; `reached` gives the running actual at the end of
    one as an exact pair.
    """
    line = compile_rule(rule)

    def standing(day: date) -> Decimal | None:
        pair = reached(day)
        state, raw, _ = line(*pair) if pair is not None else ("", None, None)
        return raw if state == SCORED else None

    now = standing(days[-1]) if days else None
    if now is None:
        return None
    since = days[-1]
    for day in reversed(days[:-1]):
        before = standing(day)
        # Reached in time is all that matters: how long before is not asked.
        if since <= due or before is None or before < now:
            break
        since = day
    return Lateness(due, since)
