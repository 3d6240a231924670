"""The audit trail shows decisions in words, filtered, without pay for those who may not read it."""

import csv
import io

import pytest
from django.utils.translation import override

from kpiapp.models import AuditEvent
from kpiapp.services import audit
from kpiapp.templatetags.audit import changes
from kpiapp.tenancy import organization_scope


@pytest.fixture
def events(an_phat):
    """Three decisions: about a person, about pay, and one whose words look like a formula."""
    with organization_scope(an_phat.organization):
        audit.record(
            action="person.move",
            target=an_phat.lan,
            by=an_phat.hr,
            before={"department": "Sales"},
            after={"department": "Service", "valid_from": "2026-12-01"},
            reason="Reorganization",
        )
        audit.record(
            action="rate.edit", target=an_phat.minh, by=an_phat.payroll_maker, after={"p1": "9600000"}, is_pay=True
        )
        audit.record(action="department.edit", target=an_phat.department, by=an_phat.hr, reason="=1+1")


def shown(cast, member, **filters) -> list[str]:
    """Actions on the page."""
    response = cast.client(member).get(cast.url("audit/"), filters)
    return [event.action for event in response.context["events"]]


@pytest.mark.usefixtures("events")
class TestAuditTrail:
    def test_newest_first_with_what_changed(self, an_phat):
        assert shown(an_phat, an_phat.owner) == ["department.edit", "person.move"]
        body = an_phat.client(an_phat.owner).get(an_phat.url("audit/")).content.decode()
        assert "Sales" in body
        assert "01/12/2026" in body
        assert "Reorganization" in body

    def test_what_was_empty_and_stays_empty_is_not_told(self, an_phat):
        with organization_scope(an_phat.organization):
            event = audit.record(
                action="role.grant", target=an_phat.lan, by=an_phat.owner, after={"role": "hr", "valid_to": None}
            )
        with override("en"):
            assert changes(event) == [{"label": "Role", "before": "", "after": "HR"}]

    @pytest.mark.parametrize(("role", "sees"), [("owner", False), ("hr", False), ("auditor", True)])
    def test_pay_is_hidden_from_those_who_may_not_read_everybodys(self, an_phat, role, sees):
        assert ("rate.edit" in shown(an_phat, getattr(an_phat, role))) is sees

    def test_an_auditor_reads_who_changed_whose_pay_and_no_amount(self, an_phat):
        client = an_phat.client(an_phat.auditor)
        page = client.get(an_phat.url("audit/")).content.decode()
        exported = client.post(an_phat.url("audit/export/")).content.decode()
        for body in (page, exported):
            assert an_phat.minh.name in body
            assert "•••" in body
            assert "9600000" not in body
            assert "9.600.000" not in body

    def test_pay_is_shown_to_the_payroll_approver(self, an_phat):
        assert "rate.edit" in shown(an_phat, an_phat.payroll_approver)

    def test_filters(self, an_phat):
        owner = an_phat.owner
        assert shown(an_phat, owner, what="person") == ["person.move"]
        assert shown(an_phat, owner, who="ngọc ánh") == ["department.edit", "person.move"]
        assert shown(an_phat, owner, who="Lê Thị Lan") == []
        assert shown(an_phat, owner, target_type="kpiapp.member", target_id=an_phat.lan.pk) == ["person.move"]
        assert shown(an_phat, owner, until="2020-01-01") == []

    def test_dates_the_wrong_way_round_are_named(self, an_phat):
        response = an_phat.client(an_phat.owner).get(
            an_phat.url("audit/"), {"since": "2026-11-20", "until": "2026-11-01"}
        )
        assert response.status_code == 422

    def test_older_events_are_reached_by_id(self, an_phat):
        with organization_scope(an_phat.organization):
            for _ in range(60):
                audit.record(action="person.edit", target=an_phat.lan, by=an_phat.hr)
        client = an_phat.client(an_phat.owner)
        first = client.get(an_phat.url("audit/"))
        second = client.get(an_phat.url("audit/"), {"before": first.context["older"]})
        assert (len(first.context["events"]), len(second.context["events"])) == (50, 12)
        assert second.context["older"] is None

    def test_the_export_holds_the_same_events_and_is_an_event_itself(self, an_phat):
        response = an_phat.client(an_phat.auditor).post(an_phat.url("audit/export/"), {"what": "department"})
        rows = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))
        assert len(rows) == 2
        assert rows[1][-1] == "'=1+1"
        assert "no-store" in response.headers["Cache-Control"]
        with organization_scope(an_phat.organization):
            event = AuditEvent.objects.get(action="audit.export")
        assert event.after == {"rows": 1, "filters": {"what": "department"}}

    def test_the_export_holds_no_pay_either(self, an_phat):
        response = an_phat.client(an_phat.auditor).post(an_phat.url("audit/export/"))
        assert "9600000" not in response.content.decode()
