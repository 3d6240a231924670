"""KPIs in the browser: four fields, the whole card, words for what cannot be, versions, who may change what."""

import datetime
from decimal import Decimal

import pytest

from kpiapp.models import Member
from kpiapp.tenancy import organization_scope
from scorecards.models import ScorecardLine
from strategy.choices import KpiState, MapState
from strategy.models import KpiDefinition, Objective, Perspective, StrategyMap
from strategy.services import kpis
from tests.scorecards.clock import clock_at

BAND = {"low": "95", "high": "100", "outer_low": "80", "outer_high": "115"}
FORM = {
    "name": "Doanh thu mới",
    "objective": "",
    "owner": "",
    "direction": "increase",
    "aggregation": "sum",
    "unit": "triệu",
    "target": "4.000,5",
    "factor": "",
    "why": "",
    "description": "",
    "source": "",
    "perspective": "",
    "department": "",
    "frequency": "month",
    "group": "B",
    "decimals": "2",
    "baseline": "",
    "method": "ratio",
    "cap_percent": "120",
    "floor_percent": "0",
    "gate_percent": "",
    "missing_policy": "exclude_reweight",
    "target_aggregation": "",
}


def text(response):
    return response.content.decode()


def saved(cast, **changes):
    """Post the form as the strategy office; the version that was made."""
    response = cast.client(cast.strategy).post(cast.url("strategy/library/kpis/new/"), {**FORM, **changes})
    assert response.status_code == 302, text(response)
    with organization_scope(cast.organization):
        return KpiDefinition.objects.select_related("current").latest("id").current


def refused(cast, **changes):
    response = cast.client(cast.strategy).post(cast.url("strategy/library/kpis/new/"), {**FORM, **changes})
    assert response.status_code == 422
    with organization_scope(cast.organization):
        assert not KpiDefinition.objects.exists()
    return text(response)


def kpi_of(cast, **fields):
    with organization_scope(cast.organization):
        department = fields.pop("department", None)
        by = cast.acting(cast.strategy)
        return kpis.create_kpi(fields={"name": "Doanh thu", **fields}, department=department, by=by)


def test_four_fields_and_everything_else_has_a_sensible_value(an_phat):
    version = saved(an_phat, owner=f"Lê Thị Lan ({an_phat.lan.code})")
    assert (version.name, version.target, version.owner_id) == ("Doanh thu mới", Decimal("4000.5"), an_phat.lan.pk)
    assert (version.method, version.cap, version.target_aggregation) == ("ratio", Decimal("1.2"), "sum")


@pytest.mark.parametrize(
    ("changes", "method", "params"),
    [
        (
            {
                "direction": "range",
                "method": "band",
                "low": "95",
                "high": "100",
                "outer_low": "80",
                "outer_high": "115",
            },
            "band",
            BAND,
        ),
        (
            {"direction": "decrease", "method": "deduct", "deduct_per_unit": "12,5"},
            "deduct",
            {"deduct_per_unit": "0.125"},
        ),
        ({"direction": "range", "method": "deviation", "tolerance": "5"}, "deviation", {"tolerance": "0.05"}),
        ({"direction": "pass", "method": "binary", "pass_when": "="}, "binary", {"pass_when": "="}),
        (
            {"method": "scale", "row_first": ["4,5", "4", "", "0"], "row_percent": ["120", "100", "", "0"]},
            "scale",
            {
                "bands": [
                    {"at_least": "4.5", "completion": "1.2"},
                    {"at_least": "4", "completion": "1"},
                    {"at_least": "0", "completion": "0"},
                ]
            },
        ),
        (
            {
                "method": "piecewise_linear",
                "row_first": ["300", "900"],
                "row_percent": ["0", "100"],
                "x_is": "actual",
                "below_first": "zero",
                "above_last": "clamp",
            },
            "piecewise_linear",
            {
                "anchors": [{"x": "300", "completion": "0"}, {"x": "900", "completion": "1"}],
                "x_is": "actual",
                "below_first": "zero",
                "above_last": "clamp",
            },
        ),
        (
            {
                "method": "milestone",
                "row_first": ["Bắt đầu", "Xong"],
                "row_percent": ["25", "100"],
                "due_day": "20",
                "late_percent": "2",
                "late_unit": "week",
                "late_floor_percent": "50",
            },
            "milestone",
            {
                "table": [{"label": "Bắt đầu", "completion": "0.25"}, {"label": "Xong", "completion": "1"}],
                "due_day": "20",
                "late_percent": "2",
                "late_floor_percent": "50",
                "late_unit": "week",
            },
        ),
    ],
)
def test_every_method_is_set_in_small_fields_and_read_back(an_phat, changes, method, params):
    version = saved(an_phat, **changes)
    assert (version.method, version.params) == (method, params)
    client = an_phat.client(an_phat.strategy)
    page = text(client.get(an_phat.url(f"strategy/library/kpis/{version.definition_id}/edit/")))
    for name, value in changes.items():
        for part in value if isinstance(value, list) else [value]:
            assert part in page, name
    assert client.get(an_phat.url(f"strategy/library/kpis/{version.definition_id}/")).status_code == 200


