"""Early warnings, set by set in SQL: opened when something needs a person, closed by themselves when it no longer does.

No meaning is decided here: states, statuses and completions come from stored scores. Pace is the one thing derived,
from the stored raw completion: for methods that grow steadily it is raw ÷ the share that is due, of the working days
or of the plan, and a test holds that against the kernel's pace_of.
"""

import datetime
import json
from dataclasses import dataclass

from django.db import connection, transaction

from kpiapp.bulk import IN_PARALLEL
from kpiapp.decimals import EXACT, ONE
from kpiapp.models import Period, working_calendar
from kpiapp.tenancy import current_organization_id
from scorecards import recipients
from scorecards.cascade import loose_ends
from scorecards.choices import CardState, LineState, Status, WarningEnd, WarningKind, Watched
from scorecards.line_rules import ADDS_UP, elapsed_on
from scorecards.models import clock_days
from scorecards.planned_pace import least_raws
from scorecards.scoring.pace import AT_RISK_FROM, TOO_EARLY_BELOW
from strategy.choices import Direction, KpiState, MapState
from strategy.models import KpiVersion
from strategy.smarter.night_checks import overdue_kpis

WAITS_FOR_DAYS = 3
# A card that was begun, in a period that runs: so long may it stay a draft.
PLANNED_WITHIN_DAYS = 5
DRAFT_FOR_DAYS = 30

# What each line of a period needs, if anything, against what is open of it. Joined by all processors at once, since it
# looks at every score: hardly a row comes out of it.
_OF_LINES = """
SELECT coalesce(f.kind, w.kind) AS kind, %(period)s::bigint AS period_id, f.scorecard_id,
       coalesce(f.line_id, w.line_id) AS line_id, NULL::bigint AS objective_id, NULL::bigint AS kpi_id,
       NULL::bigint AS owner_id, w.id AS known_id, f.line_id IS NOT NULL AS is_found, w.needs_owner, w.is_due_again
FROM (
    SELECT scorecard_id, line_id,
           CASE WHEN is_late THEN %(late)s WHEN is_behind THEN %(forecast_miss)s
                WHEN is_behind IS NULL AND is_off THEN %(off_target)s END AS kind
    FROM (
        SELECT s.scorecard_id, s.line_id, s.state = %(is_late)s AS is_late, s.status = %(is_off)s AS is_off,
               CASE WHEN %(over)s THEN NULL
                    WHEN s.watched = %(rise)s THEN s.raw < coalesce(plan.least, %(least)s)
                    WHEN s.watched = %(budget)s THEN s.raw < coalesce(plan.least, %(least_of_budget)s)
               END AS is_behind
        FROM scorecards_scorecard c
        JOIN scorecards_linescore s ON s.organization_id = %(organization)s AND s.scorecard_id = c.id
        LEFT JOIN (SELECT key::bigint AS line_id, value::numeric AS least
                   FROM jsonb_each_text(%(planned)s::jsonb)) plan ON plan.line_id = s.line_id
        WHERE c.organization_id = %(organization)s AND c.period_id = %(period)s AND s.watched <> ''
          -- Most lines are well: they are passed over before anything is joined to them.
          AND (s.state = %(is_late)s OR s.status = %(is_off)s OR s.raw < %(behind_below)s)
    ) line
    WHERE is_late OR is_behind OR (is_behind IS NULL AND is_off)
) f
FULL JOIN (SELECT * FROM ({known}) known WHERE kind = ANY(%(of_lines)s)) w ON w.line_id = f.line_id AND w.kind = f.kind
WHERE w.id IS NULL OR f.line_id IS NULL OR w.needs_owner OR w.is_due_again
UNION ALL
"""

