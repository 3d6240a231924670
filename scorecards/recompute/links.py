"""Which lines add up into which, along contribution links: what adds up and what looks at days read them."""

from collections.abc import Iterable

from django.db import connection

from kpiapp.tenancy import current_organization_id

# A link holds in a period when it holds on the period's last day.
HOLDS = "k.valid_from < {ends_on} AND (k.valid_to IS NULL OR k.valid_to >= {ends_on})"
ROLLS = "k.organization_id = %(organization)s AND k.rolls_up"

# Lines above these that take their actual from below, and those among them that do.
_ABOVE = f"""
WITH RECURSIVE up(period_id, ends_on, node) AS (
    SELECT p.id, p.ends_on, l.owned_id
    FROM scorecards_scorecardline l
    JOIN scorecards_scorecard c ON c.organization_id = l.organization_id AND c.id = l.scorecard_id
    JOIN kpiapp_period p ON p.organization_id = c.organization_id AND p.id = c.period_id AND p.state = 'open'
    WHERE l.organization_id = %(organization)s AND l.id = ANY(%(lines)s) AND l.owned_id IS NOT NULL
    UNION
    SELECT up.period_id, up.ends_on, k.parent_id
    FROM up JOIN scorecards_kpilink k ON k.child_id = up.node AND {ROLLS} AND {HOLDS.format(ends_on="up.ends_on")}
)
SELECT l.id, l.scorecard_id
FROM up JOIN scorecards_scorecardline l
    ON l.organization_id = %(organization)s AND l.owned_id = up.node AND l.takes_children
JOIN scorecards_scorecard c
    ON c.organization_id = l.organization_id AND c.id = l.scorecard_id AND c.period_id = up.period_id
"""  # noqa: S608  (constants)

# The lines that a parent reaches, whatever the paths, from `parent` (id, period_id, ends_on, owned_id).
REACH = f"""reach(line_id, period_id, ends_on, node) AS (
    SELECT id, period_id, ends_on, owned_id FROM parent
    UNION
    SELECT r.line_id, r.period_id, r.ends_on, k.child_id
    FROM reach r JOIN scorecards_kpilink k
        ON k.parent_id = r.node AND {ROLLS} AND {HOLDS.format(ends_on="r.ends_on")}
)"""  # noqa: S608  (constants)

_LEAVES = f"""
WITH RECURSIVE parent AS (
    SELECT l.id, l.owned_id, p.id AS period_id, p.ends_on
    FROM scorecards_scorecardline l
    JOIN scorecards_scorecard c ON c.organization_id = l.organization_id AND c.id = l.scorecard_id
    JOIN kpiapp_period p ON p.organization_id = c.organization_id AND p.id = c.period_id
    WHERE l.organization_id = %(organization)s AND l.id = ANY(%(parents)s) AND l.takes_children
), {REACH}
SELECT r.line_id, l.id
FROM reach r
JOIN scorecards_scorecardline l
    ON l.organization_id = %(organization)s AND l.owned_id = r.node AND NOT l.takes_children
JOIN scorecards_scorecard c
    ON c.organization_id = l.organization_id AND c.id = l.scorecard_id AND c.period_id = r.period_id
ORDER BY r.line_id, l.id
"""  # noqa: S608  (constants)


def leaves_of(line_ids: Iterable[int]) -> dict[int, list[int]]:
    """The lines whose actuals a parent adds up, by parent; one query for all of them."""
    found: dict[int, list[int]] = {}
    for parent, leaf in rows_of(_LEAVES, parents=sorted(line_ids)):
        found.setdefault(parent, []).append(leaf)
    return found


def lines_above(line_ids: Iterable[int]) -> list[tuple[int, int]]:
    """Lines of open periods that add up what these hold, and these themselves where they do, with their cards."""
    return rows_of(_ABOVE, lines=sorted(line_ids))


def rows_of(sql: str, **parameters) -> list[tuple]:
    """The rows of a statement of the organization in scope."""
    with connection.cursor() as cursor:
        cursor.execute(sql, {"organization": current_organization_id(), **parameters})
        return cursor.fetchall()
