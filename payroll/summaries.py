"""What pages say about a run beside its lines: steps, changes against the month before, who needs a look, lift."""

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kpiapp.choices import JobState, PeriodKind
from kpiapp.decimals import HUNDRED, ONE, ZERO, divide, round_percent
from kpiapp.models import Job, Member, Period, Position
from kpiapp.text import search_key
from payroll import queries
from payroll.choices import PayFlag, RunState
from payroll.models import PayLine, PayRun, PositionPay, TierTable
from payroll.pay_rules import PayInput, next_tier, pay_of
from payroll.services import rates, runs
from payroll.services.rates import Rate
from scorecards.scoring import Tier, tier_of

# As many proposals as one person looks through at a time.
WAITING_SHOWN = 50
# The step a run stands at; every step before it is done.
_STEP_OF = {
    RunState.DRAFT: 1,
    RunState.CALCULATED: 2,
    RunState.SUBMITTED: 3,
    RunState.APPROVED: 4,
    RunState.LOCKED: 5,
}


@dataclass(frozen=True)
class RunStep:
    """One of the five steps of a month, and whether it is done, current or still to do."""

    label: str
    state: str


@dataclass(frozen=True)
class RunSummary:
    """A run against the one before: differences are None when there is nothing to compare with; percents of 100."""

    before: PayRun | None
    people_change: int | None
    gross_change_percent: Decimal | None
    p3_share_percent: Decimal | None
    seconds: Decimal | None
    flagged: int
    flags: list[tuple[str, str]]


def steps(run: PayRun) -> list[RunStep]:
    """Collect, calculate, review, approve, export and lock."""
    labels = (_("Collect"), _("Calculate"), _("Review"), _("Approve"), _("Export and lock"))
    at = _STEP_OF[RunState(run.state)]
    return [
        RunStep(label, "done" if index < at else "current" if index == at else "todo")
        for index, label in enumerate(labels)
    ]


def summary(run: PayRun, *, reader: Member) -> RunSummary:
    """What the tiles and the warning strip of a run show: two queries, whatever its size."""
    before = queries.run_before(run)
    counts = dict(run.lines.exclude(flag="").order_by().values_list("flag").annotate(n=Count("pk")))
    compared = before if before and before.gross_total and queries.sees_totals(reader, before) else None
    return RunSummary(
        before=before,
        people_change=run.people_count - before.people_count if before else None,
        gross_change_percent=_share(run.gross_total - compared.gross_total, compared.gross_total) if compared else None,
        p3_share_percent=_share(run.p3_total, run.gross_total),
        seconds=_seconds(run),
        flagged=sum(counts.values()),
        flags=[(flag.value, flag_sentence(flag, counts[flag])) for flag in PayFlag if flag in counts],
    )


def flag_sentence(flag: PayFlag, count: int) -> str:
    """How many people carry a flag, in words."""
    sentences = {
        PayFlag.NO_RATE: ngettext("%(n)d has no pay set", "%(n)d have no pay set", count),
        PayFlag.NO_SCORE: ngettext("%(n)d has no KPI score", "%(n)d have no KPI score", count),
        PayFlag.PROVISIONAL: ngettext(
            "%(n)d has too little of the weight measured", "%(n)d have too little of the weight measured", count
        ),
        PayFlag.PART_MONTH: ngettext("%(n)d joined or left mid-month", "%(n)d joined or left mid-month", count),
        PayFlag.MOVED: ngettext(
            "%(n)d changed department or position mid-month", "%(n)d changed department or position mid-month", count
        ),
    }
    return sentences[flag] % {"n": count}


def find_lines(run: PayRun, *, text: str, flag: str) -> QuerySet[PayLine]:
    """The lines of a run by name or code, with or without accents, and by flag ("any": every flagged one)."""
    lines = run.lines.order_by("sort_key", "pk")
    if flag == "any":
        lines = lines.exclude(flag="")
    elif flag in PayFlag.values:
        lines = lines.filter(flag=flag)
    wanted = search_key(text)
    if wanted:
        by_name = lines.filter(member__search_key__contains=wanted)
        lines = by_name | lines.filter(employee_code__icontains=text.strip())
    return lines


def is_busy(run: PayRun) -> bool:
    """Whether a calculation of the run is waiting or under way."""
    return bool(run.job) and run.job.state in runs.BUSY


