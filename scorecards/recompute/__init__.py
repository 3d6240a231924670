"""The bulk path: SQL gathers and adds up, `scorecards.scoring` scores, COPY writes only what changed."""

from scorecards.recompute.actuals import refresh_actuals
from scorecards.recompute.cards import (
    Comparison,
    Rescored,
    compare_cards,
    follow_formulas,
    forget_stale,
    rescore_cards,
    settle_lines,
)
from scorecards.recompute.cascade import (
    apply_links,
    apply_links_after_commit,
    roll_up,
    roll_up_after_commit,
    roll_up_all,
    roll_up_for_night,
)
from scorecards.recompute.gather import StoredCard, stored_card
from scorecards.recompute.locks import lock_cards, lock_cards_of_lines
from scorecards.recompute.preview import Changes, Move, preview_cards

__all__ = [
    "Changes",
    "Comparison",
    "Move",
    "Rescored",
    "StoredCard",
    "apply_links",
    "apply_links_after_commit",
    "compare_cards",
    "follow_formulas",
    "forget_stale",
    "lock_cards",
    "lock_cards_of_lines",
    "preview_cards",
    "refresh_actuals",
    "rescore_cards",
    "roll_up",
    "roll_up_after_commit",
    "roll_up_all",
    "roll_up_for_night",
    "settle_lines",
    "stored_card",
]
