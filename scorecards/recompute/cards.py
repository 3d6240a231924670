"""Rescoring of cards, few or a hundred thousand: lock, gather, score, write what changed, tell whoever follows."""

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import connection

from kpiapp import registry
from kpiapp.bulk import among, ids_among
from kpiapp.choices import PeriodState
from kpiapp.tenancy import current_organization_id
from scorecards.choices import OwnerKind
from scorecards.recompute import formulas, gather, write
from scorecards.recompute.actuals import refresh_actuals
from scorecards.recompute.gather import StoredCard
from scorecards.recompute.locks import lock_cards
from scorecards.recompute.score import score_rows

_FORGET = f"""
DELETE FROM scorecards_stalecard WHERE organization_id = %(organization)s AND {among("scorecard_id", "cards")}
"""  # noqa: S608  (constants)
# Cards held in memory at a time: about 25,000 lines, 10 MB. Twice as many find less of what they need in caches.
BATCH = 2_500


@dataclass
class Rescored:
    """What a call looked at and what it wrote."""

    cards: int = 0
    lines: int = 0
    cards_written: int = 0
    lines_written: int = 0

    def add(self, other: "Rescored") -> None:
        """Count what another call did as well."""
        self.cards += other.cards
        self.lines += other.lines
        self.cards_written += other.cards_written
        self.lines_written += other.lines_written


@dataclass
class Comparison:
    """Locked cards whose stored score is not what their entries give today: percent by card, (stored, computed)."""

    cards: int = 0
    lines_differing: int = 0
    differing: dict[int, tuple] = field(default_factory=dict)


def settle_lines(*, cards: Mapping[int, StoredCard], lines: Mapping[int, int], formulas_follow: bool) -> None:
    """Add the entries of lines (line to card) up anew and rescore their cards, which the caller holds and has read.

    The same as refresh_actuals and then rescore_cards, in fewer statements: what every single entry costs, unless a
    formula of these cards may follow.
    """
    for ids in _batches(cards):
        batch = {key: cards[key] for key in ids}
        refresh = [line for line, card in lines.items() if card in batch]
        if formulas_follow:
            refresh_actuals(line_ids=refresh)
            _rescore(batch, formulas_follow=True)
        else:
            _rescore(batch, refresh=refresh)


def rescore_cards(*, card_ids: Iterable[int], on: datetime.date, job=None) -> Rescored:
    """Score the lines of cards and the cards as of a day, write only what changed, then run registry.AFTER_SCORES.

    Running actuals are taken as they stand (refresh_actuals keeps them). `job` is given by nights alone: what
    differs from the night before is then reported as changed by it. Cards of locked periods are left alone. Formulas
    are worked out anew first. Call it inside a transaction.
    """
    done = Rescored()
    formulas_follow = formulas.are_there()
    for batch in _batches(card_ids):
        lock_cards(batch)
        done.add(_rescore(gather.stored_cards(batch, on), job, formulas_follow=formulas_follow))
    return done


def forget_stale(*, card_ids: Sequence[int]) -> None:
    """Take the marks of what touched cards in bulk away, before they are read."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, {"organization": current_organization_id(), **ids_among("cards", card_ids)})


def follow_formulas(*, period_ids: Sequence[int], on: datetime.date, job=None) -> Rescored:
    """Rescore the cards of open periods whose formulas rest on cards above them that have moved since.

    From the organization down, so that what follows finds what it rests on; the number of queries is fixed.
    """
    done = Rescored()
    for kind in (OwnerKind.ORGANIZATION, OwnerKind.DEPARTMENT, OwnerKind.MEMBER):
        cards = formulas.cards_to_follow(period_ids=period_ids, kind=kind)
        done.add(rescore_cards(card_ids=cards, on=on, job=job))
    return done


def _rescore(
    stored: Mapping[int, StoredCard], job=None, refresh: Sequence[int] = (), *, formulas_follow: bool = False
) -> Rescored:
    cards = {key: card for key, card in stored.items() if card.period_state == PeriodState.OPEN}
    if formulas_follow:
        formulas.refresh_formulas(card_ids=list(cards))
    rows = gather.line_rows(list(cards), refresh)
    scores = score_rows(rows, cards, report=job is not None)
    lines_written, cards_written = write.write_scores(scores, cards, job.pk if job else None)
    for hook in registry.AFTER_SCORES:
        hook(cards, job)
    return Rescored(len(cards), len(rows), cards_written, lines_written)


def compare_cards(*, card_ids: Iterable[int], on: datetime.date) -> Comparison:
    """Score cards of locked periods and compare with what is stored; writes nothing."""
    found = Comparison()
    for batch in _batches(card_ids):
        cards = gather.stored_cards(batch, on)
        scores = score_rows(gather.line_rows(batch), cards, report=False)
        found.cards += len(cards)
        found.lines_differing += len(scores.lines) + len(scores.new_lines)
        found.differing |= {
            key: (gather.percent_in(cards[key].score), gather.percent_in(score)) for key, score in scores.cards.items()
        }
    return found


def _batches(card_ids: Iterable[int]) -> Iterator[Sequence[int]]:
    ids = sorted(set(card_ids))
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]
