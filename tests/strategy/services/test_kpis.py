"""KPIs of an organization: sensible defaults, sentences for what cannot be scored, versions that never change."""

from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from kpiapp.models import AuditEvent
from strategy.catalogue import library_kpis, library_templates
from strategy.models import KpiDefinition, KpiVersion
from strategy.services import kpis
from strategy.services import library as library_copies
from strategy.services.perspectives import ensure_perspectives
from tests.cast import STORY_DAY


@pytest.fixture
def by(scope):
    return scope.acting(scope.strategy)


def problems(fields):
    with pytest.raises(kpis.KpiRefused) as refused:
        kpis.create_kpi(fields=fields, by=None)
    return dict(refused.value.problems)


def test_four_fields_are_enough(scope, by):
    kpi = kpis.create_kpi(fields={"name": "Net new revenue", "owner": scope.lan, "target": Decimal(4000)}, by=by)
    version = kpi.current
    assert (kpi.code, version.number, version.method) == ("KPI-001", 1, "ratio")
    assert (version.aggregation, version.target_aggregation, version.frequency) == ("sum", "sum", "month")
    assert (version.cap, version.floor, version.missing_policy) == (Decimal("1.2"), Decimal(0), "exclude_reweight")
    event = AuditEvent.objects.get(action="kpi.create")
    assert event.after["owner"] == "Lê Thị Lan"
    assert event.after["target"] == "4000"


@pytest.mark.parametrize(
    ("direction", "method"),
    [("increase", "ratio"), ("decrease", "mirror"), ("pass", "binary")],
)
def test_the_method_follows_the_direction(scope, by, direction, method):
    kpi = kpis.create_kpi(fields={"name": "X", "direction": direction}, by=by)
    assert kpi.current.method == method


def test_codes_count_on_and_never_repeat(scope, by):
    codes = [kpis.create_kpi(fields={"name": name}, by=by).code for name in "AB"]
    assert codes == ["KPI-001", "KPI-002"]
    assert kpis.create_kpi(fields={"name": "C"}, code="SAL", by=by).code == "SAL"
    assert kpis.create_kpi(fields={"name": "D"}, code="SAL", by=by).code == "SAL-2"


def test_a_target_of_zero_is_refused_with_advice(scope):
    for direction in ("increase", "decrease"):
        sentence = problems({"name": "Errors", "direction": direction, "target": Decimal(0)})["target"]
        assert "Use deduct or baseline" in sentence


def test_every_shape_that_cannot_be_scored_has_a_sentence(scope):
    assert "Say what is measured" in problems({"name": " "})["name"]
    assert "above the floor" in problems({"name": "X", "cap": Decimal(1), "floor": Decimal(1)})["cap"]
    band = {"low": "95", "high": "100", "outer_low": "96", "outer_high": "115"}
    assert "must rise" in problems({"name": "X", "direction": "range", "method": "band", "params": band})["outer_low"]
    rows = [{"at_least": "3", "completion": "1"}, {"at_least": "4", "completion": "1.2"}]
    assert "must fall" in problems({"name": "X", "method": "scale", "params": {"bands": rows}})["bands"]
    one = [{"x": "3", "completion": "1"}]
    assert "two anchors" in problems({"name": "X", "method": "piecewise_linear", "params": {"anchors": one}})["anchors"]
    wrong_way = problems({"name": "X", "direction": "decrease", "method": "ratio"})["method"]
    assert "Actual ÷ target" in wrong_way
    assert "Lower is better" in wrong_way
    carried = problems({"name": "X", "aggregation": "sum", "missing_policy": "carry_forward"})
    assert "last value" in carried["missing_policy"]
    equal = {"name": "X", "method": "baseline", "target": Decimal(5), "baseline": Decimal(5)}
    assert "equal" in problems(equal)["target"]


def test_a_ratio_names_both_parts(scope, by):
    found = problems({"name": "X", "aggregation": "ratio", "numerator_label": "Leavers"})
    assert set(found) == {"denominator_label"}
    fields = {"name": "X", "aggregation": "ratio", "numerator_label": "Leavers", "denominator_label": "Headcount"}
    version = kpis.create_kpi(fields={**fields, "denominator_agg": "avg"}, by=by).current
    assert (version.numerator_agg, version.denominator_agg, version.target_aggregation) == ("sum", "avg", "last")


