"""Builds a demo company from its file: everything in one transaction, the same for the same seed and day."""

import datetime
from pathlib import Path
from random import Random
from typing import Any

import yaml
from django.db import transaction
from django.utils.translation import override

from kpiapp import registry
from kpiapp.choices import PeriodKind
from kpiapp.fiscal_years import add_months
from kpiapp.models import Employment, Member, Organization, Period
from kpiapp.services.periods import fill_fiscal_year
from kpiapp.tenancy import organization_scope
from payroll.demo import cards, cascade, formulas, grids, kpi_cards, night, pay, people, plans, strategy
from scorecards.recompute import apply_links
from scorecards.services import quality, rollups, warnings

COMPANIES = ("an_phat", "brightwater")
MONTHS_OF_HISTORY = 12


def company_file(name: str) -> dict[str, Any]:
    """The description of a demo company."""
    return yaml.safe_load(Path(__file__).with_name(f"{name}.yaml").read_text(encoding="utf-8"))


@transaction.atomic
def build_company(name: str, *, today: datetime.date) -> None:
    """Create a demo company, with a login for every role."""
    spec = company_file(name)
    organization = Organization.objects.create(
        name=spec["name"],
        slug=spec["slug"],
        language=spec["language"],
        currency=spec["currency"],
        is_demo=True,
    )
    with organization_scope(organization), override(spec["language"]):
        for start in registry.ORGANIZATION_STARTERS:
            start(organization, None)
        staff = _fill(organization, spec, today)
        people.give_logins(spec, organization, staff, _first_month(today), today)
        grids.begin_a_grid(organization.slug, today)
        month = Period.objects.get(kind=PeriodKind.MONTH, starts_on=today.replace(day=1))
        night.last_night(organization, month, today)
        cards.ask_about_a_number(organization.slug, month, today)


@transaction.atomic
def fill_with_sample(organization: Organization, *, owner: Member, today: datetime.date) -> None:
    """Put the people and the history of a demo company into a new organization, below its owner."""
    name = {"vi": "an_phat"}.get(organization.language, "brightwater")
    spec = {**company_file(name), "currency": organization.currency}
    staff = _fill(organization, spec, today)
    Employment.objects.filter(member=staff.top).update(manager=owner)


def _fill(organization: Organization, spec: dict[str, Any], today: datetime.date) -> people.Staff:
    random = Random(spec["seed"])  # noqa: S311  (a story, not a secret)
    first_month, this_month = _first_month(today), today.replace(day=1)
    for year in range(first_month.year, this_month.year + 2):
        fill_fiscal_year(starts_on=datetime.date(year, 1, 1))
    staff = people.hire(spec, organization, first_month, random)
    measures = strategy.define_kpis(spec, staff, today, random)
    kpi_cards.talk_about_kpis(spec, staff, measures)
    strategy.write_foundations(spec, measures.objectives, staff, today)
    history = Period.objects.filter(kind=PeriodKind.MONTH, starts_on__range=(first_month, this_month))
    months = list(history.order_by("starts_on"))
    carried = cascade.carried_in(spec, staff)
    made = cards.fill_cards(cards.owners_of(spec, staff, random), measures, months, today, random, carried)
    cascade.link_carriers(carried, staff, measures, first_month)
    apply_links(on=today)
    formulas.add_formulas(made, sales=spec.get("cascade", {}).get("kpi", "STL-01"), by=staff.top, today=today)
    pay.pay_history(spec, staff, months, random)
    following = Period.objects.filter(kind=PeriodKind.MONTH, starts_on__gt=this_month).order_by("starts_on").first()
    if following:
        cascade.offer_targets(carried, spec, staff, measures, following)
    cards.ask_for_a_change(months[-1], today)
    cards.raise_a_target(months[-1], today, by=staff.top)
    for month in months:
        rollups.refresh_rollups(period=month, on=min(month.last_day, today))
    for month in months[-pay.LOCKED_BUT :]:
        quality.refresh_findings(period=month, on=today)
        warnings.refresh_warnings(period=month, on=today)
    warnings.refresh_strategy_warnings(on=today)
    plans.plan_next_year(organization, spec, measures, today, by=staff.top)
    return staff


def _first_month(today: datetime.date) -> datetime.date:
    return add_months(today.replace(day=1), -MONTHS_OF_HISTORY)