def export_at_work(run: PayRun) -> Job | None:
    """The file of the run that is being made just now."""
    waiting = Job.objects.filter(key__startswith=f"pay-export-{run.pk}-", state__in=runs.BUSY)
    return waiting.order_by("-pk").first()


def months_to_run(today: datetime.date) -> list[Period]:
    """Months that have begun and have no run yet, the one to run next first, then the newest ones."""
    months = Period.objects.filter(kind=PeriodKind.MONTH, starts_on__lte=today).order_by("-starts_on")
    months = months.annotate(is_taken=Exists(PayRun.objects.filter(period=OuterRef("pk"))))[:24]
    free = [month for month in months if not month.is_taken]
    last_run = max((month.starts_on for month in months if month.is_taken), default=None)
    after = [month for month in free if last_run is None or month.starts_on > last_run]
    following = after[-1] if after and last_run else None
    return [following, *(month for month in free if month != following)] if following else free


def _share(part: Decimal, whole: Decimal) -> Decimal | None:
    return round_percent(divide(part * HUNDRED, whole)) if whole else None


def _seconds(run: PayRun) -> Decimal | None:
    job = run.job
    if not job or job.state != JobState.DONE or not job.started_at:
        return None
    return divide(Decimal((job.finished_at - job.started_at) // datetime.timedelta(milliseconds=100)), Decimal(10))


@dataclass(frozen=True)
class WhatIf:
    """What a score would pay: the tier reached, the amount, and the next step up (None at the top)."""

    score_percent: Decimal
    target_amount: Decimal
    tier: Tier
    amount: Decimal
    following: Tier | None
    following_amount: Decimal | None


def what_if(score: Decimal, target: Decimal, tiers: list[Tier], currency: str) -> WhatIf:
    """KPI pay at a score (percent) and a target amount, by the very function that runs use."""

    def paid(percent: Decimal):
        return pay_of(PayInput(ZERO, ONE, target, percent), tiers, currency)

    now, following = paid(score), next_tier(score, tiers)
    return WhatIf(
        score_percent=round_percent(score),
        target_amount=target,
        tier=tier_of(score, tiers),
        amount=now.p3_amount,
        following=following,
        following_amount=paid(following.at_least).p3_amount if following else None,
    )


def first_open_day(today: datetime.date) -> datetime.date:
    """From when rules can be changed: this month's first day, or the first one no locked run has paid."""
    month = today.replace(day=1)
    return max(month, queries.pay_closed_until() or month)


def table_on(tables: list[TierTable], day: datetime.date) -> TierTable | None:
    """The approved one among loaded tables that is in force on a day."""
    holds = (
        table
        for table in tables
        if table.approved_at and table.valid_from <= day and (table.valid_to is None or table.valid_to > day)
    )
    return next(holds, None)


@dataclass(frozen=True)
class WaitingRate:
    """A proposed rate beside what is in force on its day: cells are (label, now, then)."""

    rate: Rate
    target: Position | Member
    cells: list[tuple[str, Decimal | None, Decimal | None]]
    may_approve: bool


def waiting_rates(rows: type[Rate], columns: Sequence[Any], reader: Member) -> list[WaitingRate]:
    """The proposals that have waited longest; two queries."""
    owner = "position" if rows is PositionPay else "member"
    waiting = list(rows.objects.waiting().select_related(owner, "made_by").order_by("made_at", "pk")[:WAITING_SHOWN])
    approved = rows.objects.exclude(approved_at=None).filter(
        **{f"{owner}__in": [getattr(rate, f"{owner}_id") for rate in waiting]}
    )
    by_owner = defaultdict(list)
    for rate in approved:
        by_owner[getattr(rate, f"{owner}_id")].append(rate)
    found = []
    for rate in waiting:
        now = next((one for one in by_owner[getattr(rate, f"{owner}_id")] if _holds(one, rate.valid_from)), None)
        cells = [(column.label, getattr(now, column.name, None), getattr(rate, column.name)) for column in columns]
        found.append(WaitingRate(rate, getattr(rate, owner), cells, rates.may_approve(rate, reader)))
    return found


def _holds(rate: Rate, day: datetime.date) -> bool:
    return rate.valid_from <= day and (rate.valid_to is None or day < rate.valid_to)
