"""Reads of pay: the rules in force on a day, and the lines a person may see. Reporting lines never open pay."""

import datetime
from collections.abc import Iterable
from decimal import Decimal

from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, JSONObject

from kpiapp.choices import Scope
from kpiapp.models import Employment, Member, Position
from kpiapp.permissions import Permission, can, scope_of
from kpiapp.queries import count_of
from kpiapp.text import search_key
from payroll.choices import RunState
from payroll.models import MemberPay, PayLine, PayRun, PositionPay, TierTable
from payroll.models import Tier as TierRow
from scorecards.scoring import Tier

# Sums and means of fewer people than this are for those alone who may read what each of them is paid.
SMALLEST_GROUP = 5


def tier_tables() -> QuerySet[TierTable]:
    """Tier tables with their steps, the newest first; `version` counts them in the order of approval (0: not yet)."""
    steps = Prefetch("tiers", queryset=TierRow.objects.order_by("-at_least"))
    up_to_it = TierTable.objects.filter(approved_at__lte=OuterRef("approved_at"))
    tables = TierTable.objects.annotate(version=count_of(up_to_it))
    return tables.prefetch_related(steps).select_related("made_by", "approved_by")


def tier_table_on(day: datetime.date) -> TierTable | None:
    """The approved tier table in force on a day, with its steps."""
    return tier_tables().on(day).exclude(approved_at=None).first()


def scoring_tiers(table: TierTable) -> list[Tier]:
    """A stored table as the kernel reads it."""
    return as_tiers((row.at_least, row.coefficient, row.code) for row in table.tiers.all())


def scoring_tiers_on(day: datetime.date) -> list[Tier]:
    """The approved table in force on a day as the kernel reads it, in one query; empty when there is none."""
    table = TierTable.objects.on(day).exclude(approved_at=None)
    steps = TierRow.objects.filter(table__in=table).order_by("-at_least")
    return as_tiers(steps.values_list("at_least", "coefficient", "code"))


def as_tiers(steps: Iterable[tuple[Decimal, Decimal, str]]) -> list[Tier]:
    """Stored steps (from, coefficient, code), the highest first, for the kernel; the last, at 0, is open downwards."""
    rows = list(steps)
    return [
        Tier(None if number == len(rows) else at_least.normalize(), coefficient.normalize(), code)
        for number, (at_least, coefficient, code) in enumerate(rows, 1)
    ]


def sees_all_pay(member: Member) -> bool:
    """Whether an acting member may read everybody's pay: payroll roles and readers of pay, never a reporting line."""
    return scope_of(member, Permission.PAY_READ) == Scope.ALL


def sees_totals(member: Member, run: PayRun) -> bool:
    """Whether they may read the sums of a run: of a few people they would tell what each is paid."""
    return sees_all_pay(member) or run.people_count >= SMALLEST_GROUP


def visible_runs(member: Member) -> QuerySet[PayRun]:
    """Pay runs an acting member may open."""
    runs = PayRun.objects.select_related(
        "period", "made_by", "calculated_by", "submitted_by", "approved_by", "locked_by"
    )
    return runs.select_related("job") if can(member, Permission.PAY_RUN_READ) else runs.none()


def visible_lines(member: Member) -> QuerySet[PayLine]:
    """Pay lines an acting member may read: everybody's for payroll roles, else one's own in locked runs."""
    lines = PayLine.objects.select_related("run__period", "run__tier_table", "organization")
    if sees_all_pay(member):
        return lines
    return own_payslips(member)


def own_payslips(member: Member) -> QuerySet[PayLine]:
    """One's own lines of locked runs, the newest first."""
    lines = PayLine.objects.select_related("run__period", "run__tier_table", "organization")
    return lines.filter(member=member.pk, run__state=RunState.LOCKED).order_by("-run__period__starts_on")


def run_before(run: PayRun) -> PayRun | None:
    """The run of the period before, to compare with."""
    before = PayRun.objects.filter(kind=run.kind, period__starts_on__lt=run.period.starts_on)
    return before.exclude(state=RunState.DRAFT).select_related("period").order_by("-period__starts_on").first()


def last_locked_run() -> PayRun | None:
    """The head of the chain: the run that was locked last."""
    return PayRun.objects.filter(state=RunState.LOCKED).order_by("-locked_at", "-pk").first()


def pay_closed_until() -> datetime.date | None:
    """First day that no locked run has paid yet; None when nothing was locked."""
    locked = PayRun.objects.filter(state=RunState.LOCKED).select_related("period")
    last = locked.order_by("-period__ends_on").first()
    return last.period.ends_on if last else None


def positions_with_pay(day: datetime.date, text: str = "") -> QuerySet[Position]:
    """Positions by name, each with `pay` (at most one row, in force on a day), `later` ones and `holders`, a number."""
    held = Employment.objects.on(day).filter(position=OuterRef("pk")).order_by().values("position")
    holders = Coalesce(Subquery(held.annotate(n=Count("pk")).values("n")), 0)
    pay = Prefetch("pay_rows", queryset=PositionPay.objects.in_force(day), to_attr="pay")
    positions = _matching(Position.objects.annotate(holders=holders), text).prefetch_related(
        pay, _later(PositionPay, day)
    )
    return positions.order_by("sort_key", "pk")


def members_with_pay(day: datetime.date, text: str = "") -> QuerySet[Member]:
    """Active people by name, with `pay` and `later` as positions, and `places` whose position has its own `pay`."""
    pay = Prefetch("pay_rows", queryset=MemberPay.objects.in_force(day), to_attr="pay")
    of_position = Prefetch("position__pay_rows", queryset=PositionPay.objects.in_force(day), to_attr="pay")
    stands = Employment.objects.on(day).select_related("position", "department").prefetch_related(of_position)
    places = Prefetch("employments", queryset=stands, to_attr="places")
    people = _matching(Member.objects.filter(is_active=True), text)
    return people.prefetch_related(pay, _later(MemberPay, day), places).order_by("sort_key", "pk")


def _later(rates: type[PositionPay | MemberPay], day: datetime.date) -> Prefetch:
    """Approved rates that begin after a day, the first first."""
    coming = rates.objects.exclude(approved_at=None).filter(valid_from__gt=day).order_by("valid_from")
    return Prefetch("pay_rows", queryset=coming, to_attr="later")


def rules_to_approve(member: Member) -> JSONObject:
    """How many proposed pay rules wait for this very member, by kind: neither their own proposals nor their own pay."""
    others = {
        "positions": PositionPay.objects.waiting(),
        "people": MemberPay.objects.waiting().exclude(member=member.pk),
        "tiers": TierTable.objects.filter(approved_at=None),
    }
    return JSONObject(**{kind: count_of(rows.exclude(made_by=member.pk)) for kind, rows in others.items()})


def _matching(rows: QuerySet, text: str) -> QuerySet:
    wanted = search_key(text)
    return rows.filter(Q(search_key__contains=wanted) | Q(code__icontains=text.strip())) if wanted else rows
