"""Scores gathered rows with the compiled rules of the kernel and keeps what differs from what is stored.

This is the hot loop of the night, a million rows long: text in, text out, no object per line. What a number means is
decided in `scorecards.scoring` alone.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from scorecards.recompute.gather import NULL, StoredCard, carried_pairs
from scorecards.recompute.rules import rules_of
from scorecards.scoring import NOT_SCORABLE, CardSums, LineState, WeightPolicy, card_result, status_of

WAIVED, WIPED_OUT = 2, 4
_SCORED, _LATE, _NOT_DUE = LineState.SCORED.value, LineState.LATE.value, LineState.NOT_DUE.value
_ZERO = Decimal("0.000000")


class Scores(NamedTuple):
    """What has to be written: lines as rows of COPY's text format, scores of cards by id."""

    lines: list[str]
    new_lines: list[str]
    cards: dict[int, tuple]


def score_rows(rows: Sequence[str], cards: dict[int, StoredCard], *, report: bool) -> Scores:
    """Score lines and their cards; with `report`, also what no night has reported yet counts as changed.

    A line is (line, state, reason, raw, completion, status), a new one has its card behind; a card is in the order
    of StoredCard.score.
    """
    split = [row.split("\t", 11) for row in rows]
    rules = rules_of({(row[2], row[7]) for row in split})
    carried = _carried(split, cards, rules)
    sums = {card_id: CardSums() for card_id in cards}
    lines, new_lines = [], []
    for card, line_id, kpi, weight, target, baseline, flags, own, a, b, night, stored in split:
        card_id = int(card)
        rule = rules[kpi, own]
        pair = (None if a == NULL else Decimal(a)), (None if b == NULL else Decimal(b))
        bits = int(flags)
        absence = _LATE if cards[card_id].is_over else _NOT_DUE
        if bits & WAIVED:
            absence, pair = LineState.WAIVED.value, (None, None)
        elif pair[0] is None and rule.carries and absence == _LATE:
            pair = carried.get(int(line_id), pair)
        state, raw, completion = rule.line(
            *pair,
            None if target == NULL else Decimal(target),
            None if baseline == NULL else Decimal(baseline),
            absence,
        )
        if bits & WIPED_OUT:
            state, completion = _SCORED, _ZERO
        if bits & 1:
            sums[card_id].add(Decimal(weight), state, completion, rule.missing)
        reason = ""
        if completion is None and state.startswith(NOT_SCORABLE):
            state, _, reason = state.partition(":")
        shown = NULL if completion is None else str(completion)
        result = f"{state}\t{reason}\t{NULL if raw is None else raw}\t{shown}\t{status_of(completion).value}"
        if result != stored or (report and shown != night):
            (new_lines if stored.startswith(NULL) else lines).append(f"{line_id}\t{result}\t{card}")
    return Scores(lines, new_lines, _changed_cards(sums, cards, report=report))


def _carried(split: Sequence[Sequence[str]], cards: dict[int, StoredCard], rules: dict) -> dict[int, tuple]:
    """Pairs of the period before for late lines whose last value stays; no query when there is no such line."""
    late = [
        int(row[1]) for row in split if row[8] == NULL and rules[row[2], row[7]].carries and cards[int(row[0])].is_over
    ]
    return carried_pairs(late) if late else {}


def _changed_cards(sums: dict[int, CardSums], cards: dict[int, StoredCard], *, report: bool) -> dict[int, tuple]:
    changed = {}
    for card_id, total in sums.items():
        # Weights off 100 are refused when a card is agreed; a draft shows what it would be, and a warning says so.
        result = card_result(total, weight_policy=WeightPolicy.NORMALISE)
        stored = cards[card_id]
        score = (
            result.percent,
            result.measured_weight,
            result.lines_scored,
            result.lines_total,
            result.provisional,
            bool(total.blocked_by),
            result.status.value,
        )
        if score != stored.score or (report and stored.is_unreported):
            changed[card_id] = score
    return changed
