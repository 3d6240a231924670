"""Settings, roles, keys, periods and the command palette in the browser."""

import re

from kpiapp import registry
from kpiapp.models import AuditEvent, Organization, Period, RoleGrant
from kpiapp.person_field import person_label
from kpiapp.tenancy import organization_scope

SETTINGS = {
    "name": "An Phát Group",
    "language": "en",
    "currency": "USD",
    "time_zone": "Asia/Singapore",
    "fiscal_year_start_month": "1",
    "long_periods": "recompute",
    "csv_delimiter": "comma",
    "zero_target_full_if_met": "on",
}


def test_the_owner_changes_settings_and_the_trail_says_what(an_phat):
    an_phat.client(an_phat.owner).post(an_phat.url("settings/edit/"), SETTINGS)
    organization = Organization.objects.get(slug="an-phat")
    assert (organization.name, organization.currency) == ("An Phát Group", "USD")
    with organization_scope(organization):
        event = AuditEvent.objects.get(action="organization.edit")
    assert event.before["currency"] == "VND"
    assert set(event.after) == {"name", "language", "currency", "time_zone", "zero_target_full_if_met"}
    assert organization.zero_target_full_if_met


def test_csv_files_have_the_delimiter_the_company_chose(an_phat):
    owner = an_phat.client(an_phat.owner)
    settings = an_phat.url("settings/edit/")
    assert owner.post(settings, SETTINGS | {"csv_delimiter": "|"}).status_code == 422
    owner.post(settings, SETTINGS | {"csv_delimiter": "semicolon"})
    header = owner.post(an_phat.url("audit/export/")).content.decode("utf-8-sig").splitlines()[0]
    assert header.count(";") == 6


def test_a_role_given_in_the_browser_ends_with_its_last_day(an_phat):
    values = {"member": person_label(an_phat.lan), "role": "hr", "valid_from": "2026-11-20", "last_day": "2026-12-31"}
    an_phat.client(an_phat.owner).post(an_phat.url("settings/roles/give/"), values)
    with organization_scope(an_phat.organization):
        assert RoleGrant.objects.get(member=an_phat.lan).valid_to.isoformat() == "2027-01-01"


def test_a_pay_role_waits_on_the_page_until_another_confirms(an_phat):
    owner, approver = an_phat.client(an_phat.owner), an_phat.client(an_phat.payroll_approver)
    values = {"member": person_label(an_phat.lan), "role": "payroll_maker", "valid_from": "2026-11-20"}
    open_ended = owner.post(an_phat.url("settings/roles/give/"), values)
    assert open_ended.status_code == 422
    assert "last_day" in open_ended.context["form"].errors
    owner.post(an_phat.url("settings/roles/give/"), {**values, "last_day": "2027-06-30"})
    assert 'data-variant="secondary"' not in owner.get(an_phat.url(f"people/{an_phat.lan.pk}/")).content.decode()
    ((grant, may_confirm),) = owner.get(an_phat.url("settings/roles/")).context["waiting"]
    assert not may_confirm
    owner.post(an_phat.url(f"settings/roles/{grant.pk}/confirm/"))
    assert approver.get(an_phat.url("settings/roles/")).context["waiting"] == [(grant, True)]
    approver.post(an_phat.url(f"settings/roles/{grant.pk}/confirm/"))
    assert approver.get(an_phat.url("settings/roles/")).context["waiting"] == []


def test_a_period_locks_and_reopens_with_a_reason(an_phat):
    client, pk = an_phat.client(an_phat.hr), an_phat.period.pk
    client.post(an_phat.url(f"periods/{pk}/lock/"))
    assert client.post(an_phat.url(f"periods/{pk}/reopen/"), {"reason": ""}).status_code == 422
    client.post(an_phat.url(f"periods/{pk}/reopen/"), {"reason": "A late invoice"})
    ((asked, may_confirm),) = client.get(an_phat.url("periods/")).context["waiting"]
    assert not may_confirm
    client.post(an_phat.url(f"periods/reopenings/{asked.pk}/confirm/"))
    with organization_scope(an_phat.organization):
        assert not Period.objects.get(pk=pk).is_open
    second = an_phat.client(an_phat.strategy)
    second.post(an_phat.url(f"periods/reopenings/{asked.pk}/confirm/"))
    with organization_scope(an_phat.organization):
        assert Period.objects.get(pk=pk).is_open
    assert [one.pk for one in second.get(an_phat.url("periods/")).context["reopened"]] == [asked.pk]


def test_what_blocks_a_lock_is_listed(an_phat):
    def check(period):
        return ["Card of Lan", "Card of Minh"]

    registry.PERIOD_LOCK_CHECKS.append(check)
    try:
        response = an_phat.client(an_phat.hr).post(an_phat.url(f"periods/{an_phat.period.pk}/lock/"))
    finally:
        registry.PERIOD_LOCK_CHECKS.remove(check)
    assert response.status_code == 422
    assert {"Card of Lan", "Card of Minh"} <= set(response.context["blockers"])


class TestPalette:
    def hits(self, cast, member, text=""):
        """Names that the palette lists."""
        body = cast.client(member).get(cast.url("search/"), {"q": text}).content.decode()
        return re.findall(r"<span>(.*?)</span>", body)

    def test_people_without_accents(self, an_phat, binh_minh):
        assert "Lê Thị Lan" in self.hits(an_phat, an_phat.minh, "le lan")

    def test_only_pages_one_may_open(self, an_phat):
        owner, lan = self.hits(an_phat, an_phat.owner), self.hits(an_phat, an_phat.lan)
        assert len(owner) > len(lan) > 0
        assert "Lê Thị Lan" not in owner

    def test_nothing_found_says_so(self, an_phat):
        response = an_phat.client(an_phat.lan).get(an_phat.url("search/"), {"q": "<zzz>"})
        assert "&lt;zzz&gt;" in response.content.decode()
