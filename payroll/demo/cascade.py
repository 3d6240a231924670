"""The cascade of a demo company: revenue adds up from sales people to the department and the company."""

import datetime
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from kpiapp.decimals import ZERO, allocate
from kpiapp.models import Period
from payroll.demo.people import Staff
from payroll.demo.strategy import Measures
from scorecards.choices import LinkKind, OwnerKind, ProposalState, StepKind
from scorecards.models import KpiLink, OwnedKpi, Proposal, ProposalStep, ScorecardLine

COMPANY = "company"


@dataclass(frozen=True)
class Carried:
    """Which KPI adds up, in place of which others, and who is below whom.

    Owners are the company, codes of departments, and codes of people.
    """

    kpi: str = ""
    in_place_of: tuple[str, ...] = ()
    below: dict[str, list[str]] = field(default_factory=dict)

    @property
    def owners(self) -> set[str]:
        """Everyone who carries it."""
        return {*self.below, *(child for children in self.below.values() for child in children)}

    def code_for(self, owner: str, code: str) -> str:
        """The KPI that stands on an owner's card in the place of another."""
        return self.kpi if code in self.in_place_of and owner in self.owners else code


def carried_in(spec: dict[str, Any], staff: Staff) -> Carried:
    """What cascades in the company of a file; nothing where it says nothing."""
    if "cascade" not in spec:
        return Carried()
    unit = next(unit for unit in spec["departments"] if unit["code"] == spec["cascade"]["department"])
    people = [member for job in unit["positions"] for member in staff.holders[job["code"]]]
    inside = {member.pk for member in people}
    below: dict[str, list[str]] = {COMPANY: [unit["code"]], unit["code"]: [people[0].code]}
    for member in people[1:]:
        manager = staff.managers[member.pk]
        if manager.pk in inside:
            below.setdefault(manager.code, []).append(member.code)
    return Carried(spec["cascade"]["kpi"], tuple(spec["cascade"]["in_place_of"]), below)


def set_targets(lines: list[tuple[str, int, ScorecardLine]], below: dict[str, list[str]]) -> None:
    """Let every carrier's target be what those below it carry; lines are (owner, month, line), nothing is saved."""
    by_owner = {(owner, month): line for owner, month, line in lines}

    def carried(owner: str, month: int):
        children = [carried(child, month) for child in below.get(owner, [])]
        line = by_owner.get((owner, month))
        if line is not None and any(children):
            line.target = sum(children, ZERO)
        return line.target if line else sum(children, ZERO)

    for month in sorted({month for _owner, month, _line in lines}):
        carried(COMPANY, month)


def link_carriers(carried: Carried, staff: Staff, measures: Measures, since: datetime.date) -> None:
    """The links, from the first month of the history on."""
    if not carried.below:
        return
    below, definition = carried.below, measures.versions[carried.kpi].definition
    members = {member.code: member for member in staff.everyone}

    def owner_fields(key: str) -> dict[str, Any]:
        if key == COMPANY:
            return {"owner_kind": OwnerKind.ORGANIZATION}
        if key in staff.departments:
            return {"owner_kind": OwnerKind.DEPARTMENT, "department": staff.departments[key]}
        return {"owner_kind": OwnerKind.MEMBER, "member": members[key]}

    keys = sorted(carried.owners)
    rows = OwnedKpi.objects.bulk_create(OwnedKpi(definition=definition, **owner_fields(key)) for key in keys)
    ends = dict(zip(keys, rows, strict=True))
    KpiLink.objects.bulk_create(
        KpiLink(
            parent=ends[parent],
            child=ends[child],
            kind=LinkKind.CONTRIBUTION,
            rolls_up=True,
            valid_from=since,
            created_by=staff.top,
        )
        for parent, children in below.items()
        for child in children
    )


def offer_targets(carried: Carried, spec: dict[str, Any], staff: Staff, measures: Measures, month: Period) -> None:
    """Next month's targets as they are being agreed: one offered, one answered with another number, one proposed."""
    if not carried.below:
        return
    version = measures.versions[carried.kpi]
    lead, seller = staff.holders[spec["manager"]][0], staff.holders[spec["employee"]][0]
    sellers = [member for member in staff.everyone if staff.managers.get(member.pk) == lead]
    ends = {
        one.member_id: one for one in OwnedKpi.objects.filter(definition=version.definition_id, member__isnull=False)
    }
    target = version.target or ZERO
    given = {"period": month, "kpi": version, "weight": Decimal(25), "parent": ends[lead.pk], "made_by": lead}
    for member in sellers[:3]:
        answered = member != seller and member == sellers[1]
        asked = allocate(target, [Decimal(9), Decimal(1)], unit=Decimal(1_000_000))[0] if answered else target
        offer = Proposal.objects.create(
            owned=ends[member.pk],
            target=asked,
            state=ProposalState.FOR_GIVER if answered else ProposalState.FOR_OWNER,
            offered_by=member if answered else lead,
            **given,
        )
        steps = [ProposalStep(proposal=offer, kind=StepKind.OFFER, target=target, weight=offer.weight, by=lead)]
        if answered:
            reason = _("A large customer moved its order to next quarter.")
            step = {"kind": StepKind.COUNTER, "target": asked, "weight": offer.weight, "reason": reason}
            steps.append(ProposalStep(proposal=offer, by=member, **step))
        ProposalStep.objects.bulk_create(steps)
