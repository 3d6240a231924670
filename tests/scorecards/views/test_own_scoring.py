"""A KPI that one assignment scores otherwise than its definition says: given, seen, changed, explained."""

import datetime
import json

from django.http import QueryDict

from kpiapp.models import Period
from kpiapp.tenancy import organization_scope
from scorecards.models import AssignmentDraft, ChangeRequest, DraftRow, ScorecardLine
from scorecards.services import changes, copying, drafts
from tests.cast import STORY_DAY
from tests.scorecards.kit import D, line_of, make_card, make_kpi

# 78 of a target of 100: 78 % by the KPI's own rule.
STEPS = {"method": "scale", "row_first": ["100", "70", "0", ""], "row_percent": ["100", "50", "0", ""]}
KEPT = {
    "bands": [
        {"at_least": "100", "completion": "1"},
        {"at_least": "70", "completion": "0.5"},
        {"at_least": "0", "completion": "0"},
    ]
}


def sent(prefix: str, **fields) -> dict:
    return {f"{prefix}-{name}": value for name, value in fields.items()}


def assigned(cast, kpi, **more):
    data = {"kpi": kpi.definition_id, "member": cast.minh.pk, "period": "2026-11", "when": "pick", **more}
    data |= sent(f"kpi-{kpi.definition_id}", **{"weight": "2", "target": "100", **STEPS})
    return cast.client(cast.director).post(cast.url("scorecards/assign/"), data)


def test_a_kpi_is_given_with_a_method_and_parameters_of_its_own(filled):
    kpi = filled.kpis[1]
    page = assigned(filled, kpi, show="1").content.decode()
    assert "chấm điểm riêng ở đây" in page
    response = assigned(filled, kpi, assign="1")
    assert response.status_code == 302
    with organization_scope(filled.organization):
        line = line_of(filled.minh_card, kpi)
        assert (line.method, line.params) == ("scale", KEPT)
    other = filled.client(filled.director).get(filled.url(f"scorecards/lines/{line.pk}/")).content.decode()
    assert "Step scale" in other or "Thang bậc" in other or "bậc" in other


def test_a_grid_keeps_it_and_puts_it_on_the_cards(filled):
    kpi = filled.kpis[1]
    assert assigned(filled, kpi, grid="1").status_code == 302
    with organization_scope(filled.organization):
        row = DraftRow.objects.get()
        assert (row.method, row.params) == ("scale", KEPT)
        drafts.put_draft(draft=AssignmentDraft.objects.get(), by=filled.acting(filled.director), today=STORY_DAY)
        assert line_of(filled.minh_card, kpi).params == KEPT


def own_rule(cast, line):
    """How a line scores by now."""
    with organization_scope(cast.organization):
        return ScorecardLine.objects.values_list("method", "params").get(pk=line.pk)


def edited(cast, line, **fields):
    data = sent(f"line-{line.pk}", **{"weight": "98", "target": "100", **fields})
    return cast.client(cast.director).post(cast.url(f"scorecards/cards/{cast.minh_card.pk}/edit/"), data)


def test_on_a_draft_it_is_set_and_taken_back(filled):
    with organization_scope(filled.organization):
        line = line_of(filled.minh_card, filled.kpis[0])
    assert edited(filled, line, **STEPS).status_code == 302
    assert own_rule(filled, line) == ("scale", KEPT)
    # A page that did not ask how it scores leaves that alone.
    assert edited(filled, line, weight="97").status_code == 302
    assert own_rule(filled, line) == ("scale", KEPT)
    assert edited(filled, line, method="").status_code == 302
    assert own_rule(filled, line) == ("", None)


def test_the_rule_of_the_kpi_itself_is_nothing_of_its_own(filled):
    with organization_scope(filled.organization):
        line = line_of(filled.minh_card, filled.kpis[0])
    edited(filled, line, method="ratio")
    assert own_rule(filled, line) == ("", None)


def test_what_the_kernel_cannot_score_comes_back_with_all_that_was_typed(filled):
    with organization_scope(filled.organization):
        kpi = make_kpi("COST", "Chi phí", method="mirror")
        card = make_card(filled, filled.minh, (kpi, 2, 50))
        line = line_of(card, kpi)
        other = line_of(card, filled.kpis[0])
    rest = sent(f"line-{other.pk}", weight="98", target="100")
    data = rest | sent(f"line-{line.pk}", weight="2", target="-5", method="inverse")
    url = filled.url(f"scorecards/cards/{card.pk}/edit/")
    response = filled.client(filled.director).post(url, data)
    page = response.content.decode()
    assert response.status_code == 422
    assert 'value="-5"' in page
    assert '<option value="inverse" selected' in page
    data = rest | sent(f"line-{line.pk}", weight="2", target="50", method="deduct", deduct_per_unit="-3")
    response = filled.client(filled.director).post(url, data)
    assert response.status_code == 422
    assert 'value="-3"' in response.content.decode()
    assert own_rule(filled, line) == ("", None)


