"""The few lines whose rule charges for lateness: when they reached what they have is read apart from the others."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial

from scorecards.choices import LIVE_STATES
from scorecards.models import Actual, ScorecardLine
from scorecards.recompute.gather import NULL
from scorecards.recompute.reached import Reached
from scorecards.recompute.rules import Rule, RuleBook
from scorecards.scoring import CompiledLine, KpiRule, Lateness
from scorecards.segments import asks_others, lateness_in
from strategy.models import KpiVersion

_LINE, _KEY, _QUANTITY = 1, 2, 7


def read_lateness(
    rules: Mapping[int, KpiRule], given: Mapping[int, KpiVersion] | None = None
) -> dict[int, Lateness | None]:
    """By line, when what it has was due and was reached under these rules; a fixed number of queries.

    `given` versions stand in for the stored ones of lines.
    """
    lines = ScorecardLine.objects.select_related("kpi", "scorecard__period").in_bulk(list(rules))
    versions = {pk: (given or {}).get(pk, line.kpi) for pk, line in lines.items()}
    asking = {pk: [versions[pk]] for pk, line in lines.items() if asks_others(line, versions[pk])}
    book = Reached(asking, given) if asking else None
    entries: dict[int, list[Actual]] = defaultdict(list)
    for actual in Actual.objects.filter(line__in=lines, state__in=LIVE_STATES).order_by("on", "pk"):
        entries[actual.line_id].append(actual)
    return {
        pk: lateness_in(
            rules[pk],
            versions[pk],
            line.scorecard.period,
            entries[pk],
            book.source(pk, versions[pk]) if book and pk in asking else None,
        )
        for pk, line in lines.items()
    }


class LateBook(dict):
    """By line (as rows name it), the function that scores it with its lateness; all of the rows are read at once."""

    def __init__(self, rows: Sequence[str], rules: RuleBook, given: Mapping[int, KpiVersion] | None = None):
        super().__init__()
        self._rows, self._rules, self._given = rows, rules, given

    def __missing__(self, line_id: str) -> CompiledLine:
        """Every such line with a value of its own."""
        wanted = {}
        for row in self._rows:
            fields = row.split("\t", _QUANTITY + 1)
            rule = Rule(*self._rules[fields[_KEY]])
            if rule.further and rule.further.charging:
                self[fields[_LINE]] = rule.line
                if fields[_QUANTITY] != NULL:
                    wanted[int(fields[_LINE])] = rule
        found = read_lateness({pk: rule.further.charging for pk, rule in wanted.items()}, self._given)
        for pk, lateness in found.items():
            if lateness:
                self[str(pk)] = partial(wanted[pk].line, late=lateness.days)
        return self[line_id]
