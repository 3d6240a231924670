"""Own ready-made cards: kept from a card or by hand, refused with a sentence, used when assigning."""

from decimal import Decimal

import pytest

from kpiapp.models import AuditEvent
from kpiapp.tenancy import organization_scope
from strategy.models import CardTemplate, KpiDefinition
from strategy.services import kpis
from tests.scorecards.kit import assign


@pytest.fixture
def two(an_phat):
    with organization_scope(an_phat.organization):
        by = an_phat.acting(an_phat.strategy)
        return [
            kpis.create_kpi(fields={"name": name, "target": Decimal(10)}, by=by) for name in ("Doanh thu", "Khách mới")
        ]


def test_by_hand_and_nothing_typed_is_lost_when_weights_are_not_100(an_phat, two):
    client = an_phat.client(an_phat.manager)
    sent = {"name": "Bán hàng", "position": "", "kpi": [str(kpi.pk) for kpi in two], "weight": ["60", "30"]}
    refused = client.post(an_phat.url("strategy/library/cards/new/"), sent)
    assert refused.status_code == 422
    assert 'value="60"' in refused.content.decode()
    assert client.post(an_phat.url("strategy/library/cards/new/"), {**sent, "weight": ["60", "40"]}).status_code == 302
    again = client.post(an_phat.url("strategy/library/cards/new/"), {**sent, "weight": ["60", "40"]})
    assert again.status_code == 422
    with organization_scope(an_phat.organization):
        kept = CardTemplate.objects.get()
        assert [(item.definition_id, item.weight) for item in kept.items.all()] == [(two[0].pk, 60), (two[1].pk, 40)]
    assert "Bán hàng" in an_phat.client(an_phat.lan).get(an_phat.url("strategy/library/cards/")).content.decode()
    assert client.post(an_phat.url(f"strategy/library/cards/{kept.pk}/retire/")).status_code == 302
    assert "Bán hàng" not in an_phat.client(an_phat.lan).get(an_phat.url("strategy/library/cards/")).content.decode()
    assert "Bán hàng" not in client.get(an_phat.url("scorecards/assign/")).content.decode()
    assert client.post(an_phat.url(f"strategy/library/cards/{kept.pk}/restore/")).status_code == 302
    assert "Bán hàng" in client.get(an_phat.url("scorecards/assign/")).content.decode()
    with organization_scope(an_phat.organization):
        told = AuditEvent.objects.filter(action__startswith="template.").order_by("pk").values_list("action", flat=True)
        assert list(told) == ["template.create", "template.retire", "template.restore"]


def test_hr_writes_them_for_every_position_and_sees_no_confidential_name(an_phat, two):
    client = an_phat.client(an_phat.hr)
    sent = {"name": "Bán hàng", "position": "", "kpi": [str(kpi.pk) for kpi in two], "weight": ["60", "40"]}
    assert client.post(an_phat.url("strategy/library/cards/new/"), sent).status_code == 302
    with organization_scope(an_phat.organization):
        kept = CardTemplate.objects.get()
        assert kept.created_by_id == an_phat.hr.pk
        KpiDefinition.objects.filter(pk=two[1].pk).update(is_confidential=True)
    for path in ("strategy/library/cards/", f"strategy/library/cards/{kept.pk}/edit/"):
        page = client.get(an_phat.url(path)).content.decode()
        assert two[1].name not in page
        assert "KPI bảo mật" in page
    address = an_phat.url(f"strategy/library/cards/{kept.pk}/edit/")
    assert client.post(address, {**sent, "weight": ["55", "45"]}).status_code == 302
    with organization_scope(an_phat.organization):
        assert list(kept.items.values_list("definition", "weight")) == [(two[0].pk, 55), (two[1].pk, 45)]
    assert client.get(an_phat.url("strategy/library/kpis/new/")).status_code == 403


def test_a_card_that_works_is_kept_for_its_position(an_phat, two):
    with organization_scope(an_phat.organization):
        items = [(two[0].current, 70, 10), (two[1].current, 30, 10)]
        done = assign(an_phat, [an_phat.lan], *items, by=an_phat.manager)
    url = an_phat.url(f"scorecards/cards/{done.cards[0].pk}/keep/")
    assert an_phat.client(an_phat.lan).post(url).status_code == 403
    for who, may in ((an_phat.lan, False), (an_phat.hr, True), (an_phat.manager, True)):
        page = an_phat.client(who).get(an_phat.url(f"scorecards/cards/{done.cards[0].pk}/")).content.decode()
        assert (url in page) is may
    response = an_phat.client(an_phat.hr).post(url)
    with organization_scope(an_phat.organization):
        kept = CardTemplate.objects.get()
        assert response["Location"].endswith(f"/library/cards/{kept.pk}/edit/")
        assert (kept.position_id, [item.weight for item in kept.items.all()]) == (an_phat.position.pk, [70, 30])