def test_a_ratio_keeps_both_parts(an_phat):
    version = saved(
        an_phat,
        aggregation="ratio",
        numerator_label="Đơn lỗi",
        numerator_agg="sum",
        denominator_label="Đơn hàng",
        denominator_agg="sum",
        factor="100",
    )
    assert (version.numerator_label, version.denominator_label, version.factor) == ("Đơn lỗi", "Đơn hàng", Decimal(100))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "id_name_error"),
        ({"target": "0"}, "id_target_error"),
        ({"target": "4.00"}, "id_target_error"),
        ({"cap_percent": "0"}, "id_cap_percent_error"),
        ({"owner": "Không Ai"}, "id_owner_error"),
        ({"aggregation": "ratio", "numerator_label": "Đơn lỗi"}, "id_denominator_label_error"),
        ({"direction": "range", "method": "band", "low": "95", "high": "90"}, "id_high_error"),
        ({"direction": "range", "method": "band", "low": "95", "high": "100", "outer_low": "96"}, "id_outer_low_error"),
        ({"direction": "range", "method": "band", "high": "100"}, "id_low_error"),
        ({"direction": "decrease", "method": "deduct", "deduct_per_unit": "0"}, "id_deduct_per_unit_error"),
        ({"missing_policy": "carry_forward"}, "id_missing_policy_error"),
        ({"method": "baseline", "baseline": "4.000,5"}, "id_target_error"),
    ],
)
def test_what_cannot_be_scored_is_said_beside_its_field_and_nothing_typed_is_lost(an_phat, changes, field):
    page = refused(an_phat, **changes)
    assert f'id="{field}"' in page
    assert changes.get("name", "Doanh thu mới") in page
    assert "triệu" in page


def test_rows_that_do_not_fit_are_named(an_phat):
    page = refused(an_phat, method="scale", row_first=["3", "bốn"], row_percent=["100", "120"])
    assert 'value="bốn"' in page
    assert "2" in page
    refused(an_phat, method="scale", row_first=["3", "4"], row_percent=["100", "120"])
    refused(an_phat, method="scale", row_first=["", ""], row_percent=["", ""])


def test_a_method_of_another_direction_gives_way_to_the_usual_one(an_phat):
    assert saved(an_phat, direction="decrease", method="ratio").method == "mirror"


def test_the_form_follows_what_is_chosen(an_phat):
    client = an_phat.client(an_phat.strategy)
    url = an_phat.url("strategy/library/kpis/scoring/")
    band = text(client.post(url, {**FORM, "direction": "range", "method": "ratio"}))
    assert 'name="outer_low"' in band
    assert 'hx-swap-oob="innerHTML"' in band
    assert 'role="alert"' not in band
    ratio = text(client.post(url, {**FORM, "aggregation": "ratio", "numerator_label": "Đơn lỗi"}))
    assert 'value="Đơn lỗi"' in ratio
    scale = {**FORM, "method": "scale", "row_first": ["4", "3", "2", "1"], "row_percent": ["120", "x", "", ""]}
    rows = text(client.post(url, {**scale, "add_row": "1"}))
    assert rows.count('name="row_first"') == 5
    assert 'value="x"' in rows
    with organization_scope(an_phat.organization):
        assert not KpiDefinition.objects.exists()


def test_an_edit_is_a_new_version_told_in_words(an_phat):
    kpi = kpi_of(an_phat, target=Decimal(100))
    client = an_phat.client(an_phat.strategy)
    url = an_phat.url(f"strategy/library/kpis/{kpi.pk}/edit/")
    assert 'value="100"' in text(client.get(url))
    client.post(url, {**FORM, "name": "Doanh thu", "target": "120", "reason": "Thị trường tăng"})
    page = text(client.get(an_phat.url(f"strategy/library/kpis/{kpi.pk}/")))
    assert "<del" in page
    assert "100</del> → <span>120" in page
    with organization_scope(an_phat.organization):
        assert kpi.versions.count() == 2


