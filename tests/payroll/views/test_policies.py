"""Pay rules in the browser: tiers proposed and approved, a what-if, tables of rates that lose nothing typed."""

from decimal import Decimal

import pytest

from kpiapp.tenancy import organization_scope
from payroll.models import MemberPay, PositionPay, TierTable
from tests.payroll.conftest import score_card, set_rates


@pytest.fixture
def company(an_phat):
    """A company with rates."""
    with organization_scope(an_phat.organization):
        set_rates(an_phat)
    return an_phat


TABLE = {
    "name": "Bậc mùa đông",
    "valid_from": "2027-01-01",
    "code": ["Top", "Rest", ""],
    "at_least": ["100", "0", ""],
    "coefficient": ["1,5", "0,5", ""],
}


def test_a_table_is_proposed_and_approved_by_another(company):
    maker, approver = company.client(company.payroll_maker), company.client(company.payroll_approver)
    assert maker.post(company.url("pay/rules/tiers/new/"), TABLE).status_code == 302
    with organization_scope(company.organization):
        table = TierTable.objects.get(name=TABLE["name"])
        assert [tier.coefficient for tier in table.tiers.all()] == [Decimal("1.5"), Decimal("0.5")]
        assert table.approved_at is None
    assert f"{table.pk}/approve/" not in maker.get(company.url("pay/rules/tiers/")).content.decode()
    assert f"{table.pk}/approve/" in approver.get(company.url("pay/rules/tiers/")).content.decode()
    approver.post(company.url(f"pay/rules/tiers/{table.pk}/approve/"))
    with organization_scope(company.organization):
        assert TierTable.objects.get(pk=table.pk).approved_by_id == company.payroll_approver.pk


@pytest.mark.parametrize(
    "wrong", [{"coefficient": ["abc", "0,5", ""]}, {"at_least": ["100", "10", ""]}, {"at_least": ["", "0", ""]}]
)
def test_a_wrong_table_comes_back_with_what_was_typed(company, wrong):
    response = company.client(company.payroll_maker).post(company.url("pay/rules/tiers/new/"), {**TABLE, **wrong})
    body = response.content.decode()
    assert response.status_code == 422
    assert TABLE["name"] in body
    assert 'value="Top"' in body
    assert 'role="alert"' in body


def test_the_what_if_pays_like_a_run(company):
    auditor = company.client(company.auditor)
    part = auditor.get(company.url("pay/rules/what-if/"), {"score": "84,6", "target": "3.300.000"}).content.decode()
    assert "2.310.000" in part
    assert "C+" in part
    wrong = auditor.get(company.url("pay/rules/what-if/"), {"score": "many", "target": ""})
    assert wrong.status_code == 200
    assert "many" in wrong.content.decode()


def test_rates_of_positions_are_typed_as_a_table(company):
    maker, url = company.client(company.payroll_maker), company.url("pay/rules/positions/")
    pk = company.position.pk
    typed = {"valid_from": "2026-12-01", f"p1_amount-{pk}": "16.000.000", f"p3_target_amount-{pk}": "3.300.000"}
    assert maker.post(url, typed).status_code == 302
    with organization_scope(company.organization):
        (proposed,) = PositionPay.objects.waiting()
        assert (proposed.position, proposed.p1_amount) == (company.position, 16_000_000)
        # Rows nobody touched have no new version.
        assert PositionPay.objects.exclude(position=company.position).count() == 1


def test_a_proposed_rate_is_approved_by_another_on_the_page(company):
    maker, approver = company.client(company.payroll_maker), company.client(company.payroll_approver)
    url, pk = company.url("pay/rules/positions/"), company.position.pk
    typed = {"valid_from": "2026-12-01", f"p1_amount-{pk}": "16.000.000", f"p3_target_amount-{pk}": "3.300.000"}
    maker.post(url, typed)
    shown = approver.get(url)
    assert f'<a href="{company.url("pay/rules/tiers/")}" aria-current="page"' in shown.content.decode()
    (row,) = shown.context["waiting"]
    assert [(now, then) for _label, now, then in row.cells] == [(15_000_000, 16_000_000), (3_300_000, 3_300_000)]
    assert row.may_approve
    assert "16.000.000" in maker.get(url).content.decode()
    assert maker.post(f"{url}approve/", {"rate": row.rate.pk}).status_code == 403
    approver.post(f"{url}approve/", {"rate": row.rate.pk})
    with organization_scope(company.organization):
        assert PositionPay.objects.get(position=company.position, valid_to=None).approved_by == company.payroll_approver
    page = approver.get(url)
    assert page.context["waiting"] == []
    # What was approved and has not begun stays in sight.
    assert "01/12/2026: 16.000.000 · 3.300.000" in " ".join(page.content.decode().split())


def test_the_maker_takes_a_proposal_back(company):
    maker, url, pk = company.client(company.payroll_maker), company.url("pay/rules/positions/"), company.position.pk
    maker.post(url, {"valid_from": "2026-12-01", f"p1_amount-{pk}": "1", f"p3_target_amount-{pk}": "1"})
    (row,) = maker.get(url).context["waiting"]
    maker.post(f"{url}withdraw/", {"rate": row.rate.pk})
    assert maker.get(url).context["waiting"] == []


