"""A company nobody here made up, from its files to a paid month; every number against sums taken from the files."""

import csv
import datetime
import io
import os
from collections import Counter, defaultdict
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import transaction

from kpiapp import queries
from kpiapp.models import Department, Employment, Member, Organization, Period, Position
from kpiapp.tenancy import organization_scope
from payroll.models import PayLine, PayRun
from payroll.services import rates, runs
from scorecards.models import Actual, CardScore, LineScore, Scorecard, ScorecardLine

FOLDER = os.environ.get("ACCEPTANCE_DATA", "")
pytestmark = pytest.mark.skipif(
    not FOLDER, reason="ACCEPTANCE_DATA names no folder: set it to the one with people.csv and its neighbours."
)
SLUG = "adventure"
# What the mapping file agrees with buyers: target of orders, range of rejected, days to shipping, and weights.
ORDERS, WORST_SHARE, DAYS, CAP = 10, 10, 9, Fraction(6, 5)
WEIGHTS = {"PO-ORDERS": 40, "PO-REJECTED": 30, "PO-DAYS": 30}
PAID_MONTH = "2025-07"
BASE_PAY, BONUS_AT_TARGET = Decimal("1500.00"), Decimal("600.00")


def rows_of(name: str) -> list[dict[str, str]]:
    """A file as it is, read without any of our code."""
    with (Path(FOLDER) / name).open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def rounded(value: Fraction, places: int) -> Decimal:
    """Half-up, exactly."""
    scaled = Decimal(value.numerator) * 10**places / Decimal(value.denominator)
    return scaled.quantize(Decimal(1), ROUND_HALF_UP).scaleb(-places)


def within(value: Fraction) -> Fraction:
    return max(Fraction(0), min(CAP, value))


def import_folder() -> str:
    out = io.StringIO()
    call_command("import_company", FOLDER, organization=SLUG, mapping="adventureworks", stdout=out)
    return out.getvalue()


@pytest.fixture(scope="module")
def company(django_db_setup, django_db_blocker, tmp_path_factory):
    """The company, imported and scored once; taken back at the end."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "MEDIA_ROOT", tmp_path_factory.mktemp("media"))
        with transaction.atomic():
            import_folder()
            organization = Organization.objects.get(slug=SLUG)
            with organization_scope(organization):
                codes = [period.code for period in Period.objects.filter(pk__in=Scorecard.objects.values("period"))]
            for code in codes:
                call_command("recompute", organization=SLUG, period=code, stdout=io.StringIO())
            with organization_scope(organization):
                yield organization
            transaction.set_rollback(True)


@pytest.fixture(scope="module")
def orders() -> dict[tuple[str, str], dict[str, int]]:
    """Orders, rejected ones and days to shipping by buyer and month."""
    sums: dict = defaultdict(Counter)
    for row in rows_of("purchase_orders.csv"):
        found = sums[row["employee_code"], row["ordered_on"][:7]]
        found["orders"] += 1
        found["rejected"] += row["status"] == "rejected"
        found["days"] += (day(row["shipped_on"]) - day(row["ordered_on"])).days
    return sums


def completions(sums: dict[str, int]) -> dict[str, Fraction]:
    """What the three KPIs make of a buyer's month, each already capped."""
    share = Fraction(100 * sums["rejected"], sums["orders"])
    return {
        "PO-ORDERS": within(Fraction(sums["orders"], ORDERS)),
        "PO-REJECTED": within((share - WORST_SHARE) / (0 - WORST_SHARE)),
        "PO-DAYS": within(2 - Fraction(sums["days"], sums["orders"]) / DAYS),
    }


def percent(sums: dict[str, int]) -> Decimal:
    """The score of a buyer's month, completions rounded to six places as they are kept."""
    kept = {code: Fraction(rounded(value, 6)) for code, value in completions(sums).items()}
    return rounded(sum(WEIGHTS[code] * kept[code] for code in kept), 2)


def test_everybody_is_there_with_their_manager(company):
    people = {row["employee_code"]: row for row in rows_of("people.csv")}
    members = Member.objects.filter(code__in=people)
    assert members.count() == len(people) == 290
    today = datetime.date(2026, 11, 21)
    standing = Employment.objects.on(today).filter(member__in=members).select_related("member", "manager", "position")
    found = {row.member.code: (row.manager.code if row.manager else "", row.position.name) for row in standing}
    assert found == {code: (row["manager_code"], row["job_title"]) for code, row in people.items()}

    def depth(code: str) -> int:
        above = people[code]["manager_code"]
        return 1 + depth(above) if above else 1

    deepest = max(people, key=depth)
    assert depth(deepest) == 5
    assert len(queries.managers_above(Member.objects.get(code=deepest), today)) == depth(deepest) - 1


def test_departments_stand_under_their_groups(company):
    expected = {row["department"]: row["group"] for row in rows_of("departments.csv")}
    found = Department.objects.filter(code__in=expected).select_related("parent__parent")
    assert {row.name: row.parent.name for row in found} == expected
    assert len(expected) == 16
    assert {row.parent.parent.code for row in found} == {"CO"}


def test_everybody_stood_where_the_history_says_on_every_first_and_last_day(company):
    history = rows_of("department_history.csv")
    stays = defaultdict(list)
    for row in Employment.objects.select_related("member", "department"):
        stays[row.member.code].append((row.valid_from, row.valid_to, row.department.name))

    def departments_on(code: str, on: datetime.date) -> list[str]:
        return [name for first, end, name in stays[code] if first <= on and (end is None or on < end)]

    transfers = 0
    for row in history:
        code, first = row["employee_code"], day(row["start_on"])
        assert departments_on(code, first) == [row["department"]]
        if row["end_on"]:
            last = day(row["end_on"])
            assert departments_on(code, last) == [row["department"]]
            assert row["department"] not in departments_on(code, last + datetime.timedelta(days=1))
            transfers += 1
    assert transfers == 6
    # Somebody who moved twice, asked the way pages ask.
    member = Member.objects.get(code="250")
    asked = {on: queries.employment_on(member, day(on)) for on in ("2011-07-30", "2011-07-31", "2012-07-15")}
    assert [found.department.name for found in asked.values()] == ["Marketing", "Quality Assurance", "Purchasing"]


