"""Questions about pay go to payroll alone, and keep no amount."""

import re

from kpiapp.models import AuditEvent, NumberQuestion
from kpiapp.tenancy import organization_scope
from tests.cast import STORY_DAY
from tests.payroll.views.test_runs import company, lock, make  # noqa: F401  (a fixture)
from tests.scorecards.test_questions import ask_from_page, told


def test_a_question_about_pay_reaches_the_payroll_officer_and_nobody_on_the_reporting_line(company):  # noqa: F811
    run = make(company)
    lock(company, run)
    with organization_scope(company.organization):
        line = run.lines.get(member=company.lan)
    path = f"pay/lines/{line.pk}/why/"
    ask_from_page(company, company.lan, path, "Is the tier right?")
    (item,) = told(company, company.payroll_maker, "number.asked")
    assert company.lan.name in item.told.text
    assert not re.search(r"\d[.,]\d{3}", item.told.text + item.told.mail_text)
    assert told(company, company.manager, "number.asked") == []
    maker = company.client(company.payroll_maker)
    assert company.url(path) in maker.get(item.told.url).content.decode()
    for other in ("manager", "director", "hr", "strategy", "owner", "auditor", "payroll_approver"):
        assert company.client(getattr(company, other)).get(item.told.url).status_code == 404
    maker.post(f"{item.told.url}answer/", {"text": "Yes: C+, as agreed."})
    (back,) = told(company, company.lan, "number.answered")
    assert back.told.detail == "Yes: C+, as agreed."
    with organization_scope(company.organization):
        question = NumberQuestion.objects.get()
        assert (question.shown, question.page) == ("", "")
        assert set(AuditEvent.objects.filter(action__startswith="number.").values_list("is_pay")) == {(True,)}


def test_who_is_no_payroll_officer_any_more_neither_answers_nor_reads(company):  # noqa: F811
    run = make(company)
    lock(company, run)
    with organization_scope(company.organization):
        line = run.lines.get(member=company.lan)
    ask_from_page(company, company.lan, f"pay/lines/{line.pk}/why/", "Is the tier right?")
    (item,) = told(company, company.payroll_maker, "number.asked")
    with organization_scope(company.organization):
        company.payroll_maker.role_grants.update(valid_to=STORY_DAY)
    assert company.client(company.payroll_maker).get(item.told.url).status_code == 404
    (gone,) = told(company, company.payroll_maker, "number.asked")
    assert (gone.is_there, gone.told.detail) == (False, "")
