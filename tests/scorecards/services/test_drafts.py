"""The assignment grid: what it begins with, what typing does to it, and how it comes on cards."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kpiapp.choices import PeriodKind
from kpiapp.models import AuditEvent, Department, Employment, Member, Period
from scorecards.assigning.draft_grid import changed_data, grid_of, page_data
from scorecards.models import AssignmentDraft, DraftRow, LineScore, Scorecard, ScorecardLine
from scorecards.services import copying, drafts
from strategy.services.plans import PlanDraft, keep_plan
from tests.cast import STORY_DAY
from tests.scorecards.kit import D, make_card, make_kpi


@pytest.fixture
def december(scope):
    return Period.objects.create(
        kind=PeriodKind.MONTH, starts_on=datetime.date(2026, 12, 1), ends_on=datetime.date(2027, 1, 1)
    )


@pytest.fixture
def revenue(scope):
    return make_kpi("R", "Doanh thu", decimals=0)


def opened(cast, *kpis, owners=None, periods=None, weight=50, target=100):
    """A grid of the strategy office."""
    return drafts.create_draft(
        owners=owners or [cast.lan, cast.minh],
        items=[drafts.Item(kpi, D(weight), None, D(target)) for kpi in kpis],
        periods=periods or [cast.period],
        by=cast.acting(cast.strategy),
    )


def typed(draft, *cells, language="en"):
    """Cells as (place of the row, column, text); the rows as the page shows them then."""
    rows = list(draft.rows.all())
    touched = drafts.write_cells(draft=draft, typed=[(rows[n].pk, c, t) for n, c, t in cells], language=language)
    return changed_data(grid_of(draft, touched), touched)["rows"]


def put(cast, draft):
    return drafts.put_draft(draft=draft, by=cast.acting(cast.strategy), today=STORY_DAY)


def test_every_person_gets_their_own_numbers(scope, december, revenue):
    draft = opened(scope, revenue, periods=[scope.period, december])
    typed(draft, (0, "2026-11", "1,200"), (0, "2026-12", "1,300"), (1, "weight", "30"))
    put(scope, draft)
    lines = ScorecardLine.objects.order_by("scorecard__member__code", "scorecard__period__starts_on")
    found = [
        (line.scorecard.member.code, line.weight, line.target) for line in lines.select_related("scorecard__member")
    ]
    assert found == [("NV003", 50, 1200), ("NV003", 50, 1300), ("NV004", 30, 100), ("NV004", 30, 100)]


def test_nothing_is_on_a_card_before(scope, revenue):
    typed(opened(scope, revenue), (0, "2026-11", "7"))
    assert not Scorecard.objects.exists()


def test_what_is_no_number_stays_as_typed_beside_what_is(scope, revenue):
    draft = opened(scope, revenue)
    first, second = typed(draft, (0, "2026-11", "1.2.3"), (1, "2026-11", "250"))
    assert first["cells"][2] == "1.2.3"
    assert "1,234.5" in first["wrong"]["2026-11"]
    assert second["cells"][2] == "250"
    assert second["wrong"] == {}
    with pytest.raises(drafts.DraftRefused, match="1"):
        put(scope, draft)
    typed(draft, (0, "2026-11", "123"))
    assert put(scope, draft).result["lines"] == 2


def test_numbers_are_read_and_shown_in_the_readers_language(scope, revenue):
    draft = opened(scope, revenue)
    typed(draft, (0, "2026-11", "1.234,5"), language="vi")
    assert DraftRow.objects.filter(draft=draft).first().cells["2026-11"] == "1234.5"


def test_a_target_that_could_never_be_scored_is_flagged_and_kept(scope):
    draft = opened(scope, make_kpi("B", method="baseline"))
    [row] = typed(draft, (0, "baseline", "40"), (0, "2026-11", "40"))
    assert row["cells"][2] == "40"
    assert row["wrong"]["2026-11"]
    with pytest.raises(drafts.DraftRefused):
        put(scope, draft)


@pytest.mark.parametrize("text", ["-1", "100.5", "20.123"])
def test_a_weight_is_a_part_of_100(scope, revenue, text):
    [row] = typed(opened(scope, revenue), (0, "weight", text))
    assert row["wrong"]["weight"]


def test_a_total_is_spread_and_loses_nothing(scope, december, revenue):
    draft = opened(scope, revenue, periods=[scope.period, december])
    [row] = typed(draft, (0, "total", "1,501"))
    assert row["cells"][2:] == ["751", "750"]
    assert row["total"] == "1,501"


def test_a_total_of_a_level_is_the_target_of_every_period(scope, december):
    level = make_kpi("L", aggregation="last", target_aggregation="last")
    [row] = typed(opened(scope, level, periods=[scope.period, december]), (0, "total", "95"))
    assert row["cells"][2:] == ["95", "95"]


def test_a_total_leaves_closed_periods_out_of_its_spread(scope, december, revenue):
    make_card(scope, scope.lan, (revenue, 100, 600), agreed_by=scope.manager)
    draft = opened(scope, revenue, periods=[scope.period, december])
    [row] = typed(draft, (0, "total", "1,500"))
    assert row["cells"][2:] == ["600", "900"]
    [row] = typed(draft, (0, "total", "500"))
    assert row["total"] == "500"
    assert "600" in row["wrong"]["total"]


def test_chosen_cells_are_raised_half_up_to_the_kpis_decimals(scope, revenue):
    draft = opened(scope, revenue, target=1050)
    rows = list(draft.rows.values_list("pk", flat=True))
    drafts.adjust_cells(draft=draft, ids=rows, columns=["2026-11"], how="percent", amount=D("15.3"))
    assert {row.cells["2026-11"] for row in draft.rows.all()} == {"1211"}  # 1,210.65
    drafts.adjust_cells(draft=draft, ids=rows[:1], columns=["2026-11"], how="times", amount=D("0.5"))
    drafts.adjust_cells(draft=draft, ids=rows[1:], columns=["2026-11"], how="set", amount=D(9))
    assert [row.cells["2026-11"] for row in draft.rows.all()] == ["606", "9"]


def test_numbers_on_draft_cards_are_where_the_grid_begins(scope, revenue):
    make_card(scope, scope.lan, (revenue, 70, 999))
    lan, minh = opened(scope, revenue).rows.all()
    assert (lan.cells["weight"], lan.cells["2026-11"]) == ("70", "999")
    assert (minh.cells["weight"], minh.cells["2026-11"]) == ("50", "100")


def test_agreed_cards_are_closed_left_alone_and_named(scope, revenue):
    card = make_card(scope, scope.lan, (revenue, 100, 100), agreed_by=scope.manager)
    draft = opened(scope, revenue)
    lan = next(row for row in page_data(grid_of(draft))["rows"] if row["code"] == scope.lan.code)
    assert lan["closed"] == {"2026-11": "agreed"}
    typed(draft, (0, "2026-11", "1"))
    done = put(scope, draft)
    assert done.result["left_alone"] == 1
    assert "Lê Thị Lan" in done.result["refused"][0]
    assert card.lines.get().target == 100


def test_the_weight_of_each_card_counts_what_is_on_it_already(scope, revenue):
    make_card(scope, scope.minh, (make_kpi("O"), 60, 1))
    draft = opened(scope, revenue)
    weights = page_data(grid_of(draft))["weights"]
    assert weights[f"m{scope.lan.pk}"]["note"].startswith("50")
    assert weights[f"m{scope.minh.pk}"] == {"text": "110", "note": weights[f"m{scope.minh.pk}"]["note"], "ok": False}
    typed(draft, (0, "weight", "100"), (1, "weight", "40"))
    assert all(weight["ok"] for weight in page_data(grid_of(draft))["weights"].values())


def test_who_is_out_of_reach_by_then_is_left_alone(scope, revenue):
    draft = drafts.create_draft(
        owners=[scope.lan, scope.minh],
        items=[drafts.Item(revenue, D(50))],
        periods=[scope.period],
        by=scope.acting(scope.manager),
    )
    done = drafts.put_draft(draft=draft, by=scope.acting(scope.manager), today=STORY_DAY)
    assert done.result["lines"] == 1
    assert not Scorecard.objects.filter(member=scope.minh).exists()


def test_it_is_put_once(scope, revenue):
    draft = opened(scope, revenue)
    put(scope, draft)
    with pytest.raises(drafts.DraftRefused):
        put(scope, draft)
    with pytest.raises(drafts.DraftRefused):
        typed(draft, (0, "2026-11", "7"))


def test_a_large_grid_is_handed_to_a_worker(scope, revenue, monkeypatch):
    monkeypatch.setattr(drafts, "LINES_AT_ONCE", 1)
    done = drafts.put_on_cards(draft=opened(scope, revenue), by=scope.acting(scope.strategy), today=STORY_DAY)
    assert done.job.task == drafts.TASK
    assert done.put_at is None
    with pytest.raises(drafts.DraftRefused):
        typed(done, (0, "2026-11", "7"))


def test_more_rows_than_a_screen_can_hold_are_refused(scope, revenue, monkeypatch):
    monkeypatch.setattr(drafts, "MOST_ROWS", 1)
    with pytest.raises(drafts.DraftRefused, match="2"):
        opened(scope, revenue)


def test_the_audit_trail_has_every_number_once(scope, revenue):
    draft = opened(scope, revenue, owners=[scope.lan, scope.minh, scope.manager])
    typed(draft, (0, "2026-11", "7"))
    put(scope, draft)
    event = AuditEvent.objects.filter(action="card.assign").last()
    assert sorted(line["target"] for line in event.after["lines"]) == ["100", "7"]
    assert sum(len(line["cards"]) for line in event.after["lines"]) == 3


def test_a_line_keeps_the_rule_agreed_for_it_alone(scope, revenue):
    card = make_card(scope, scope.lan, (revenue, 50, 100))
    card.lines.update(method="manual", params={})
    before = card.lines.get().params
    put(scope, opened(scope, revenue, owners=[scope.lan], target=7))
    assert (card.lines.get().method, card.lines.get().params) == ("manual", before)


def test_queries_do_not_grow_with_people_and_kpis(scope, december):
    periods = [scope.period, december]
    counts = []
    for first, size in ((0, 2), (2, 40)):
        kpis = [make_kpi(f"Q{size}-{n}") for n in range(size)]
        counts.append(_counted(scope, new_people(scope, first, size), kpis, periods))
    assert counts[0] == counts[1]


def new_people(cast, first, size):
    """More people of the manager's team."""
    members = Member.objects.bulk_create(Member(code=f"Y{first + n}", name=f"Y {first + n}") for n in range(size))
    Employment.objects.bulk_create(
        Employment(
            member=member,
            department=cast.department,
            position=cast.position,
            manager=cast.manager,
            valid_from=datetime.date(2026, 1, 1),
        )
        for member in members
    )
    return members


