"""Plans as rows of a file or of another system give them: read, made whole and compared, the same for both."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _

from kpiapp.choices import RowOutcome
from kpiapp.fiscal_years import MONTHS_OF_A_YEAR
from kpiapp.models import Member, Organization
from kpiapp.permissions import Permission
from kpiapp.queries import visible_members
from kpiapp.splitting import SplitError
from strategy import plans, queries
from strategy.choices import SHAPES_OF, TargetAggregation, TargetShape
from strategy.models import KpiDefinition, KpiPlan
from strategy.services.plans import PlanDraft, PlanRefused, draft_of, keep_plan, reason_of
from strategy.target_shapes import (
    QUARTERS_OF_A_YEAR,
    quarter_total,
    refuse_broken_year,
    split_target,
    usual_shape,
    year_value,
)


@dataclass(frozen=True)
class PlanRow:
    """What a row says: codes, the year in which the fiscal year begins, its target, months by their place in it.

    Months that are left out follow from the year's target, in the shape; a total that is left out follows from them.
    """

    kpi: str
    year: int
    person: str = ""
    total: Decimal | None = None
    shape: str = ""
    months: Mapping[int, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class Planned:
    """A row that holds: whose plan it is, what it was, what it becomes."""

    definition: KpiDefinition
    member: Member | None
    starts_on: datetime.date
    before: KpiPlan | None
    draft: PlanDraft

    @property
    def outcome(self) -> str:
        """Whether there is a plan already, and whether it says the same."""
        if self.before is None:
            return RowOutcome.CREATE
        return RowOutcome.SAME if draft_of(self.before).says_the_same(self.draft) else RowOutcome.UPDATE

    def keep(self, *, by: Member | None) -> KpiPlan:
        """Keep it as a new version."""
        return keep_plan(
            definition=self.definition, starts_on=self.starts_on, draft=self.draft, by=by, member=self.member
        )


class PlanReader:
    """What rows refer to: KPIs and people within a member's reach, the plans there are; a fixed number of queries."""

    def __init__(
        self, rows: Sequence[PlanRow], *, organization: Organization, by: Member | None, on: datetime.date
    ) -> None:
        self.on, self.years = on, plans.plannable_years(on, organization.fiscal_year_start_month)
        definitions, people = KpiDefinition.objects.all(), Member.objects.all()
        if by is not None:
            definitions = queries.plannable_kpis(by, on)
            people = visible_members(by, Permission.KPI_PLAN, on)
        codes = {row.kpi for row in rows}
        known = definitions.filter(code__in=codes, current__isnull=False, is_active=True).select_related("current")
        self.definitions = {definition.code: definition for definition in known}
        people = people.filter(code__in={row.person for row in rows if row.person}, is_active=True)
        self.people = {person.code: person for person in people}
        ids = [definition.pk for definition in self.definitions.values()]
        self.plans = {
            (plan.definition_id, plan.member_id, plan.starts_on): plan for plan in plans.newest_plans(ids, self.years)
        }

    def read(self, row: PlanRow) -> Planned:
        """The row as a plan. Raises PlanRefused with the reason why it cannot hold."""
        definition = self.definitions.get(row.kpi)
        if definition is None:
            raise PlanRefused(_("There is no KPI “%(code)s” that you may plan. Correct the code.") % {"code": row.kpi})
        member = self.people.get(row.person)
        if row.person and member is None:
            raise PlanRefused(_("There is no person “%(code)s” you plan for. Correct the code.") % {"code": row.person})
        starts_on = next((year for year in self.years if year.year == row.year), None)
        if starts_on is None:
            raise PlanRefused(
                _("The year %(year)s cannot be planned: choose %(first)s to %(last)s.")
                % {"year": row.year, "first": self.years[0].year, "last": self.years[-1].year}
            )
        before = self.plans.get((definition.pk, member.pk if member else None, starts_on))
        try:
            draft = self._draft(row, definition, member, starts_on, before)
            refuse_broken_year(draft.total, draft.targets, definition.current.target_aggregation, draft.quarters)
        except SplitError as error:
            raise PlanRefused(reason_of(error)) from error
        return Planned(definition, member, starts_on, before, draft)

    def _draft(
        self,
        row: PlanRow,
        definition: KpiDefinition,
        member: Member | None,
        starts_on: datetime.date,
        before: KpiPlan | None,
    ) -> PlanDraft:
        version = definition.current
        shape = row.shape or usual_shape(version.target_aggregation)
        if shape not in SHAPES_OF[TargetAggregation(version.target_aggregation)]:
            raise PlanRefused(_("This shape does not fit how the KPI's months make its year. Choose another one."))
        if len(row.months) == MONTHS_OF_A_YEAR:
            targets = [row.months[place] for place in range(MONTHS_OF_A_YEAR)]
            total = year_value(targets, version.target_aggregation) if row.total is None else row.total
            return _as_it_was(before, total, targets) or PlanDraft(total, targets, row.shape or TargetShape.OWN)
        if row.total is None:
            raise PlanRefused(_("Give the target of the year, or all twelve months."))
        needs_figures = shape == TargetShape.LAST_YEAR
        targets = split_target(
            total=row.total,
            year=plans.plan_year(starts_on, self.on, definition if needs_figures else None, member),
            shape=shape,
            aggregation=version.target_aggregation,
            decimals=version.decimals,
            baseline=version.baseline,
            pins=row.months,
            in_round_numbers=True,
        )
        return PlanDraft(row.total, targets, shape, frozenset(row.months))


def _as_it_was(before: KpiPlan | None, total: Decimal, targets: Sequence[Decimal]) -> PlanDraft | None:
    """The plan there is when its numbers are the same; what was changed keeps the quarters that still hold."""
    if before is None:
        return None
    kept = draft_of(before)
    if (kept.total, list(kept.targets)) == (total, list(targets)):
        return kept
    held = {
        place: held
        for place, held in kept.quarters.items()
        if place < QUARTERS_OF_A_YEAR and quarter_total(targets, place) == held
    }
    pinned = frozenset(place for place in kept.pinned if kept.targets[place] == targets[place])
    return PlanDraft(total, list(targets), TargetShape.OWN, pinned, held)


def rows_of(kept: Iterable[KpiPlan]) -> Iterable[PlanRow]:
    """Plans as rows (with KPI, person and months)."""
    for plan in kept:
        yield PlanRow(
            kpi=plan.definition.code,
            person=plan.member.code if plan.member else "",
            year=plan.starts_on.year,
            total=plan.total,
            shape=plan.shape,
            months=dict(enumerate(month.target for month in plan.months.all())),
        )
