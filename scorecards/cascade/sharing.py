"""Sharing a target out among those below: who they are, by what measure, and numbers that add up to it exactly."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kpiapp.choices import PeriodKind
from kpiapp.decimals import ONE, ZERO, AllocationError, allocate, format_number
from kpiapp.fiscal_years import MONTHS_OF_A_YEAR, add_months, fiscal_year_start, place_in_year
from kpiapp.models import Department, Employment, Member, Period
from kpiapp.services.refusals import Refused
from scorecards.cascade import negotiation
from scorecards.cascade.tree import TARGETS_ADD_UP
from scorecards.choices import OwnerKind, ShareBy, ShareReach
from scorecards.line_rules import actual_of
from scorecards.models import Scorecard, ScorecardLine
from strategy import plans

MOST_RECEIVERS = 300
NAMED = 3
MONTHS_OF_A_QUARTER = 3
FINEST = Decimal("0.000001")


class ShareRefused(Refused):
    """A way to share that has no answer; the message says why and what to do."""


@dataclass(frozen=True)
class Receiver:
    """Somebody to whom a share may be offered; `accepts` is who answers for them."""

    owner: Member | Department
    headcount: int
    last_year: Decimal | None
    accepts: Member | None

    @property
    def key(self) -> str:
        """How a form names them."""
        return f"{'m' if isinstance(self.owner, Member) else 'd'}{self.owner.pk}"


def receivers_of(line: ScorecardLine, member: Member, on: datetime.date) -> list[Receiver]:
    """The departments and people directly below a line's owner to whom a member may offer a share."""
    card = line.scorecard
    places = Employment.objects.on(on).filter(member__is_active=True)
    departments, people = _below(line, places)
    departments = departments.filter(negotiation.may_offer_departments(member, on)).select_related("head")
    people = people.filter(negotiation.may_offer_people(member, on))
    units = list(departments.order_by("sort_key")[:MOST_RECEIVERS])
    persons = list(people.order_by("sort_key")[:MOST_RECEIVERS])
    counts = _headcounts(places, units)
    before = _last_year(line, units, persons) if units or persons else {}
    return [
        *(Receiver(unit, counts[unit.pk], before.get(("d", unit.pk)), unit.head) for unit in units),
        *(
            Receiver(person, 1, before.get(("m", person.pk)), person)
            for person in persons
            if person.pk not in (card.member_id, card.department and card.department.head_id)
        ),
    ]


def _below(line: ScorecardLine, places):
    card, none = line.scorecard, Department.objects.none()
    active = Department.objects.filter(is_active=True)
    if card.owner_kind == OwnerKind.ORGANIZATION:
        roots = list(active.filter(parent=None).values_list("pk", flat=True))
        # One root stands for the company itself: its departments are those below it.
        below = active.filter(parent=roots[0]) if len(roots) == 1 else active.filter(pk__in=roots)
        return below, Member.objects.none()
    if card.owner_kind == OwnerKind.DEPARTMENT:
        here = places.filter(department=card.department_id).values("member")
        return active.filter(parent=card.department_id), Member.objects.filter(pk__in=here)
    return none, Member.objects.filter(pk__in=places.filter(manager=card.member_id).values("member"))


def _headcounts(places, units: Sequence[Department]) -> dict[int, int]:
    """People of each department with all below it; two queries."""
    own = dict(places.order_by().values_list("department").annotate(Count("pk")))
    parents = dict(Department.objects.values_list("pk", "parent_id"))
    totals = dict.fromkeys(parents, 0)
    for department, count in own.items():
        above, seen = department, set()
        while above is not None and above not in seen:
            seen.add(above)
            totals[above] += count
            above = parents[above]
    return {unit.pk: totals[unit.pk] for unit in units}


def _last_year(line: ScorecardLine, units, persons) -> dict[tuple[str, int], Decimal]:
    """What each reached with the same KPI in the same period a year before."""
    period = line.scorecard.period
    start = period.starts_on.replace(year=period.starts_on.year - 1)
    then = Period.objects.filter(kind=period.kind, starts_on=start)
    lines = ScorecardLine.objects.filter(
        scorecard__period__in=then, kpi__definition=line.kpi.definition_id, kpi__unit=line.kpi.unit
    ).select_related("scorecard", "score", "kpi")
    found = {}
    for one in lines.filter(scorecard__department__in=units) | lines.filter(scorecard__member__in=persons):
        actual = actual_of(one)
        if actual is not None and actual >= ZERO:
            card = one.scorecard
            found["d" if card.department_id else "m", card.department_id or card.member_id] = actual
    return found


