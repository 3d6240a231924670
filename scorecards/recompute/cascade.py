"""The cascade's numbers: which lines take their actual from below, and that actual, added up by the database.

The running actual of a parent is the sum of the exact pairs of its leaves: the lines it reaches along contribution
links that take nothing from below themselves. Each leaf is in the set once, whatever the paths, so nothing counts
twice; a query does all parents of all levels at once. Links hold from day to day: where one holds for a part of a
period only, the entries of its days count above it; what has a last value in it (a stock) counts whole, where the link
holds at the end. A KPI whose lines are of different versions that do not add up gives no value rather than a wrong one.
"""

import datetime
from collections.abc import Iterable, Sequence
from functools import partial

from django.db import transaction

from kpiapp.tenancy import current_organization_id, organization_scope
from scorecards.models import ScorecardLine, StaleCard
from scorecards.recompute.actuals import COUNTS, LIVE, SECOND, VALUE, pairs_by, refresh_actuals
from scorecards.recompute.cards import Rescored, rescore_cards
from scorecards.recompute.links import HOLDS, REACH, lines_above, rows_of
from scorecards.recompute.locks import lock_cards

_RESOLVE = f"""
WITH link AS (
    SELECT p.id AS period_id, k.parent_id, k.child_id, k.rolls_up
    FROM scorecards_kpilink k JOIN kpiapp_period p
        ON p.organization_id = %(organization)s AND p.state = 'open' AND {HOLDS.format("p")}
    WHERE k.organization_id = %(organization)s
), node AS (
    SELECT period_id, parent_id AS id, rolls_up AS takes, false AS feeds FROM link
    UNION ALL SELECT period_id, child_id, false, rolls_up FROM link
), wanted AS (
    SELECT l.id, l.scorecard_id, o.id AS owned_id, bool_or(node.takes) AS takes, bool_or(node.feeds) AS feeds
    FROM node
    JOIN scorecards_ownedkpi o ON o.organization_id = %(organization)s AND o.id = node.id
    JOIN scorecards_scorecard c ON c.organization_id = o.organization_id AND c.period_id = node.period_id
        AND c.owner_kind = o.owner_kind AND coalesce(c.department_id, 0) = coalesce(o.department_id, 0)
        AND coalesce(c.member_id, 0) = coalesce(o.member_id, 0)
    JOIN scorecards_scorecardline l ON l.organization_id = c.organization_id AND l.scorecard_id = c.id
    JOIN strategy_kpiversion v ON v.organization_id = l.organization_id AND v.id = l.kpi_id
        AND v.definition_id = o.definition_id
    GROUP BY l.id, o.id
), found AS (
    SELECT id, owned_id, takes, feeds FROM wanted
    UNION ALL
    SELECT l.id, NULL, false, false
    FROM scorecards_scorecardline l
    JOIN scorecards_scorecard c ON c.organization_id = l.organization_id AND c.id = l.scorecard_id
    JOIN kpiapp_period p ON p.organization_id = c.organization_id AND p.id = c.period_id AND p.state = 'open'
    WHERE l.organization_id = %(organization)s AND l.owned_id IS NOT NULL
      AND NOT EXISTS (SELECT FROM wanted w WHERE w.id = l.id)
)
UPDATE scorecards_scorecardline l SET owned_id = f.owned_id, takes_children = f.takes, feeds_above = f.feeds
FROM found f
WHERE l.organization_id = %(organization)s AND l.id = f.id
  AND (l.owned_id, l.takes_children, l.feeds_above) IS DISTINCT FROM (f.owned_id, f.takes, f.feeds)
RETURNING l.id, l.scorecard_id, l.takes_children
"""  # noqa: S608  (constants)

_EVERY = """
SELECT l.id, l.scorecard_id
FROM scorecards_scorecardline l
JOIN scorecards_scorecard c ON c.organization_id = l.organization_id AND c.id = l.scorecard_id
JOIN kpiapp_period p ON p.organization_id = c.organization_id AND p.id = c.period_id AND p.state = 'open'
WHERE l.organization_id = %(organization)s AND l.owned_id IS NOT NULL AND l.takes_children
"""

