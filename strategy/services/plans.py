"""Planning a KPI's target over a fiscal year: every change is a new version, and the year's target holds exactly."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kpiapp.decimals import format_number, plain
from kpiapp.fiscal_years import MONTHS_OF_A_YEAR, months_of_year
from kpiapp.models import Member
from kpiapp.services import audit
from kpiapp.services.refusals import Refused
from kpiapp.splitting import Event, SplitError
from strategy import plans
from strategy.models import KpiDefinition, KpiPlan, KpiPlanMonth
from strategy.target_shapes import Quarters, quarter_total, refuse_broken_year


@dataclass(frozen=True)
class PlanDraft:
    """A plan to be kept: the year's target, the months' in order, which are pinned, how they came about."""

    total: Decimal
    targets: Sequence[Decimal]
    shape: str
    pinned: frozenset[int] = frozenset()
    quarters: Quarters = field(default_factory=dict)
    events: Sequence[Event] = ()

    def says_the_same(self, other: "PlanDraft") -> bool:
        """Whether keeping the one after the other would change nothing."""
        return self._told() == other._told()

    def _told(self) -> tuple:
        return self.total, list(self.targets), self.shape, self.pinned, dict(self.quarters), list(self.events)


class PlanRefused(Refused):
    """The plan cannot be kept; the message says why and what to change."""


def reason_of(error: SplitError) -> str:
    """Why a split cannot be, in the reader's language and number style."""
    language = get_language() or "en"
    return _(error.message) % {name: format_number(number, language) for name, number in error.params.items()}


@transaction.atomic
def keep_plan(
    *,
    definition: KpiDefinition,
    starts_on: datetime.date,
    draft: PlanDraft,
    by: Member | None,
    member: Member | None = None,
) -> KpiPlan:
    """A new version of the plan of a KPI, for everybody or for one person; the same plan again is none.

    Raises PlanRefused unless the months come to the year's target.
    """
    if len(draft.targets) != MONTHS_OF_A_YEAR:
        raise PlanRefused(_("A plan has a target for each of its twelve months."))
    try:
        refuse_broken_year(draft.total, draft.targets, definition.current.target_aggregation, draft.quarters)
    except SplitError as error:
        raise PlanRefused(reason_of(error)) from error
    before = _lock(definition, starts_on, member)
    if before is not None and draft_of(before).says_the_same(draft):
        return before
    plan = KpiPlan.objects.create(
        definition=definition,
        member=member,
        starts_on=starts_on,
        number=_next_number(definition, starts_on, member),
        total=draft.total,
        shape=draft.shape,
        events=[{"month": event.place, "percent": plain(event.percent), "name": event.name} for event in draft.events],
        held_quarters=sorted(draft.quarters),
        created_by=by,
    )
    KpiPlanMonth.objects.bulk_create(
        KpiPlanMonth(plan=plan, starts_on=month, target=target, is_pinned=place in draft.pinned)
        for place, (month, target) in enumerate(zip(months_of_year(starts_on), draft.targets, strict=True))
    )
    audit.record(
        action="kpi.plan",
        target=definition,
        by=by,
        before=_audited(before, member),
        after=_audited(plan, member),
    )
    return plan


@transaction.atomic
def drop_plan(
    *, definition: KpiDefinition, starts_on: datetime.date, by: Member | None, member: Member | None = None
) -> None:
    """Take a plan back: cards that have its targets keep them, new ones get the KPI's own."""
    before = _lock(definition, starts_on, member)
    if before is None:
        return
    KpiPlan.objects.create(
        definition=definition,
        member=member,
        starts_on=starts_on,
        number=before.number + 1,
        shape=before.shape,
        created_by=by,
    )
    audit.record(action="kpi.drop_plan", target=definition, by=by, before=_audited(before, member))


@transaction.atomic
def bring_back(*, plan: KpiPlan, by: Member | None) -> KpiPlan:
    """Make a former version hold again, as a new one. Raises PlanRefused when it no longer fits the KPI."""
    if plan.total is None:
        raise PlanRefused(_("In this version the plan was taken back: there is nothing to bring back."))
    return keep_plan(
        definition=plan.definition, starts_on=plan.starts_on, member=plan.member, by=by, draft=draft_of(plan)
    )


def draft_of(plan: KpiPlan) -> PlanDraft:
    """What was kept, as it would be kept again."""
    months = list(plan.months.all())
    targets = [month.target for month in months]
    return PlanDraft(
        total=plan.total,
        targets=targets,
        shape=plan.shape,
        pinned=frozenset(place for place, month in enumerate(months) if month.is_pinned),
        quarters={place: quarter_total(targets, place) for place in plan.held_quarters},
        events=[Event(one["month"], Decimal(one["percent"]), one["name"]) for one in plan.events],
    )


def reasons_to_keep_the_fiscal_year() -> list[str]:
    """Why the fiscal year cannot start in another month any more: targets are planned by it."""
    if KpiPlan.objects.exists():
        return [_("Targets are planned by the fiscal year: it can no longer start in another month.")]
    return []


def _lock(definition: KpiDefinition, starts_on: datetime.date, member: Member | None) -> KpiPlan | None:
    """The plan that holds, while nobody else plans the same KPI."""
    KpiDefinition.objects.select_for_update().get(pk=definition.pk)
    return plans.plan_of(definition.pk, starts_on, member)


def _next_number(definition: KpiDefinition, starts_on: datetime.date, member: Member | None) -> int:
    known = KpiPlan.objects.filter(definition=definition, starts_on=starts_on, member=member)
    newest = known.order_by("-number").values_list("number", flat=True).first()
    return (newest or 0) + 1


def _audited(plan: KpiPlan | None, member: Member | None) -> dict:
    if plan is None or plan.total is None:
        return {}
    told = {"target": plain(plan.total), "shape": plan.shape, "starts_on": plan.starts_on}
    if member is not None:
        told["person"] = member.name
    return {**told, "months": [plain(month.target) for month in plan.months.all()]}
