"""Which lines add up into which, along contribution links: what adds up and what looks at days read them."""

import datetime
from collections.abc import Iterable
from typing import NamedTuple

from django.db import connection

from kpiapp.tenancy import current_organization_id

# A link holds in a period when it holds on a day of it.
HOLDS = "k.valid_from < {0}.ends_on AND (k.valid_to IS NULL OR k.valid_to > {0}.starts_on)"
ROLLS = "k.organization_id = %(organization)s AND k.rolls_up"

# Lines above these that take their actual from below, and those among them that do.
_ABOVE = f"""
WITH RECURSIVE up(period_id, starts_on, ends_on, node) AS (
    SELECT p.id, p.starts_on, p.ends_on, l.owned_id
    FROM scorecards_scorecardline l
    JOIN scorecards_scorecard c ON c.organization_id = l.organization_id AND c.id = l.scorecard_id
    JOIN kpiapp_period p ON p.organization_id = c.organization_id AND p.id = c.period_id AND p.state = 'open'
    WHERE l.organization_id = %(organization)s AND l.id = ANY(%(lines)s) AND l.owned_id IS NOT NULL
    UNION
    SELECT up.period_id, up.starts_on, up.ends_on, k.parent_id
    FROM up JOIN scorecards_kpilink k ON k.child_id = up.node AND {ROLLS} AND {HOLDS.format("up")}
)
SELECT l.id, l.scorecard_id
FROM up JOIN scorecards_scorecardline l
    ON l.organization_id = %(organization)s AND l.owned_id = up.node AND l.takes_children
JOIN scorecards_scorecard c
    ON c.organization_id = l.organization_id AND c.id = l.scorecard_id AND c.period_id = up.period_id
"""  # noqa: S608  (constants)

# The lines that a parent reaches, whatever the paths, from `parent` (id, period_id, starts_on, ends_on, owned_id), and
# from which day until before which other: infinite where every link on the way holds on the first day, or the last.
REACH = f"""reach(line_id, period_id, starts_on, ends_on, node, since, until) AS (
    SELECT id, period_id, starts_on, ends_on, owned_id, '-infinity'::date, 'infinity'::date FROM parent
    UNION
    SELECT r.line_id, r.period_id, r.starts_on, r.ends_on, k.child_id, k.since, k.until
    FROM reach r CROSS JOIN LATERAL (
        SELECT k.child_id,
               greatest(r.since, CASE WHEN k.valid_from > r.starts_on THEN k.valid_from END) AS since,
               least(r.until, CASE WHEN k.valid_to < r.ends_on THEN k.valid_to END) AS until
        FROM scorecards_kpilink k WHERE k.parent_id = r.node AND {ROLLS} AND {HOLDS.format("r")}
    ) k
    WHERE k.since < k.until
)"""  # noqa: S608  (constants)

_LEAVES = f"""
WITH RECURSIVE parent AS (
    SELECT l.id, l.owned_id, p.id AS period_id, p.starts_on, p.ends_on
    FROM scorecards_scorecardline l
    JOIN scorecards_scorecard c ON c.organization_id = l.organization_id AND c.id = l.scorecard_id
    JOIN kpiapp_period p ON p.organization_id = c.organization_id AND p.id = c.period_id
    WHERE l.organization_id = %(organization)s AND l.id = ANY(%(parents)s) AND l.takes_children
), {REACH}
SELECT r.line_id, l.id, nullif(r.since, '-infinity'), nullif(r.until, 'infinity')
FROM reach r
JOIN scorecards_scorecardline l
    ON l.organization_id = %(organization)s AND l.owned_id = r.node AND NOT l.takes_children
JOIN scorecards_scorecard c
    ON c.organization_id = l.organization_id AND c.id = l.scorecard_id AND c.period_id = r.period_id
ORDER BY r.line_id, l.id
"""  # noqa: S608  (constants)


class Days(NamedTuple):
    """Days from the first to the one before `end`."""

    first: datetime.date
    end: datetime.date


# Of every parent the lines that it adds up, each with the days whose entries count there.
Leaves = dict[int, dict[int, list[Days]]]


def leaves_of(line_ids: Iterable[int]) -> Leaves:
    """The lines whose actuals a parent adds up, by parent; one query for all of them."""
    found: Leaves = {}
    for parent, leaf, since, until in rows_of(_LEAVES, parents=sorted(line_ids)):
        days = Days(since or datetime.date.min, until or datetime.date.max)
        found.setdefault(parent, {}).setdefault(leaf, []).append(days)
    return found


def lines_above(line_ids: Iterable[int]) -> list[tuple[int, int]]:
    """Lines of open periods that add up what these hold, and these themselves where they do, with their cards."""
    return rows_of(_ABOVE, lines=sorted(line_ids))


def rows_of(sql: str, **parameters) -> list[tuple]:
    """The rows of a statement of the organization in scope."""
    with connection.cursor() as cursor:
        cursor.execute(sql, {"organization": current_organization_id(), **parameters})
        return cursor.fetchall()
