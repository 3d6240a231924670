"""Early warnings, set by set in SQL: opened when something needs a person, closed by themselves when it no longer does.

No meaning is decided here: states, statuses and completions come from stored scores. Pace is the one thing derived,
from the stored raw completion: for methods that grow steadily it is raw ÷ elapsed, and a test holds that against the
kernel's pace_of.
"""

import datetime
import json
from dataclasses import dataclass

from django.db import connection, transaction

from kpiapp.decimals import EXACT, ONE
from kpiapp.models import Period, working_calendar
from kpiapp.tenancy import current_organization_id
from scorecards import recipients
from scorecards.choices import CLOCK_DAYS, CardState, LineState, Status, WarningEnd, WarningKind
from scorecards.line_rules import ADDS_UP, elapsed_on
from scorecards.scoring.pace import AT_RISK_FROM, TOO_EARLY_BELOW
from strategy.choices import Aggregation, Direction, KpiState, MapState, PerspectiveKind, ScoringMethod
from strategy.quality.rules import USUAL
from strategy.smarter.night_checks import overdue_kpis

WAITS_FOR_DAYS = 3
# A card that was begun, in a period that runs: so long may it stay a draft.
PLANNED_WITHIN_DAYS = 5
DRAFT_FOR_DAYS = 30

# Whose the warning is: the person's own, the head's, and the strategy office's where there is nobody in particular. An
# entry that waits is the manager's; a card is agreed by somebody whom it does not measure.
_OF_A_PERIOD = """
WITH card AS (
    SELECT c.id, c.owner_kind, c.state, c.created_at, c.submitted_at,
           coalesce(c.member_id, d.head_id, %(office)s) AS owner_id,
           coalesce(e.manager_id, d.head_id, %(office)s) AS manager_id,
           coalesce(e.manager_id, above.head_id, %(office)s) AS agrees_id
    FROM scorecards_scorecard c
    LEFT JOIN kpiapp_department d ON d.organization_id = c.organization_id AND d.id = c.department_id
    LEFT JOIN kpiapp_department above ON above.organization_id = c.organization_id AND above.id = d.parent_id
    LEFT JOIN kpiapp_employment e ON e.organization_id = c.organization_id AND e.member_id = c.member_id
        AND e.valid_from <= %(on)s AND (e.valid_to IS NULL OR e.valid_to > %(on)s)
    WHERE c.organization_id = %(organization)s AND c.period_id = %(period)s
), line AS (
    SELECT card.id AS scorecard_id, card.owner_kind, card.owner_id, l.id, l.weight, s.state, s.status,
           v.owner_id AS kpi_owner_id, coalesce(own.kind, lane.kind) AS perspective,
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
    LEFT JOIN strategy_perspective own ON own.organization_id = v.organization_id AND own.id = v.perspective_id
    LEFT JOIN strategy_objective o ON o.organization_id = v.organization_id AND o.id = v.objective_id
    LEFT JOIN strategy_perspective lane ON lane.organization_id = o.organization_id AND lane.id = o.perspective_id
    WHERE l.is_scored
)
SELECT %(late)s::text AS kind, %(period)s::bigint AS period_id, scorecard_id, id AS line_id,
       NULL::bigint AS objective_id, NULL::bigint AS kpi_id, owner_id
FROM line WHERE state = %(is_late)s
UNION ALL
SELECT CASE WHEN is_behind THEN %(forecast_miss)s ELSE %(off_target)s END, %(period)s, scorecard_id, id,
       NULL, NULL, owner_id
FROM line
WHERE is_behind OR (is_behind IS NULL AND status = %(is_off)s)
UNION ALL
SELECT %(no_owner)s, %(period)s, scorecard_id, id, NULL, NULL, owner_id FROM line
WHERE kpi_owner_id IS NULL AND owner_kind <> 'member'
UNION ALL
SELECT %(weights)s, %(period)s, scorecard_id, NULL, NULL, NULL, owner_id FROM line
GROUP BY scorecard_id, owner_id HAVING sum(weight) <> 100
UNION ALL
SELECT %(process_heavy)s, %(period)s, scorecard_id, NULL, NULL, NULL, owner_id FROM line
GROUP BY scorecard_id, owner_id
HAVING count(*) >= %(least_for_a_mix)s
   AND count(*) FILTER (WHERE perspective = %(process)s) > %(most_process)s * count(*)
UNION ALL
SELECT %(no_consensus)s, %(period)s, card.id, NULL, NULL, NULL, card.agrees_id FROM card
WHERE card.state = %(submitted)s AND card.submitted_at < %(waits_since)s
   OR card.state = %(draft)s AND card.created_at < %(planned_since)s AND %(begun_on)s <= %(planned_since)s
UNION ALL
SELECT %(unapproved)s, %(period)s, card.id, NULL, NULL, NULL, card.manager_id
FROM card WHERE EXISTS (
    SELECT 1 FROM scorecards_scorecardline l JOIN scorecards_actual a
        ON a.organization_id = %(organization)s AND a.line_id = l.id
    WHERE l.organization_id = %(organization)s AND l.scorecard_id = card.id
      AND a.state = 'recorded' AND a.entered_at < %(waits_since)s)
"""

