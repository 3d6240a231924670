"""KPIs of the library become the organization's own, in use at once; what is open about them is noted."""

import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from kpiapp.fiscal_years import add_months, fiscal_year_start
from kpiapp.models import Department, Member
from strategy import catalogue
from strategy.choices import KpiState
from strategy.kpis import origins
from strategy.models import KpiDefinition
from strategy.services.kpi_states import StateRefused, activate_kpi, decides
from strategy.services.kpis import create_kpi
from strategy.services.perspectives import ensure_perspectives
from strategy.visibility import visible_kpis


@transaction.atomic
def copy_from_library(
    *,
    kpi: catalogue.LibraryKpi,
    language: str,
    by: Member,
    on: datetime.date,
    department: Department | None = None,
) -> KpiDefinition:
    """The organization's own copy of a library KPI, with its origin; the one it has already, if it is not retired.

    It is in use at once, "as it is" being the reason where letters are open; another's draft stays one unless `by`
    decides about all KPIs.
    """
    known = visible_kpis(by, on).filter(origin=kpi.code, is_active=True)
    copy = known.order_by("id").first() or _copy(kpi, language, by, on, department)
    if copy.state == KpiState.ACTIVE or not (decides(by) or copy.created_by_id == by.pk):
        return copy
    try:
        return activate_kpi(definition=copy, by=by, on=on, reason=taken_as_it_is())
    except StateRefused:
        return copy


@transaction.atomic
def copy_template(
    *,
    template: catalogue.LibraryTemplate,
    language: str,
    by: Member,
    on: datetime.date,
    department: Department | None = None,
) -> list[KpiDefinition]:
    """Copies of all KPIs of a ready card, in its order; those the organization has already are left as they are."""
    return [
        copy_from_library(kpi=kpi, language=language, by=by, on=on, department=department)
        for kpi, _weight in template.items
    ]


def taken_as_it_is() -> str:
    """The reason for which a KPI of the library is used although letters are open."""
    return _("Taken from the library as it is")


def _copy(
    kpi: catalogue.LibraryKpi, language: str, by: Member, on: datetime.date, department: Department | None
) -> KpiDefinition:
    """A draft with what can be known already: the day by which, and who answers for it in a department."""
    year = fiscal_year_start(on, by.organization.fiscal_year_start_month)
    fields: dict[str, Any] = {
        **kpi.version_fields(language),
        "perspective": ensure_perspectives()[kpi.perspective],
        "due_on": add_months(year, 12) - datetime.timedelta(days=1),
        "owner": by if department is not None else None,
    }
    return create_kpi(
        fields=fields,
        by=by,
        department=department,
        code=kpi.code,
        origin=kpi.code,
        origin_fields=origins.remembered(kpi, language),
        state=KpiState.DRAFT,
    )
