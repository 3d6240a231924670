"""The bulk path: SQL gathers and adds up, `scorecards.scoring` scores, COPY writes only what changed."""

from scorecards.recompute.actuals import refresh_actuals
from scorecards.recompute.cards import Comparison, Rescored, compare_cards, rescore_cards

__all__ = ["Comparison", "Rescored", "compare_cards", "refresh_actuals", "rescore_cards"]
