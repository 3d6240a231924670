"""Why a score is what it is: the kernel run again with its trace, and every step of it in words."""

from scorecards.explain.cards import explain_card
from scorecards.explain.lines import explain_line
from scorecards.explain.pace import explain_card_pace, explain_pace
from scorecards.explain.rollups import explain_rollup
from scorecards.explain.weights import explain_weights

__all__ = ["explain_card", "explain_card_pace", "explain_line", "explain_pace", "explain_rollup", "explain_weights"]