def test_managers_define_for_their_own_departments_only(an_phat):
    ours = kpi_of(an_phat, department=an_phat.department)
    theirs = kpi_of(an_phat, department=an_phat.other_department)
    everybodys = kpi_of(an_phat)
    client = an_phat.client(an_phat.manager)
    assert client.get(an_phat.url(f"strategy/library/kpis/{ours.pk}/edit/")).status_code == 200
    for kpi in (theirs, everybodys):
        assert client.get(an_phat.url(f"strategy/library/kpis/{kpi.pk}/")).status_code == 200
        assert client.get(an_phat.url(f"strategy/library/kpis/{kpi.pk}/edit/")).status_code == 404
        assert client.post(an_phat.url(f"strategy/library/kpis/{kpi.pk}/retire/"), {"reason": "x"}).status_code == 404
    sent = {**FORM, "department": str(an_phat.other_department.pk)}
    assert client.post(an_phat.url("strategy/library/kpis/new/"), sent).status_code == 422
    assert client.post(an_phat.url("strategy/library/kpis/new/"), FORM).status_code == 422
    own = {**FORM, "department": str(an_phat.department.pk)}
    assert client.post(an_phat.url("strategy/library/kpis/new/"), own).status_code == 302
    assert an_phat.client(an_phat.lan).get(an_phat.url("strategy/library/kpis/new/")).status_code == 403


def test_another_company_finds_nothing(an_phat, binh_minh):
    kpi = kpi_of(an_phat)
    client = binh_minh.client(binh_minh.strategy)
    assert client.get(binh_minh.url(f"strategy/library/kpis/{kpi.pk}/")).status_code == 404
    assert client.get(binh_minh.url(f"strategy/library/kpis/{kpi.pk}/edit/")).status_code == 404
    sent = {**FORM, "owner": f"Lê Thị Lan ({an_phat.lan.code})", "department": str(an_phat.department.pk)}
    assert client.post(binh_minh.url("strategy/library/kpis/new/"), sent).status_code == 422


def test_two_people_of_one_name_are_told_apart_by_their_code(an_phat):
    with organization_scope(an_phat.organization):
        Member.objects.create(code="NV999", name="Lê Thị Lan")
    assert 'id="id_owner_error"' in refused(an_phat, owner="Lê Thị Lan")
    with organization_scope(an_phat.organization):
        other = Member.objects.get(code="NV999")
    assert saved(an_phat, owner="Lê Thị Lan (NV999)").owner_id == other.pk


def test_retired_kpis_leave_the_list_and_come_back(an_phat):
    kpi = kpi_of(an_phat)
    client = an_phat.client(an_phat.strategy)
    client.post(an_phat.url(f"strategy/library/kpis/{kpi.pk}/retire/"), {"reason": "Trùng"})
    assert "Doanh thu" not in text(client.get(an_phat.url("strategy/library/kpis/")))
    assert "Doanh thu" in text(client.get(an_phat.url("strategy/library/kpis/?state=retired")))
    client.post(an_phat.url(f"strategy/library/kpis/{kpi.pk}/restore/"))
    assert "Doanh thu" in text(client.get(an_phat.url("strategy/library/kpis/?q=doanh thu")))


def test_the_list_is_searched_without_accents_and_filtered(an_phat):
    kpi_of(an_phat, name="Tỷ lệ trả lương đúng hạn", group="A", department=an_phat.department)
    kpi_of(an_phat, name="Điểm hài lòng", group="C")
    client = an_phat.client(an_phat.lan)
    url = an_phat.url("strategy/library/kpis/")
    assert "trả lương" in text(client.get(url + "?q=tra luong"))
    assert "hài lòng" not in text(client.get(url + "?q=tra luong"))
    assert "hài lòng" not in text(client.get(url + f"?department={an_phat.department.pk}"))
    assert "trả lương" not in text(client.get(url + "?group=C"))
    assert client.get(url + "?perspective=x&department=y&page=z").status_code == 200


@pytest.mark.parametrize(
    "path", ["strategy/library/kpis/", "strategy/library/kpis/{pk}/", "strategy/library/kpis/{pk}/edit/"]
)
def test_pages_of_kpis_need_the_same_queries_for_one_and_many(
    an_phat, path, django_assert_max_num_queries, django_assert_num_queries
):
    kpi = kpi_of(an_phat)
    client = an_phat.client(an_phat.strategy)
    url = an_phat.url("strategy/library/kpis/" + path.format(pk=kpi.pk))
    with django_assert_max_num_queries(20) as counted:
        client.get(url)
    one = len(counted)
    kpi_of(an_phat, name="Hai", owner=an_phat.lan)
    kpi_of(an_phat, name="Ba", owner=an_phat.minh, department=an_phat.department)
    with organization_scope(an_phat.organization):
        by = an_phat.acting(an_phat.strategy)
        for target in (1, 2):
            kpis.revise_kpi(
                definition=kpi, fields={"name": "Doanh thu", "target": Decimal(target)}, department=None, by=by
            )
    with django_assert_num_queries(one):
        client.get(url)


def test_palette_finds_kpis(an_phat):
    kpi_of(an_phat, name="Tỷ lệ trả lương đúng hạn")
    body = text(an_phat.client(an_phat.lan).get(an_phat.url("search/?q=tra luong")))
    assert "Tỷ lệ trả lương đúng hạn" in body


