"""Who moves by how much: a preview of scores, put in order for whoever is about to save what moves them."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from kpiapp import registry
from kpiapp.decimals import ZERO
from kpiapp.models import Member
from kpiapp.registry import ScoreNote
from scorecards import queries
from scorecards.models import Scorecard
from scorecards.recompute import Changes, Move, preview_cards

SHOWN = 20
FIVE, TEN = Decimal(5), Decimal(10)


@dataclass
class Moved:
    """A card that would move, with what that means to others (its tier)."""

    card: Scorecard
    move: Move
    notes: list[ScoreNote]


@dataclass
class Effect:
    """All cards a change touches, those that move by the size of their move, and how many go where."""

    cards: int
    up: int
    down: int
    moved: list[Moved]
    more: int
    noted: int
    bars: list[dict]

    @property
    def same(self) -> int:
        """Cards that stay as they are."""
        return self.cards - self.up - self.down

    @property
    def only(self) -> Moved | None:
        """The one card there is, when it moves."""
        return self.moved[0] if self.cards == 1 and self.moved else None


def effect_of(changes: Changes, *, card_ids: Sequence[int], member: Member, on: datetime.date) -> Effect:
    """What changes make of these cards and of those that follow, as far as a member may read them.

    A fixed number of queries, and a few for every level of formulas that stand on each other.
    """
    followed = changes.follow()
    ids = {*card_ids, *followed.cards}
    seen = queries.visible_cards(member, on).filter(pk__in=ids).values_list("pk", flat=True)
    moves = preview_cards(card_ids=list(seen), on=on, changes=changes, followed=followed)
    return _in_order(moves, member, on)


def _in_order(moves: Mapping[int, Move], member: Member, on: datetime.date) -> Effect:
    moving = sorted(
        ((key, move) for key, move in moves.items() if move.before != move.after),
        key=lambda item: (-abs(_points(item[1])), item[0]),
    )
    notes: dict[int, list[ScoreNote]] = {}
    for source in registry.SCORE_NOTES:
        for key, note in source([(key, *move) for key, move in moving], member, on).items():
            notes.setdefault(key, []).append(note)
    shown = moving[:SHOWN]
    cards = Scorecard.objects.select_related("member", "department", "organization", "period").in_bulk(
        [key for key, _move in shown]
    )
    return Effect(
        cards=len(moves),
        up=sum(_points(move) > 0 for _key, move in moving),
        down=sum(_points(move) < 0 for _key, move in moving),
        moved=[Moved(cards[key], move, notes.get(key, [])) for key, move in shown],
        more=len(moving) - len(shown),
        noted=sum(any(note.is_change for note in told) for told in notes.values()),
        bars=_bars(moves) if len(moves) > 1 else [],
    )


def _points(move: Move) -> Decimal:
    """The size of a move; a score that comes or goes counts as a whole one."""
    return (move.after or ZERO) - (move.before or ZERO)


def _bars(moves: Mapping[int, Move]) -> list[dict]:
    """How many cards move by how many points: seven bars from large losses to large gains."""
    # Short, as they stand below narrow bars: the second is "from −5 down to −10".
    labels = ["≤−10", "≤−5", "<0", "0", ">0", "≥5", "≥10"]
    counts = [0] * len(labels)
    for move in moves.values():
        counts[_bar(_points(move))] += 1
    states = ["off", "off", "at_risk", "none", "on", "on", "above"]
    return [
        {"label": label, "value": Decimal(count), "status": state}
        for label, count, state in zip(labels, counts, states, strict=True)
    ]


def _bar(points: Decimal) -> int:
    if not points:
        return 3
    size = abs(points)
    away = 1 if size < FIVE else 2 if size < TEN else 3
    return 3 + away if points > 0 else 3 - away
