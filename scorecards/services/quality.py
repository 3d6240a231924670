"""The quality audit of a whole company, written down every night for its running periods."""

import datetime
import json
from collections.abc import Iterable, Sequence

from django.db import connection, transaction

from kpiapp.bulk import IN_PARALLEL, id_array
from kpiapp.models import Department, Employment, Period
from scorecards import quality
from scorecards.choices import OwnerKind
from scorecards.models import PeriodAudit, Scorecard
from strategy.choices import MapState
from strategy.models import StrategyMap
from strategy.quality.facts import map_facts
from strategy.quality.rules import Finding, Severity, audit_card, audit_map
from strategy.smarter.night_checks import findings_of_kpis

# The first of the two keys of the advisory lock under which findings of an organization are brought up to date.
_LOCK = 7305
# Of this period. Of others only what is of no use: a period that was never judged will be looked at as a whole.
_TAKE_TOUCHES = """
DELETE FROM scorecards_cardtouch t
WHERE t.organization_id = %(organization)s AND NOT EXISTS (
    SELECT FROM scorecards_scorecard c JOIN scorecards_periodaudit a
        ON a.organization_id = c.organization_id AND a.period_id = c.period_id
    WHERE c.organization_id = t.organization_id AND c.id = t.card_id AND c.period_id <> %(period)s)
RETURNING t.card_id
"""
_SHAPES = f"""
CREATE TEMPORARY TABLE changed_card AS {quality.CHANGED};
ANALYZE changed_card;
CREATE TEMPORARY TABLE card_shape AS {quality.SHAPES};
SELECT DISTINCT shape, is_persons FROM card_shape
"""  # noqa: S608  (constants)
# What every shape of changed card lacks and what else is weak, beside what is stored: the rows that differ.
_DIFFERENCES = """
CREATE TEMPORARY TABLE finding_difference AS
WITH judged AS MATERIALIZED (
    SELECT shape, is_persons, code, severity, numbers::jsonb
    FROM unnest(%(shapes)s::text[], %(persons)s::boolean[], %(codes)s::text[], %(severities)s::text[],
                %(numbers)s::text[]) AS f (shape, is_persons, code, severity, numbers)
), wanted AS (
    SELECT f.code, f.severity, f.numbers, c.scorecard_id, NULL::bigint AS department_id, NULL::bigint AS map_id,
           NULL::bigint AS kpi_id
    FROM judged f JOIN card_shape c ON c.shape = f.shape AND c.is_persons = f.is_persons
    UNION ALL
    SELECT f.code, f.severity, f.numbers::jsonb, NULL, f.department_id, f.map_id, f.kpi_id
    FROM unnest(%(other_codes)s::text[], %(other_severities)s::text[], %(other_numbers)s::text[],
                %(departments)s::bigint[], %(maps)s::bigint[], %(kpis)s::bigint[])
         AS f (code, severity, numbers, department_id, map_id, kpi_id)
), stored AS (
    SELECT * FROM scorecards_qualityfinding
    WHERE organization_id = %(organization)s AND period_id = %(period)s AND scorecard_id IS NULL
    UNION ALL
    SELECT q.* FROM changed_card c JOIN scorecards_qualityfinding q ON q.scorecard_id = c.scorecard_id
    WHERE q.organization_id = %(organization)s AND q.period_id = %(period)s
)
SELECT s.id AS stored_id, w.* FROM stored s FULL JOIN wanted w
  ON w.code = s.code AND coalesce(w.scorecard_id, 0) = coalesce(s.scorecard_id, 0)
 AND coalesce(w.department_id, 0) = coalesce(s.department_id, 0) AND coalesce(w.map_id, 0) = coalesce(s.map_id, 0)
 AND coalesce(w.kpi_id, 0) = coalesce(s.kpi_id, 0)
WHERE (s.severity, s.numbers) IS DISTINCT FROM (w.severity, w.numbers)
"""
_WRITE = (
    """DELETE FROM scorecards_qualityfinding q USING finding_difference d
       WHERE q.organization_id = %(organization)s AND q.id = d.stored_id AND d.code IS NULL""",
    """UPDATE scorecards_qualityfinding q SET numbers = d.numbers, severity = d.severity FROM finding_difference d
       WHERE q.organization_id = %(organization)s AND q.id = d.stored_id""",
    """INSERT INTO scorecards_qualityfinding (organization_id, period_id, code, severity, numbers, scorecard_id,
                                              department_id, map_id, kpi_id)
       SELECT %(organization)s, %(period)s, code, severity, numbers, scorecard_id, department_id, map_id, kpi_id
       FROM finding_difference WHERE stored_id IS NULL ON CONFLICT DO NOTHING""",
)
_REMEMBER = """
INSERT INTO scorecards_cardaudit (organization_id, scorecard_id, fingerprint)
SELECT %(organization)s, scorecard_id, fingerprint FROM changed_card
ON CONFLICT (scorecard_id) DO UPDATE SET fingerprint = excluded.fingerprint
"""