def _counted(cast, owners, kpis, periods):
    by = cast.acting(cast.strategy)
    found = {}
    with CaptureQueriesContext(connection) as made:
        draft = opened(cast, *kpis, owners=owners, periods=periods, weight=1)
    found["made"] = len(made)
    rows = list(draft.rows.values_list("pk", flat=True))
    with CaptureQueriesContext(connection) as pasted:
        cells = [(row, code, "5") for row in rows for code in draft.periods]
        touched = drafts.write_cells(draft=draft, typed=cells, language="en")
        changed_data(grid_of(draft, touched), touched)
    found["pasted"] = len(pasted)
    with CaptureQueriesContext(connection) as put_on:
        drafts.put_draft(draft=draft, by=by, today=STORY_DAY)
    # Large answers of the scoring go by COPY: a temporary table instead of parameters.
    found["put"] = len([q for q in put_on if "recomputed" not in q["sql"]])
    return found


def test_throwing_it_away_touches_no_card(scope, revenue):
    drafts.discard_draft(draft=opened(scope, revenue))
    assert not AssignmentDraft.objects.exists()
    assert not DraftRow.objects.exists()


# --- copying a period ---------------------------------------------------------------------------------------------


def copied(cast, december, growth="0", owners=None):
    pairs = copying.pairs_of([cast.period], [december])
    return copying.copy_periods(
        owners=owners or [cast.lan, cast.department],
        pairs=pairs,
        growth_percent=D(growth),
        by=cast.acting(cast.strategy),
        today=STORY_DAY,
    )


