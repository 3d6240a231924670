"""Rescoring of cards, few or a hundred thousand: lock, gather, score, write what changed, tell whoever follows."""

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from kpiapp import registry
from kpiapp.choices import PeriodState
from scorecards.recompute import gather, write
from scorecards.recompute.locks import lock_cards
from scorecards.recompute.score import score_rows

# Cards held in memory at a time: about 50,000 lines, 20 MB.
BATCH = 5_000


@dataclass
class Rescored:
    """What a call looked at and what it wrote."""

    cards: int = 0
    lines: int = 0
    cards_written: int = 0
    lines_written: int = 0


@dataclass
class Comparison:
    """Locked cards whose stored score is not what their entries give today: percent by card, (stored, computed)."""

    cards: int = 0
    lines_differing: int = 0
    differing: dict[int, tuple] = field(default_factory=dict)


def rescore_cards(*, card_ids: Iterable[int], on: datetime.date, job=None, locked: bool = False) -> Rescored:
    """Score the lines of cards and the cards as of a day, write only what changed, then run registry.AFTER_SCORES.

    Running actuals are taken as they stand (refresh_actuals keeps them). `job` is given by nights alone: what
    differs from the night before is then reported as changed by it. Cards of locked periods are left alone. Call it
    inside a transaction; `locked` says that the caller holds these cards already (locks.py).
    """
    done = Rescored()
    for batch in _batches(card_ids):
        if not locked:
            lock_cards(batch)
        stored = gather.stored_cards(batch, on)
        cards = {key: card for key, card in stored.items() if card.period_state == PeriodState.OPEN}
        rows = gather.line_rows(list(cards))
        scores = score_rows(rows, cards, report=job is not None)
        job_id = job.pk if job else None
        done.cards += len(cards)
        done.lines += len(rows)
        done.lines_written += write.write_lines(scores.lines, job_id) + write.add_lines(scores.new_lines, job_id)
        done.cards_written += write.write_cards(scores.cards, job_id)
        for hook in registry.AFTER_SCORES:
            hook(list(cards), job)
    return done


def compare_cards(*, card_ids: Iterable[int], on: datetime.date) -> Comparison:
    """Score cards of locked periods and compare with what is stored; writes nothing."""
    found = Comparison()
    for batch in _batches(card_ids):
        cards = gather.stored_cards(batch, on)
        scores = score_rows(gather.line_rows(batch), cards, report=False)
        found.cards += len(cards)
        found.lines_differing += len(scores.lines) + len(scores.new_lines)
        found.differing |= {key: (cards[key].score[0], score[0]) for key, score in scores.cards.items()}
    return found


def _batches(card_ids: Iterable[int]) -> Iterator[Sequence[int]]:
    ids = sorted(set(card_ids))
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]