def shares_of(
    total: Decimal, receivers: Sequence[Receiver], how: str, line: ScorecardLine, typed: Mapping[str, Decimal | None]
) -> dict[str, Decimal]:
    """A target for each receiver (by key). Shares add up to the total exactly; of a rate everybody gets the whole.

    By hand, what is typed stands and the rest is shared equally. Raises ShareRefused.
    """
    if line.kpi.aggregation not in TARGETS_ADD_UP:
        given = typed if how == ShareBy.HAND else {}
        return {one.key: total if given.get(one.key) is None else given[one.key] for one in receivers}  # type: ignore[misc]
    unit = ONE.scaleb(-line.kpi.decimals)
    if total % unit:
        unit = FINEST
    fixed = {key: number for key, number in typed.items() if number is not None} if how == ShareBy.HAND else {}
    free = [one for one in receivers if one.key not in fixed]
    rest = total - sum((fixed.get(one.key, ZERO) for one in receivers), ZERO)
    if not free:
        if rest:
            raise ShareRefused(_gap(rest))
        return {one.key: fixed[one.key] for one in receivers}
    if rest < ZERO and total >= ZERO:
        raise ShareRefused(_gap(rest))
    try:
        parts = allocate(rest, _weights(free, how), unit=unit if not rest % unit else FINEST)
    except AllocationError as error:
        raise ShareRefused(_("Nothing to share by: choose another way, or type the targets.")) from error
    return fixed | {one.key: part for one, part in zip(free, parts, strict=True)}


def reaches_of(line: ScorecardLine) -> dict[str, list[Period]]:
    """How far a target may be shared out at once: open periods like a line's, from its own on, by how far (ShareReach).

    A way that comes to no more periods than the one before it is left out.
    """
    first = line.scorecard.period
    like = Period.objects.filter(kind=first.kind, locked_at=None, starts_on__gte=first.starts_on).order_by("starts_on")
    year = fiscal_year_start(first.starts_on, first.fiscal_start_month)
    ahead = list(like.filter(starts_on__lt=add_months(year, MONTHS_OF_A_YEAR)))
    found = {str(ShareReach.PERIOD): [first]}
    if first.kind == PeriodKind.MONTH:
        quarter = place_in_year(first.starts_on, first.fiscal_start_month, MONTHS_OF_A_QUARTER)
        end = add_months(year, quarter * MONTHS_OF_A_QUARTER)
        found[str(ShareReach.QUARTER)] = [period for period in ahead if period.starts_on < end]
    found[str(ShareReach.YEAR)] = ahead
    counts = [len(periods) for periods in found.values()]
    return {
        how: periods
        for (how, periods), shorter in zip(found.items(), [0, *counts], strict=False)
        if len(periods) > shorter
    }


def totals_of(line: ScorecardLine, periods: Sequence[Period], total: Decimal) -> dict[int, Decimal]:
    """What is shared out in each period: as its own card says, else as the plan does, else the same again.

    In the line's own period it is what was typed. Three queries however many periods.
    """
    card = line.scorecard
    same = {"owner_kind": card.owner_kind, "department": card.department_id, "member": card.member_id}
    lines = ScorecardLine.objects.filter(
        kpi__definition=line.kpi.definition_id,
        target__isnull=False,
        scorecard__in=Scorecard.objects.filter(**same, period__in=periods).values("pk"),
    )
    own = dict(lines.values_list("scorecard__period", "target"))
    planned = plans.planned_targets([line.kpi], periods)
    found = {}
    for period in periods:
        target = own.get(period.pk)
        if target is None:
            target = plans.target_for(planned, line.kpi.definition_id, card.member_id, period.pk)
        found[period.pk] = total if target is None or period.pk == card.period_id else target
    return found


def shares_again(
    totals: Mapping[int, Decimal], shares: Mapping[str, Decimal], line: ScorecardLine
) -> dict[int, dict[str, Decimal]]:
    """The shares of the first period carried over to others: of each total everybody gets the same part of it.

    They add up to every total exactly; of a rate everybody gets the whole, or what was typed for them alone.
    """
    first = totals[line.scorecard.period_id]
    found = {}
    for period, total in totals.items():
        if period == line.scorecard.period_id:
            found[period] = dict(shares)
        elif line.kpi.aggregation not in TARGETS_ADD_UP:
            found[period] = {key: total if share == first else share for key, share in shares.items()}
        else:
            unit = ONE.scaleb(-line.kpi.decimals)
            try:
                parts = allocate(total, list(shares.values()), unit=FINEST if total % unit else unit)
            except AllocationError as error:
                raise ShareRefused(_("Nothing to share by: choose another way, or type the targets.")) from error
            found[period] = dict(zip(shares, parts, strict=True))
    return found


def _gap(rest: Decimal) -> str:
    gap = {"gap": format_number(abs(rest), get_language() or "en")}
    if rest > ZERO:
        return _("%(gap)s of the total is not shared out. Raise a target, or lower the total.") % gap
    return _("The targets are %(gap)s more than the total. Lower one, or raise the total.") % gap


def _weights(receivers: Sequence[Receiver], how: str) -> list[Decimal]:
    if how == ShareBy.HEADCOUNT:
        return [Decimal(one.headcount) for one in receivers]
    if how == ShareBy.LAST_YEAR:
        missing = [one.owner.name for one in receivers if one.last_year is None]
        if missing:
            raise ShareRefused(
                _("There is no figure of last year for %(names)s. Share in another way, or leave them out.")
                % {"names": ", ".join(missing[:NAMED])}
            )
        return [one.last_year or ZERO for one in receivers]
    return [ONE] * len(receivers)
