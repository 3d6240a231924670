"""Keeps the tier a card would earn now beside its score: one statement, which writes what changed and nothing else."""

import datetime
from collections.abc import Iterable

from django.db import connection

from kpiapp.bulk import among, ids_among
from kpiapp.models import Job
from kpiapp.tenancy import current_organization_id
from scorecards.choices import OwnerKind

# The kernel's tier_of as a join: the percent rounded half-up to two places, the highest step reached, the last one
# open downwards. A test holds both equal.
_REFRESH_SQL = f"""
WITH step AS (
    SELECT t.valid_from, t.valid_to, s.code, s.coefficient,
        CASE WHEN lead(s.at_least) OVER downwards IS NOT NULL THEN s.at_least ELSE '-Infinity' END AS at_least,
        coalesce(lag(s.at_least) OVER downwards, 'Infinity') AS below
    FROM payroll_tiertable t
    JOIN payroll_tier s ON s.organization_id = %(organization)s AND s.table_id = t.id
    WHERE t.organization_id = %(organization)s AND t.approved_at IS NOT NULL
    WINDOW downwards AS (PARTITION BY t.id ORDER BY s.at_least DESC)
), earned AS (
    SELECT s.scorecard_id, coalesce(step.code, '') AS code, step.coefficient
    FROM scorecards_cardscore s
    JOIN scorecards_scorecard c ON c.organization_id = %(organization)s AND c.id = s.scorecard_id
        AND c.id BETWEEN %(cards_first)s AND %(cards_last)s
    JOIN kpiapp_period p ON p.organization_id = %(organization)s AND p.id = c.period_id
    LEFT JOIN step ON round(s.percent, 2) >= step.at_least AND round(s.percent, 2) < step.below
        AND step.valid_from < p.ends_on AND (step.valid_to IS NULL OR step.valid_to >= p.ends_on)
    WHERE s.organization_id = %(organization)s AND {among("s.scorecard_id", "cards")} AND c.owner_kind = %(kind)s
)
INSERT INTO payroll_cardtier AS t (organization_id, scorecard_id, code, coefficient, previous_code, changed_by_id)
SELECT %(organization)s, earned.scorecard_id, earned.code, earned.coefficient, '', %(job)s
FROM earned
LEFT JOIN payroll_cardtier known
    ON known.organization_id = %(organization)s AND known.scorecard_id = earned.scorecard_id
    AND known.scorecard_id BETWEEN %(cards_first)s AND %(cards_last)s
WHERE (earned.code, earned.coefficient) IS DISTINCT FROM (coalesce(known.code, ''), known.coefficient)
ORDER BY earned.scorecard_id
ON CONFLICT (scorecard_id) DO UPDATE
SET previous_code = t.code, code = excluded.code, coefficient = excluded.coefficient,
    changed_by_id = excluded.changed_by_id
"""  # noqa: S608  (constants)

# A mark that is there already is written again, so that a night that is about to take it waits for the new rules.
_MARK_SQL = """
INSERT INTO scorecards_stalecard (organization_id, scorecard_id)
SELECT c.organization_id, c.id
FROM scorecards_scorecard c
JOIN kpiapp_period p ON p.organization_id = %(organization)s AND p.id = c.period_id
WHERE c.organization_id = %(organization)s AND c.owner_kind = %(kind)s
    AND p.ends_on > %(valid_from)s AND (%(valid_to)s::date IS NULL OR p.ends_on <= %(valid_to)s)
ORDER BY c.id
ON CONFLICT (scorecard_id) DO UPDATE SET organization_id = excluded.organization_id
"""


def refresh_tiers(card_ids: Iterable[int], job: Job | None = None) -> int:
    """Bring the tiers of rescored cards up to date; returns how many changed. A card without a score has no tier."""
    parameters = {
        "organization": current_organization_id(),
        **ids_among("cards", card_ids),
        "kind": OwnerKind.MEMBER.value,
        "job": job.pk if job else None,
    }
    with connection.cursor() as cursor:
        cursor.execute(_REFRESH_SQL, parameters)
        return cursor.rowcount


def mark_cards(*, valid_from: datetime.date, valid_to: datetime.date | None) -> int:
    """Have the next night look at all cards whose period ends while a tier table is in force; returns how many.

    The mark of a card in a locked period waits until the period is open again.
    """
    parameters = {
        "organization": current_organization_id(),
        "kind": OwnerKind.MEMBER.value,
        "valid_from": valid_from,
        "valid_to": valid_to,
    }
    with connection.cursor() as cursor:
        cursor.execute(_MARK_SQL, parameters)
        return cursor.rowcount
