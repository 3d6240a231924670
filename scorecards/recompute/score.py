"""Scores gathered rows with the compiled rules of the kernel and keeps what differs from what is stored.

This is the hot loop of the night, a million rows long: text in, text out, no object per line. What a number means is
decided in `scorecards.scoring` alone.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from kpiapp.decimals import EXACT
from scorecards.choices import Watched
from scorecards.recompute.gather import NULL, StoredCard, card_row, carried_pairs
from scorecards.recompute.lateness import LateBook
from scorecards.recompute.rules import Rule, RuleBook
from scorecards.recompute.segments import SEGMENTED, SegmentBook
from scorecards.scoring import NOT_SCORABLE, CardSums, LineState, WeightPolicy, card_result, status_of

# Bits of a row's flags; a plain line carries the first alone.
COUNTS, WAIVED, WIPED_OUT, UNREPORTED = 1, 2, 4, 8
PLAIN = "1"
_SCORED, _LATE, _NOT_DUE, _WAIVED = (
    state.value for state in (LineState.SCORED, LineState.LATE, LineState.NOT_DUE, LineState.WAIVED)
)
_STATUS = Watched.STATUS.value
_ZERO = Decimal("0.000000")


class Scores(NamedTuple):
    """What has to be written: rows of COPY's text format with their line ends; scores of cards by id, without it."""

    lines: list[str]
    new_lines: list[str]
    cards: dict[int, str]


def score_rows(
    rows: Sequence[str],
    cards: dict[int, StoredCard],
    *,
    report: bool,
    segmented: SegmentBook | None = None,
    rules: Mapping[str, Rule] | None = None,
) -> Scores:
    """Score lines and their cards, fastest card by card; with `report`, what no night has reported counts as changed.

    A line is (line, state, raw, completion, status, watched, reason); a card is what `gather.card_row` writes.
    `segmented` scores lines in segments, `rules` are those of versions that are not saved: a preview gives its own.
    """
    segmented = SegmentBook(rows) if segmented is None else segmented
    rule_book = RuleBook(lambda: (row.split("\t", 3)[2] for row in rows), rules or {})
    carried = _Carried(rows, cards, rule_book)
    charged = LateBook(rows, rule_book, segmented.versions)
    sums = {card_id: CardSums() for card_id in cards}
    # Exact for whatever is stored, and quicker than the constructor.
    number = EXACT.create_decimal
    lines: list[str] = []
    new_lines: list[str] = []
    current, absence, add, weight_text, weight = "", _LATE, CardSums().add, "", _ZERO
    for row in rows:
        card, line_id, key, weighs, target, baseline, flags, a, b, stored = row.split("\t", 9)
        if card != current:
            current, add = card, sums[int(card)].add
            absence = _LATE if cards[int(card)].is_over else _NOT_DUE
        if weighs != weight_text:
            weight_text, weight = weighs, Decimal(weighs)
        score, missing, further, uses_baseline, watched = rule_book[key]
        why, bits = absence, COUNTS
        quantity = None if a == NULL else number(a)
        divisor = None if b == NULL else number(b)
        if flags != PLAIN:
            bits = int(flags)
            if not bits & COUNTS:
                watched = ""
            if bits & WAIVED:
                why, quantity, divisor = _WAIVED, None, None
            elif bits & SEGMENTED:
                score = segmented[line_id]
        if further is not None:
            if further.charging and not bits & SEGMENTED:
                score = charged[line_id]
            if further.carries and quantity is None and why == _LATE:
                quantity, divisor = carried[line_id]
        start = None
        if uses_baseline:
            if baseline == NULL:
                # No pace without a way of its own, whatever the rule starts from.
                watched = watched and _STATUS
            else:
                start = number(baseline)
        state, raw, completion = score(quantity, divisor, None if target == NULL else number(target), start, why)
        if bits & WIPED_OUT:
            state, completion = _SCORED, _ZERO
        if bits & COUNTS:
            add(weight, state, completion, missing)
        shown, reason = NULL, "\n"
        if completion is not None:
            shown = str(completion)
        else:
            watched = _STATUS if watched and state == _LATE else ""
            if state.startswith(NOT_SCORABLE):
                state, _, reason = f"{state}\n".partition(":")
        raw_shown = shown if raw is completion else NULL if raw is None else str(raw)
        # A status is a string; asking the enum for its value would cost as much as finding it.
        result = "\t".join((state, raw_shown, shown, status_of(completion), watched, reason))
        if result != stored or (report and bits & UNREPORTED):
            (new_lines if stored.startswith(NULL) else lines).append(f"{line_id}\t{result}")
    return Scores(lines, new_lines, _changed_cards(sums, cards, report=report))


class _Carried(dict):
    """By line, the pair of a period before for late lines whose last value stays; fetched when the first one asks."""

    def __init__(self, rows: Sequence[str], cards: dict[int, StoredCard], rules: RuleBook):
        super().__init__()
        self._all = rows, cards, rules

    def __missing__(self, line_id: str) -> tuple:
        """All late lines of the rows in one query."""
        rows, cards, rules = self._all
        fields = [row.split("\t", 8) for row in rows]
        late = [row[1] for row in fields if row[7] == NULL and cards[int(row[0])].is_over and _carries(rules[row[2]])]
        self.update(dict.fromkeys(late, (None, None)))
        self.update({str(key): pair for key, pair in carried_pairs([int(line) for line in late]).items()})
        return self[line_id]


def _carries(rule: tuple) -> bool:
    further = Rule(*rule).further
    return further is not None and further.carries


def _changed_cards(sums: dict[int, CardSums], cards: dict[int, StoredCard], *, report: bool) -> dict[int, str]:
    changed = {}
    for card_id, total in sums.items():
        # Weights off 100 are refused when a card is agreed; a draft shows what it would be, and a warning says so.
        result = card_result(total, weight_policy=WeightPolicy.NORMALISE)
        stored = cards[card_id]
        score = card_row(
            result.percent,
            result.measured_weight,
            result.lines_scored,
            result.lines_total,
            result.provisional,
            bool(total.blocked_by),
            result.status,
        )
        if score != stored.score or (report and stored.is_unreported):
            changed[card_id] = score
    return changed
