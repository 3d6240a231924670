"""Cards of a demo company for every month of its history, and the progress that was logged on them."""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from kpiapp import queries as people
from kpiapp.decimals import allocate, currency_places
from kpiapp.models import Member, Period
from kpiapp.services import questions
from payroll.demo.cascade import Carried, set_targets
from payroll.demo.people import Staff
from payroll.demo.story import Measure, entries_for
from payroll.demo.strategy import Measures
from scorecards.choices import ActualState, CardState, OwnerKind
from scorecards.explain.numbers import pct
from scorecards.models import Actual, Scorecard, ScorecardLine
from scorecards.recompute import refresh_actuals, rescore_cards
from scorecards.services import changes as requests
from strategy.catalogue import library_templates
from strategy.choices import PerspectiveKind
from strategy.models import KpiVersion

KPIS_ON_A_CARD = 6
LEFT_WAITING, FORGOTTEN_BY_MANAGERS = 0.005, 25
LOOKED_AT_WITHIN = datetime.timedelta(days=3)
FORGOTTEN = 0.03  # share of lines of a past month that nobody filled in
NOT_YET = 0.25  # share of lines of the current month without an entry so far


@dataclass(frozen=True)
class Owner:
    """Whose card it is, from which template, how well they do, who logs and who approves."""

    kind: OwnerKind
    key: str
    template: str
    trend: list[Decimal]
    since: datetime.date
    enters: Member
    approves: Member
    department: Any = None
    member: Any = None


# How many lines are tried before the story goes on without a changed target.


def owners_of(spec: dict[str, Any], staff: Staff, random: Random) -> list[Owner]:
    """The company, the departments that have a template, and everybody."""
    units = {unit["code"]: unit for unit in spec["departments"]}
    jobs = {job["code"]: job for unit in units.values() for job in unit["positions"]}
    second = staff.everyone[1]
    long_ago = datetime.date(2000, 1, 1)
    owners = [
        Owner(
            OwnerKind.ORGANIZATION,
            "company",
            spec["company_template"],
            _trend(spec["departments"][0]["trend"], Decimal(1)),
            long_ago,
            second,
            staff.top,
        )
    ]
    for unit in units.values():
        head = staff.holders[unit["positions"][0]["code"]][0]
        approver = staff.top if head != staff.top else second
        if "template" in unit:
            owners.append(
                Owner(
                    OwnerKind.DEPARTMENT,
                    unit["code"],
                    unit["template"],
                    _trend(unit["trend"], Decimal(1)),
                    long_ago,
                    head,
                    approver,
                    department=staff.departments[unit["code"]],
                )
            )
    for member in staff.everyone:
        unit, job = units[staff.department_of[member.pk]], jobs[staff.position_of[member.pk]]
        personal = Decimal(round(random.gauss(100, 8))) / 100
        owners.append(
            Owner(
                OwnerKind.MEMBER,
                member.code,
                job["template"],
                _trend(unit["trend"], personal),
                staff.since[member.pk],
                member,
                staff.managers.get(member.pk, second),
                member=member,
            )
        )
    return owners


def _trend(months: list, personal: Decimal) -> list[Decimal]:
    return [Decimal(str(month)) * personal for month in months]


def fill_cards(
    owners: list[Owner],
    measures: Measures,
    periods: list[Period],
    today: datetime.date,
    random: Random,
    carried: Carried,
):
    """Cards, lines and entries of all months, then their scores, as the night would have left them."""
    cards, lines = _cards(owners, measures, periods, carried)
    entries = _entries(lines, today, random)
    # What adds up from below has no entries of its own.
    from_below = measures.versions.get(carried.kpi)
    above = {id(line) for line, owner, *_ in lines if owner.key in carried.below and line.kpi == from_below}
    Actual.objects.bulk_create([entry for entry in entries if id(entry.line) not in above], batch_size=2000)
    with connection.cursor() as cursor:
        # The planner has no statistics of rows this young, and would look up entry by entry: 15 s instead of 0.2.
        cursor.execute("SET LOCAL enable_nestloop = off")
    refresh_actuals(line_ids=[line.pk for line, *_ in lines])
    rescore_cards(card_ids=[card.pk for card in cards], on=today)
    return cards


def _cards(owners: list[Owner], measures: Measures, periods: list[Period], carried: Carried):
    pairs = [(owner, index) for index, period in enumerate(periods) for owner in owners if owner.since < period.ends_on]
    cards = Scorecard.objects.bulk_create(
        [
            Scorecard(
                period=periods[index],
                owner_kind=owner.kind,
                department=owner.department,
                member=owner.member,
                state=CardState.AGREED,
                agreed_by=owner.approves,
                agreed_at=_morning(periods[index].starts_on),
            )
            for owner, index in pairs
        ],
        batch_size=1000,
    )
    rows = []
    for card, (owner, index) in zip(cards, pairs, strict=True):
        items = _items(owner)
        weights = allocate(Decimal(100), [weight for _kpi, weight in items], unit=Decimal(1))
        for position, (item, weight) in enumerate(zip(items, weights, strict=True)):
            version = measures.versions[carried.code_for(owner.key, item[0].code)]
            line = ScorecardLine(
                scorecard=card,
                kpi=version,
                position=position,
                weight=weight,
                target=version.target,
                baseline=version.baseline,
            )
            rows.append((line, owner, periods[index], owner.trend[index]))
    top = measures.versions.get(carried.kpi)
    months = {period.pk: index for index, period in enumerate(periods)}
    set_targets(
        [(owner.key, months[period.pk], line) for line, owner, period, _ in rows if line.kpi == top], carried.below
    )
    ScorecardLine.objects.bulk_create([line for line, *_ in rows], batch_size=1000)
    return cards, rows