@pytest.mark.parametrize("typed", ["16 triệu", "-5", "1.2.3", ""])
def test_a_rate_that_cannot_be_read_loses_nothing(company, typed):
    pk = company.position.pk
    data = {"valid_from": "2026-12-01", f"p1_amount-{pk}": typed, f"p3_target_amount-{pk}": "4.444.444"}
    response = company.client(company.payroll_maker).post(company.url("pay/rules/positions/"), data)
    body = response.content.decode()
    assert response.status_code == 422
    assert f'value="{typed}"' in body
    assert 'value="4.444.444"' in body
    assert "cell-message" in body


def test_rates_of_people_skip_ones_own_row(company):
    maker, url = company.client(company.payroll_maker), company.url("pay/rules/people/")
    own, lan = company.payroll_maker.pk, company.lan.pk
    typed = {
        "valid_from": "2026-12-01",
        f"p2_coefficient-{own}": "9",
        f"p2_coefficient-{lan}": "1,25",
        f"p1_amount-{lan}": "",
        f"p3_target_amount-{lan}": "",
    }
    assert maker.post(url, typed).status_code == 302
    with organization_scope(company.organization):
        assert not MemberPay.objects.filter(member=own).exists()
        assert MemberPay.objects.waiting().get().p2_coefficient == Decimal("1.25")


def test_who_may_only_read_cannot_save(company):
    for member in (company.auditor, company.payroll_approver):
        assert company.client(member).post(company.url("pay/rules/positions/"), {}).status_code == 403
    # Amounts of positions are rules; those of people are pay, which takes a grant.
    auditor = company.client(company.auditor)
    assert auditor.get(company.url("pay/rules/positions/")).status_code == 200
    assert auditor.get(company.url("pay/rules/people/")).status_code == 403


def test_the_tier_is_explained_to_who_reads_the_card_without_amounts(company):
    with organization_scope(company.organization):
        card = score_card(company, company.lan, "84.6")
    for reader in (company.lan, company.manager, company.hr):
        body = company.client(reader).get(company.url(f"pay/cards/{card.pk}/tier/")).content.decode()
        assert "C+" in body
        assert "3.300.000" not in body
    assert company.client(company.minh).get(company.url(f"pay/cards/{card.pk}/tier/")).status_code == 404


def test_the_card_shows_the_tier_to_all_readers_and_the_amount_to_the_person(company):
    with organization_scope(company.organization):
        card = score_card(company, company.lan, "84.6")
    lan = company.client(company.lan).get(company.url(f"scorecards/cards/{card.pk}/")).content.decode()
    manager = company.client(company.manager).get(company.url(f"scorecards/cards/{card.pk}/")).content.decode()
    assert "C+" in lan
    assert "2.310.000" in lan
    assert "C+" in manager
    assert "2.310.000" not in manager


def test_who_would_move_to_another_tier_is_told_before_a_table_is_proposed(company):
    with organization_scope(company.organization):
        score_card(company, company.lan, Decimal(95))
        tables = TierTable.objects.count()
    typed = TABLE | {"valid_from": "2026-11-01", "name": ""}
    maker = company.client(company.payroll_maker)
    html = maker.post(company.url("pay/rules/tiers/effect/"), typed).content.decode()
    assert company.lan.name in html
    assert "Rest" in html
    with organization_scope(company.organization):
        assert TierTable.objects.count() == tables
    assert company.client(company.manager).post(company.url("pay/rules/tiers/effect/"), typed).status_code == 403


def test_who_may_read_pay_sees_by_how_much_of_it_and_the_auditor_does_not(company):
    with organization_scope(company.organization):
        score_card(company, company.lan, Decimal(95))
        score_card(company, company.minh, Decimal(95), agreed=False)
    typed = TABLE | {"valid_from": "2026-11-01"}
    maker = company.client(company.payroll_maker)
    html = maker.post(company.url("pay/rules/tiers/effect/"), typed).content.decode()
    # 3,300,000 at target: 0.8 of it in tier B, 0.5 in the new one; what is not agreed is paid nothing.
    for amount in ("2.640.000", "1.650.000", "−990.000"):
        assert amount in html
    assert html.count("2.640.000") == 2
    maker.post(company.url("pay/rules/tiers/new/"), typed)
    with organization_scope(company.organization):
        table = TierTable.objects.get(name=TABLE["name"])
    url = company.url(f"pay/rules/tiers/{table.pk}/effect/")
    assert "1.650.000" in company.client(company.payroll_approver).get(url).content.decode()
    seen = company.client(company.auditor).get(url).content.decode()
    assert company.lan.name in seen
    assert "000" not in seen


def test_a_table_that_cannot_be_stored_says_so_instead_of_a_preview(company):
    typed = TABLE | {"at_least": ["100", "50", ""]}
    html = company.client(company.payroll_maker).post(company.url("pay/rules/tiers/effect/"), typed).content.decode()
    assert company.lan.name not in html
    assert "0" in html
