"""Running actuals: the entries of a line, added up by the database into the exact pair the kernel scores.

Adding up is all that happens here; `scorecards.scoring.aggregation` says what each pair means, and a test holds the two
equal on random entries. Lines that take their actual from below (cascade.py) are left alone.
"""

from collections.abc import Iterable
from typing import Any

from django.db import connection

from kpiapp.bulk import id_array
from kpiapp.tenancy import current_organization_id
from scorecards.choices import LIVE_STATES
from scorecards.recompute.locks import lock_cards_of_lines

LIVE = [str(state) for state in LIVE_STATES]
# An entry counts when all its aggregation needs is there: what it gives, from `line` (kind, top, bottom) and `a`.
VALUE = "CASE WHEN line.kind = 'ratio' THEN a.numerator ELSE a.value END"
SECOND = "CASE WHEN line.kind IN ('ratio', 'weighted_avg') THEN a.denominator END"
COUNTS = f"({VALUE}) IS NOT NULL AND (a.denominator IS NOT NULL OR line.kind NOT IN ('ratio', 'weighted_avg'))"


def pairs_by(keys: str) -> str:
    """CTEs `total` and `pair`: the exact pair by these columns, from a CTE `entry` of entries that count.

    Parts of a ratio that are means (÷ n) move their n across the fraction; where both are means, n cancels. `last` is
    the latest day, then the highest id.
    """
    return f"""
total AS (
    -- Lines without entries come along, so that nothing has to be joined again: the planner knows no sizes here.
    SELECT {keys}, kind, top, bottom, count(entry_id) AS n, max("on") AS last_on,
           sum(value) AS value_sum, min(value) AS value_min, max(value) AS value_max, sum(second) AS second_sum,
           sum(value * second) FILTER (WHERE kind = 'weighted_avg') AS product_sum,
           (array_agg(value ORDER BY "on" DESC, entry_id DESC)
               FILTER (WHERE entry_id IS NOT NULL AND (kind = 'last' OR top = 'last')))[1] AS value_last,
           (array_agg(second ORDER BY "on" DESC, entry_id DESC)
               FILTER (WHERE entry_id IS NOT NULL AND bottom = 'last'))[1] AS second_last
    FROM entry GROUP BY {keys}, kind, top, bottom
), pair AS (
    SELECT {keys}, n, last_on,
           CASE kind
               WHEN 'sum' THEN value_sum WHEN 'avg' THEN value_sum WHEN 'weighted_avg' THEN product_sum
               WHEN 'last' THEN value_last WHEN 'min' THEN value_min WHEN 'max' THEN value_max
               WHEN 'count' THEN nullif(n, 0)
               WHEN 'ratio' THEN CASE WHEN top = 'last' THEN value_last ELSE value_sum END
                               * CASE WHEN bottom = 'avg' AND top <> 'avg' THEN n ELSE 1 END
           END AS quantity,
           CASE kind
               WHEN 'avg' THEN nullif(n, 0) WHEN 'weighted_avg' THEN second_sum
               WHEN 'ratio' THEN CASE WHEN bottom = 'last' THEN second_last ELSE second_sum END
                               * CASE WHEN top = 'avg' AND bottom <> 'avg' THEN n ELSE 1 END
           END AS divisor
    FROM total
)"""  # noqa: S608  (constants)


REFRESH = f"""
WITH line AS (
    SELECT l.id, l.scorecard_id, v.aggregation AS kind, v.numerator_agg AS top, v.denominator_agg AS bottom
    FROM scorecards_scorecardline l
    -- The actual of a formula comes from elsewhere (formulas.py).
    JOIN strategy_kpiversion v ON v.organization_id = l.organization_id AND v.id = l.kpi_id
        AND v.aggregation <> 'formula'
    WHERE l.organization_id = %(organization)s AND l.id = ANY(%(lines)s::bigint[]) AND NOT l.takes_children
), entry AS (
    SELECT line.*, a.id AS entry_id, a."on", {VALUE} AS value, {SECOND} AS second
    FROM line LEFT JOIN scorecards_actual a
        ON a.organization_id = %(organization)s AND a.line_id = line.id AND a.state = ANY(%(live)s)
       AND a.line_id BETWEEN %(first)s AND %(last)s AND {COUNTS}
), {pairs_by("id, scorecard_id")}
INSERT INTO scorecards_linescore AS s
    (organization_id, line_id, scorecard_id, quantity, divisor, entries, last_on, state, reason, status)
SELECT %(organization)s, id, scorecard_id, quantity, divisor, n, last_on, 'not_due', '', 'none' FROM pair ORDER BY id
ON CONFLICT (line_id) DO UPDATE SET quantity = excluded.quantity, divisor = excluded.divisor,
    entries = excluded.entries, last_on = excluded.last_on
WHERE (s.quantity, s.divisor, s.entries, s.last_on)
    IS DISTINCT FROM (excluded.quantity, excluded.divisor, excluded.entries, excluded.last_on)
"""  # noqa: S608  (constants)


def refresh_actuals(*, line_ids: Iterable[int]) -> int:
    """Add the live entries of lines up anew into their running actual; number of lines whose actual changed.

    Missing rows are added. Locks the cards of the lines, so rescore them in the same transaction.
    """
    lines = sorted(set(line_ids))
    if not lines:
        return 0
    lock_cards_of_lines(lines)
    with connection.cursor() as cursor:
        cursor.execute(REFRESH, refresh_parameters(lines))
        return cursor.rowcount


def refresh_parameters(lines: list[int]) -> dict[str, Any]:
    """Parameters of REFRESH for lines in the order of their ids."""
    return {
        "organization": current_organization_id(),
        "lines": id_array(lines),
        # Bounds keep a merge with the entries from starting at the organization's first one.
        "first": lines[0],
        "last": lines[-1],
        "live": LIVE,
    }
