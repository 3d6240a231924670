"""The month in the browser: four clicks from nothing to the file, and pages that hold still."""

import pytest

from kpiapp.models import AuditEvent, Job, Member
from kpiapp.services import jobs
from kpiapp.tenancy import organization_scope
from payroll.models import PayExport, PayRun
from payroll.services import runs
from tests.payroll.conftest import ignore_progress, score_card, set_rates


@pytest.fixture
def company(an_phat, settings, tmp_path):
    """A company with rates and scores; no scope is open, as for a browser."""
    settings.MEDIA_ROOT = tmp_path
    with organization_scope(an_phat.organization):
        set_rates(an_phat)
        score_card(an_phat, an_phat.lan, "84.6")
    return an_phat


def work(company):
    """Let the worker do what waits."""
    with organization_scope(company.organization):
        waiting = list(Job.objects.filter(state="queued").values_list("pk", flat=True))
    for pk in waiting:
        jobs.run(pk, company.organization.pk)


def the_run(company) -> PayRun:
    with organization_scope(company.organization):
        return PayRun.objects.get()


def test_a_clean_month_is_four_clicks(company):
    maker, approver = company.client(company.payroll_maker), company.client(company.payroll_approver)
    page = maker.get(company.url("pay/runs/")).content.decode()
    assert company.period.label in page
    maker.post(company.url("pay/runs/start/"), {"period": company.period.pk})
    run = the_run(company)
    url = company.url(f"pay/runs/{run.pk}/")
    assert "<progress" in maker.get(url).content.decode()
    work(company)
    maker.post(f"{url}submit/")
    approver.post(f"{url}approve/")
    approver.post(f"{url}lock/")
    work(company)
    assert the_run(company).state == "locked"
    with organization_scope(company.organization):
        export = PayExport.objects.get()
    response = approver.post(company.url(f"pay/exports/{export.pk}/"))
    assert response.headers["Content-Disposition"] == f'attachment; filename="{export.filename}"'
    assert len(b"".join(response.streaming_content)) > 5000
    with organization_scope(company.organization):
        assert AuditEvent.objects.filter(action="pay_export.download").count() == 1


def test_who_works_on_a_run_is_told_why_they_cannot_approve(company):
    maker, approver = company.client(company.payroll_maker), company.client(company.payroll_approver)
    run = make(company)
    assert maker.post(company.url(f"pay/runs/{run.pk}/approve/")).status_code == 403
    with organization_scope(company.organization):
        PayRun.objects.filter(pk=run.pk).update(made_by=company.payroll_approver)
    maker.post(company.url(f"pay/runs/{run.pk}/submit/"))
    response = approver.post(company.url(f"pay/runs/{run.pk}/approve/"), follow=True)
    assert the_run(company).state == "submitted"
    assert 'data-kind="error"' in response.content.decode()


def make(company) -> PayRun:
    """A calculated run."""
    with organization_scope(company.organization):
        by = company.acting(company.payroll_maker)
        run = runs.create_run(period=company.period, by=by)
        return runs.calculate(run=run, by=by, progress=ignore_progress)


def lock(company, run) -> None:
    with organization_scope(company.organization):
        runs.submit(run=run, by=company.acting(company.payroll_maker))
        runs.approve(run=run, by=company.acting(company.payroll_approver))
        runs.lock(run=run, by=company.acting(company.payroll_approver))


def test_every_kind_of_file_is_asked_for_on_the_page_of_a_locked_run(company):
    run, maker = make(company), company.client(company.payroll_maker)
    lock(company, run)
    page = maker.get(company.url(f"pay/runs/{run.pk}/")).content.decode()
    for format in ("xlsx", "csv", "csv_raw"):
        assert f'value="{format}"' in page
        maker.post(company.url(f"pay/runs/{run.pk}/export/"), {"format": format})
        work(company)
    with organization_scope(company.organization):
        made = PayExport.objects.order_by("version").values_list("format", "filename")
        assert [(format, name.rpartition("_")[2]) for format, name in made] == [
            ("xlsx", "v1.xlsx"),
            ("csv", "v2.csv"),
            ("csv_raw", "v3.csv"),
        ]


def test_returning_without_a_reason_shows_the_dialog_again(company):
    run = make(company)
    maker = company.client(company.payroll_maker)
    maker.post(company.url(f"pay/runs/{run.pk}/submit/"))
    response = maker.post(company.url(f"pay/runs/{run.pk}/return/"), {"reason": ""})
    assert response.status_code == 422
    assert "data-open" in response.content.decode()
    maker.post(company.url(f"pay/runs/{run.pk}/return/"), {"reason": "Rate missing"})
    assert the_run(company).state == "calculated"


