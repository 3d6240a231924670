"""A KPI scored by milestones is entered as the step reached: on the card's row, in its details, in a correction."""

import pytest

from kpiapp.tenancy import organization_scope
from scorecards.models import Actual, LineScore
from tests.scorecards.kit import D, line_of, make_card, make_kpi

STEPS = [("Khởi động", "0.1"), ("Thử nghiệm", "0.125"), ("Nghiệm thu", "1")]


@pytest.fixture
def project(an_phat):
    with organization_scope(an_phat.organization):
        table = [{"label": label, "completion": completion} for label, completion in STEPS]
        kpi = make_kpi("P", "Dự án", method="milestone", params={"table": table}, aggregation="last", target=D(100))
        an_phat.card = make_card(an_phat, an_phat.lan, (kpi, 100, 100), agreed_by=an_phat.manager)
        an_phat.line = line_of(an_phat.card, kpi)
    return an_phat


def page(cast, path):
    return cast.client(cast.lan).get(cast.url(f"scorecards/{path}")).content.decode()


def record(cast, value):
    address = cast.url(f"scorecards/lines/{cast.line.pk}/record/")
    return cast.client(cast.lan).post(address, {"value": value}, headers={"HX-Request": "true"}).content.decode()


def test_the_row_offers_the_steps_and_keeps_the_exact_number(project):
    shown = page(project, f"cards/{project.card.pk}/")
    assert "<select" in shown.split("<tbody>")[1]
    for number, label in (("10", "Khởi động"), ("12,5", "Thử nghiệm"), ("100", "Nghiệm thu")):
        assert f'<option value="{number}">{label} · {number}%</option>' in shown
    assert '<option value="0">' in shown
    answer = record(project, "12,5")
    assert '<option value="12,5" selected>' in answer
    assert 'data-state="saved"' in answer
    with organization_scope(project.organization):
        assert Actual.objects.get().value == D("12.5")
        assert LineScore.objects.get().completion == D("0.125")


def test_a_number_between_two_steps_stays_what_it_is(project):
    record(project, "60")
    shown = page(project, f"cards/{project.card.pk}/")
    assert '<option value="60" selected>60%</option>' in shown


def test_details_and_corrections_offer_the_steps_too(project):
    record(project, "10")
    details = page(project, f"lines/{project.line.pk}/")
    assert details.count("Thử nghiệm · 12,5%") == 2
    with organization_scope(project.organization):
        first = Actual.objects.get()
    address = project.url(f"scorecards/entries/{first.pk}/correct/")
    assert project.client(project.lan).post(address, {"value": "100", "note": "Đã nghiệm thu"}).status_code == 302
    with organization_scope(project.organization):
        assert LineScore.objects.get().completion == D(1)


def test_a_locked_card_lets_nobody_choose(project):
    shown = project.client(project.auditor).get(project.url(f"scorecards/cards/{project.card.pk}/")).content.decode()
    assert "disabled data-cell" in shown


def test_what_adds_up_is_typed_as_before(an_phat):
    with organization_scope(an_phat.organization):
        params = {"table": [{"label": "Xong", "completion": "1"}]}
        kpi = make_kpi("S", "Nhiều việc", method="milestone", params=params, aggregation="avg", target=D(100))
        card = make_card(an_phat, an_phat.lan, (kpi, 100, 100), agreed_by=an_phat.manager)
    assert "Xong · 100%" not in page(an_phat, f"cards/{card.pk}/")
