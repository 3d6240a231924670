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
from kpiapp.models import Organization, Period
from kpiapp.services.periods import add_months, fill_fiscal_year
from kpiapp.tenancy import organization_scope
from payroll.demo import cards, pay, people, strategy

COMPANIES = ("an_phat", "brightwater")
MONTHS_OF_HISTORY = 12


def company_file(name: str) -> dict[str, Any]:
    """The description of a demo company."""
    return yaml.safe_load(Path(__file__).with_name(f"{name}.yaml").read_text(encoding="utf-8"))


@transaction.atomic
def build_company(name: str, *, today: datetime.date) -> list[str]:
    """Create the company with twelve months of history before the month of `today`; returns its logins."""
    spec = company_file(name)
    random = Random(spec["seed"])  # noqa: S311  (a story, not a secret)
    organization = Organization.objects.create(
        name=spec["name"],
        slug=spec["slug"],
        language=spec["language"],
        currency=spec["currency"],
        is_demo=True,
    )
    this_month = today.replace(day=1)
    first_month = add_months(this_month, -MONTHS_OF_HISTORY)
    with organization_scope(organization), override(spec["language"]):
        for year in range(first_month.year, this_month.year + 2):
            fill_fiscal_year(starts_on=datetime.date(year, 1, 1))
        staff = people.hire(spec, organization, first_month, random)
        for start in registry.ORGANIZATION_STARTERS:
            start(organization, staff.top)
        logins = people.give_logins(spec, organization, staff, first_month)
        measures = strategy.define_kpis(spec, staff, random)
        months = list(
            Period.objects.filter(kind=PeriodKind.MONTH, starts_on__range=(first_month, this_month)).order_by(
                "starts_on"
            )
        )
        owners = cards.owners_of(spec, staff, random)
        cards.fill_cards(owners, measures, months, today, random)
        pay.pay_history(spec, staff, months, today, random)
    return [f"{spec['name']} — {line}" for line in logins]