# What is weak in the strategy itself, whatever the period: on the published map, and among the KPIs in use.
_OF_THE_STRATEGY = """
WITH objective AS (
    SELECT o.id, o.owner_id FROM strategy_objective o
    JOIN strategy_strategymap m ON m.organization_id = o.organization_id AND m.id = o.map_id AND m.state = %(published)s
    WHERE o.organization_id = %(organization)s AND o.retired_at IS NULL
), kpi AS (
    SELECT d.id, d.state, d.created_at, v.objective_id, coalesce(v.owner_id, d.created_by_id, %(office)s) AS owner_id
    FROM strategy_kpidefinition d
    JOIN strategy_kpiversion v ON v.organization_id = d.organization_id AND v.id = d.current_id
    WHERE d.organization_id = %(organization)s AND d.is_active
), used AS (
    SELECT DISTINCT v.definition_id FROM scorecards_scorecardline l
    JOIN scorecards_scorecard c ON c.organization_id = l.organization_id AND c.id = l.scorecard_id
    JOIN kpiapp_period p ON p.organization_id = c.organization_id AND p.id = c.period_id
    JOIN strategy_kpiversion v ON v.organization_id = l.organization_id AND v.id = l.kpi_id
    WHERE l.organization_id = %(organization)s AND p.starts_on <= %(on)s AND p.ends_on > %(on)s
)
SELECT %(no_measure)s::text AS kind, NULL::bigint AS period_id, NULL::bigint AS scorecard_id, NULL::bigint AS line_id,
       o.id AS objective_id, NULL::bigint AS kpi_id, coalesce(o.owner_id, %(office)s) AS owner_id
FROM objective o WHERE NOT EXISTS (SELECT 1 FROM kpi WHERE kpi.objective_id = o.id AND kpi.state = %(active)s)
UNION ALL
SELECT %(no_owner)s, NULL, NULL, NULL, o.id, NULL, %(office)s FROM objective o WHERE o.owner_id IS NULL
UNION ALL
SELECT %(orphan)s, NULL, NULL, NULL, NULL, kpi.id, kpi.owner_id FROM kpi
JOIN used ON used.definition_id = kpi.id
WHERE EXISTS (SELECT 1 FROM objective) AND NOT EXISTS (SELECT 1 FROM objective o WHERE o.id = kpi.objective_id)
UNION ALL
SELECT %(draft_kpi)s, NULL, NULL, NULL, NULL, kpi.id, kpi.owner_id FROM kpi
WHERE kpi.state <> %(active)s AND kpi.created_at < %(draft_since)s
UNION ALL
SELECT %(kpi_overdue)s, NULL, NULL, NULL, NULL, kpi.id, kpi.owner_id FROM kpi
JOIN used ON used.definition_id = kpi.id WHERE kpi.id = ANY(%(overdue)s)
"""

_SAME = (
    """w.organization_id = %(organization)s AND w.period_id IS NOT DISTINCT FROM %(period)s AND w.closed_on IS NULL"""
)
_MATCH = """f.kind = w.kind AND f.scorecard_id IS NOT DISTINCT FROM w.scorecard_id
      AND f.line_id IS NOT DISTINCT FROM w.line_id AND f.objective_id IS NOT DISTINCT FROM w.objective_id
      AND f.kpi_id IS NOT DISTINCT FROM w.kpi_id"""

_CLOSE = f"""
UPDATE scorecards_earlywarning w SET closed_on = %(on)s, closed_reason = %(mended)s
WHERE {_SAME} AND NOT EXISTS (SELECT 1 FROM found_warning f WHERE {_MATCH})
"""  # noqa: S608

# Its day has passed and it still holds: the answer did not help.
_REOPEN = f"""
UPDATE scorecards_earlywarning w
SET state = 'open', reopened_on = %(on)s, due_on = %(on)s::date + (%(clock)s::jsonb ->> w.kind)::int
WHERE {_SAME} AND w.state <> 'open' AND w.due_on < %(on)s
"""  # noqa: S608

# Whose owner has left, or who never had one, goes to whoever would own it today.
_HAND_ON = f"""
UPDATE scorecards_earlywarning w
SET owner_id = f.owner_id, due_on = coalesce(w.due_on, %(on)s::date + (%(clock)s::jsonb ->> w.kind)::int)
FROM found_warning f
WHERE {_SAME} AND {_MATCH} AND f.owner_id IS NOT NULL AND (w.owner_id IS NULL OR w.due_on IS NULL OR EXISTS (
    SELECT 1 FROM kpiapp_member m
    WHERE m.organization_id = w.organization_id AND m.id = w.owner_id AND NOT m.is_active))
"""  # noqa: S608