_OF_CARDS = """
WITH waiting AS MATERIALIZED (
    SELECT DISTINCT l.scorecard_id FROM scorecards_actual a
    JOIN scorecards_scorecardline l ON l.organization_id = %(organization)s AND l.id = a.line_id
    WHERE a.organization_id = %(organization)s AND a.state = 'recorded' AND a.entered_at < %(waits_since)s::timestamptz
), card AS NOT MATERIALIZED (
    SELECT id, owner_kind, state, created_at, submitted_at FROM scorecards_scorecard
    WHERE organization_id = %(organization)s AND period_id = %(period)s
), found (kind, scorecard_id, line_id) AS (
    SELECT %(no_owner)s, card.id, l.id FROM card
    JOIN scorecards_scorecardline l ON l.organization_id = %(organization)s AND l.scorecard_id = card.id AND l.is_scored
    JOIN strategy_kpiversion v ON v.organization_id = l.organization_id AND v.id = l.kpi_id AND v.owner_id IS NULL
    WHERE card.owner_kind <> 'member'
    UNION ALL
    SELECT CASE q.code WHEN 'weights' THEN %(weights)s ELSE %(process_heavy)s END, card.id, NULL
    FROM scorecards_qualityfinding q JOIN card ON card.id = q.scorecard_id
    WHERE q.organization_id = %(organization)s AND q.period_id = %(period)s AND q.code IN ('weights', 'process')
    UNION ALL
    SELECT %(unapproved)s, card.id, NULL FROM waiting JOIN card ON card.id = waiting.scorecard_id
    UNION ALL
    SELECT %(no_consensus)s, card.id, NULL FROM card
    WHERE card.state = %(submitted)s AND card.submitted_at < %(waits_since)s
       OR card.state = %(draft)s AND card.created_at < %(planned_since)s AND %(begun_on)s <= %(planned_since)s
)
SELECT kind::text, %(period)s::bigint AS period_id, scorecard_id, line_id::bigint, NULL::bigint AS objective_id,
       NULL::bigint AS kpi_id, NULL::bigint AS owner_id
FROM found
"""

# Whose a warning about a card is: the person's own, the head's, and the strategy office's where there is nobody in
# particular. An entry that waits is the manager's; a card is agreed by somebody whom it does not measure.
_OWN = """
UPDATE warning_difference w
SET owner_id = coalesce(CASE w.kind WHEN %(unapproved)s THEN coalesce(e.manager_id, d.head_id)
                                    WHEN %(no_consensus)s THEN coalesce(e.manager_id, above.head_id)
                                    ELSE coalesce(c.member_id, d.head_id) END, %(office)s)
FROM scorecards_scorecard c
LEFT JOIN kpiapp_department d ON d.organization_id = c.organization_id AND d.id = c.department_id
LEFT JOIN kpiapp_department above ON above.organization_id = c.organization_id AND above.id = d.parent_id
LEFT JOIN kpiapp_employment e ON e.organization_id = c.organization_id AND e.member_id = c.member_id
    AND e.valid_from <= %(on)s AND (e.valid_to IS NULL OR e.valid_to > %(on)s)
WHERE c.organization_id = %(organization)s AND c.id = w.scorecard_id
"""

# What is weak in the strategy itself, whatever the period: on the published map, and among the KPIs in use.
_OF_THE_STRATEGY = """
WITH objective AS (
    SELECT o.id, o.owner_id FROM strategy_objective o
    JOIN strategy_strategymap m ON m.organization_id = o.organization_id AND m.id = o.map_id AND m.state = %(published)s
    WHERE o.organization_id = %(organization)s AND o.retired_at IS NULL
), kpi AS (
    SELECT d.id, d.state, d.created_at, coalesce(v.owner_id, d.created_by_id, %(office)s) AS owner_id
    FROM strategy_kpidefinition d
    JOIN strategy_kpiversion v ON v.organization_id = d.organization_id AND v.id = d.current_id
    WHERE d.organization_id = %(organization)s AND d.is_active
)
SELECT %(no_measure)s::text AS kind, NULL::bigint AS period_id, NULL::bigint AS scorecard_id, NULL::bigint AS line_id,
       o.id AS objective_id, NULL::bigint AS kpi_id, coalesce(o.owner_id, %(office)s) AS owner_id
FROM objective o WHERE o.id = ANY(%(unmeasured)s)
UNION ALL
SELECT %(no_owner)s, NULL, NULL, NULL, o.id, NULL, %(office)s FROM objective o WHERE o.owner_id IS NULL
UNION ALL
SELECT %(orphan)s, NULL, NULL, NULL, NULL, kpi.id, kpi.owner_id FROM kpi
WHERE kpi.id = ANY(%(used)s) AND kpi.id = ANY(%(orphans)s)
UNION ALL
SELECT %(draft_kpi)s, NULL, NULL, NULL, NULL, kpi.id, kpi.owner_id FROM kpi
WHERE kpi.state <> %(active)s AND kpi.created_at < %(draft_since)s
UNION ALL
SELECT %(kpi_overdue)s, NULL, NULL, NULL, NULL, kpi.id, kpi.owner_id FROM kpi
WHERE kpi.id = ANY(%(used)s) AND kpi.id = ANY(%(overdue)s)
"""