_ADD_UP = f"""
WITH RECURSIVE parent AS (
    SELECT l.id, l.scorecard_id, l.owned_id, p.id AS period_id, p.starts_on, p.ends_on, v.aggregation AS kind, v.unit,
           v.factor, v.numerator_agg, v.denominator_agg
    FROM scorecards_scorecardline l
    JOIN scorecards_scorecard c ON c.organization_id = l.organization_id AND c.id = l.scorecard_id
    JOIN kpiapp_period p ON p.organization_id = c.organization_id AND p.id = c.period_id AND p.state = 'open'
    JOIN strategy_kpiversion v ON v.organization_id = l.organization_id AND v.id = l.kpi_id
    WHERE l.organization_id = %(organization)s AND l.id = ANY(%(parents)s) AND l.takes_children
), {REACH}, leaf AS (
    SELECT r.line_id, l.id, r.since, r.until, v.aggregation AS kind, v.numerator_agg AS top,
           v.denominator_agg AS bottom, r.since > '-infinity' OR r.until < 'infinity' AS is_part,
           'last' IN (v.aggregation, v.numerator_agg, v.denominator_agg) AS is_stock,
           (v.aggregation, v.unit, v.factor, v.numerator_agg, v.denominator_agg)
               IS DISTINCT FROM (parent.kind, parent.unit, parent.factor, parent.numerator_agg, parent.denominator_agg)
               AS differs
    FROM reach r
    JOIN parent ON parent.id = r.line_id
    JOIN scorecards_scorecardline l
        ON l.organization_id = %(organization)s AND l.owned_id = r.node AND NOT l.takes_children
    JOIN scorecards_scorecard c
        ON c.organization_id = l.organization_id AND c.id = l.scorecard_id AND c.period_id = r.period_id
    JOIN strategy_kpiversion v ON v.organization_id = l.organization_id AND v.id = l.kpi_id
), line AS (
    SELECT line_id, id, since, until, differs, kind, top, bottom FROM leaf WHERE is_part AND NOT is_stock
), entry AS (
    -- Few and far between, each looked up: nothing is read of all the other entries.
    SELECT line.*, a.id AS entry_id, a."on", {VALUE} AS value, {SECOND} AS second
    FROM line LEFT JOIN LATERAL (
        SELECT * FROM scorecards_actual a
        WHERE a.organization_id = %(organization)s AND a.line_id = line.id AND a.state = ANY(%(live)s)
          AND a."on" >= line.since AND a."on" < line.until OFFSET 0
    ) a ON {COUNTS}
), {pairs_by("line_id, id, since, until, differs")}, part AS (
    SELECT leaf.line_id, leaf.id, leaf.differs, s.quantity, s.divisor, s.last_on
    FROM leaf LEFT JOIN scorecards_linescore s ON s.organization_id = %(organization)s AND s.line_id = leaf.id
    WHERE NOT leaf.is_part OR leaf.is_stock AND leaf.until = 'infinity'
    UNION ALL
    SELECT line_id, id, differs, quantity, divisor, last_on FROM pair
), added AS (
    SELECT parent.id, parent.scorecard_id, coalesce(bool_or(part.differs), false) AS differs,
           CASE parent.kind WHEN 'min' THEN min(part.quantity) WHEN 'max' THEN max(part.quantity)
                            ELSE sum(part.quantity) END AS quantity,
           CASE WHEN parent.kind IN ('avg', 'weighted_avg', 'ratio') THEN sum(part.divisor) END AS divisor,
           count(DISTINCT part.id) FILTER (WHERE part.quantity IS NOT NULL) AS n,
           max(part.last_on) FILTER (WHERE part.quantity IS NOT NULL) AS last_on
    FROM parent LEFT JOIN part ON part.line_id = parent.id
    GROUP BY parent.id, parent.scorecard_id, parent.kind
)
INSERT INTO scorecards_linescore AS s
    (organization_id, line_id, scorecard_id, quantity, divisor, entries, last_on, state, reason, status)
SELECT %(organization)s, id, scorecard_id, CASE WHEN NOT differs THEN quantity END,
       CASE WHEN NOT differs THEN divisor END, CASE WHEN differs THEN 0 ELSE n END, last_on, 'not_due', '', 'none'
FROM added ORDER BY id
ON CONFLICT (line_id) DO UPDATE SET quantity = excluded.quantity, divisor = excluded.divisor,
    entries = excluded.entries, last_on = excluded.last_on
WHERE (s.quantity, s.divisor, s.entries, s.last_on)
    IS DISTINCT FROM (excluded.quantity, excluded.divisor, excluded.entries, excluded.last_on)
RETURNING scorecard_id
"""  # noqa: S608  (constants)