def test_an_agreed_line_gets_another_method_by_a_second_person_and_says_why(filled):
    lan, url = filled.client(filled.lan), filled.url(f"scorecards/lines/{filled.line.pk}/change/")
    wish = {**STEPS, "effective_on": "2026-11-01", "mode": "replace", "reason": "Chỉ bậc mới có nghĩa"}
    effect = lan.post(f"{url}effect/", wish).content.decode()
    assert lan.post(url, wish).status_code == 302
    with organization_scope(filled.organization):
        request = ChangeRequest.objects.get()
        assert set(request.changes) == {"method", "params"}
        assert line_of(filled.card, filled.kpis[0]).score.completion == D("0.78")
    seen = filled.client(filled.manager).get(filled.url("scorecards/changes/")).content.decode()
    assert "70: 50" in seen.replace("\xa0", " ")
    assert "{" not in seen.partition("<main")[2].partition("</main")[0].replace("{&quot;", "")
    with organization_scope(filled.organization):
        changes.approve_change(request=request, by=filled.acting(filled.manager), today=STORY_DAY)
        assert line_of(filled.card, filled.kpis[0]).score.completion == D("0.5")
    why = lan.get(filled.url(f"scorecards/lines/{filled.line.pk}/why/")).content.decode()
    assert "70: 50" in why.replace("\xa0", " ")
    assert "78,00%" in effect
    assert "50,00%" in effect


def test_nothing_changes_by_sending_the_page_as_it_stands(filled):
    url = filled.url(f"scorecards/lines/{filled.line.pk}/change/")
    wish = {"method": "", "effective_on": "2026-11-20", "mode": "segments", "reason": "Không có gì"}
    response = filled.client(filled.lan).post(url, wish)
    assert response.status_code == 422
    with organization_scope(filled.organization):
        assert not ChangeRequest.objects.exists()


def test_from_a_day_on_each_part_keeps_its_own_rule(filled):
    with organization_scope(filled.organization):
        request = changes.request_change(
            line=filled.line,
            changes={"method": "scale", "params": KEPT},
            reason="Từ giữa tháng",
            effective_on=datetime.date(2026, 11, 16),
            by=filled.acting(filled.lan),
        )
        changes.approve_change(request=request, by=filled.acting(filled.manager), today=STORY_DAY)
        line = ScorecardLine.objects.get(pk=filled.line.pk)
        assert line.in_segments
        assert [segment.method for segment in line.segments.all()] == ["", "scale"]
    why = filled.client(filled.lan).get(filled.url(f"scorecards/lines/{filled.line.pk}/why/"))
    assert "70: 50" in why.content.decode().replace("\xa0", " ")


def test_another_period_takes_it_over(filled):
    with organization_scope(filled.organization):
        ScorecardLine.objects.filter(pk=filled.line.pk).update(method="scale", params=KEPT)
        december = Period.objects.create(
            kind=filled.period.kind, starts_on=datetime.date(2026, 12, 1), ends_on=datetime.date(2027, 1, 1)
        )
        copied = copying.copy_periods(
            owners=[filled.lan],
            pairs=[(filled.period, december)],
            growth_percent=D(0),
            by=filled.acting(filled.director),
            today=STORY_DAY,
        )
        assert sorted(copied.rows.values_list("method", flat=True)) == ["", "", "scale"]


def test_fields_and_curve_answer_while_it_is_typed(filled):
    kpi = filled.kpis[0]
    url = filled.url(f"scorecards/versions/{kpi.pk}/scoring/")
    lan = filled.client(filled.lan)
    typed = {"prefix": "line-7", **sent("line-7", **STEPS, target="100", try_value="78")}
    page = lan.post(url, typed).content.decode()
    assert page.count('name="line-7-row_first"') == 4
    assert "polyline" in page
    assert "50%" in page.replace("\xa0", "")
    more = lan.post(url, {**typed, "add_row": "1"}).content.decode()
    assert more.count('name="line-7-row_first"') == 5
    plain = lan.post(url, {"prefix": "line-7", "line-7-method": ""}).content.decode()
    assert "polyline" not in plain
    assert lan.post(url, {"prefix": '"><b>'}).status_code == 404


def test_what_the_page_tells_the_answer_is_read_back(filled):
    kpi = filled.kpis[0]
    html = filled.client(filled.lan).get(filled.url(f"scorecards/lines/{filled.line.pk}/change/")).content.decode()
    told = html.partition("hx-vals='")[2].partition("'")[0].replace("&quot;", '"')
    known = json.loads(told)
    assert known == {"prefix": "", "own_target": "100"}
    query = QueryDict(mutable=True)
    query.update({**known, "method": "baseline", "baseline": "50", "try_value": "75"})
    page = filled.client(filled.lan).post(filled.url(f"scorecards/versions/{kpi.pk}/scoring/"), query.dict())
    assert "50%" in page.content.decode().replace("\xa0", "")
