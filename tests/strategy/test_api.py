"""Plans over the API: read by year, pushed in rows, each refused by itself with the reason."""

import datetime
import hashlib
import json

import pytest

from kpiapp.models import ApiToken, Member
from kpiapp.tenancy import organization_scope
from strategy import plans
from strategy.models import KpiDefinition
from strategy.services.kpis import create_kpi
from tests.scorecards.clock import clock_at

TOKEN = "a-long-secret"
YEAR = datetime.date(2026, 1, 1)


@pytest.fixture(autouse=True)
def story_clock():
    with clock_at():
        yield


@pytest.fixture
def company(an_phat):
    """A KPI that adds up, a confidential one, and the key of a machine."""
    with organization_scope(an_phat.organization):
        for code, secret in (("REV", False), ("SECRET", True)):
            fields = {"name": code, "aggregation": "sum", "decimals": 0}
            made = create_kpi(fields=fields, by=an_phat.acting(an_phat.strategy), code=code)
            type(made).objects.filter(pk=made.pk).update(is_confidential=secret)
        robot = Member.objects.create(code="ROBOT", name="Phần mềm kế hoạch")
        ApiToken.objects.create(name="erp", token_hash=hashlib.sha256(TOKEN.encode()).hexdigest(), member=robot)
    return an_phat


def address(cast, query="") -> str:
    return f"/api/v1/{cast.organization.slug}/plans/{query}"


def push(client, cast, *rows):
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return client.post(address(cast), json.dumps(rows), content_type="application/json", headers=headers)


def row(**more) -> dict:
    return {"kpi": "REV", "year": 2026, **more}


def test_a_year_is_pushed_repeated_and_read(company, client):
    months = ["600", None, "600", *[None] * 9]
    first = push(client, company, row(target="6000", months=months), row(employee="NV003", target="120"))
    assert (first.status_code, first.json()["kept"]) == (200, 2)
    told = client.get(address(company, "?year=2026"), headers={"Authorization": f"Bearer {TOKEN}"}).json()
    assert [(one["employee"], one["target"]) for one in told] == [("", "6000.000000"), ("NV003", "120.000000")]
    assert [one.split(".")[0] for one in told[0]["months"][:3]] == ["600", "480", "600"]
    again = push(client, company, told[0])
    assert again.json()["rows"] == [{"row": 0, "state": "repeated", "version": 1}]


def test_what_cannot_hold_is_refused_row_by_row(company, client):
    broken = row(target="1500", months=["600", "500", "600", *["0"] * 9])
    answer = push(client, company, broken, row(kpi="SECRET", target="1"), row(year=2031, target="1"), row(target="12"))
    assert (answer.status_code, answer.json()["kept"], answer.json()["failed"]) == (207, 1, 3)
    said = answer.json()["rows"][0]["errors"]["detail"][0]
    assert ("1,700" in said or "1.700" in said, "1,500" in said or "1.500" in said) == (True, True)
    with organization_scope(company.organization):
        kpi = KpiDefinition.objects.get(code="REV")
        assert plans.plan_of(kpi.pk, YEAR).total == 12


def test_an_employee_reads_the_plan_for_everybody_and_pushes_nothing(company, client):
    push(client, company, row(target="120"), row(employee="NV004", target="60"))
    lan = company.client(company.lan)
    assert [one["employee"] for one in lan.get(address(company)).json()] == [""]
    assert lan.get(address(company, "?year=1999")).status_code == 400
    assert lan.post(address(company), "[]", content_type="application/json").status_code == 403