_KNOWN = """
SELECT id, kind, period_id, scorecard_id, line_id, objective_id, kpi_id,
       owner_id IS NULL OR due_on IS NULL OR owner_id IN (
           SELECT id FROM kpiapp_member WHERE organization_id = %(organization)s AND NOT is_active) AS needs_owner,
       state <> 'open' AND due_on < %(on)s AS is_due_again
FROM scorecards_earlywarning
WHERE organization_id = %(organization)s AND closed_on IS NULL AND period_id IS NOT DISTINCT FROM %(period)s
"""
# What is open and what was found, where they are not the same or something is due: few rows on most nights, and only
# these are asked whose they are. Grouping takes what is absent for equal.
_DIFFERENCES = """
CREATE TEMPORARY TABLE warning_difference AS {lines}
SELECT kind, period_id, scorecard_id, line_id, objective_id, kpi_id, max(owner_id) AS owner_id,
       max(known_id) AS known_id, count(*) > count(known_id) AS is_found, bool_or(needs_owner) AS needs_owner,
       bool_or(is_due_again) AS is_due_again
FROM (
    SELECT found.*, NULL::bigint AS known_id, false AS needs_owner, false AS is_due_again FROM ({found}) found
    UNION ALL
    SELECT kind, period_id, scorecard_id, line_id, objective_id, kpi_id, NULL, id, needs_owner, is_due_again
    FROM ({known}) known WHERE kind <> ALL(%(of_lines)s)
) warning
GROUP BY kind, period_id, scorecard_id, line_id, objective_id, kpi_id
HAVING count(known_id) IN (0, count(*)) OR bool_or(needs_owner) OR bool_or(is_due_again);
ANALYZE warning_difference
"""

_OF_A_DIFFERENCE = "w.organization_id = %(organization)s AND w.id = d.known_id"

_CLOSE = f"""
UPDATE scorecards_earlywarning w SET closed_on = %(on)s, closed_reason = %(mended)s
FROM warning_difference d WHERE {_OF_A_DIFFERENCE} AND NOT d.is_found
"""  # noqa: S608

# Whose owner has left, or who never had one, goes to whoever would own it today.
_HAND_ON = f"""
UPDATE scorecards_earlywarning w
SET owner_id = d.owner_id, due_on = coalesce(w.due_on, %(on)s::date + (%(clock)s::jsonb ->> w.kind)::int)
FROM warning_difference d WHERE {_OF_A_DIFFERENCE} AND d.needs_owner AND d.is_found AND d.owner_id IS NOT NULL
"""  # noqa: S608

# Its day has passed and it still holds: the answer did not help.
_REOPEN = f"""
UPDATE scorecards_earlywarning w
SET state = 'open', reopened_on = %(on)s, due_on = %(on)s::date + (%(clock)s::jsonb ->> w.kind)::int
FROM warning_difference d WHERE {_OF_A_DIFFERENCE} AND d.is_due_again AND d.is_found
"""  # noqa: S608

_OPEN = """
INSERT INTO scorecards_earlywarning (organization_id, kind, period_id, scorecard_id, line_id, objective_id, kpi_id,
                                     owner_id, state, opened_on, due_on, answer, closed_reason)
SELECT %(organization)s, d.kind, d.period_id, d.scorecard_id, d.line_id, d.objective_id, d.kpi_id, d.owner_id, 'open',
       %(on)s, %(on)s::date + (%(clock)s::jsonb ->> d.kind)::int, '', ''
FROM warning_difference d WHERE d.known_id IS NULL
ON CONFLICT DO NOTHING
"""

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
    return _refresh(_OF_CARDS, _parameters(period, on), lines=_OF_LINES.format(known=_KNOWN))


