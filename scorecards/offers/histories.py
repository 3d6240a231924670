"""What KPIs reached in the past, for the app below that judges their targets by it."""

import datetime
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from functools import reduce
from operator import or_

from django.db import connection
from django.db.models import Q

from kpiapp import queries as people
from kpiapp.models import Member
from kpiapp.registry import PastResult
from kpiapp.tenancy import current_organization_id
from scorecards.choices import OwnerKind
from scorecards.models import OwnedKpi, Proposal, Scorecard, ScorecardLine
from strategy.visibility import hidden_kpis

YEARS_BACK = 3

# One holder a KPI, so that a department and its people are never added up: whoever is responsible, else whoever has had
# it for the most periods. Results of periods that are over, of the length in which the KPI is counted.
_HISTORIES = """
WITH results AS MATERIALIZED (
    SELECT v.definition_id, c.owner_kind, coalesce(c.member_id, c.department_id, 0) AS holder, p.starts_on,
           s.quantity / nullif(coalesce(s.divisor, 1), 0) * v.factor AS value,
           c.member_id IS NOT NULL AND c.member_id = now.owner_id AS is_owner
    FROM strategy_kpidefinition d
    JOIN strategy_kpiversion now ON now.organization_id = d.organization_id AND now.id = d.current_id
    JOIN strategy_kpiversion v ON v.organization_id = d.organization_id AND v.definition_id = d.id
    JOIN scorecards_scorecardline l ON l.organization_id = v.organization_id AND l.kpi_id = v.id
    JOIN scorecards_linescore s ON s.organization_id = l.organization_id AND s.line_id = l.id
    JOIN scorecards_scorecard c ON c.organization_id = l.organization_id AND c.id = l.scorecard_id
    JOIN kpiapp_period p ON p.organization_id = c.organization_id AND p.id = c.period_id
    WHERE d.organization_id = %(organization)s AND d.id = ANY(%(definitions)s) AND s.quantity IS NOT NULL
      AND v.unit = now.unit AND p.kind = now.frequency AND p.ends_on <= %(on)s AND p.starts_on >= %(since)s
), holders AS (
    SELECT DISTINCT ON (definition_id) definition_id, owner_kind, holder
    FROM results GROUP BY definition_id, owner_kind, holder
    ORDER BY definition_id, bool_or(is_owner) DESC, count(*) DESC, owner_kind, holder
)
SELECT r.definition_id, r.starts_on, r.value
FROM results r JOIN holders h USING (definition_id, owner_kind, holder)
WHERE r.value IS NOT NULL
ORDER BY r.definition_id, r.starts_on DESC
"""


def past_results(definition_ids: Sequence[int], on: datetime.date) -> dict[int, list[PastResult]]:
    """Results by KPI, newest first, over the last three years; one query."""
    found: dict[int, list[PastResult]] = defaultdict(list)
    if not definition_ids:
        return found
    parameters = {
        "organization": current_organization_id(),
        "definitions": list(definition_ids),
        "on": on,
        "since": on.replace(year=on.year - YEARS_BACK, day=1),
    }
    with connection.cursor() as cursor:
        cursor.execute(_HISTORIES, parameters)
        for definition_id, starts_on, value in cursor.fetchall():
            found[definition_id].append(PastResult(starts_on, Decimal(value)))
    return found


def measured_kpis(member: Member, on: datetime.date):
    """Ids of KPIs by which the member is measured, or somebody below them, or a department they lead; a query.

    The reach of a team, not of a role: who may read everybody's cards is not measured by everything.
    """
    below = people.team_ids(member, on)
    led = people.led_departments(member)
    mine = Scorecard.objects.filter(owner_kind=OwnerKind.MEMBER, member=member.pk)
    theirs = Scorecard.objects.filter(owner_kind=OwnerKind.MEMBER, member__in=below)
    units = Scorecard.objects.filter(owner_kind=OwnerKind.DEPARTMENT, department__in=led)
    lines = ScorecardLine.objects.filter(scorecard__in=(mine | theirs | units).values("pk"))
    return lines.order_by().values("kpi__definition")


def hidden_events(member: Member, on: datetime.date) -> Q:
    """Events of the audit trail about lines, links and proposals whose KPI is hidden from a member."""
    hidden = hidden_kpis(member, on).values("pk")
    about = (
        ScorecardLine.objects.filter(kpi__definition__in=hidden),
        OwnedKpi.objects.filter(definition__in=hidden),
        Proposal.objects.filter(kpi__definition__in=hidden),
    )
    return reduce(or_, (Q(target_type=rows.model._meta.label_lower, target_id__in=rows.values("pk")) for rows in about))
