"""Keeps the tier a card would earn now beside its score: read as a set, looked up by the kernel, written if changed."""

import datetime
from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.db import connection

from kpiapp.models import Job
from kpiapp.tenancy import current_organization_id
from payroll import queries
from scorecards.choices import OwnerKind
from scorecards.scoring import Tier, tier_of

_READ_SQL = """
SELECT s.scorecard_id, s.percent, p.ends_on - 1, coalesce(t.code, ''), t.coefficient
FROM scorecards_cardscore s
JOIN scorecards_scorecard c ON c.organization_id = %(organization)s AND c.id = s.scorecard_id
JOIN kpiapp_period p ON p.organization_id = %(organization)s AND p.id = c.period_id
LEFT JOIN payroll_cardtier t ON t.organization_id = %(organization)s AND t.scorecard_id = s.scorecard_id
WHERE s.organization_id = %(organization)s AND s.scorecard_id = ANY(%(cards)s) AND c.owner_kind = %(kind)s
"""

_WRITE_SQL = """
INSERT INTO payroll_cardtier AS t (organization_id, scorecard_id, code, coefficient, previous_code, changed_by_id)
SELECT %(organization)s, changed.card, changed.code, changed.coefficient, '', %(job)s
FROM unnest(%(cards)s::bigint[], %(codes)s::text[], %(coefficients)s::numeric[]) AS changed(card, code, coefficient)
ON CONFLICT (scorecard_id) DO UPDATE
SET previous_code = t.code, code = excluded.code, coefficient = excluded.coefficient,
    changed_by_id = excluded.changed_by_id
"""


def refresh_tiers(card_ids: Iterable[int], job: Job | None = None) -> int:
    """Bring the tiers of rescored cards up to date; returns how many changed. A card without a score has no tier."""
    found = _changed(list(card_ids))
    if found:
        cards, codes, coefficients = zip(*found, strict=True)
        with connection.cursor() as cursor:
            cursor.execute(
                _WRITE_SQL,
                {
                    "organization": current_organization_id(),
                    "job": job.pk if job else None,
                    "cards": list(cards),
                    "codes": list(codes),
                    "coefficients": list(coefficients),
                },
            )
    return len(found)


def _changed(card_ids: Sequence[int]) -> list[tuple[int, str, Decimal | None]]:
    with connection.cursor() as cursor:
        cursor.execute(
            _READ_SQL,
            {"organization": current_organization_id(), "cards": card_ids, "kind": OwnerKind.MEMBER.value},
        )
        rows = cursor.fetchall()
    # Thousands of cards share a few hundred scores and a few days: each is looked up once.
    tables: dict[datetime.date, list[Tier]] = {}
    known: dict[tuple[datetime.date, Decimal | None], tuple[str, Decimal | None]] = {}
    changed = []
    for card, percent, day, code, coefficient in rows:
        if day not in tables:
            table = queries.tier_table_on(day)
            tables[day] = queries.scoring_tiers(table) if table else []
        if (day, percent) not in known:
            tier = tier_of(percent, tables[day]) if percent is not None and tables[day] else None
            known[day, percent] = (tier.name, tier.coefficient) if tier else ("", None)
        if known[day, percent] != (code, coefficient):
            changed.append((card, *known[day, percent]))
    return changed