@transaction.atomic
def refresh_strategy_warnings(*, on: datetime.date) -> Changed:
    """The same for objectives and KPIs, and an end to what was open of periods that are locked by now."""
    # What these mean is said once, for the page of loose ends and for warnings.
    overdue, orphans = overdue_kpis(on), list(loose_ends.orphan_kpis().values_list("pk", flat=True))
    used = loose_ends.kpis_on_cards(on).filter(pk__in={*overdue, *orphans})
    parameters = {
        **_common(on),
        "period": None,
        "published": str(MapState.PUBLISHED),
        "active": str(KpiState.ACTIVE),
        "draft_since": on - datetime.timedelta(days=DRAFT_FOR_DAYS),
        "overdue": overdue,
        "orphans": orphans,
        "used": list(used.values_list("pk", flat=True)),
        "unmeasured": list(loose_ends.objectives_without_measure().values_list("pk", flat=True)),
    }
    changed = _refresh(_OF_THE_STRATEGY, parameters)
    with connection.cursor() as cursor:
        cursor.execute(_LOCKED, parameters)
        return Changed(changed.opened, changed.closed + cursor.rowcount)


def _refresh(found: str, parameters: dict, lines: str = "") -> Changed:
    with connection.cursor() as cursor:
        cursor.execute(IN_PARALLEL)
        cursor.execute(_DIFFERENCES.format(lines=lines, found=found, known=_KNOWN), parameters)
        cursor.execute(_OWN, parameters)
        cursor.execute(_CLOSE, parameters)
        closed = cursor.rowcount
        cursor.execute(_HAND_ON, parameters)
        cursor.execute(_REOPEN, parameters)
        opened = cursor.rowcount
        cursor.execute(_OPEN, parameters)
        opened += cursor.rowcount
        cursor.execute("DROP TABLE warning_difference")
    return Changed(opened, closed)


def _common(on: datetime.date) -> dict:
    return {
        "organization": current_organization_id(),
        "on": on,
        "office": next(iter(recipients.strategy_office_ids(on)), None),
        "clock": json.dumps(clock_days()),
        **{kind.value: kind.value for kind in WarningKind},
        "of_lines": [WarningKind.LATE.value, WarningKind.FORECAST_MISS.value, WarningKind.OFF_TARGET.value],
        **{end.value: end.value for end in WarningEnd},
    }


def _parameters(period: Period, on: datetime.date) -> dict:
    calendar = working_calendar()
    elapsed = elapsed_on(period, on, calendar)
    # Nobody is behind before there was time to be.
    is_early = elapsed < TOO_EARLY_BELOW
    least = EXACT.multiply(AT_RISK_FROM, elapsed)
    # A budget: pace = 2 − actual ÷ expected, and raw = 2 − actual ÷ target.
    least_of_budget = 2 - EXACT.multiply(2 - AT_RISK_FROM, elapsed)
    nothing_is_less = -EXACT.create_decimal("1e9")
    if is_early:
        least = least_of_budget = nothing_is_less
    planned = {} if is_early else least_raws(period, on, calendar)
    has_budgets = KpiVersion.objects.filter(direction=Direction.DECREASE, aggregation__in=ADDS_UP).exists()
    bounds = [least, *(raw for raw in planned.values() if raw is not None)] + [least_of_budget] * has_budgets
    return {
        **_common(on),
        "period": period.pk,
        "begun_on": period.starts_on,
        "over": on >= period.ends_on or elapsed >= ONE,
        "least": least,
        "least_of_budget": least_of_budget,
        "behind_below": max(bounds),
        "planned": json.dumps({pk: str(nothing_is_less if raw is None else raw) for pk, raw in planned.items()}),
        "waits_since": on - datetime.timedelta(days=WAITS_FOR_DAYS),
        "planned_since": on - datetime.timedelta(days=PLANNED_WITHIN_DAYS),
        "rise": str(Watched.RISE),
        "budget": str(Watched.BUDGET),
        "is_late": str(LineState.LATE),
        "is_off": str(Status.OFF),
        "submitted": str(CardState.SUBMITTED),
        "draft": str(CardState.DRAFT),
    }
