"""Initiatives: plan, change, report progress, book what they cost, tick milestones off."""

import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from kpiapp.decimals import plain
from kpiapp.models import Member
from kpiapp.services import audit
from kpiapp.services.refusals import Refused
from strategy.choices import INITIATIVE_TRANSITIONS, InitiativeState
from strategy.models import (
    Initiative,
    InitiativeBooking,
    InitiativeKpi,
    InitiativeObjective,
    InitiativeWait,
    KpiDefinition,
    Milestone,
    Objective,
)
from strategy.paths import find_path

FIELDS = ("name", "description", "owner", "starts_on", "due_on", "budget_amount")


class InitiativeRefused(Refused):
    """The initiative cannot be changed so; the message says why, and what to do."""


@transaction.atomic
def plan_initiative(
    *,
    objectives: Sequence[Objective],
    kpis: Sequence[KpiDefinition],
    by: Member,
    waits_for: Sequence[Initiative] = (),
    **fields: Any,
) -> Initiative:
    """A new initiative that serves objectives and KPIs; `fields` are FIELDS. Raises InitiativeRefused."""
    _check(fields)
    initiative = Initiative.objects.create(created_by=by, **fields)
    _link(initiative, objectives, kpis)
    _wait(initiative, waits_for)
    audit.record(action="initiative.plan", target=initiative, by=by, after=_shown(initiative))
    return initiative


@transaction.atomic
def change_initiative(
    *,
    initiative: Initiative,
    objectives: Sequence[Objective],
    kpis: Sequence[KpiDefinition],
    by: Member,
    waits_for: Sequence[Initiative] = (),
    **fields: Any,
) -> Initiative:
    """Change what an initiative is, what it serves and what it waits for.

    Raises InitiativeRefused, with the way round, when initiatives would wait for each other in a circle.
    """
    _check(fields)
    initiative = _lock(initiative)
    before = _shown(initiative)
    for name, value in fields.items():
        setattr(initiative, name, value)
    initiative.save()
    _link(initiative, objectives, kpis)
    _wait(initiative, waits_for)
    _record_changes("initiative.change", initiative, before, by)
    return initiative


@transaction.atomic
def report_progress(
    *, initiative: Initiative, state: str, progress_percent: int | None, on: datetime.date, by: Member
) -> Initiative:
    """Say how far it has come; done means 100 %. Raises InitiativeRefused for a wrong step."""
    initiative = _lock(initiative)
    before = _shown(initiative)
    if state != initiative.state:
        if InitiativeState(state) not in INITIATIVE_TRANSITIONS[InitiativeState(initiative.state)]:
            raise InitiativeRefused(_("An initiative that is under way or over cannot become planned."), field="state")
        initiative.state = state
        initiative.done_on = on if state == InitiativeState.DONE else None
    if progress_percent is not None:
        initiative.progress_percent = progress_percent
    if state == InitiativeState.DONE:
        initiative.progress_percent = 100
    initiative.save()
    _record_changes("initiative.report", initiative, before, by)
    return initiative


@transaction.atomic
def book_spending(
    *, initiative: Initiative, booked_on: datetime.date, amount: Decimal, note: str, on: datetime.date, by: Member
) -> InitiativeBooking:
    """Money it cost on a day; a negative amount takes some back. Bookings stay: a wrong one is booked back.

    Raises InitiativeRefused for nothing, for a day to come, or when less than nothing would be spent.
    """
    initiative = _lock(initiative)
    if not amount:
        raise InitiativeRefused(_("Enter the amount; a negative one takes money back."), field="amount")
    if booked_on > on:
        raise InitiativeRefused(_("That day is still to come. Book what has been spent."), field="booked_on")
    if not note.strip():
        raise InitiativeRefused(_("Say what the money was for."), field="note")
    if initiative.spent_amount + amount < 0:
        raise InitiativeRefused(_("More would be taken back than was spent."), field="amount")
    booking = InitiativeBooking.objects.create(
        initiative=initiative, booked_on=booked_on, amount=amount, note=note.strip(), booked_by=by
    )
    before = plain(initiative.spent_amount)
    initiative.spent_amount += amount
    initiative.save(update_fields=["spent_amount"])
    after = {"spent_amount": plain(initiative.spent_amount), "amount": plain(amount), "date": booked_on.isoformat()}
    audit.record(
        action="initiative.book",
        target=initiative,
        by=by,
        before={"spent_amount": before},
        after=after,
        reason=booking.note,
    )
    return booking


