"""Many clicks at once: one run, one job, and nothing written twice. These tests commit."""

import pytest

from kpiapp.models import AuditEvent, Job
from kpiapp.services import jobs
from kpiapp.tenancy import organization_scope
from payroll.models import PayLine, PayRun
from payroll.services import runs
from tests.at_once import at_once, committed_cast
from tests.payroll.conftest import ignore_progress, set_rates

CLICKS = 20


@pytest.fixture
def company(django_db_setup, django_db_blocker):
    with committed_cast(django_db_blocker) as cast:
        with organization_scope(cast.organization):
            set_rates(cast)
        yield cast


def test_twenty_clicks_on_calculate_make_one_run_with_one_job(company):
    def click():
        with organization_scope(company.organization):
            maker = company.acting(company.payroll_maker)
            run = runs.create_run(period=company.period, by=maker)
            runs.request_calculation(run=run, by=maker)

    assert at_once(*[click] * CLICKS) == []
    with organization_scope(company.organization):
        assert PayRun.objects.count() == Job.objects.count() == 1
        assert AuditEvent.objects.filter(action="pay_run.create").count() == 1
        job_id = Job.objects.get().pk
    assert at_once(*[lambda: jobs.run(job_id, company.organization.pk)] * 4) == []
    with organization_scope(company.organization):
        run = PayRun.objects.get()
        assert (run.state, run.people_count, PayLine.objects.count()) == ("calculated", 10, 10)
        assert AuditEvent.objects.filter(action="pay_run.calculate").count() == 1


def test_five_approvals_at_once_are_one(company):
    with organization_scope(company.organization):
        maker = company.acting(company.payroll_maker)
        run = runs.create_run(period=company.period, by=maker)
        runs.calculate(run=run, by=maker, progress=ignore_progress)
        runs.submit(run=run, by=maker)

    def approve():
        with organization_scope(company.organization):
            runs.approve(run=run, by=company.acting(company.payroll_approver))

    errors = at_once(*[approve] * 5)
    assert [type(error) for error in errors] == [runs.RunRefused] * 4
    with organization_scope(company.organization):
        assert AuditEvent.objects.filter(action="pay_run.approve").count() == 1