def test_parts_of_a_ratio_are_dropped_when_it_is_none(scope, by):
    version = kpis.create_kpi(fields={"name": "X", "numerator_label": "Leavers", "factor": Decimal(100)}, by=by).current
    assert (version.numerator_label, version.numerator_agg, version.factor) == ("", "", Decimal(1))


def test_a_revision_is_a_new_version_and_the_old_one_stays(scope, by):
    kpi = kpis.create_kpi(fields={"name": "Revenue", "target": Decimal(100)}, by=by)
    first = kpi.current
    revised = kpis.revise_kpi(
        definition=kpi,
        fields={"name": "Net revenue", "target": Decimal(120)},
        department=scope.department,
        reason="Returns count",
        by=by,
    )
    assert (revised.current.number, revised.name, revised.search_key) == (2, "Net revenue", "net revenue")
    first.refresh_from_db()
    assert (first.name, first.target) == ("Revenue", Decimal(100))
    event = AuditEvent.objects.get(action="kpi.revise")
    assert event.before == {"name": "Revenue", "target": "100", "department": ""}
    assert event.after == {"name": "Net revenue", "target": "120", "department": "Phòng Kinh doanh"}
    assert event.reason == "Returns count"


def test_saving_without_a_change_makes_no_version_and_no_event(scope, by):
    kpi = kpis.create_kpi(fields={"name": "Revenue", "target": Decimal(100)}, by=by)
    again = kpis.revise_kpi(definition=kpi, fields={"name": "Revenue", "target": Decimal(100)}, department=None, by=by)
    assert again.current.number == 1
    assert not AuditEvent.objects.filter(action="kpi.revise").exists()


def test_the_database_itself_keeps_versions_as_they_were(scope, by):
    kpi = kpis.create_kpi(fields={"name": "Revenue"}, by=by)
    with pytest.raises(DatabaseError), transaction.atomic():
        KpiVersion.objects.filter(pk=kpi.current_id).update(name="Rewritten")


def test_a_copy_keeps_its_origin_and_is_made_once(scope, by):
    library = library_kpis()["HRH-01"]
    copy = library_copies.copy_from_library(on=STORY_DAY, kpi=library, language="vi", by=by)
    assert (copy.code, copy.origin, copy.name) == ("HRH-01", "HRH-01", "Tỷ lệ chi phí nhân sự trên doanh thu")
    version = copy.current
    assert version.perspective == ensure_perspectives()["financial"]
    assert (version.numerator_label, version.denominator_label, version.factor) == (
        "Chi phí nhân sự",
        "Doanh thu thuần",
        Decimal(100),
    )
    assert library_copies.copy_from_library(on=STORY_DAY, kpi=library, language="en", by=by) == copy
    kpis.retire_kpi(definition=copy, reason="Not ours", by=by)
    assert library_copies.copy_from_library(on=STORY_DAY, kpi=library, language="en", by=by).code == "HRH-01-2"


def test_a_whole_card_is_copied_and_only_what_is_missing(scope, by):
    template = library_templates()["STL"]
    library_copies.copy_from_library(on=STORY_DAY, kpi=library_kpis()["STL-03"], language="vi", by=by)
    copies = library_copies.copy_template(on=STORY_DAY, template=template, language="vi", by=by)
    assert [copy.code for copy in copies] == [f"STL-{n:02}" for n in range(1, 11)]
    assert KpiDefinition.objects.count() == 10
    assert AuditEvent.objects.filter(action="kpi.create").count() == 10


@pytest.mark.parametrize("language", ["vi", "en"])
def test_all_two_hundred_can_be_copied(scope, by, language):
    for template in library_templates().values():
        library_copies.copy_template(on=STORY_DAY, template=template, language=language, by=by)
    assert KpiDefinition.objects.count() == 200


def test_retired_and_restored(scope, by):
    kpi = kpis.create_kpi(fields={"name": "Revenue"}, by=by)
    kpis.retire_kpi(definition=kpi, reason="Replaced", by=by)
    kpi.refresh_from_db()
    assert not kpi.is_active
    assert AuditEvent.objects.first().reason == "Replaced"
    kpis.restore_kpi(definition=kpi, by=by)
    kpi.refresh_from_db()
    assert kpi.is_active