def test_lines_are_found_without_accents_by_code_and_by_flag(company):
    run, client = make(company), company.client(company.payroll_maker)
    url = company.url(f"pay/runs/{run.pk}/")
    assert names(client.get(f"{url}?q=le thi lan")) == [company.lan.name]
    assert names(client.get(f"{url}?q={company.minh.code}")) == [company.minh.name]
    assert company.lan.name not in names(client.get(f"{url}?flag=no_score"))
    assert len(names(client.get(f"{url}?flag=any"))) == 9
    assert len(names(client.get(f"{url}?flag=nonsense"))) == 10


def names(response) -> list[str]:
    return [line.employee_name for line in response.context["page"]]


@pytest.mark.parametrize("path", ["pay/runs/", "pay/runs/{run}/", "pay/rules/people/", "pay/rules/positions/"])
def test_pages_take_the_same_queries_for_few_and_many(company, path, django_assert_max_num_queries):
    run = make(company)
    client = company.client(company.payroll_maker)
    url = company.url(path.format(run=run.pk))
    client.get(url)
    with django_assert_max_num_queries(20) as few:
        client.get(url)
    with organization_scope(company.organization):
        place = company.lan.employments.get()
        for number in range(12):
            member = Member.objects.create(code=f"X{number}", name=f"Person {number}")
            place.pk, place.member = None, member
            place.save()
        runs.calculate(run=run, by=company.acting(company.payroll_maker), progress=ignore_progress)
    with django_assert_max_num_queries(20) as many:
        client.get(url)
    assert len(many) == len(few)


@pytest.mark.parametrize(
    "path",
    [
        "pay/runs/",
        "pay/runs/{run}/",
        "pay/lines/{line}/why/",
        "pay/payslips/",
        "pay/payslips/{line}/",
        "pay/rules/people/",
    ],
)
def test_pages_with_amounts_are_never_cached(company, path):
    run = make(company)
    lock(company, run)
    with organization_scope(company.organization):
        line = run.lines.get(member=company.payroll_maker)
    response = company.client(company.payroll_maker).get(company.url(path.format(run=run.pk, line=line.pk)))
    assert response.status_code == 200
    assert "no-store" in response.headers["Cache-Control"]


def test_a_manager_reads_no_pay_of_the_team(company):
    run = make(company)
    lock(company, run)
    with organization_scope(company.organization):
        line = run.lines.get(member=company.lan)
    manager = company.client(company.manager)
    for path in (f"pay/lines/{line.pk}/why/", f"pay/payslips/{line.pk}/"):
        assert manager.get(company.url(path)).status_code == 404
    assert manager.get(company.url("pay/runs/")).status_code == 403
    page = manager.get(company.url("pay/payslips/")).content.decode()
    assert "18.810.000" not in page
    assert "18.810.000" in company.client(company.lan).get(company.url("pay/payslips/")).content.decode()


def test_ones_own_line_shows_once_it_is_locked_and_not_before(company):
    run, lan = make(company), company.client(company.lan)
    with organization_scope(company.organization):
        line = run.lines.get(member=company.lan)
    assert lan.get(company.url(f"pay/lines/{line.pk}/why/")).status_code == 404
    lock(company, run)
    page = lan.get(company.url(f"pay/lines/{line.pk}/why/")).content.decode()
    for part in ("18.810.000", "2.310.000", "3.300.000", "0,7", "84,60%", "C+"):
        assert part in page, part


def test_another_company_is_not_there(company, binh_minh):
    run = make(company)
    client = binh_minh.client(binh_minh.payroll_maker)
    assert client.get(company.url(f"pay/runs/{run.pk}/")).status_code == 404
    assert client.get(binh_minh.url(f"pay/runs/{run.pk}/")).status_code == 404
    assert client.post(binh_minh.url(f"pay/runs/{run.pk}/submit/")).status_code == 404


def test_a_month_of_another_company_cannot_be_started(company, binh_minh):
    client = company.client(company.payroll_maker)
    client.post(company.url("pay/runs/start/"), {"period": binh_minh.period.pk})
    client.post(company.url("pay/runs/start/"), {"period": "abc"})
    with organization_scope(company.organization):
        assert not PayRun.objects.exists()


def test_amounts_stay_out_of_the_log(company, caplog):
    with caplog.at_level("DEBUG"):
        run = make(company)
        lock(company, run)
        company.client(company.payroll_maker).get(company.url(f"pay/runs/{run.pk}/"))
    assert "18810000" not in caplog.text
