"""The KPIs of an organization: define, revise, retire. A revision is a new version."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from kpiapp import registry
from kpiapp.choices import PeriodKind
from kpiapp.models import Department, Member
from kpiapp.services import audit
from kpiapp.services.refusals import Refused
from strategy import queries
from strategy.choices import (
    GROUP_OF,
    METHODS_OF,
    TARGETS_OF,
    Aggregation,
    Direction,
    Group,
    KpiState,
    MissingPolicy,
    PartAggregation,
    TargetAggregation,
)
from strategy.models import KpiDefinition, KpiVersion
from strategy.services import formulas

# What a version says unless somebody says otherwise. Method and target aggregation follow from other fields.
DEFAULTS: dict[str, Any] = {
    "outcome": "",
    "description": "",
    "why": "",
    "influence": "",
    "source": "",
    "owner": None,
    "reporter": None,
    "approver": None,
    "objective": None,
    "perspective": None,
    "unit": "",
    "decimals": 2,
    "direction": Direction.INCREASE,
    "method": "",
    "params": {},
    "cap": Decimal("1.2"),
    "floor": Decimal(0),
    "min_gate": None,
    "missing_policy": MissingPolicy.EXCLUDE_REWEIGHT,
    "aggregation": Aggregation.SUM,
    "numerator_label": "",
    "numerator_agg": "",
    "denominator_label": "",
    "denominator_agg": "",
    "factor": Decimal(1),
    "formula": "",
    "target_aggregation": "",
    "frequency": PeriodKind.MONTH,
    "indicator": "",
    "effort": "",
    "effect": "",
    "group": Group.B,
    "is_scored": True,
    "baseline": None,
    "target": None,
    "due_on": None,
    "review_every": "",
    "reevaluate_on": None,
}
PARTS = ("numerator", "denominator")
# A completion far beyond this says nothing more, and has no room in its column.
MAX_CAP = Decimal(10)


class KpiRefused(Refused):
    """The KPI cannot be saved so; `problems` lists (field, sentence)."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__(" ".join(sentence for _field, sentence in problems))
        self.problems = problems


@transaction.atomic
def create_kpi(
    *,
    fields: Mapping[str, Any],
    by: Member,
    department: Department | None = None,
    code: str = "",
    origin: str = "",
    origin_fields: Mapping[str, Any] | None = None,
    state: str = KpiState.ACTIVE,
    confidential: bool = False,
) -> KpiDefinition:
    """A KPI and its first version. `fields` are those of KpiVersion; what is missing takes its default.

    Raises KpiRefused.
    """
    complete = complete_fields(fields)
    refuse_problems(complete, given=fields)
    definition = KpiDefinition.objects.create(
        code=_free_code(code),
        origin=origin,
        origin_fields=origin_fields or {},
        department=department,
        name=complete["name"],
        state=state,
        is_confidential=confidential,
        created_by=by,
    )
    _add_version(definition, 1, complete, by)
    after = {**queries.shown_fields(definition.current), "code": definition.code, "origin": origin, "state": state}
    audit.record(action="kpi.create", target=definition, by=by, after=after)
    return definition


@transaction.atomic
def revise_kpi(
    *,
    definition: KpiDefinition,
    fields: Mapping[str, Any],
    by: Member,
    department: Department | None,
    reason: str = "",
    confidential: bool | None = None,
) -> KpiDefinition:
    """A new version for what comes; cards that exist keep the version they were agreed with.

    Without a change there is no new version. `confidential` None leaves that as it is. Raises KpiRefused.
    """
    definition = KpiDefinition.objects.select_for_update().get(pk=definition.pk)
    complete = complete_fields(fields)
    refuse_problems(complete, given=fields, definition=definition)
    before = _told(definition)
    if any(getattr(definition.current, name) != value for name, value in complete.items()):
        _add_version(definition, definition.current.number + 1, complete, by)
    definition.department = department
    if confidential is not None:
        definition.is_confidential = confidential
    definition.save(update_fields=["department", "is_confidential"])
    after = _told(definition)
    audit.record_changes(action="kpi.revise", target=definition, by=by, before=before, after=after, reason=reason)
    return definition


@transaction.atomic
def retire_kpi(*, definition: KpiDefinition, reason: str, by: Member) -> KpiDefinition:
    """Take a KPI out of use: no new card can have it, existing ones keep it."""
    return _set_active(definition, False, "kpi.retire", reason, by)


@transaction.atomic
def restore_kpi(*, definition: KpiDefinition, by: Member) -> KpiDefinition:
    """Take a retired KPI back into use."""
    return _set_active(definition, True, "kpi.restore", "", by)