def test_quotas_are_targets_of_quarters(company):
    quotas = rows_of("sales_quotas.csv")
    lines = ScorecardLine.objects.filter(kpi__definition__code="QUOTA").select_related("scorecard__period")
    assert sum(line.target for line in lines) == sum(Decimal(row["quota"]) for row in quotas)
    found = {(line.scorecard.member_id, line.scorecard.period.code): line.target for line in lines}
    members = dict(Member.objects.values_list("code", "pk"))
    for row in quotas:
        on = day(row["quota_on"])
        assert found[members[row["employee_code"]], f"{on.year}-Q{(on.month + 2) // 3}"] == Decimal(row["quota"])
    assert len(found) == len(quotas) == 163
    assert len({owner for owner, _ in found}) == 17


def test_every_buyers_month_adds_up_to_the_orders_in_the_file(company, orders):
    assert Actual.objects.count() == 3 * sum(sums["orders"] for sums in orders.values()) == 3 * 4012
    scores = LineScore.objects.filter(line__kpi__definition__code__in=WEIGHTS)
    found = {}
    for score in scores.select_related("line__scorecard__period", "line__scorecard__member", "line__kpi__definition"):
        card = score.line.scorecard
        found[card.member.code, card.period.code, score.line.kpi.definition.code] = score
    assert len(found) == 3 * len(orders)
    for (buyer, month), sums in orders.items():
        count, rejected, days = (found[buyer, month, code] for code in WEIGHTS)
        assert count.quantity == sums["orders"]
        assert (rejected.quantity, rejected.divisor) == (sums["rejected"], sums["orders"])
        assert (days.quantity, days.divisor) == (sums["days"], sums["orders"])
        for code, expected in completions(sums).items():
            assert found[buyer, month, code].completion == rounded(expected, 6)
    assert len({buyer for buyer, _ in orders}) == 12


def test_every_card_has_the_score_its_lines_give(company, orders):
    cards = CardScore.objects.filter(scorecard__lines__kpi__definition__code="PO-DAYS")
    found = {
        (score.scorecard.member.code, score.scorecard.period.code): score
        for score in cards.select_related("scorecard__period", "scorecard__member")
    }
    assert found.keys() == orders.keys()
    for key, sums in orders.items():
        assert found[key].percent.quantize(Decimal("0.01"), ROUND_HALF_UP) == percent(sums)
        assert found[key].measured_weight == 100


def test_a_second_import_changes_nothing(company):
    before = [model.objects.count() for model in (Member, Employment, Department, Position, ScorecardLine, Actual)]
    lines = [line for line in import_folder().splitlines() if " new, " in line]
    assert len(lines) == 11
    assert all(" 0 new, 0 changed, " in line and line.endswith(" 0 errors") for line in lines)
    assert before == [
        model.objects.count() for model in (Member, Employment, Department, Position, ScorecardLine, Actual)
    ]


def test_a_month_is_paid_and_exported_with_the_totals_the_files_give(company, orders, tmp_path):
    maker, approver = Member.objects.get(code="4"), Member.objects.get(code="5")
    buyers = {buyer for buyer, month in orders if month == PAID_MONTH}
    titles = {row["employee_code"]: row["job_title"] for row in rows_of("people.csv")}
    for title in {titles[buyer] for buyer in buyers}:
        rate = rates.propose_position_pay(
            position=Position.objects.get(name=title),
            p1_amount=BASE_PAY,
            p3_target_amount=BONUS_AT_TARGET,
            valid_from=datetime.date(2022, 1, 1),
            by=maker,
        )
        rates.approve_rates(rates=[rate], by=approver)
    period = next(row for row in Period.objects.filter(kind="month") if row.code == PAID_MONTH)
    run = runs.create_run(period=period, by=maker)
    runs.calculate(run=run, by=maker, progress=lambda done, total: None)
    runs.submit(run=run, by=maker)
    runs.approve(run=run, by=approver)
    runs.lock(run=run, by=approver)
    run = PayRun.objects.select_related("tier_table").get(pk=run.pk)
    tiers = sorted(((tier.at_least, tier.coefficient) for tier in run.tier_table.tiers.all()), reverse=True)
    expected = {}
    for buyer in buyers:
        score = percent(orders[buyer, PAID_MONTH])
        coefficient = next(coefficient for at_least, coefficient in tiers if score >= at_least)
        expected[buyer] = rounded(Fraction(BONUS_AT_TARGET) * Fraction(coefficient), 2)
    paid = PayLine.objects.filter(run=run, employee_code__in=buyers)
    assert {line.employee_code: line.p3_amount for line in paid} == expected
    assert len(set(expected.values())) > 1
    total = sum(expected.values()) + len(buyers) * BASE_PAY
    assert run.gross_total == total

    path = tmp_path / "pay.csv"
    call_command("export_pay", organization=SLUG, period=PAID_MONTH, format="csv", out=path, stdout=io.StringIO())
    with path.open(encoding="utf-8-sig", newline="") as source:
        exported = list(csv.DictReader(source))
    assert sum(Decimal(row["Gross"]) for row in exported if row["Employee code"]) == total
