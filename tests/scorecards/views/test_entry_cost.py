"""What logging one value asks of the database: the whole request, with all that follows its commit."""

import datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from kpiapp.models import Department, Employment, Job, Member
from kpiapp.tenancy import organization_scope
from payroll.models import CardTier, PositionPay, Tier, TierTable
from scorecards.models import Actual, CardScore, LineScore, RollupScore, Scorecard, ScorecardLine
from tests.scorecards.kit import line_of, make_card, make_kpi

BUDGET = 15
LONG_AGO = datetime.date(2026, 1, 1)
# A test wraps the request in its own transaction: what would be BEGIN and COMMIT are savepoints here, and the scope is
# closed by a statement that the end of a real transaction makes needless.
FRAME = ("SAVEPOINT", "RELEASE", "SELECT set_config('app.organization_id', ''")


@pytest.fixture
def paying(filled):
    """The company with tiers, amounts for everybody, and rolled-up departments."""
    with organization_scope(filled.organization):
        table = TierTable.objects.create(name="2026", valid_from=LONG_AGO, made_by=filled.payroll_maker)
        steps = (("A", 90, "1.2"), ("B", 72, "1"), ("C", 0, "0.5"))
        Tier.objects.bulk_create(
            Tier(table=table, code=code, at_least=least, coefficient=Decimal(times)) for code, least, times in steps
        )
        approved = {"approved_by": filled.payroll_approver, "approved_at": timezone.now()}
        TierTable.objects.filter(pk=table.pk).update(**approved)
        PositionPay.objects.create(
            position=filled.position, p1_amount=8_000_000, p3_target_amount=4_000_000, valid_from=LONG_AGO, **approved
        )
        RollupScore.objects.bulk_create(
            RollupScore(period=filled.period, kind="department", department=unit, percent=80)
            for unit in Department.objects.all()
        )
        ratio = make_kpi("Q", "Tỷ lệ chốt", aggregation="ratio", numerator_agg="sum", denominator_agg="sum")
        filled.ratio_card = make_card(
            filled, filled.manager, (ratio, 50, 100), (filled.kpis[0], 50, 100), agreed_by=filled.director
        )
        filled.ratio = line_of(filled.ratio_card, ratio)
    return filled


@pytest.fixture
def ask(paying, django_capture_on_commit_callbacks):
    """Saves a cell; the statements of the request and of what follows its commit."""

    def record(member, line, **cells) -> list[str]:
        client, url = paying.client(member), paying.url(f"scorecards/lines/{line.pk}/record/")
        with CaptureQueriesContext(connection) as captured, django_capture_on_commit_callbacks(execute=True):
            response = client.post(url, cells, headers={"HX-Request": "true"})
        assert response.status_code == 200, response.content
        return [query["sql"] for query in captured if not query["sql"].startswith(FRAME)]

    return record


def grow(cast, people: int) -> None:
    """More people in the same department and position, each with an agreed card of one scored line."""
    with organization_scope(cast.organization):
        members = Member.objects.bulk_create(
            Member(code=f"X{number:04}", name=f"Người thứ {number}") for number in range(people)
        )
        Employment.objects.bulk_create(
            Employment(
                member=member,
                department=cast.department,
                position=cast.position,
                manager=cast.manager,
                valid_from=LONG_AGO,
            )
            for member in members
        )
        agreed = {"state": "agreed", "agreed_at": timezone.now(), "agreed_by": cast.manager}
        cards = Scorecard.objects.bulk_create(
            Scorecard(period=cast.period, owner_kind="member", member=member, **agreed) for member in members
        )
        lines = ScorecardLine.objects.bulk_create(
            ScorecardLine(scorecard=card, kpi=cast.kpis[0], weight=100, target=100) for card in cards
        )
        score = {"state": "scored", "completion": Decimal("0.8"), "status": "at_risk"}
        LineScore.objects.bulk_create(
            LineScore(line=line, scorecard=line.scorecard, quantity=80, entries=1, **score) for line in lines
        )
        CardScore.objects.bulk_create(CardScore(scorecard=card, percent=80, measured_weight=100) for card in cards)


class TestStatements:
    def test_a_new_value_and_its_correction_are_few_statements_at_any_size(self, paying, ask):
        ask(paying.manager, paying.ratio, denominator="5")  # rules are compiled once per process
        few = [ask(paying.lan, paying.second, value=value) for value in ("60", "61", "90")]
        grow(paying, 200)
        with organization_scope(paying.organization):
            third = line_of(paying.card, paying.kpis[2])
        many = [ask(paying.lan, third, value=value) for value in ("10", "20", "95")]
        assert [len(statements) for statements in few] == [len(statements) for statements in many]
        assert max(map(len, few)) <= BUDGET, few
        # BEGIN and COMMIT are two more: a value for the first time stays within the budget even so.
        assert len(few[0]) + 2 <= BUDGET, few[0]

    def test_parts_of_a_ratio_are_few_statements_too(self, paying, ask):
        counts = [
            len(ask(paying.manager, paying.ratio, **cells))
            for cells in ({"denominator": "8"}, {"numerator": "4"}, {"numerator": "6"}, {"denominator": "10"})
        ]
        assert max(counts) <= BUDGET, counts


class TestOutcome:
    def test_everything_that_follows_is_up_to_date(self, paying, ask):
        ask(paying.lan, paying.second, value="60")
        ask(paying.lan, paying.second, value="90")
        with organization_scope(paying.organization):
            states = Actual.objects.filter(line=paying.second).order_by("pk").values_list("value", "state")
            assert list(states) == [(60, "corrected"), (90, "recorded")]
            score = LineScore.objects.get(line=paying.second)
            assert (score.quantity, score.entries, score.completion) == (90, 1, Decimal("0.9"))
            assert CardScore.objects.get(scorecard=paying.card).percent == Decimal("82.5")
            tier = CardTier.objects.get(scorecard=paying.card)
            assert (tier.code, tier.coefficient, tier.previous_code) == ("B", 1, "C")

    def test_the_roll_up_is_asked_for_once_until_it_has_begun(self, paying, ask):
        ask(paying.lan, paying.second, value="60")
        ask(paying.lan, paying.second, value="61")
        with organization_scope(paying.organization):
            job = Job.objects.get(task="rollups")
            assert (job.state, job.arguments) == ("queued", {"period": paying.period.pk})
            Job.objects.update(state="done", finished_at=timezone.now(), attempt=1)
        ask(paying.lan, paying.second, value="62")
        with organization_scope(paying.organization):
            again = Job.objects.get(task="rollups")
            assert (again.pk, again.state, again.attempt, again.finished_at) == (job.pk, "queued", 1, None)
