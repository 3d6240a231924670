"""What other lines would reach if lines had other versions: those that add them up, formulas that calculate with them.

A target, a weight or a method moves no actual but its own line's score. A version that adds entries up otherwise does,
and then the cards above and the formulas follow, as they will once it is saved.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from scorecards.models import ScorecardLine
from scorecards.recompute.formulas import Stored
from scorecards.recompute.links import lines_above
from scorecards.recompute.reached import ADDED_UP_BY, MOST_LEVELS, Reached
from strategy.models import KpiVersion

_COUNTED_BY = (*ADDED_UP_BY, "formula")


@dataclass
class Followed:
    """Running actuals as they would be kept, by line, with the cards of these lines; and versions that stand in."""

    stored: dict[int, Stored] = field(default_factory=dict)
    cards: set[int] = field(default_factory=set)
    versions: dict[int, KpiVersion] = field(default_factory=dict)


def follow(
    lines: Mapping[int, str], unsaved: Mapping[str, KpiVersion], *, card_ids: Collection[int] | None = None
) -> Followed:
    """What follows when lines have the versions whose ids are given as text (`unsaved` by a text that is none).

    With `card_ids` only lines on these cards; else every line of an open period. The number of queries depends on how
    deep formulas stand on each other, not on how many lines there are.
    """
    found = ScorecardLine.objects.select_related("kpi", "scorecard__period").in_bulk(list(lines))
    moving = {pk: text for pk, text in lines.items() if pk in found and text != str(found[pk].kpi_id)}
    if not moving:
        return Followed()
    saved = KpiVersion.objects.in_bulk({int(text) for text in moving.values() if text not in unsaved})
    versions = {pk: unsaved[text] if text in unsaved else saved[int(text)] for pk, text in moving.items()}
    changed = [pk for pk, version in versions.items() if _counts_otherwise(found[pk], version)]
    if not changed:
        return Followed(versions=versions)
    cards = _closure({pk: found[pk] for pk in changed}, card_ids)
    book = Reached({pk: [versions[pk]] if pk in versions else [] for pk in cards}, versions)
    stored = {pk: book.stored(pk, book.version_of(pk)) for pk in cards}
    return Followed(stored, set(cards.values()), versions)


def _counts_otherwise(line: ScorecardLine, version: KpiVersion) -> bool:
    # What stood below it in a period that is locked by now has no other version: it keeps what it had.
    if line.takes_children and not line.scorecard.period.is_open:
        return False
    return any(getattr(line.kpi, name) != getattr(version, name) for name in _COUNTED_BY)


def _closure(changed: Mapping[int, ScorecardLine], card_ids: Collection[int] | None) -> dict[int, int]:
    """These lines and all that rest on them, however far, with their cards."""
    cards = {pk: line.scorecard_id for pk, line in changed.items()}
    new: Iterable[int] = list(cards)
    periods = {line.scorecard.period_id for line in changed.values()}
    for _level in range(MOST_LEVELS):
        rests = dict(lines_above(new)) | _calculated_with(new, periods)
        rests = {pk: card for pk, card in rests.items() if pk not in cards}
        if card_ids is not None:
            rests = {pk: card for pk, card in rests.items() if card in card_ids}
        if not rests:
            break
        cards |= rests
        new = list(rests)
    return cards


def _calculated_with(lines: Iterable[int], periods: Collection[int]) -> dict[int, int]:
    """Lines of these periods whose formula names a KPI of these lines, with their cards."""
    kpis = ScorecardLine.objects.filter(pk__in=list(lines)).values("kpi__definition")
    named = ScorecardLine.objects.filter(scorecard__period__in=periods, kpi__operands__operand__in=kpis)
    return dict(named.filter(takes_children=False).values_list("pk", "scorecard_id"))
