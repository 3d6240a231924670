"""What stood on cards of some periods, as a grid for others: targets grown, weights kept, KPIs as they are now."""

import datetime
from collections.abc import Sequence
from decimal import Decimal

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from kpiapp.decimals import plain
from kpiapp.models import Department, Member, Period
from scorecards.assigning.draft_grid import MOST_ROWS, standing_of
from scorecards.models import AssignmentDraft, DraftRow, ScorecardLine
from scorecards.models.draft import BASELINE, WEIGHT
from scorecards.scoring.targets import raised
from scorecards.services.dated import weights_today
from scorecards.services.drafts import DraftRefused
from scorecards.services.scorecards import Owner, owner_fields
from strategy.visibility import usable_kpis


def pairs_of(sources: Sequence[Period], targets: Sequence[Period]) -> list[tuple[Period, Period]]:
    """Which period is copied to which: one to any number, or as many as there are, in order. Raises DraftRefused."""
    if not (sources and targets):
        raise DraftRefused(_("Choose the periods to copy from and the periods to copy to."))
    if len(sources) == 1:
        pairs = [(sources[0], target) for target in targets]
    elif len(sources) == len(targets):
        pairs = list(zip(sources, targets, strict=True))
    else:
        raise DraftRefused(
            _("%(from)d periods cannot be copied to %(to)d: choose one to copy from, or as many on both sides.")
            % {"from": len(sources), "to": len(targets)}
        )
    if any(source.kind != target.kind for source, target in pairs):
        raise DraftRefused(_("A month is copied to a month, a quarter to a quarter: choose periods of the same kind."))
    return pairs


@transaction.atomic
def copy_periods(
    *,
    owners: Sequence[Owner],
    pairs: Sequence[tuple[Period, Period]],
    growth_percent: Decimal,
    by: Member,
    today: datetime.date,
) -> AssignmentDraft:
    """A grid with the lines of these owners' cards for other periods. Targets × (1 + growth), half-up to the KPI's
    decimals; weights and baselines kept; KPIs in their current version, those out of use left out.

    A KPI whose weight or baseline differs between the periods gets a row for each. Raises DraftRefused.
    """
    sources = {source.pk for source, _target in pairs}
    usable = usable_kpis(by, today).values("pk")
    lines = list(_lines_of(owners).filter(scorecard__period__in=sources, kpi__definition__in=usable))
    weights = weights_today(lines)
    goals: dict[int, list[Period]] = {}
    for source, target in pairs:
        goals.setdefault(source.pk, []).append(target)
    rows: dict[tuple, DraftRow] = {}
    for line in lines:
        card, version = line.scorecard, line.kpi.definition.current
        numbers = {WEIGHT: plain(weights[line.pk])}
        if line.baseline is not None:
            numbers[BASELINE] = plain(line.baseline)
        # What was set for the line alone goes with it, while the KPI's direction still takes it.
        own = {"method": line.method, "params": line.params} if version.direction == line.kpi.direction else {}
        key = (card.owner_kind, card.member_id, card.department_id, version.pk, *sorted(numbers.items()), str(own))
        if key not in rows:
            fields = {"owner_kind": card.owner_kind, "member_id": card.member_id, "department_id": card.department_id}
            fields |= own
            rows[key] = DraftRow(position=len(rows), kpi=version, cells=numbers, **fields)
        for target in goals[card.period_id]:
            rows[key].only.append(target.code)
            if line.target is not None:
                rows[key].cells[target.code] = plain(raised(line.target, growth_percent, version.decimals))
    if not rows:
        raise DraftRefused(_("There is nothing to copy: nobody chosen has a KPI in those periods."))
    if len(rows) > MOST_ROWS:
        raise DraftRefused(
            _("That would be %(count)d rows; at most %(most)d fit. Choose fewer people.")
            % {"count": len(rows), "most": MOST_ROWS}
        )
    codes = list(dict.fromkeys(target.code for _source, target in sorted(pairs, key=lambda pair: pair[1].starts_on)))
    draft = AssignmentDraft.objects.create(made_by=by, periods=codes)
    standing = standing_of(list(rows.values()), [target for _source, target in pairs])
    for row in rows.values():
        row.draft = draft
        for code in [code for code in row.only if (row.owner_key, code) in standing.closed]:
            row.cells.pop(code, None)
    DraftRow.objects.bulk_create(rows.values())
    return draft


def _lines_of(owners: Sequence[Owner]) -> QuerySet[ScorecardLine]:
    """Lines of owners' cards, person by person in the order of their cards, the latest period last."""
    members = [owner.pk for owner in owners if isinstance(owner, Member)]
    departments = [owner.pk for owner in owners if isinstance(owner, Department)]
    theirs = Q(scorecard__member__in=members) | Q(scorecard__department__in=departments)
    if any(owner_fields(owner)["member_id"] is None and not isinstance(owner, Department) for owner in owners):
        theirs |= Q(scorecard__member=None, scorecard__department=None)
    return (
        ScorecardLine.objects.filter(theirs)
        .select_related("scorecard", "kpi__definition__current")
        .order_by(
            "scorecard__member__sort_key",
            "scorecard__department__sort_key",
            "scorecard__member_id",
            "position",
            "scorecard__period__starts_on",
            "pk",
        )
    )
