"""The bulk path of pay: the lines of a run, and the tiers that cards would earn now."""

from payroll.recompute.lines import (
    Gathered,
    PaidLine,
    flag_of,
    gather,
    gather_standing,
    inputs_of,
    pay_lines,
    write_lines,
)
from payroll.recompute.tiers import mark_cards, refresh_tiers

__all__ = [
    "Gathered",
    "PaidLine",
    "flag_of",
    "gather",
    "gather_standing",
    "inputs_of",
    "mark_cards",
    "pay_lines",
    "refresh_tiers",
    "write_lines",
]
