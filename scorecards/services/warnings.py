"""Early warnings of a period: opened when something needs a person, closed when it no longer holds; set by set in SQL.

No meaning is decided here: states, statuses and completions come from stored scores. Pace is the one thing derived,
from the stored raw completion: for methods that grow steadily it is raw ÷ elapsed, and a test holds that against the
kernel's pace_of.
"""

import datetime
from dataclasses import dataclass

from django.db import connection, transaction

from kpiapp.decimals import EXACT, ONE
from kpiapp.models import Period, working_calendar
from kpiapp.tenancy import current_organization_id
from scorecards.choices import LineState, Status, WarningKind
from scorecards.line_rules import ADDS_UP, elapsed_on
from scorecards.scoring.pace import AT_RISK_FROM, TOO_EARLY_BELOW
from strategy.choices import Aggregation, Direction, ScoringMethod

WAITS_FOR_DAYS = 3

# Whose the warning is: the person's own, the head's, or nobody's in particular for the organization's card. An entry
# that waits is the manager's.
_FOUND = """
CREATE TEMPORARY TABLE found_warning AS
WITH card AS (
    SELECT c.id, c.owner_kind, c.state, coalesce(c.member_id, d.head_id) AS owner_id,
           coalesce(e.manager_id, d.head_id) AS manager_id
    FROM scorecards_scorecard c
    LEFT JOIN kpiapp_department d ON d.organization_id = c.organization_id AND d.id = c.department_id
    LEFT JOIN kpiapp_employment e ON e.organization_id = c.organization_id AND e.member_id = c.member_id
        AND e.valid_from <= %(on)s AND (e.valid_to IS NULL OR e.valid_to > %(on)s)
    WHERE c.organization_id = %(organization)s AND c.period_id = %(period)s
), line AS (
    SELECT card.id AS scorecard_id, card.owner_kind, card.owner_id, l.id, l.weight, s.state, s.status,
           v.owner_id AS kpi_owner_id,
           CASE WHEN coalesce(nullif(l.method, ''), v.method) = ANY(%(paced)s) AND NOT %(over)s THEN
               CASE WHEN v.aggregation = ANY(%(adds_up)s) THEN
                        CASE WHEN v.direction = %(decrease)s THEN s.raw < %(least_of_budget)s
                             WHEN coalesce(nullif(l.method, ''), v.method) <> %(mirror)s THEN s.raw < %(least)s END
                    WHEN v.aggregation = %(last)s AND l.baseline IS NOT NULL
                         AND coalesce(nullif(l.method, ''), v.method) = %(baseline)s THEN s.raw < %(least)s END
           END AS is_behind
    FROM card
    JOIN scorecards_scorecardline l ON l.organization_id = %(organization)s AND l.scorecard_id = card.id
    JOIN scorecards_linescore s ON s.organization_id = l.organization_id AND s.line_id = l.id
    JOIN strategy_kpiversion v ON v.organization_id = l.organization_id AND v.id = l.kpi_id
    WHERE l.is_scored
)
SELECT %(late)s::text AS kind, scorecard_id, id AS line_id, owner_id FROM line WHERE state = %(is_late)s
UNION ALL
SELECT CASE WHEN is_behind THEN %(forecast_miss)s ELSE %(off_target)s END, scorecard_id, id, owner_id FROM line
WHERE is_behind OR (is_behind IS NULL AND status = %(is_off)s)
UNION ALL
SELECT %(no_owner)s, scorecard_id, id, owner_id FROM line WHERE kpi_owner_id IS NULL AND owner_kind <> 'member'
UNION ALL
SELECT %(weights)s, scorecard_id, NULL, owner_id FROM line GROUP BY scorecard_id, owner_id HAVING sum(weight) <> 100
UNION ALL
SELECT %(unapproved)s, card.id, NULL, card.manager_id
FROM card WHERE EXISTS (
    SELECT 1 FROM scorecards_scorecardline l JOIN scorecards_actual a
        ON a.organization_id = %(organization)s AND a.line_id = l.id
    WHERE l.organization_id = %(organization)s AND l.scorecard_id = card.id
      AND a.state = 'recorded' AND a.entered_at < %(waits_since)s)
"""

_CLOSE = """
UPDATE scorecards_earlywarning w SET closed_on = %(on)s
WHERE w.organization_id = %(organization)s AND w.period_id = %(period)s AND w.closed_on IS NULL AND NOT EXISTS (
    SELECT 1 FROM found_warning f
    WHERE f.kind = w.kind AND f.scorecard_id = w.scorecard_id AND f.line_id IS NOT DISTINCT FROM w.line_id)
"""

_OPEN = """
INSERT INTO scorecards_earlywarning (organization_id, kind, period_id, scorecard_id, line_id, owner_id, opened_on)
SELECT %(organization)s, f.kind, %(period)s, f.scorecard_id, f.line_id, f.owner_id, %(on)s FROM found_warning f
WHERE NOT EXISTS (
    SELECT 1 FROM scorecards_earlywarning w
    WHERE w.organization_id = %(organization)s AND w.period_id = %(period)s AND w.closed_on IS NULL
      AND w.kind = f.kind AND w.scorecard_id = f.scorecard_id AND w.line_id IS NOT DISTINCT FROM f.line_id)
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True)
class Changed:
    """How many warnings were opened and closed."""

    opened: int
    closed: int


@transaction.atomic
def refresh_warnings(*, period: Period, on: datetime.date) -> Changed:
    """Open the warnings that hold on a day in an open period, close those that no longer do."""
    parameters = _parameters(period, on)
    with connection.cursor() as cursor:
        cursor.execute(_FOUND, parameters)
        cursor.execute("ANALYZE found_warning")
        cursor.execute(_CLOSE, parameters)
        closed = cursor.rowcount
        cursor.execute(_OPEN, parameters)
        opened = cursor.rowcount
        cursor.execute("DROP TABLE found_warning")
    return Changed(opened, closed)


def _parameters(period: Period, on: datetime.date) -> dict:
    elapsed = elapsed_on(period, on, working_calendar())
    # Nobody is behind before there was time to be.
    is_early = elapsed < TOO_EARLY_BELOW
    least = EXACT.multiply(AT_RISK_FROM, elapsed)
    # A budget: pace = 2 − actual ÷ expected, and raw = 2 − actual ÷ target.
    least_of_budget = 2 - EXACT.multiply(2 - AT_RISK_FROM, elapsed)
    nothing_is_less = -EXACT.create_decimal("1e9")
    return {
        "organization": current_organization_id(),
        "period": period.pk,
        "on": on,
        "over": on >= period.ends_on or elapsed >= ONE,
        "least": nothing_is_less if is_early else least,
        "least_of_budget": nothing_is_less if is_early else least_of_budget,
        "waits_since": on - datetime.timedelta(days=WAITS_FOR_DAYS),
        "paced": [str(method) for method in (ScoringMethod.RATIO, ScoringMethod.MIRROR, ScoringMethod.BASELINE)],
        "adds_up": [str(kind) for kind in ADDS_UP],
        "decrease": str(Direction.DECREASE),
        "mirror": str(ScoringMethod.MIRROR),
        "baseline": str(ScoringMethod.BASELINE),
        "last": str(Aggregation.LAST),
        "is_late": str(LineState.LATE),
        "is_off": str(Status.OFF),
        **{kind.value: kind.value for kind in WarningKind},
    }
