"""The KPI tree as a picture: what feeds what, both ways, opened and closed by links, never more than one may see."""

import datetime
import re

import pytest

from kpiapp.models import Period
from kpiapp.tenancy import organization_scope
from scorecards.cascade import picture, tree
from scorecards.models import Proposal
from scorecards.services import cascade
from tests.cast import STORY_DAY
from tests.scorecards.kit import line_of, make_card, make_kpi

FROM = datetime.date(2026, 11, 1)


def _link(cast, parent, child, kind="contribution", of=None):
    ends = {"parent": (cast.kpi, parent), "child": (of or cast.kpi, child)}
    owned = {end: cascade.owned_kpi(kpi.definition, owner) for end, (kpi, owner) in ends.items()}
    return cascade.link_kpis(kind=kind, valid_from=FROM, by=cast.acting(cast.strategy), today=STORY_DAY, **owned)


@pytest.fixture
def revenue(an_phat):
    """Revenue from Lan and Nam to Sales to the company; Lan's visits help hers."""
    cast = an_phat
    with organization_scope(cast.organization):
        cast.kpi, cast.visits = make_kpi("REV", "Doanh thu"), make_kpi("VIS", "Lượt thăm")
        cast.company = line_of(make_card(cast, cast.organization, (cast.kpi, 100, 300)), cast.kpi)
        cast.sales = line_of(make_card(cast, cast.department, (cast.kpi, 100, 200)), cast.kpi)
        cast.lans = line_of(make_card(cast, cast.lan, (cast.kpi, 60, 80), (cast.visits, 40, 10)), cast.kpi)
        cast.nams = line_of(make_card(cast, cast.manager, (cast.kpi, 100, 100)), cast.kpi)
        _link(cast, cast.organization, cast.department)
        _link(cast, cast.department, cast.lan)
        _link(cast, cast.department, cast.manager)
        _link(cast, cast.lan, cast.lan, kind="support", of=cast.visits)
        for line in (cast.company, cast.sales, cast.lans, cast.nams):
            line.refresh_from_db()
    return cast


def drawn(cast, member, line, opened=None):
    with organization_scope(cast.organization):
        line = type(line).objects.select_related("scorecard__period", "kpi__objective").get(pk=line.pk)
        around = {line.owned_id} if opened is None else opened
        found = picture.around(line, around, cast.acting(member), STORY_DAY)
        return found, {box.line.pk for box in found.boxes if box.line}


def test_what_it_feeds_and_what_feeds_it(revenue):
    found, lines = drawn(revenue, revenue.strategy, revenue.sales)
    assert lines == {revenue.company.pk, revenue.sales.pk, revenue.lans.pk, revenue.nams.pk}
    assert {edge.label for edge in found.edges} == {
        "Doanh thu, Lê Thị Lan adds up into Doanh thu, Phòng Kinh doanh",
        "Doanh thu, Trần Hoài Nam adds up into Doanh thu, Phòng Kinh doanh",
        "Doanh thu, Phòng Kinh doanh adds up into Doanh thu, Công ty Cổ phần An Phát",
    }
    (focus,) = [box for box in found.boxes if box.is_focus]
    assert focus.label == "Doanh thu, Phòng Kinh doanh, no data"
    assert focus.is_open


def test_closed_it_shows_nothing_below_and_opened_one_level_more(revenue):
    _found, closed = drawn(revenue, revenue.strategy, revenue.sales, opened=())
    assert closed == {revenue.company.pk, revenue.sales.pk}
    found, lines = drawn(
        revenue, revenue.strategy, revenue.sales, opened={revenue.sales.owned_id, revenue.lans.owned_id}
    )
    assert len(lines) == 5
    assert [edge.kind for edge in found.edges].count("support") == 1


def test_what_one_may_not_read_is_not_drawn(revenue):
    """Her own card, her department's and the company's everybody may read; a colleague's not."""
    _found, lines = drawn(revenue, revenue.lan, revenue.sales)
    assert lines == {revenue.company.pk, revenue.sales.pk, revenue.lans.pk}