def test_targets_grow_weights_stay(scope, december, revenue):
    make_card(scope, scope.lan, (revenue, 60, 1050, None), (make_kpi("O", decimals=1), 40, "10.25"))
    make_card(scope, scope.department, (revenue, 100, 5000))
    draft = copied(scope, december, growth="15")
    put(scope, draft)
    lines = ScorecardLine.objects.filter(scorecard__period=december).order_by("-weight")
    assert list(lines.values_list("weight", "target")) == [(100, 5750), (60, 1208), (40, D("11.8"))]  # 1,207.5; 11.7875


def test_the_kpi_is_taken_as_it_is_now_and_retired_ones_stay_behind(scope, december, revenue):
    gone = make_kpi("O")
    make_card(scope, scope.lan, (revenue, 60, 10), (gone, 40, 10))
    gone.definition.is_active = False
    gone.definition.save()
    assert [row.kpi_id for row in copied(scope, december).rows.all()] == [revenue.pk]


def test_months_with_other_weights_keep_their_own(scope, december, revenue):
    january = Period.objects.create(
        kind=PeriodKind.MONTH, starts_on=datetime.date(2027, 1, 1), ends_on=datetime.date(2027, 2, 1)
    )
    february = Period.objects.create(
        kind=PeriodKind.MONTH, starts_on=datetime.date(2027, 2, 1), ends_on=datetime.date(2027, 3, 1)
    )
    make_card(scope, scope.lan, (revenue, 30, 10))
    make_card(scope, scope.lan, (revenue, 70, 20), period=december)
    pairs = copying.pairs_of([scope.period, december], [january, february])
    draft = copying.copy_periods(
        owners=[scope.lan], pairs=pairs, growth_percent=D(0), by=scope.acting(scope.strategy), today=STORY_DAY
    )
    put(scope, draft)
    new = ScorecardLine.objects.filter(scorecard__period__in=[january, february]).order_by(
        "scorecard__period__starts_on"
    )
    assert list(new.values_list("weight", "target")) == [(30, 10), (70, 20)]