def _items(owner: Owner) -> list:
    """The whole template; on a person's card the first KPI of every perspective and then the heaviest."""
    items = library_templates()[owner.template].items
    if owner.kind != OwnerKind.MEMBER:
        return list(items)
    first = {kpi.perspective: (kpi, weight) for kpi, weight in reversed(items)}.values()
    chosen = [*first, *(item for item in items if item not in first)][:KPIS_ON_A_CARD]
    return sorted(chosen, key=items.index)


def _entries(lines, today: datetime.date, random: Random) -> list[Actual]:
    entries = []
    current = max(period.starts_on for _line, _owner, period, _trend in lines)
    for line, owner, period, trend in lines:
        is_current = period.starts_on == current
        days = _workdays(period, today)
        if not days or random.random() < (NOT_YET if is_current else FORGOTTEN):
            continue
        completion = trend + Decimal(round(random.gauss(0, 6))) / 100
        if is_current and line.kpi.aggregation == "sum" and line.kpi.method == "ratio":
            completion *= _elapsed(period, today)
        for logged in entries_for(_measure(line), max(Decimal("0.2"), completion), days, random):
            # Managers look every few days; a few entries are forgotten.
            approved = logged.on < today - LOOKED_AT_WITHIN and line.pk % FORGOTTEN_BY_MANAGERS != 0
            if not is_current:
                approved = not (period.ends_on >= current and random.random() < LEFT_WAITING)
            entries.append(
                Actual(
                    line=line,
                    on=logged.on,
                    value=logged.value,
                    numerator=logged.numerator,
                    denominator=logged.denominator,
                    entered_by=owner.enters,
                    entered_at=_morning(logged.on) + datetime.timedelta(minutes=random.randint(0, 540)),
                    state=ActualState.APPROVED if approved else ActualState.RECORDED,
                    decided_by=owner.approves if approved else None,
                    decided_at=_morning(min(logged.on + LOOKED_AT_WITHIN, today)) if approved else None,
                )
            )
    return entries


def ask_for_a_change(period: Period, today: datetime.date) -> None:
    """Somebody who is far behind has asked for a lower target: it waits for a second person."""
    cards = Scorecard.objects.filter(period=period, owner_kind=OwnerKind.MEMBER, score__percent__lt=75)
    line = ScorecardLine.objects.filter(scorecard__in=cards, kpi__method="ratio", kpi__aggregation="sum").first()
    if line is None:
        return
    lower = (line.target * Decimal("0.9")).quantize(Decimal(1))
    requests.request_change(
        line=line,
        changes={"target": lower},
        reason=_("A large customer moved its order to next quarter."),
        effective_on=today,
        by=line.scorecard.member,
    )


def ask_about_a_number(slug: str, period: Period, today: datetime.date) -> None:
    """The employee one can sign in as asks about their score; it waits for the manager."""
    asker = people.load_access(Member.objects.filter(email=f"employee@{slug}.example"), today)
    card = Scorecard.objects.filter(period=period, member=asker, score__percent__isnull=False).first()
    if card is None or asker is None or people.employment_on(asker, today).manager_id is None:
        return
    text = _("Two of my orders from last week are missing. When do they come in from the sales system?")
    address = {"shown": pct(card.score.percent), "page": f"scorecards/cards/{card.pk}/why/"}
    questions.ask(about="card", target_id=card.pk, text=text, by=asker, on=today, **address)


def raise_a_target(period: Period, today: datetime.date, by: Member) -> None:
    """Somebody who does well agreed to a higher target in the middle of the month: scored in two segments."""
    middle = min(period.starts_on + datetime.timedelta(days=15), today)
    cards = Scorecard.objects.filter(period=period, owner_kind=OwnerKind.MEMBER, score__percent__gte=90)
    lines = ScorecardLine.objects.filter(
        scorecard__in=cards.exclude(member=by), kpi__method="ratio", kpi__aggregation="sum", target__gte=10
    )
    line = lines.select_related("scorecard__member").order_by("pk").first()
    if line is None:
        return
    request = requests.request_change(
        line=line,
        changes={"target": (line.target * Decimal("1.1")).quantize(Decimal(1))},
        reason=_("A second district came on in the middle of the month."),
        effective_on=middle,
        by=line.scorecard.member,
    )
    requests.approve_change(request=request, by=by, today=today)


def _measure(line: ScorecardLine) -> Measure:
    version = line.kpi
    return Measure(
        version.method,
        version.params,
        version.aggregation,
        version.factor,
        line.target if line.target is not None else Decimal(1),
        line.baseline,
        version.decimals,
        _grain(version),
    )


def _grain(version: KpiVersion) -> Decimal:
    """Money is reported in steps: 100,000 of a currency without small change, 10 of any other."""
    step = Decimal(100_000) if currency_places(version.organization.currency) == 0 else Decimal(10)
    is_money = version.unit == version.organization.currency
    if version.aggregation == "ratio" and version.perspective.kind == PerspectiveKind.FINANCIAL:
        return step * 10
    return step if is_money else Decimal(1)


def _workdays(period: Period, today: datetime.date) -> list[datetime.date]:
    last = min(period.last_day, today)
    days = [period.starts_on + datetime.timedelta(days=index) for index in range((last - period.starts_on).days + 1)]
    return [day for day in days if day.weekday() < 5]


def _elapsed(period: Period, today: datetime.date) -> Decimal:
    passed, whole = (today - period.starts_on).days + 1, (period.ends_on - period.starts_on).days
    return Decimal(passed) / Decimal(whole)


def _morning(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time(8, 30)))