def fields_of(version: KpiVersion) -> dict[str, Any]:
    """All fields of a version that a new one begins with."""
    return {name: getattr(version, name) for name in DEFAULTS if hasattr(version, name)} | {"name": version.name}


def complete_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a version with defaults for what is missing, and without what does not apply."""
    complete = {**DEFAULTS, **fields}
    complete["name"] = str(complete.get("name") or "").strip()
    complete["method"] = complete["method"] or METHODS_OF[complete["direction"]][0]
    complete["target_aggregation"] = complete["target_aggregation"] or TARGETS_OF.get(
        complete["aggregation"], TargetAggregation.LAST
    )
    if complete["aggregation"] == Aggregation.RATIO:
        for part in PARTS:
            complete[f"{part}_agg"] = complete[f"{part}_agg"] or PartAggregation.SUM
    else:
        complete["factor"] = Decimal(1)
        if complete["aggregation"] != Aggregation.FORMULA:
            complete.update({f"{part}_{what}": "" for part in PARTS for what in ("label", "agg")})
    formulas.complete_formula(complete)
    complete["group"] = GROUP_OF.get((complete["effort"], complete["effect"]), complete["group"])
    if complete["objective"] is not None:
        complete["perspective"] = complete["objective"].perspective
    return complete


def refuse_problems(
    complete: Mapping[str, Any], *, given: Mapping[str, Any], definition: KpiDefinition | None = None
) -> None:
    """Raises KpiRefused with everything that must be mended: our own checks, and those of whoever scores.

    `given` are the fields as they came, `definition` the KPI that is revised.
    """
    problems = [
        *formulas.problems_of_formula(complete, definition),
        *formulas.problems_of_mean(given, definition),
    ]
    if not complete["name"]:
        problems.append(("name", _("Say what is measured.")))
    if complete["aggregation"] == Aggregation.RATIO:
        problems += [
            (f"{part}_label", _("Name what is divided, so that people know what to type."))
            for part in PARTS
            if not complete[f"{part}_label"].strip()
        ]
        if not complete["factor"]:
            problems.append(("factor", _("The factor cannot be zero: everything would be zero.")))
    if complete["cap"] > MAX_CAP:
        problems.append(("cap", _("The cap cannot be above 1,000 percent.")))
    if complete["floor"] < -MAX_CAP:
        problems.append(("floor", _("The floor cannot be below −1,000 percent.")))
    if complete["cap"] <= complete["floor"]:
        problems.append(("cap", _("The cap must be above the floor.")))
    for check in registry.KPI_CHECKS:
        problems += [problem for problem in check(complete) if problem[0] not in dict(problems)]
    if problems:
        raise KpiRefused(problems)


def _add_version(definition: KpiDefinition, number: int, fields: Mapping[str, Any], by: Member) -> None:
    version = KpiVersion.objects.create(definition=definition, number=number, created_by=by, **fields)
    formulas.add_operands(version)
    definition.current, definition.name = version, version.name
    definition.save(update_fields=["current", "name", "search_key", "sort_key"])


def _told(definition: KpiDefinition) -> dict[str, Any]:
    """What the audit trail keeps of a KPI besides its versions, and of the current one."""
    shown = queries.shown_fields(definition.current)
    about = {"department": str(definition.department or ""), "is_confidential": definition.is_confidential}
    return {**shown, **about}


def _set_active(definition: KpiDefinition, active: bool, action: str, reason: str, by: Member) -> KpiDefinition:
    before = {"is_active": definition.is_active}
    definition.is_active = active
    definition.save(update_fields=["is_active"])
    audit.record(action=action, target=definition, by=by, before=before, after={"is_active": active}, reason=reason)
    return definition


def _free_code(wanted: str) -> str:
    """The wanted code, numbered when it is taken; else the next KPI-001. Two at once wait for the newest row."""
    KpiDefinition.objects.select_for_update().order_by("-id").first()
    wanted = wanted.strip()
    taken = set(KpiDefinition.objects.filter(code__startswith=wanted or "KPI-").values_list("code", flat=True))
    if wanted and wanted not in taken:
        return wanted
    if wanted:
        return next(code for code in (f"{wanted}-{n}" for n in range(2, len(taken) + 3)) if code not in taken)
    numbers = [int(match[1]) for match in (re.fullmatch(r"KPI-(\d+)", code) for code in taken) if match]
    return f"KPI-{max(numbers, default=0) + 1:03}"