@transaction.atomic
def add_milestone(*, initiative: Initiative, name: str, due_on: datetime.date, by: Member) -> Milestone:
    """A step on the way. Raises InitiativeRefused for an empty name."""
    if not name.strip():
        raise InitiativeRefused(_("Say what will be there on that day."), field="name")
    milestone = Milestone.objects.create(initiative=_lock(initiative), name=name.strip(), due_on=due_on)
    after = {"milestone": milestone.name, "due_on": due_on.isoformat()}
    audit.record(action="initiative.add_milestone", target=initiative, by=by, after=after)
    return milestone


@transaction.atomic
def tick_milestone(*, milestone: Milestone, on: datetime.date | None, by: Member) -> Milestone:
    """Reached on a day, or (None) not reached after all."""
    _lock(milestone.initiative)
    before = milestone.done_on
    milestone.done_on = on
    milestone.save(update_fields=["done_on"])
    audit.record(
        action="initiative.tick_milestone",
        target=milestone.initiative,
        by=by,
        before={"milestone": milestone.name, "done_on": _day(before)},
        after={"milestone": milestone.name, "done_on": _day(on)},
    )
    return milestone


@transaction.atomic
def remove_milestone(*, milestone: Milestone, by: Member) -> None:
    """Take a step off that nobody will go any more."""
    initiative = _lock(milestone.initiative)
    before = {"milestone": milestone.name, "due_on": milestone.due_on.isoformat(), "done_on": _day(milestone.done_on)}
    milestone.delete()
    audit.record(action="initiative.remove_milestone", target=initiative, by=by, before=before)


def _check(fields: Mapping[str, Any]) -> None:
    if not fields["name"].strip():
        raise InitiativeRefused(_("Say in a few words what is done."), field="name")
    if fields["due_on"] < fields["starts_on"]:
        raise InitiativeRefused(_("The end cannot lie before the start."), field="due_on")


def _lock(initiative: Initiative) -> Initiative:
    return Initiative.objects.select_for_update(of=("self",)).select_related("owner").get(pk=initiative.pk)


def _link(initiative: Initiative, objectives: Sequence[Objective], kpis: Sequence[KpiDefinition]) -> None:
    """Serve exactly these objectives and KPIs from now on."""
    initiative.objective_links.exclude(objective__in=objectives).delete()
    initiative.kpi_links.exclude(kpi__in=kpis).delete()
    InitiativeObjective.objects.bulk_create(
        [InitiativeObjective(initiative=initiative, objective=objective) for objective in objectives],
        ignore_conflicts=True,
    )
    InitiativeKpi.objects.bulk_create(
        [InitiativeKpi(initiative=initiative, kpi=kpi) for kpi in kpis], ignore_conflicts=True
    )


def _wait(initiative: Initiative, waits_for: Sequence[Initiative]) -> None:
    """Wait for exactly these from now on. One change of who waits for whom at a time."""
    names = dict(Initiative.objects.select_for_update().order_by("pk").values_list("pk", "name"))
    initiative.waits.exclude(waits_for__in=waits_for).delete()
    then = defaultdict(list)
    for one, earlier in InitiativeWait.objects.order_by("pk").values_list("initiative", "waits_for"):
        then[earlier].append(one)
    for earlier in waits_for:
        circle = find_path(then, initiative.pk, earlier.pk)
        if circle:
            path = " → ".join(names[pk] for pk in [*circle, initiative.pk])
            raise InitiativeRefused(_("They would wait for each other: %(path)s.") % {"path": path}, field="waits_for")
    InitiativeWait.objects.bulk_create(
        [InitiativeWait(initiative=initiative, waits_for=earlier) for earlier in waits_for], ignore_conflicts=True
    )


def _record_changes(action: str, initiative: Initiative, before: dict, by: Member) -> None:
    audit.record_changes(action=action, target=initiative, by=by, before=before, after=_shown(initiative))


def _day(day: datetime.date | None) -> str:
    return day.isoformat() if day else ""


def _shown(initiative: Initiative) -> dict[str, Any]:
    """What the audit trail tells about an initiative."""
    budget = initiative.budget_amount
    return {
        "name": initiative.name,
        "description": initiative.description,
        "owner": initiative.owner.name if initiative.owner else "",
        "starts_on": _day(initiative.starts_on),
        "due_on": _day(initiative.due_on),
        "budget_amount": "" if budget is None else plain(budget),
        "spent_amount": plain(initiative.spent_amount),
        "state": initiative.state,
        "progress_percent": initiative.progress_percent,
        "waits_for": sorted(initiative.waits.values_list("waits_for__name", flat=True)),
        "objectives": sorted(initiative.objective_links.values_list("objective__name", flat=True)),
        "kpis": sorted(link.kpi.told_name for link in initiative.kpi_links.select_related("kpi")),
    }