def test_periods_have_to_match(scope, december):
    year = Period.objects.create(
        kind=PeriodKind.YEAR, starts_on=datetime.date(2027, 1, 1), ends_on=datetime.date(2028, 1, 1)
    )
    for sources, targets in (([scope.period, december], [year]), ([scope.period], [year]), ([], [december])):
        with pytest.raises(drafts.DraftRefused):
            copying.pairs_of(sources, targets)


def test_nothing_to_copy_is_said(scope, december):
    with pytest.raises(drafts.DraftRefused):
        copied(scope, december, owners=[scope.minh, Department.objects.first()])


class TestBalance:
    def weights(self, draft):
        return [row.cells["weight"] for row in draft.rows.all()]

    def test_weights_of_each_person_are_scaled_to_100_and_keep_their_share(self, scope, revenue):
        draft = opened(scope, revenue, make_kpi("C"), make_kpi("D"))
        typed(draft, (0, "weight", "20"), (1, "weight", "20"), (2, "weight", "10"), (3, "weight", "7"))
        first = draft.rows.all()[0]
        touched, left = drafts.balance_rows(draft=draft, ids=[first.pk])
        assert (len(touched), left) == (3, [])
        assert self.weights(draft) == ["40", "40", "20", "7", "50", "50"]
        grid = grid_of(draft)
        assert {name: one["ok"] for name, one in grid.weights().items()} == {
            f"m{scope.lan.pk}": True,
            f"m{scope.minh.pk}": False,
        }

    def test_what_weighs_on_the_card_already_is_left_room(self, scope, revenue):
        make_card(scope, scope.lan, (make_kpi("OLD"), 30, 10))
        draft = opened(scope, revenue, make_kpi("C"), owners=[scope.lan])
        drafts.balance_rows(draft=draft, ids=[row.pk for row in draft.rows.all()])
        assert self.weights(draft) == ["35", "35"]

    def test_a_full_card_is_named_and_left(self, scope, revenue):
        make_card(scope, scope.lan, (make_kpi("OLD"), 100, 10))
        draft = opened(scope, revenue, owners=[scope.lan])
        touched, left = drafts.balance_rows(draft=draft, ids=[draft.rows.get().pk])
        assert touched == []
        assert scope.lan.name in left[0]

    def test_rows_for_other_periods_than_the_rest_are_weighed_by_hand(self, scope, december, revenue):
        draft = opened(scope, revenue, make_kpi("C"), owners=[scope.lan], periods=[scope.period, december])
        draft.rows.filter(position=1).update(only=["2026-12"])
        touched, left = drafts.balance_rows(draft=draft, ids=[row.pk for row in draft.rows.all()])
        assert touched == []
        assert len(left) == 2

    def test_an_unscored_kpi_weighs_nothing(self, scope, revenue):
        draft = opened(scope, revenue, make_kpi("U", is_scored=False), owners=[scope.lan], weight=100)
        assert grid_of(draft).weights()[f"m{scope.lan.pk}"]["ok"]
        drafts.balance_rows(draft=draft, ids=[row.pk for row in draft.rows.all()])
        assert self.weights(draft) == ["100", "100"]
        [row] = typed(draft, (1, "weight", "20"), (1, "2026-11", "5"))
        assert (row["cells"][0], row["closed"]) == ("", {"weight": "unscored"})