@pytest.fixture
def objective(an_phat):
    """On the published map, where managers find it."""
    with organization_scope(an_phat.organization):
        plan = StrategyMap.objects.create(
            name="Plan",
            state=MapState.PUBLISHED,
            published_at=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
            published_by=an_phat.strategy,
        )
        lane = Perspective.objects.create(kind="financial", position=0)
        return Objective.objects.create(map=plan, perspective=lane, code="F1", name="Tăng trưởng")


def as_shown(page) -> dict:
    """Everything that stands in the fields of a form, as a browser sends it."""
    form = page.context["form"]
    values = {field.html_name: field.value() for field in form if field.value() not in (None, False, "")}
    return {name: value.isoformat() if hasattr(value, "isoformat") else str(value) for name, value in values.items()}


def assigned(client, cast, kpi):
    """Put a KPI on Lan's card of the month; what came back."""
    number = {f"kpi-{kpi.pk}-weight": "100", f"kpi-{kpi.pk}-target": "12"}
    data = {"kpi": kpi.pk, "member": cast.lan.pk, "period": "2026-11", "assign": "1", **number}
    return client.post(cast.url("scorecards/assign/"), data)


def test_a_manager_types_four_fields_uses_the_kpi_at_once_and_gives_it_to_somebody(an_phat, objective):
    with clock_at():
        client = an_phat.client(an_phat.manager)
        page = client.get(an_phat.url("strategy/library/kpis/new/"))
        four = {"name": "Hợp đồng mới", "objective": objective.pk, "baseline": "10", "target": "12"}
        response = client.post(an_phat.url("strategy/library/kpis/new/"), {**as_shown(page), **four})
        assert response.status_code == 302
        with organization_scope(an_phat.organization):
            kpi = KpiDefinition.objects.select_related("current").get()
            assert kpi.state == KpiState.ACTIVE
            assert kpi.current.owner_id == an_phat.manager.pk
            assert kpi.current.reevaluate_on == kpi.current.due_on == datetime.date(2026, 12, 31)
            assert kpi.current.source
        assert assigned(client, an_phat, kpi).status_code == 302
        with organization_scope(an_phat.organization):
            assert ScorecardLine.objects.get(kpi=kpi.current).scorecard.member_id == an_phat.lan.pk


def test_what_a_draft_lacks_is_asked_for_in_one_go_and_leads_on_to_giving_it(an_phat, objective):
    with clock_at():
        client = an_phat.client(an_phat.manager)
        page = client.get(an_phat.url("strategy/library/kpis/new/"))
        client.post(an_phat.url("strategy/library/kpis/new/"), {**as_shown(page), "name": "Hợp đồng mới"})
        with organization_scope(an_phat.organization):
            kpi = KpiDefinition.objects.get()
        assert kpi.state == KpiState.DRAFT
        shown = client.get(an_phat.url(f"strategy/library/kpis/{kpi.pk}/"))
        assert list(shown.context["gaps"].fields) == ["baseline", "target", "objective"]
        fill = an_phat.url(f"strategy/library/kpis/{kpi.pk}/fill/")
        # Without a baseline nobody could tell how hard the target is.
        assert [field.field.required for field in shown.context["gaps"]] == [True, True, True]
        wrong = client.post(fill, {"baseline": "10", "target": "mười hai", "objective": objective.pk})
        assert wrong.status_code == 422
        assert "mười hai" in text(wrong)
        easy = client.post(fill, {"baseline": "10", "target": "9", "objective": objective.pk})
        assert easy.status_code == 422
        assert list(easy.context["gaps"].fields) == ["baseline", "target"]  # the rest is kept
        done = client.post(fill, {"baseline": "10", "target": "12"})
        assert done["Location"] == an_phat.url(f"scorecards/assign/?kpi={kpi.pk}")
        assert assigned(client, an_phat, kpi)["Location"].startswith(an_phat.url("scorecards/cards/"))


def test_without_a_published_map_there_is_nothing_to_choose_and_the_strategy_office_decides(an_phat):
    with clock_at():
        client = an_phat.client(an_phat.manager)
        page = client.get(an_phat.url("strategy/library/kpis/new/"))
        numbers = {"name": "Hợp đồng mới", "baseline": "10", "target": "12"}
        client.post(an_phat.url("strategy/library/kpis/new/"), {**as_shown(page), **numbers})
        with organization_scope(an_phat.organization):
            kpi = KpiDefinition.objects.get()
        shown = client.get(an_phat.url(f"strategy/library/kpis/{kpi.pk}/"))
        assert not shown.context["gaps"].fields
        assert f"/library/kpis/{kpi.pk}/send/" in text(shown)
