"""Next year's target of a demo company's main KPI, laid over its months like the year before."""

import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from kpiapp.fiscal_years import MONTHS_OF_A_YEAR, add_months, fiscal_year_start
from kpiapp.models import Member, Organization
from kpiapp.splitting import shape_of
from payroll.demo.strategy import Measures
from strategy import plans
from strategy.choices import TargetShape
from strategy.services.plans import PlanDraft, keep_plan
from strategy.target_shapes import quarter_total, split_target

DIGITS = 2


def plan_next_year(
    organization: Organization, spec: dict[str, Any], measures: Measures, today: datetime.date, *, by: Member
) -> None:
    """The KPI named in the company's file grows by so many percent; without figures there is no plan."""
    wanted = spec.get("plan")
    if not wanted:
        return
    version = measures.versions[wanted["kpi"]]
    starts_on = add_months(fiscal_year_start(today, organization.fiscal_year_start_month), MONTHS_OF_A_YEAR)
    year = plans.plan_year(starts_on, today, version.definition)
    if not any(year.last_year()):
        return
    total = _rounded(sum(shape_of(year.last_year())) * (100 + wanted["growth_percent"]) / 100)
    targets = split_target(
        total=total,
        year=year,
        shape=TargetShape.LAST_YEAR,
        aggregation=version.target_aggregation,
        decimals=version.decimals,
        in_round_numbers=True,
    )
    # The board was promised the first quarter.
    draft = PlanDraft(total, targets, TargetShape.LAST_YEAR, quarters={0: quarter_total(targets, 0)})
    keep_plan(definition=version.definition, starts_on=starts_on, draft=draft, by=by)


def _rounded(value: Decimal) -> Decimal:
    """What a director would say: two digits and zeros."""
    step = Decimal(1).scaleb(value.adjusted() - DIGITS + 1)
    return (value / step).quantize(Decimal(1), ROUND_HALF_UP) * step