@transaction.atomic
def refresh_findings(*, period: Period, on: datetime.date) -> int:
    """Bring the findings of a period up to date, touching only what changed; how many were written or forgotten."""
    parameters = quality.fact_parameters() | {"period": period.pk}
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, parameters["organization"]])
        # Before reading, in a statement of its own: an edit that commits later keeps its touch for the next night.
        cursor.execute(_TAKE_TOUCHES, parameters)
        touched = id_array({card for (card,) in cursor.fetchall()})
        parameters |= quality.hashed_versions(parameters)
        now = PeriodAudit(period=period, digest=quality.digest_of(parameters))
        as_before = PeriodAudit.objects.filter(pk=period.pk, digest=now.digest).exists()
        cursor.execute(IN_PARALLEL)
        cursor.execute(_SHAPES, parameters | {"touched": touched if as_before else None})
        cursor.execute(_DIFFERENCES, parameters | _of_cards(cursor.fetchall()) | _of_others(period, on))
        changed = 0
        for statement in _WRITE:
            cursor.execute(statement, parameters)
            changed += cursor.rowcount
        cursor.execute(_REMEMBER, parameters)
        cursor.execute("DROP TABLE changed_card, card_shape, finding_difference")
    if not as_before:
        now.save()
    return changed


def _of_cards(shapes: Iterable[tuple[str, bool]]) -> dict[str, list]:
    """Every rule for every shape that a card has: many cards are one shape."""
    rows = [
        (*_texts(finding), shape, is_persons)
        for shape, is_persons in shapes
        for finding in audit_card(quality.facts_of_shape(shape, is_persons)).findings
    ]
    return _columns(("codes", "severities", "numbers", "shapes", "persons"), rows)


def _of_others(period: Period, on: datetime.date) -> dict[str, list]:
    """Where there are cards: the published map, KPIs that nobody uses or whose day has passed, units without a card."""
    found: list[tuple] = []
    if Scorecard.objects.filter(period=period).exists():
        chart = StrategyMap.objects.filter(state=MapState.PUBLISHED).first()
        found = [(finding, None, chart.pk, None) for finding in audit_map(map_facts(chart)).findings] if chart else []
        found += [(Finding("unused", Severity.LOW), None, None, kpi.pk) for kpi in quality.unused_kpis()]
        found += [(finding, None, None, kpi) for kpi, finding in findings_of_kpis(on)]
        found += [(Finding("no_card", Severity.MEDIUM), unit, None, None) for unit in _without_card(period, on)]
    # A KPI breaks a rule once, however many reasons it has.
    rows = {(finding.code, *about): (*_texts(finding), *about) for finding, *about in reversed(found)}
    names = ("other_codes", "other_severities", "other_numbers", "departments", "maps", "kpis")
    return _columns(names, list(rows.values()))


def _texts(finding: Finding) -> tuple[str, str, str]:
    return finding.code, finding.severity.value, json.dumps(finding.numbers)


def _columns(names: Sequence[str], rows: Sequence[tuple]) -> dict[str, list]:
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


def _without_card(period: Period, on: datetime.date) -> Iterable[int]:
    """Departments with people and without a card, in a company that gives cards to departments."""
    cards = Scorecard.objects.filter(period=period, owner_kind=OwnerKind.DEPARTMENT)
    if not cards.exists():
        return []
    peopled = Employment.objects.on(min(on, period.last_day)).filter(member__is_active=True).values("department")
    units = Department.objects.filter(is_active=True, parent__isnull=False, pk__in=peopled)
    return units.exclude(pk__in=cards.values("department")).values_list("pk", flat=True)
