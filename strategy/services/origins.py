"""What to do when the library's definition of a copied KPI has changed: take it over, or keep one's own."""

from django.db import transaction
from django.utils.translation import gettext as _

from kpiapp.models import Member
from kpiapp.services import audit
from kpiapp.services.refusals import Refused
from strategy import catalogue
from strategy.kpis import origins
from strategy.models import KpiDefinition
from strategy.services.kpis import DEFAULTS, revise_kpi


class OriginRefused(Refused):
    """There is nothing to take over or to keep."""


@transaction.atomic
def take_over(*, definition: KpiDefinition, by: Member) -> KpiDefinition:
    """A new version with what the library says otherwise now; everything one's own stays. Raises Refused."""
    changed = _changed(definition)
    version = definition.current
    fields = {**{name: getattr(version, name) for name in DEFAULTS}, "name": version.name, **changed}
    if {"effort", "effect", "group"} & set(changed):
        fields |= {"effort": "", "effect": ""}
    definition = revise_kpi(
        definition=definition,
        fields=fields,
        department=definition.department,
        reason=_("Taken over from the library"),
        by=by,
    )
    _remember(definition)
    return definition


@transaction.atomic
def keep_own(*, definition: KpiDefinition, by: Member) -> KpiDefinition:
    """Leave the KPI as it is; the library is compared with what it says today from now on. Raises Refused."""
    changed = _changed(definition)
    _remember(definition)
    audit.record(
        action="kpi.keep", target=definition, by=by, after={"origin": definition.origin, "open": sorted(changed)}
    )
    return definition


def _changed(definition: KpiDefinition) -> dict:
    changed = origins.drifted_fields(definition)
    if not changed:
        raise OriginRefused(_("The library says what it said when it was copied."))
    return changed


def _remember(definition: KpiDefinition) -> None:
    kpi = catalogue.library_kpis()[definition.origin]
    definition.origin_fields = origins.remembered(kpi, definition.origin_fields[origins.LANGUAGE])
    definition.save(update_fields=["origin_fields"])