_OPEN = f"""
INSERT INTO scorecards_earlywarning (organization_id, kind, period_id, scorecard_id, line_id, objective_id, kpi_id,
                                     owner_id, state, opened_on, due_on, answer, closed_reason)
SELECT %(organization)s, f.kind, f.period_id, f.scorecard_id, f.line_id, f.objective_id, f.kpi_id, f.owner_id, 'open',
       %(on)s, %(on)s::date + (%(clock)s::jsonb ->> f.kind)::int, '', ''
FROM found_warning f
WHERE NOT EXISTS (SELECT 1 FROM scorecards_earlywarning w WHERE {_SAME} AND {_MATCH})
ON CONFLICT DO NOTHING
"""  # noqa: S608

_LOCKED = """
UPDATE scorecards_earlywarning w SET closed_on = %(on)s, closed_reason = %(locked)s
FROM kpiapp_period p
WHERE w.organization_id = %(organization)s AND w.closed_on IS NULL
  AND p.organization_id = w.organization_id AND p.id = w.period_id AND p.state = 'locked'
"""


@dataclass(frozen=True)
class Changed:
    """How many warnings were opened (again) and closed."""

    opened: int
    closed: int


@transaction.atomic
def refresh_warnings(*, period: Period, on: datetime.date) -> Changed:
    """Open the warnings that hold on a day in an open period, close those that no longer do."""
    return _refresh(_OF_A_PERIOD, _parameters(period, on))


@transaction.atomic
def refresh_strategy_warnings(*, on: datetime.date) -> Changed:
    """The same for objectives and KPIs, and an end to what was open of periods that are locked by now."""
    parameters = {
        **_common(on),
        "period": None,
        "published": str(MapState.PUBLISHED),
        "active": str(KpiState.ACTIVE),
        "draft_since": on - datetime.timedelta(days=DRAFT_FOR_DAYS),
        "overdue": overdue_kpis(on),
    }
    changed = _refresh(_OF_THE_STRATEGY, parameters)
    with connection.cursor() as cursor:
        cursor.execute(_LOCKED, parameters)
        return Changed(changed.opened, changed.closed + cursor.rowcount)


def _refresh(found: str, parameters: dict) -> Changed:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE found_warning AS {found}", parameters)
        cursor.execute("ANALYZE found_warning")
        cursor.execute(_CLOSE, parameters)
        closed = cursor.rowcount
        cursor.execute(_HAND_ON, parameters)
        cursor.execute(_REOPEN, parameters)
        opened = cursor.rowcount
        cursor.execute(_OPEN, parameters)
        opened += cursor.rowcount
        cursor.execute("DROP TABLE found_warning")
    return Changed(opened, closed)


def _common(on: datetime.date) -> dict:
    return {
        "organization": current_organization_id(),
        "on": on,
        "office": next(iter(recipients.strategy_office_ids(on)), None),
        "clock": json.dumps({kind.value: days for kind, days in CLOCK_DAYS.items()}),
        **{kind.value: kind.value for kind in WarningKind},
        **{end.value: end.value for end in WarningEnd},
    }


def _parameters(period: Period, on: datetime.date) -> dict:
    elapsed = elapsed_on(period, on, working_calendar())
    # Nobody is behind before there was time to be.
    is_early = elapsed < TOO_EARLY_BELOW
    least = EXACT.multiply(AT_RISK_FROM, elapsed)
    # A budget: pace = 2 − actual ÷ expected, and raw = 2 − actual ÷ target.
    least_of_budget = 2 - EXACT.multiply(2 - AT_RISK_FROM, elapsed)
    nothing_is_less = -EXACT.create_decimal("1e9")
    return {
        **_common(on),
        "period": period.pk,
        "begun_on": period.starts_on,
        "over": on >= period.ends_on or elapsed >= ONE,
        "least": nothing_is_less if is_early else least,
        "least_of_budget": nothing_is_less if is_early else least_of_budget,
        "waits_since": on - datetime.timedelta(days=WAITS_FOR_DAYS),
        "planned_since": on - datetime.timedelta(days=PLANNED_WITHIN_DAYS),
        "paced": [str(method) for method in (ScoringMethod.RATIO, ScoringMethod.MIRROR, ScoringMethod.BASELINE)],
        "adds_up": [str(kind) for kind in ADDS_UP],
        "decrease": str(Direction.DECREASE),
        "mirror": str(ScoringMethod.MIRROR),
        "baseline": str(ScoringMethod.BASELINE),
        "last": str(Aggregation.LAST),
        "is_late": str(LineState.LATE),
        "is_off": str(Status.OFF),
        "submitted": str(CardState.SUBMITTED),
        "draft": str(CardState.DRAFT),
        "process": str(PerspectiveKind.PROCESS),
        "most_process": USUAL.most_process,
        "least_for_a_mix": USUAL.least_for_a_mix,
    }