def apply_links(*, on: datetime.date, parents: Iterable[int] = ()) -> Rescored:
    """Bring lines, actuals and scores of open periods in line with the links that hold, in a fixed number of queries.

    `parents` are owned KPIs whose children changed even where their own lines did not.
    """
    changed = rows_of(_RESOLVE)
    lines = [line for line, _card, _takes in changed]
    lines += ScorecardLine.objects.filter(owned__in=list(parents)).values_list("pk", flat=True)
    above = lines_above(lines) if lines else []
    own = {line: card for line, card, takes in changed if not takes}
    if not above and not own:
        return Rescored()
    lock_cards(sorted({*own.values(), *(card for _line, card in above)}))
    refresh_actuals(line_ids=own)
    return rescore_cards(card_ids={*_add_up(above), *own.values()}, on=on)


def roll_up(*, line_ids: Iterable[int], on: datetime.date) -> Rescored:
    """Add up everything above these lines anew and rescore the cards that changed. Call it inside a transaction."""
    lines = sorted(set(line_ids))
    return _rescored(lines_above(lines), on, None) if lines else Rescored()


def roll_up_all(*, on: datetime.date, job=None) -> Rescored:
    """Add up every parent of the open periods anew and rescore the cards that changed, as a night's when it is one."""
    return _rescored(rows_of(_EVERY), on, job)


def roll_up_for_night() -> int:
    """Before a night: lines and parents as links and entries say; cards that moved are left for it to score."""
    moved = rows_of(_RESOLVE)
    refresh_actuals(line_ids=[line for line, _card, takes in moved if not takes])
    cards = _add_up(rows_of(_EVERY)) | {card for _line, card, _takes in moved}
    StaleCard.objects.bulk_create([StaleCard(scorecard_id=card) for card in sorted(cards)], ignore_conflicts=True)
    return len(cards)


def apply_links_after_commit(*, on: datetime.date) -> None:
    """Once new lines are committed, give them their place in the cascade (see roll_up_after_commit)."""
    transaction.on_commit(partial(_apply_later, current_organization_id(), on), robust=True)


def _apply_later(organization_id: int, on: datetime.date) -> None:
    with organization_scope(organization_id):
        apply_links(on=on)


def roll_up_after_commit(*, line_ids: Sequence[int], on: datetime.date) -> None:
    """Once the change of these lines is committed, add up what stands above them, in a transaction of its own.

    Cards are locked in the order of their ids within a transaction; taking those above together with one's own would
    make entries wait for each other in circles. Should it fail, the entry stands and the night mends what is above.
    """
    after = partial(_roll_up_later, current_organization_id(), list(line_ids), on)
    transaction.on_commit(after, robust=True)


def _roll_up_later(organization_id: int, line_ids: list[int], on: datetime.date) -> None:
    with organization_scope(organization_id):
        roll_up(line_ids=line_ids, on=on)


def _rescored(parents: Sequence[tuple[int, int]], on: datetime.date, job) -> Rescored:
    return rescore_cards(card_ids=_add_up(parents), on=on, job=job)


def _add_up(parents: Sequence[tuple[int, int]]) -> set[int]:
    """Write the running actuals of parents, (line, card); cards whose numbers changed."""
    if not parents:
        return set()
    lock_cards(sorted({card for _line, card in parents}))
    lines = sorted({line for line, _card in parents})
    # Of lines in segments the day of an entry matters, too, which leaves the sum as it is.
    dated = ScorecardLine.objects.filter(pk__in=lines, in_segments=True).values_list("scorecard_id", flat=True)
    return {card for (card,) in rows_of(_ADD_UP, parents=lines, live=LIVE)} | set(dated)
