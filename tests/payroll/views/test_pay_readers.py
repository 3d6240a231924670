"""Who reads pay without working on it: auditors the rules, runs and logs; with a grant for a time, what people get."""

import datetime

import pytest
from django.utils import timezone

from kpiapp.choices import Role
from kpiapp.models import AuditEvent, RoleGrant
from kpiapp.tenancy import organization_scope
from payroll.models import PayLine
from payroll.services import runs
from tests.cast import STORY_DAY
from tests.payroll.conftest import ignore_progress, score_card, set_rates

GROSS = "19.140.000"  # Lan's: 15,000,000 + 1,500,000 + 3,300,000 × 0.8
P1 = "15.000.000"


@pytest.fixture
def company(an_phat):
    """A company whose November is paid and locked; no scope is open, as for a browser."""
    with organization_scope(an_phat.organization):
        set_rates(an_phat)
        score_card(an_phat, an_phat.lan, "94.6")
        maker, approver = an_phat.acting(an_phat.payroll_maker), an_phat.acting(an_phat.payroll_approver)
        run = runs.create_run(period=an_phat.period, by=maker)
        run = runs.calculate(run=run, by=maker, progress=ignore_progress)
        run = runs.approve(run=runs.submit(run=run, by=maker), by=approver)
        runs.lock(run=run, by=approver)
    return an_phat


def let_read(company, member, days: int = 30) -> RoleGrant:
    """Give a member the reading of pay for some days, confirmed by a second person."""
    with organization_scope(company.organization):
        return RoleGrant.objects.create(
            member=member,
            role=Role.PAY_READER,
            valid_from=STORY_DAY,
            valid_to=timezone.localdate() + datetime.timedelta(days=days),
            granted_by=company.owner,
            confirmed_by=company.payroll_approver,
            confirmed_at=timezone.now(),
        )


def lans_line(company) -> PayLine:
    with organization_scope(company.organization):
        return PayLine.objects.select_related("run").get(member=company.lan)


def page(company, member, path: str):
    return company.client(member).get(company.url(path))


def test_an_auditor_reads_runs_files_and_rates_but_nobodys_pay(company):
    line = lans_line(company)
    body = page(company, company.auditor, f"pay/runs/{line.run_id}/").content.decode()
    assert company.lan.name in body
    assert line.run.sha256 in body
    assert "•••" in body
    assert GROSS not in body
    assert P1 in page(company, company.auditor, "pay/rules/positions/").content.decode()
    assert page(company, company.auditor, f"pay/lines/{line.pk}/why/").status_code == 404
    assert page(company, company.auditor, "pay/rules/people/").status_code == 403
    assert company.client(company.auditor).post(company.url("pay/rules/positions/"), {}).status_code == 403


@pytest.mark.parametrize("role", ["auditor", "hr", "manager"])
def test_a_grant_opens_what_people_are_paid_until_its_end(company, role):
    member, line = getattr(company, role), lans_line(company)
    paths = (f"pay/runs/{line.run_id}/", f"pay/lines/{line.pk}/why/", "pay/rules/people/")
    grant = let_read(company, member)
    for path in paths[:2]:
        assert GROSS in page(company, member, path).content.decode(), path
    assert page(company, member, paths[2]).status_code == 200
    with organization_scope(company.organization):
        RoleGrant.objects.filter(pk=grant.pk).update(valid_to=timezone.localdate())
    for path in paths:
        assert GROSS not in page(company, member, path).content.decode(), path


def test_a_reader_of_pay_changes_nothing(company):
    line = lans_line(company)
    let_read(company, company.hr)
    client = company.client(company.hr)
    for path in ("calculate", "submit", "return", "approve", "lock", "export"):
        assert client.post(company.url(f"pay/runs/{line.run_id}/{path}/")).status_code == 403, path
    assert client.post(company.url("pay/rules/people/"), {}).status_code == 403


def test_who_is_read_sees_by_whom(company):
    line = lans_line(company)
    let_read(company, company.hr)
    page(company, company.hr, f"pay/lines/{line.pk}/why/")
    page(company, company.hr, f"pay/runs/{line.run_id}/")
    page(company, company.payroll_maker, f"pay/runs/{line.run_id}/")
    page(company, company.lan, f"pay/lines/{line.pk}/why/")
    with organization_scope(company.organization):
        logged = AuditEvent.objects.filter(action__endswith=".read").order_by("pk")
        assert [(event.action, event.actor_name) for event in logged] == [
            ("pay.read", company.hr.name),
            ("pay_run.read", company.hr.name),
        ]
    reads = page(company, company.lan, "pay/payslips/").context["reads"]
    assert [event.action for event in reads] == ["pay_run.read", "pay.read"]
    assert [event.action for event in page(company, company.manager, "pay/payslips/").context["reads"]] == [
        "pay_run.read"
    ]