class TestSpread:
    def spread(self, cast, draft, text, by):
        row = draft.rows.get()
        drafts.write_cells(draft=draft, typed=[(row.pk, "total", text)], language="en", spread_by=by)
        [data] = changed_data(grid_of(draft, [row.pk]), [row.pk])["rows"]
        return data["cells"][2:]

    def test_as_the_plan_has_it(self, scope, december, revenue):
        months = [*[D(100)] * 10, D(300), D(900)]
        keep_plan(
            definition=revenue.definition,
            starts_on=datetime.date(2026, 1, 1),
            draft=PlanDraft(sum(months), months, "own"),
            by=scope.acting(scope.strategy),
        )
        draft = opened(scope, revenue, owners=[scope.lan], periods=[scope.period, december])
        assert self.spread(scope, draft, "2000", "plan") == ["500", "1,500"]
        assert self.spread(scope, draft, "2000", "equal") == ["1,000", "1,000"]

    def test_by_working_days(self, scope, december, revenue):
        draft = opened(scope, revenue, owners=[scope.lan], periods=[scope.period, december])
        # 21 working days in November, 23 in December.
        assert self.spread(scope, draft, "440", "working_days") == ["210", "230"]

    def test_as_the_person_had_it_last_year(self, scope, december, revenue):
        for month, reached in ((11, 100), (12, 300)):
            first = datetime.date(2025, month, 1)
            end = datetime.date(2025, 12, 1) if month == 11 else datetime.date(2026, 1, 1)
            period = Period.objects.create(kind=PeriodKind.MONTH, starts_on=first, ends_on=end)
            card = make_card(scope, scope.lan, (revenue, 100, 100), period=period)
            LineScore.objects.filter(scorecard=card).update(quantity=reached, state="scored", entries=1)
        draft = opened(scope, revenue, owners=[scope.lan], periods=[scope.period, december])
        assert self.spread(scope, draft, "2000", "last_year") == ["500", "1,500"]
        stranger = opened(scope, revenue, owners=[scope.minh], periods=[scope.period, december])
        # Nothing is known of his own past: the shape the KPI is judged by.
        assert self.spread(scope, stranger, "2000", "last_year") == ["500", "1,500"]

    def test_nothing_known_of_last_year_is_equal(self, scope, december, revenue):
        draft = opened(scope, revenue, owners=[scope.lan], periods=[scope.period, december])
        assert self.spread(scope, draft, "1501", "last_year") == ["751", "750"]
