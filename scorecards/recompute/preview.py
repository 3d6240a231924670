"""What cards would score with other values: the same rows through the same engine, changed on the way. Writes nothing.

Nothing is saved and rolled back either: the rows are read as the night reads them, proposed values stand in for what
was read, and both are scored. So a preview says to the last digit what the change will do, also to the cards that add
the changed number up or calculate with it (following.py).
"""

import datetime
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from scorecards.models import LineSegment, ScorecardLine
from scorecards.recompute import gather
from scorecards.recompute.following import Followed, follow
from scorecards.recompute.gather import NULL
from scorecards.recompute.rules import Rule, compile_version
from scorecards.recompute.score import score_rows
from scorecards.recompute.segments import SEGMENTED, SegmentBook
from strategy.models import KpiVersion

# Places of what a proposal may change in a gathered row.
_LINE, _KEY, _WEIGHT, _TARGET, _BASELINE, _FLAGS, _QUANTITY, _DIVISOR = 1, 2, 3, 4, 5, 6, 7, 8
_WIPED_OUT = 4


class Move(NamedTuple):
    """The score of a card in percent before and after; None where there is none."""

    before: Decimal | None
    after: Decimal | None

    @property
    def difference(self) -> Decimal | None:
        """Points won or lost; None where one side has no score."""
        return None if self.before is None or self.after is None else self.after - self.before


@dataclass
class Changes:
    """Proposed values: of lines by id, as attributes of a line; and all segments of those that would have any.

    `versions` gives KPI versions that are not saved, by the text that stands for them in a line's `kpi_id`.
    """

    lines: dict[int, dict[str, Any]] = field(default_factory=dict)
    segments: dict[int, Sequence[LineSegment]] = field(default_factory=dict)
    versions: dict[str, KpiVersion] = field(default_factory=dict)

    @classmethod
    def of_lines(cls, lines: Sequence[ScorecardLine], segments: Mapping[int, Sequence[LineSegment]]) -> "Changes":
        """What lines would be as they stand in memory, with the segments they would have."""
        return cls({line.pk: {name: getattr(line, name) for name in _OF_A_LINE} for line in lines}, dict(segments))

    def follow(self, card_ids: Collection[int] | None = None) -> Followed:
        """What other lines would reach, on these cards or on all of open periods."""
        kpis = {pk: str(values["kpi_id"]) for pk, values in self.lines.items() if "kpi_id" in values}
        return follow(kpis, self.versions, card_ids=card_ids) if kpis else Followed()


_OF_A_LINE = ("kpi_id", "method", "params", "weight", "target", "baseline", "in_segments", "wiped_out_reason")


def preview_cards(
    *, card_ids: Sequence[int], on: datetime.date, changes: Changes, followed: Followed | None = None
) -> dict[int, Move]:
    """The score of each card with stored and with proposed values, as of a day; a fixed number of queries.

    `followed` is what other lines would reach by them, when the caller has found the cards with it.
    """
    followed = changes.follow(card_ids) if followed is None else followed
    cards = {key: card._replace(score="") for key, card in gather.stored_cards(card_ids, on).items()}
    rows = gather.line_rows(list(cards))
    proposed = [_proposed(row, changes, followed) for row in rows]
    rules = _rules_of_versions(proposed, changes)
    before = score_rows(rows, cards, report=False).cards
    book = SegmentBook(proposed, changes.segments, followed.versions)
    after = score_rows(proposed, cards, report=False, segmented=book, rules=rules).cards
    return {key: Move(*(gather.percent_in(scores[key]) for scores in (before, after))) for key in cards}


def _rules_of_versions(rows: Sequence[str], changes: Changes) -> dict[str, Rule]:
    """Rules of versions that are not saved, by the keys of the rows that name them."""
    if not changes.versions:
        return {}
    rules = {}
    for key in {row.split("\t", _KEY + 1)[_KEY] for row in rows}:
        name, _, own = key.partition(" ")
        if name in changes.versions:
            rules[key] = compile_version(changes.versions[name], own)
    return rules


def _proposed(row: str, changes: Changes, followed: Followed) -> str:
    """A gathered row with the proposed values of its line, and with what it would reach."""
    fields = row.split("\t")
    line = int(fields[_LINE])
    if line in followed.stored:
        fields[_QUANTITY], fields[_DIVISOR] = (_in_row(number) for number in followed.stored[line][:2])
    if line in changes.lines:
        _put(fields, changes.lines[line])
    return "\t".join(fields)


def _in_row(number: Decimal | None) -> str:
    return NULL if number is None else format(number, "f")


def _put(fields: list[str], values: Mapping[str, Any]) -> None:
    for name, place in (("weight", _WEIGHT), ("target", _TARGET), ("baseline", _BASELINE)):
        if name in values:
            fields[place] = _in_row(values[name])
    if "kpi_id" in values:
        fields[_KEY] = _key(values)
    flags = int(fields[_FLAGS])
    if "in_segments" in values:
        flags = flags | SEGMENTED if values["in_segments"] else flags & ~SEGMENTED
    if values.get("wiped_out_reason"):
        flags |= _WIPED_OUT
    fields[_FLAGS] = str(flags)


def _key(values: Mapping[str, Any]) -> str:
    """The rule of a line as gathered rows name it."""
    method, params = values.get("method") or "", values.get("params")
    if not method and params is None:
        return str(values["kpi_id"])
    own = json.dumps([method, params], default=str, ensure_ascii=False)
    # COPY doubles backslashes, and whoever reads the key expects that.
    return f"{values['kpi_id']} {own}".replace("\\", "\\\\")
