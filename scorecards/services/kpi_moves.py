"""Moving cards of open periods to the current version of a KPI: drafts at once, agreed cards by a request."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction

from kpiapp.models import Member
from kpiapp.services import audit
from kpiapp.services.refusals import Refused
from scorecards import recompute
from scorecards.choices import ChangeMode
from scorecards.models import ScorecardLine
from scorecards.moves import kpi_moves
from scorecards.services.changes import request_change
from scorecards.services.scorecards import check_line
from strategy.models import KpiDefinition


@dataclass
class Moved:
    """What a move did: drafts that have the version, requests that wait, and what was refused, in words."""

    drafts: int = 0
    requests: int = 0
    refused: list[str] = field(default_factory=list)


@transaction.atomic
def move_cards(
    *, definition: KpiDefinition, reason: str, mode: str = ChangeMode.REPLACE, by: Member, today: datetime.date
) -> Moved:
    """Put the current version on the cards a member may move. A line it cannot score stays, and is named."""
    lines = kpi_moves.movable(kpi_moves.lines_behind(definition), by, today)
    # Cards are held before they are looked at: a draft that is being agreed is none any more.
    recompute.lock_cards_of_lines(list(lines.values_list("pk", flat=True)))
    done, drafts = Moved(), []
    for line in lines.select_related("scorecard__member", "scorecard__department", "scorecard__organization"):
        try:
            if line.scorecard.is_agreed:
                day = min(max(today, line.scorecard.period.starts_on), line.scorecard.period.last_day)
                change = {"kpi": definition.current}
                request_change(line=line, changes=change, reason=reason, effective_on=day, mode=mode, by=by)
                done.requests += 1
            else:
                check_line(definition.current, line.weight, line.target, line.baseline, line.method, line.params)
                drafts.append(line)
        except Refused as refusal:
            done.refused.append(f"{line.scorecard.owner_name}, {line.scorecard.period.label}: {refusal}")
    done.drafts = len(drafts)
    _move_drafts(drafts, definition, by, today)
    return done


def _move_drafts(lines: Sequence[ScorecardLine], definition: KpiDefinition, by: Member, today: datetime.date) -> None:
    if not lines:
        return
    before = sorted({line.kpi.number for line in lines})
    for line in lines:
        line.kpi = definition.current
    ScorecardLine.objects.bulk_update(lines, ["kpi"])
    recompute.refresh_actuals(line_ids=[line.pk for line in lines])
    recompute.rescore_cards(card_ids=[line.scorecard_id for line in lines], on=today)
    linked = [line.pk for line in lines if line.feeds_above or line.takes_children]
    if linked:
        recompute.roll_up_after_commit(line_ids=linked, on=today)
    audit.record(
        action="kpi.move_cards",
        target=definition,
        by=by,
        before={"version": before},
        after={"version": definition.current.number, "cards": [line.scorecard_id for line in lines]},
    )