def test_boxes_open_and_close_by_links(revenue):
    client = revenue.client(revenue.strategy)
    page = client.get(revenue.url("scorecards/tree/")).content.decode()
    assert page.count('<a href="/an-phat/scorecards/tree/') >= 4, "the cascade is seen at a glance"
    closing = re.search(r'hx-get="([^"]*open=[^"]*)"', page).group(1).replace("&amp;", "&")
    headers = {"HX-Request": "true", "HX-Target": "tree-picture"}
    part = client.get(closing, headers=headers).content.decode()
    assert part.lstrip().startswith("<section")
    assert "Lê Thị Lan" not in part
    for odd in ("", "x", "9" * 30, "1,,2", "-4"):
        assert client.get(revenue.url(f"scorecards/tree/{revenue.sales.pk}/?open={odd}")).status_code == 200


def test_without_anything_carried_there_is_the_list_alone(an_phat):
    with organization_scope(an_phat.organization):
        make_card(an_phat, an_phat.organization, (make_kpi("REV", "Doanh thu"), 100, 300))
    page = an_phat.client(an_phat.strategy).get(an_phat.url("scorecards/tree/")).content.decode()
    assert "Doanh thu" in page
    assert "tree-picture" not in page


def test_a_department_of_many_is_cut_and_says_so(revenue, monkeypatch):
    monkeypatch.setattr(picture, "MOST_BELOW", 1)
    found, lines = drawn(revenue, revenue.strategy, revenue.sales)
    assert (len(lines), found.more) == (3, 1)


def test_a_target_is_shared_out_to_the_end_of_the_quarter(an_phat):
    with organization_scope(an_phat.organization):
        kpi = make_kpi("REV", "Doanh thu", decimals=0)
        december = Period.objects.create(kind="month", starts_on="2026-12-01", ends_on="2027-01-01")
        line = line_of(make_card(an_phat, an_phat.organization, (kpi, 100, 300)), kpi)
        make_card(an_phat, an_phat.organization, (kpi, 100, 500), period=december)
        unit = an_phat.department
    client, address = an_phat.client(an_phat.strategy), an_phat.url(f"scorecards/tree/{line.pk}/push/")
    form = {"total": "300", "weight": "20", "how": "equal", "reach": "quarter", f"to-d{unit.pk}": "on"}
    shown = client.post(address, {**form, "recount": "1"}).content.decode()
    assert "Tháng 12/2026" in shown
    assert ">500<" in shown
    client.post(address, {**form, f"target-d{unit.pk}": "300", "send": "1"})
    with organization_scope(an_phat.organization):
        offers = Proposal.objects.order_by("period__starts_on")
        assert [(offer.period.code, offer.target) for offer in offers] == [("2026-11", 300), ("2026-12", 500)]
        first = offers[0]
    manager = an_phat.client(an_phat.manager)
    page = manager.get(an_phat.url(f"scorecards/proposals/{first.pk}/")).content.decode()
    assert 'name="all"' in page
    manager.post(an_phat.url(f"scorecards/proposals/{first.pk}/answer/"), {"all": "1"})
    with organization_scope(an_phat.organization):
        assert set(Proposal.objects.values_list("state", flat=True)) == {"agreed"}


def test_a_long_list_comes_in_parts(revenue, monkeypatch):
    monkeypatch.setattr(tree, "BRANCH_SHOWN", 1)
    client = revenue.client(revenue.strategy)
    address = revenue.url(f"scorecards/tree/{revenue.sales.pk}/")
    page = client.get(address).content.decode()
    assert f"{address}?from=1" in page
    rest = client.get(f"{address}?from=1", headers={"HX-Request": "true"}).content.decode()
    assert rest.count("row-title") == 1
    assert "?from=" not in rest
