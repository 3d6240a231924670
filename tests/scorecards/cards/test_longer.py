"""Longer periods: the pair of months together is the pair of all their entries, whatever the aggregation."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from kpiapp.decimals import quantize
from kpiapp.models import Period
from kpiapp.splitting import whole_of
from kpiapp.tenancy import organization_scope
from scorecards.cards.longer import longer_periods
from scorecards.explain.longer import explain_longer
from scorecards.models import ScorecardLine
from scorecards.scoring import Entry, NotScorable, ShortPeriod, aggregate, combine_periods, value_of
from strategy.services import kpis
from tests.scorecards.kit import D, line_of, make_card, make_kpi, rescore

numbers = st.decimals(min_value=-1000, max_value=1000, places=2)
entries = st.lists(st.lists(st.tuples(numbers, numbers), max_size=4), min_size=1, max_size=6)
PARTS = ("sum", "avg", "last")
KINDS = [("ratio", top, bottom) for top in PARTS for bottom in PARTS]
KINDS += [(kind, "sum", "sum") for kind in ("sum", "avg", "weighted_avg", "last", "min", "max", "count")]


def value(pair):
    if pair is None:
        return None
    try:
        return quantize(value_of(*pair), 9)
    except NotScorable:
        return "zero denominator"


@pytest.mark.parametrize(("kind", "top", "bottom"), KINDS)
@given(months=entries)
def test_months_together_are_what_their_entries_are_together(kind, top, bottom, months):
    parts = {"numerator_agg": top, "denominator_agg": bottom}
    given_, pairs, serial = [], [], 0
    for month, rows in enumerate(months):
        mine = []
        for row in rows:
            serial += 1
            mine.append(Entry(*row, on=date(2026, 1, 1) + timedelta(days=30 * month), id=serial))
        given_ += mine
        pair = aggregate(kind, mine, **parts)
        if pair is not None:
            pairs.append(ShortPeriod(*pair, len(mine)))
    assert value(combine_periods(kind, pairs, **parts)) == value(aggregate(kind, given_, **parts))


def test_leavers_over_the_mean_headcount_of_a_quarter_are_nine_percent():
    months = [ShortPeriod(Decimal(a), Decimal(b)) for a, b in ((3, 100), (2, 102), (4, 98))]
    pair = combine_periods("ratio", months, numerator_agg="sum", denominator_agg="avg")
    assert value_of(*pair, Decimal(100)) == 9


def test_targets_add_up_stand_or_are_averaged():
    targets = [Decimal(200), Decimal(100), Decimal(300)]
    assert [whole_of(targets, kind) for kind in ("sum", "last", "avg")] == [600, 300, 200]
    assert whole_of([], "sum") is None


class TestLines:
    """Windows of stored lines, from September to November, read in December."""

    @pytest.fixture
    def months(self, scope):
        periods = [
            Period.objects.create(kind="month", starts_on=date(2026, month, 1), ends_on=date(2026, month + 1, 1))
            for month in (8, 9, 10)
        ]
        return [*periods, scope.period]

    def fill(self, scope, kpi, months, values, target=100):
        """One line a month with one entry each (None: no entry); the last line, with everything it names."""
        for period, reached in zip(months, values, strict=True):
            card = make_card(scope, scope.lan, (kpi, 100, target), period=period)
            if reached is not None:
                line = card.lines.get()
                numbers = (
                    {"numerator": D(reached[0]), "denominator": D(reached[1])} if isinstance(reached, tuple) else None
                )
                line.actuals.create(on=period.starts_on, **(numbers or {"value": D(reached)}))
                rescore(card, date(2026, 12, 2))
        return ScorecardLine.objects.select_related(
            "kpi", "score", "scorecard__period", "scorecard__member", "scorecard__organization"
        ).get(pk=card.lines.get().pk)

    def windows(self, line, on=date(2026, 12, 2), mode="recompute", start_month=1):
        return {window.code: window for window in longer_periods(line, on=on, mode=mode, start_month=start_month)}

    def test_flows_add_up_over_the_months_that_have_a_value(self, scope, months):
        found = self.windows(self.fill(scope, make_kpi("S"), months, (90, None, 110, 130)))
        assert (found["ytd"].actual, found["ytd"].target, found["ytd"].completion) == (330, 300, Decimal("1.1"))
        assert (len(found["ytd"].counted), len(found["ytd"].months)) == (3, 4)
        assert found["rolling_3"].actual == 240
        assert found["quarter"].actual == 240
        assert found["half_year"].actual == 330

    def test_a_ratio_divides_sums_and_is_no_mean_of_percents(self, scope, months):
        kpi = make_kpi("R", aggregation="ratio", factor=D(100), unit="%", target_aggregation="last")
        found = self.windows(self.fill(scope, kpi, months, ((1, 1), (2, 4), (2, 100), (0, 1)), target=50))
        assert quantize(found["rolling_3"].actual, 4) == Decimal("3.8095")
        assert found["rolling_3"].target == 50

    def test_by_choice_the_mean_of_the_months_scores(self, scope, months):
        kpi = make_kpi("C", cap=D(1))
        line = self.fill(scope, kpi, months, (None, 90, 110, 130))
        assert self.windows(line)["rolling_3"].completion == 1
        assert self.windows(line, mode="average")["rolling_3"].completion == Decimal("0.966667")
        scope.organization.long_periods = "average"
        scope.organization.save()
        line.scorecard.organization.refresh_from_db()
        with translation.override("en"):
            steps = explain_longer(line, "rolling_3", on=date(2026, 12, 2)).steps
        told = {step.title: step.text for step in steps}
        assert told["Mean of the months' scores"] == "(90% + 100% + 100%) ÷ 3 = 96.67%, rounded half-up to six decimals"
        assert told["Status"].startswith("96.67% is at least ")
        assert told["Values of the months"] == "Added up: 90 + 110 + 130 = 330"
        assert told["Target"].endswith("100 + 100 + 100 = 300")

    def test_a_ratio_with_a_mean_says_how_its_parts_come_together(self, scope, months):
        kpi = make_kpi(
            "T",
            aggregation="ratio",
            numerator_agg="sum",
            denominator_agg="avg",
            numerator_label="leavers",
            denominator_label="people",
            target_aggregation="last",
        )
        line = self.fill(scope, kpi, months, ((1, 10), (2, 20), None, (3, 30)), target=1)
        with translation.override("en"):
            texts = [f"{s.title}: {s.text}" for s in explain_longer(line, "ytd", on=date(2026, 12, 2)).steps]
        assert "leavers: Added up: 1 + 2 + 3 = 6" in texts
        assert "people: Added up: 10 + 20 + 30 = 60" in texts
        assert "leavers: Times the entries of all months, because the other part is a mean of them: 6 × 3 = 18" in texts

    def test_the_year_begins_where_the_fiscal_year_does_and_a_running_month_waits(self, scope, months):
        line = self.fill(scope, make_kpi("F"), months, (10, 20, 30, 40))
        assert self.windows(line, start_month=10)["ytd"].actual == 70
        running = self.windows(line, on=date(2026, 11, 20))
        assert running["ytd"].actual == 60
        assert (running["rolling_3"].actual, running["quarter"].actual) == (60, 30)

    def test_a_formula_is_worked_out_over_all_months_and_not_averaged(self, scope, months):
        won, leads = make_kpi("WON"), make_kpi("LEADS")
        rate = kpis.create_kpi(
            fields={"name": "Rate", "aggregation": "formula", "formula": "percent([WON], [LEADS])", "unit": "%"},
            by=scope.acting(scope.strategy),
        ).current
        for period, a, b in zip(months[-2:], (2, 2), (4, 100), strict=True):
            card = make_card(scope, scope.lan, (won, 30, 10), (leads, 30, 10), (rate, 40, 50), period=period)
            for kpi, value_ in ((won, a), (leads, b)):
                line_of(card, kpi).actuals.create(on=period.starts_on, value=D(value_), line=line_of(card, kpi))
            rescore(card, date(2026, 12, 2))
        line = ScorecardLine.objects.select_related("kpi", "score", "scorecard__period", "scorecard__organization").get(
            pk=line_of(card, rate).pk
        )
        assert self.windows(line)["ytd"].actual == Decimal("3.846154")
        told = explain_longer(line, "ytd", on=date(2026, 12, 2))
        assert any("not a mean of the months" in step.text for step in told.steps)

    def test_pages_show_it_and_say_why(self, an_phat):
        with organization_scope(an_phat.organization):
            before = Period.objects.create(kind="month", starts_on=date(2026, 10, 1), ends_on=date(2026, 11, 1))
            line = self.fill(an_phat, make_kpi("P"), [before, an_phat.period], (120, 80))
        client = an_phat.client(an_phat.lan)
        part = client.get(an_phat.url(f"scorecards/lines/{line.pk}/longer/")).content.decode()
        assert f"/scorecards/lines/{line.pk}/longer/ytd/" in part
        assert client.get(an_phat.url(f"scorecards/lines/{line.pk}/longer/ytd/")).status_code == 200
        assert client.get(an_phat.url(f"scorecards/lines/{line.pk}/longer/ever/")).status_code == 404
        of_kpi = client.get(an_phat.url(f"scorecards/kpis/{line.kpi.definition_id}/longer/")).content.decode()
        assert f"/scorecards/lines/{line.pk}/longer/ytd/" in of_kpi
