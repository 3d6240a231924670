"""One mutex per card: its row of scores, always locked before a line of it is read or written.

With it goes a shared lock on the period: whoever locks a period waits for what is being written, and nothing is written
after it.
"""

from collections.abc import Sequence

from django.db import connection

from kpiapp.bulk import among, ids_among
from kpiapp.tenancy import current_organization_id

# Locks the rows that are there, which is cheaper than the conflict of an INSERT with each of them, and adds what is
# missing; a conflict that updates nothing still locks the row: somebody else may have added it meanwhile.
_LOCK = """
WITH wanted AS MATERIALIZED (
    SELECT organization_id, id, period_id FROM scorecards_scorecard
    WHERE organization_id = %(organization)s AND {cards}
), kept AS MATERIALIZED (
    SELECT id FROM kpiapp_period
    WHERE organization_id = %(organization)s AND id IN (SELECT period_id FROM wanted) ORDER BY id FOR KEY SHARE
), locked AS MATERIALIZED (
    SELECT scorecard_id FROM scorecards_cardscore
    WHERE organization_id = %(organization)s AND {scores}
      AND scorecard_id IN (SELECT id FROM wanted WHERE period_id IN (SELECT id FROM kept))
    ORDER BY scorecard_id FOR NO KEY UPDATE
)
INSERT INTO scorecards_cardscore AS s
    (organization_id, scorecard_id, measured_weight, lines_scored, lines_total, is_provisional, is_blocked, status)
SELECT organization_id, id, 0, 0, 0, false, false, 'none'
FROM wanted WHERE id NOT IN (SELECT scorecard_id FROM locked) ORDER BY id
ON CONFLICT (scorecard_id) DO UPDATE SET status = s.status WHERE false
"""
# The bounds keep a part of a night from walking through the scores of all the others.
_BY_ID = _LOCK.format(cards=among("id", "ids"), scores=among("scorecard_id", "ids"))
_BY_LINE = _LOCK.format(
    cards=f"""id IN (SELECT scorecard_id FROM scorecards_scorecardline
           WHERE organization_id = %(organization)s AND {among("id", "ids")})""",  # noqa: S608  (constants)
    scores="true",
)


def lock_cards(card_ids: Sequence[int]) -> None:
    """Lock cards in the order of their ids; whoever rescored one of them meanwhile has committed on return."""
    _lock(_BY_ID, card_ids)


def lock_cards_of_lines(line_ids: Sequence[int]) -> None:
    """Lock the cards of these lines."""
    _lock(_BY_LINE, line_ids)


def _lock(sql: str, ids: Sequence[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"organization": current_organization_id(), **ids_among("ids", ids)})
