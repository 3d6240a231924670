"""A confidential KPI: who knows of it, and that nobody else finds a trace of it but a number."""

import pytest

from kpiapp.tenancy import organization_scope
from tests.house.world import SECRETS, build_world, keep_a_secret

SECRET = SECRETS["an-phat"]
KNOW = ("lan", "manager", "director", "strategy", "auditor")
KNOW_NOT = ("minh", "owner", "hr", "payroll_maker", "payroll_approver")


@pytest.fixture
def company(db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    cast, things = build_world("an-phat", "en")
    with organization_scope(cast.organization):
        keep_a_secret(cast, things)
    return cast, things


def body(cast, role, path):
    return cast.client(getattr(cast, role)).get(cast.url(path)).content.decode()


def test_those_it_concerns_find_it_everywhere(company):
    cast, things = company
    for role in KNOW:
        assert SECRET in body(cast, role, f"strategy/library/kpis/{things['secret']}/")
        assert SECRET in body(cast, role, "strategy/library/kpis/")
        assert SECRET in body(cast, role, f"search/?q={SECRET}")
        assert SECRET in body(cast, role, f"strategy/objectives/{things['published_objective']}/")
        assert SECRET in body(cast, role, f"scorecards/cards/{things['card']}/")


def test_for_everybody_else_it_is_not_there(company):
    cast, things = company
    for role in KNOW_NOT:
        finds_nothing(cast, things, role)


def finds_nothing(cast, things, role):
    client, pk = cast.client(getattr(cast, role)), things["secret"]
    for path in ("", "plan/", "edit/", "retire/"):
        response = client.get(cast.url(f"strategy/library/kpis/{pk}/{path}"))
        assert response.status_code in (403, 404), path
        assert SECRET not in response.content.decode()
    for path in ("notes/", "review/", "activate/"):
        response = client.post(cast.url(f"strategy/library/kpis/{pk}/{path}"), {"text": "?"})
        assert response.status_code in (403, 404), path
    for path in ("strategy/library/kpis/", "strategy/library/kpis/?state=asked", "strategy/library/", "audit/", ""):
        assert SECRET not in client.get(cast.url(path)).content.decode(), path


def test_an_auditor_reads_what_was_decided_and_entered_and_changes_nothing(company):
    cast, things = company
    client, pk = cast.client(cast.auditor), things["secret"]
    assert SECRET in body(cast, "auditor", "audit/")
    assert SECRET in body(cast, "auditor", f"scorecards/cards/{things['card']}/why/")
    assert SECRET not in body(cast, "owner", "audit/")
    assert SECRET not in body(cast, "payroll_approver", "audit/")
    for path in ("edit/", "retire/"):
        assert client.get(cast.url(f"strategy/library/kpis/{pk}/{path}")).status_code == 403
    for path in ("review/", "activate/", "send/", "plan/"):
        assert client.post(cast.url(f"strategy/library/kpis/{pk}/{path}")).status_code in (403, 404), path


def test_links_and_proposals_of_it_leave_no_word_in_the_audit_trail(company):
    from scorecards.services import cascade, proposals
    from strategy.models import KpiDefinition
    from tests.cast import STORY_DAY
    from tests.scorecards.kit import D, make_kpi

    cast, things = company
    with organization_scope(cast.organization):
        by, secret = cast.acting(cast.strategy), KpiDefinition.objects.get(pk=things["secret"])
        told = {"by": by, "today": STORY_DAY}
        days = {"valid_from": cast.period.starts_on, **told}
        child = cascade.owned_kpi(secret, cast.minh)
        cascade.link_kpis(parent=cascade.owned_kpi(secret, cast.manager), child=child, kind="support", **days)
        cascade.link_kpis(
            parent=cascade.owned_kpi(make_kpi("OPEN").definition, cast.manager), child=child, kind="support", **days
        )
        proposals.propose(
            owner=cast.hr, kpi=secret.current, period=cast.period, target=D(5), weight=D(10), reason="", **told
        )
    for role in ("owner", "hr", "payroll_approver"):
        page = body(cast, role, "audit/")
        assert "OPEN" in page
        assert SECRET not in page
    assert SECRET not in body(cast, "hr", f"scorecards/quality/cards/{things['card']}/")


def test_a_card_counts_it_without_a_word_about_it(company):
    cast, things = company
    page = body(cast, "hr", f"scorecards/cards/{things['card']}/")
    assert SECRET not in page
    assert "Confidential KPI" in page
    assert "10%" in page
    assert SECRET not in body(cast, "hr", f"scorecards/cards/{things['card']}/why/")


def test_the_map_counts_it(company):
    cast, _things = company
    page = body(cast, "minh", "strategy/map/")
    assert SECRET not in page
    assert "2 KPIs" in page


def test_who_wrote_a_draft_keeps_seeing_it(company):
    from strategy.choices import KpiState
    from strategy.services import kpis
    from strategy.visibility import visible_kpis
    from tests.cast import STORY_DAY

    cast, _things = company
    with organization_scope(cast.organization):
        by = cast.acting(cast.manager)
        made = kpis.create_kpi(
            fields={"name": "Kín"}, department=cast.department, confidential=True, state=KpiState.DRAFT, by=by
        )
        assert visible_kpis(by, STORY_DAY).filter(pk=made.pk).exists()
        assert not visible_kpis(cast.acting(cast.hr), STORY_DAY).filter(pk=made.pk).exists()
