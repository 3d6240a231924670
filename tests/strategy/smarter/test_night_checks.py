"""What time does to KPIs in use: days that pass, targets that become too easy; found by the night, gone when mended."""

import datetime
from decimal import Decimal

import pytest

from kpiapp.models import Period
from scorecards.models import EarlyWarning, LineScore, QualityFinding
from scorecards.recompute import refresh_actuals, rescore_cards
from scorecards.services.quality import refresh_findings
from scorecards.services.warnings import refresh_strategy_warnings
from strategy.choices import KpiState
from strategy.models import KpiDefinition, KpiVersion
from strategy.quality.words import what_of, why_of
from strategy.services.kpi_states import review_kpi
from strategy.services.kpis import create_kpi, revise_kpi
from strategy.smarter import night_checks
from tests.scorecards.recompute.conftest import CardMaker

DAY = datetime.date(2026, 11, 17)
PAST, FUTURE = datetime.date(2026, 10, 31), datetime.date(2027, 1, 31)


@pytest.fixture
def maker(scope) -> CardMaker:
    """In the open scope of An Phat."""
    return CardMaker(scope)


def made(scope, name: str, **fields) -> KpiDefinition:
    by = scope.acting(scope.strategy)
    return create_kpi(fields={"name": name, "owner": scope.lan, **fields}, by=by)


def codes() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for pk, finding in night_checks.findings_of_kpis(DAY):
        found.setdefault(KpiDefinition.objects.get(pk=pk).name, []).append(finding.code)
    return found


def test_days_that_have_passed_are_found_and_days_to_come_are_not(scope):
    made(scope, "due", due_on=PAST, reevaluate_on=FUTURE)
    made(scope, "anew", due_on=FUTURE, reevaluate_on=PAST)
    made(scope, "fresh", due_on=DAY, reevaluate_on=DAY)
    late = made(scope, "late", review_every="month")
    review_kpi(definition=late, by=scope.acting(scope.strategy), on=PAST - datetime.timedelta(days=30))
    draft = made(scope, "draft", due_on=PAST)
    KpiDefinition.objects.filter(pk=draft.pk).update(state=KpiState.DRAFT)
    assert codes() == {"due": ["due_over"], "anew": ["reevaluation_over"], "late": ["review_late"]}
    names = set(KpiDefinition.objects.filter(pk__in=night_checks.overdue_kpis(DAY)).values_list("name", flat=True))
    assert names == {"due", "anew", "late"}


@pytest.mark.parametrize(("target", "code"), [("90", "target_easy"), ("200", "target_hard"), ("110", None)])
def test_a_target_is_held_against_the_last_months(maker, target, code):
    version = made(maker.cast, "Sales", aggregation="sum", target=Decimal(target)).current
    for month in range(1, 11):
        start, end = datetime.date(2026, month, 1), datetime.date(2026, month + 1, 1)
        period = Period.objects.create(kind="month", starts_on=start, ends_on=end)
        card = maker.card(maker.cast.lan, period=period)
        line = maker.line(card, version)
        maker.entry(line, value=Decimal(96 + month), on=start)
        refresh_actuals(line_ids=[line.pk])
        rescore_cards(card_ids=[card.pk], on=DAY)
    assert LineScore.objects.filter(quantity__isnull=False).count() == 10
    found = [finding for _pk, finding in night_checks.findings_of_kpis(DAY)]
    assert [finding.code for finding in found] == ([code] if code else [])
    for finding in found:
        assert "10" in what_of(finding.code, finding.numbers)
        assert why_of(finding.code)


def test_the_night_writes_them_down_and_forgets_them_once_a_new_day_is_set(maker):
    cast = maker.cast
    definition = made(cast, "due", due_on=PAST)
    maker.line(maker.card(cast.lan), definition.current)
    refresh_findings(period=cast.period, on=DAY)
    refresh_strategy_warnings(on=DAY)
    assert QualityFinding.objects.get(kpi=definition, code="due_over").numbers == {
        "found": "due_over",
        "day": "2026-10-31",
    }
    warning = EarlyWarning.objects.get(kind="kpi_overdue", closed_on=None)
    assert (warning.kpi_id, warning.owner_id) == (definition.pk, cast.lan.pk)
    fields = {"name": "due", "owner": cast.lan, "due_on": FUTURE}
    revise_kpi(definition=definition, fields=fields, by=cast.acting(cast.strategy), department=None)
    refresh_findings(period=cast.period, on=DAY)
    refresh_strategy_warnings(on=DAY)
    assert not QualityFinding.objects.filter(kpi=definition, code="due_over").exists()
    assert not EarlyWarning.objects.filter(kind="kpi_overdue", closed_on=None).exists()


def test_nobody_is_warned_of_a_kpi_that_stands_on_no_card(scope):
    made(scope, "due", due_on=PAST)
    refresh_strategy_warnings(on=DAY)
    assert not EarlyWarning.objects.filter(kind="kpi_overdue").exists()


def test_two_queries_however_many_kpis_there_are(scope, django_assert_num_queries):
    for number in range(30):
        made(scope, f"KPI {number}", due_on=PAST, reevaluate_on=PAST, target=Decimal(5))
    assert KpiVersion.objects.count() == 30
    with django_assert_num_queries(2):
        assert len(list(night_checks.findings_of_kpis(DAY))) == 60
    with django_assert_num_queries(1):
        assert len(night_checks.overdue_kpis(DAY)) == 30
