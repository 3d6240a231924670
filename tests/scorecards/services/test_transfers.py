"""Links follow a person who is transferred: what they enter counts where they stood on its day, and nowhere twice."""

import datetime
from random import Random

import pytest

from kpiapp.models import Department, Employment, Period
from kpiapp.services import people
from kpiapp.tenancy import organization_scope
from scorecards import recompute
from scorecards.cascade import transfers, tree
from scorecards.models import KpiLink, LineScore
from scorecards.scoring import combine
from scorecards.services import cascade
from scorecards.services import transfers as service
from tests.cast import STORY_DAY
from tests.scorecards.kit import D, line_of, make_card, make_kpi

FROM, MOVED = datetime.date(2026, 11, 1), datetime.date(2026, 11, 12)


@pytest.fixture
def company(scope):
    """Revenue of the company from Sales and Service; Lan sells for Sales."""
    scope.kpi = make_kpi("REV", "Doanh thu", unit="VND")
    return _cards(scope)


def _cards(cast):
    cast.company = make_card(cast, cast.organization, (cast.kpi, 100, 300))
    cast.sales = make_card(cast, cast.department, (cast.kpi, 100, 200))
    cast.service = make_card(cast, cast.other_department, (cast.kpi, 100, 200))
    cast.lans = make_card(cast, cast.lan, (cast.kpi, 100, 80))
    for parent, child in (
        (cast.organization, cast.department),
        (cast.organization, cast.other_department),
        (cast.department, cast.lan),
        (cast.other_department, cast.minh),
    ):
        _link(cast, parent, child)
    return cast


def _link(cast, parent, child, **options):
    given = {"kind": "contribution", "valid_from": FROM, "by": cast.acting(cast.strategy), "today": STORY_DAY}
    ends = (cascade.owned_kpi(cast.kpi.definition, owner) for owner in (parent, child))
    return cascade.link_kpis(**dict(zip(("parent", "child"), ends, strict=True)), **{**given, **options})


def enter(cast, card, *entries):
    line = line_of(card, cast.kpi)
    for day, value in entries:
        line.actuals.create(on=datetime.date(2026, 11, day), value=D(value), entered_by=cast.hr)
    recompute.refresh_actuals(line_ids=[line.pk])
    recompute.roll_up(line_ids=[line.pk], on=STORY_DAY)


def quantity(cast, card):
    return LineScore.objects.get(line=line_of(card, cast.kpi)).quantity


def move(cast, member, department, on=MOVED, manager=None):
    standing = Employment.objects.filter(member=member).latest("valid_from")
    return people.move_member(
        member=member,
        department=department,
        position=standing.position,
        manager=manager,
        on=on,
        by=cast.acting(cast.hr),
        today=STORY_DAY,
    )


def test_entries_count_where_the_person_stood_on_their_day(company):
    enter(company, company.lans, (3, 40), (11, 5), (12, 7), (18, 20))
    (told,) = move(company, company.lan, company.other_department).followed
    assert "Phòng Dịch vụ" in told
    assert "Phòng Kinh doanh" in told
    assert (quantity(company, company.sales), quantity(company, company.service)) == (45, 27)
    assert quantity(company, company.company) == 72, "the company has it all, once"
    assert LineScore.objects.get(line=line_of(company.company, company.kpi)).entries == 1, "one card has a value"


def test_the_periods_after_it_belong_to_the_new_department_alone(company):
    move(company, company.lan, company.other_department)
    december = Period.objects.create(kind="month", starts_on=datetime.date(2026, 12, 1), ends_on="2027-01-01")
    december.refresh_from_db()
    for owner in (company.department, company.other_department, company.lan):
        make_card(company, owner, (company.kpi, 100, 80), period=december)
    recompute.apply_links(on=STORY_DAY)
    lines = company.kpi.lines.filter(scorecard__period=december)
    assert {line.scorecard.department for line in lines.filter(takes_children=True)} == {company.other_department}


def test_a_stock_belongs_whole_to_where_its_owner_stands_at_the_end(scope):
    scope.kpi = make_kpi("CUS", "Khách hàng", aggregation="last")
    _cards(scope)
    enter(scope, scope.lans, (3, 40), (18, 55))
    move(scope, scope.lan, scope.other_department)
    assert (quantity(scope, scope.sales), quantity(scope, scope.service)) == (None, 55)
    assert quantity(scope, scope.company) == 55


@pytest.mark.parametrize("kind", ["sum", "avg", "weighted_avg", "count", "min", "max", "ratio"])
def test_the_parts_of_a_month_make_up_the_whole(scope, kind):
    parts = {"numerator_agg": "sum", "denominator_agg": "sum"} if kind == "ratio" else {}
    scope.kpi = make_kpi("X", aggregation=kind, **parts)
    _cards(scope)
    random, line = Random(kind), line_of(scope.lans, scope.kpi)
    for day in range(1, 19):
        number, second = (D(random.randint(1, 9999)) / 100 for _ in range(2))
        value = {"numerator": number, "denominator": second} if kind == "ratio" else {"value": number}
        line.actuals.create(
            on=datetime.date(2026, 11, day),
            entered_by=scope.hr,
            **value | ({"denominator": second} if kind == "weighted_avg" else {}),
        )
    recompute.refresh_actuals(line_ids=[line.pk])
    move(scope, scope.lan, scope.other_department)
    pairs = {}
    for name, card in (("sales", scope.sales), ("service", scope.service), ("company", scope.company)):
        score = LineScore.objects.get(line=line_of(card, scope.kpi))
        pairs[name] = (score.quantity, score.divisor)
    assert None not in (pairs["sales"][0], pairs["service"][0])
    assert pairs["company"] == combine(kind, [pairs["sales"], pairs["service"]])
    whole = LineScore.objects.get(line=line)
    assert pairs["company"] == (whole.quantity, whole.divisor)


def test_what_a_locked_period_was_counted_with_stays(company):
    """Recorded late: the links move on the first day after the locked month."""
    Period.objects.filter(pk=company.period.pk).update(state="locked", locked_at="2026-12-02T00:00Z")
    move(company, company.lan, company.other_department)
    child = KpiLink.objects.filter(child__member=company.lan).order_by("valid_from")
    december = datetime.date(2026, 12, 1)
    assert list(child.values_list("parent__department", "valid_from", "valid_to")) == [
        (company.department.pk, FROM, december),
        (company.other_department.pk, december, None),
    ]


def test_without_the_kpi_in_the_new_place_the_old_link_just_ends(company):
    KpiLink.objects.filter(parent__department=company.other_department).delete()
    company.service.lines.all().delete()
    (told,) = move(company, company.lan, company.other_department).followed
    assert "Doanh thu, Lê Thị Lan" in told
    assert KpiLink.objects.get(child__member=company.lan).valid_to == MOVED


def test_a_department_with_entries_of_its_own_takes_the_person_from_the_next_period_on(company):
    KpiLink.objects.filter(parent__department=company.other_department).delete()
    recompute.apply_links(on=STORY_DAY)
    enter(company, company.service, (2, 9))
    move(company, company.lan, company.other_department)
    link = KpiLink.objects.get(child__member=company.lan, valid_to=None)
    assert (link.parent.department, link.valid_from) == (company.other_department, datetime.date(2026, 12, 1))
    assert quantity(company, company.service) == 9


def test_a_move_inside_the_department_changes_nothing(company):
    team = Department.objects.create(code="KD1", name="Nhóm 1", parent=company.department)
    assert move(company, company.lan, team).followed == []
    assert KpiLink.objects.get(child__member=company.lan).valid_to is None


def test_a_link_to_the_manager_goes_to_the_new_manager(company):
    make_card(company, company.manager, (company.kpi, 100, 100))
    make_card(company, company.minh, (company.kpi, 100, 100))
    KpiLink.objects.filter(child__member=company.lan).delete()
    _link(company, company.manager, company.lan)
    move(company, company.lan, company.other_department, manager=company.minh)
    assert KpiLink.objects.get(child__member=company.lan, valid_to=None).parent.member == company.minh


def test_a_second_move_on_the_same_day_takes_the_place_of_the_first(company):
    third = Department.objects.create(code="X", name="Phòng Ba")
    make_card(company, third, (company.kpi, 100, 100))
    move(company, company.lan, company.other_department)
    move(company, company.lan, third)
    links = KpiLink.objects.filter(child__member=company.lan).order_by("valid_from")
    assert [link.parent.department for link in links] == [company.department, third]


def test_what_an_import_moved_is_listed_and_mended_by_one_click(company):
    Employment.objects.filter(member=company.lan).update(valid_to=MOVED)
    Employment.objects.create(
        member=company.lan, department=company.other_department, position=company.position, valid_from=MOVED
    )
    enter(company, company.lans, (3, 40), (18, 20))
    assert quantity(company, company.sales) == 60
    (stray,) = transfers.left_behind(on=company.period.last_day)
    assert (stray.person, stray.since, stray.goes_to) == (company.lan, MOVED, company.other_department)
    service.mend(links=[stray], by=company.acting(company.strategy), today=STORY_DAY)
    assert transfers.left_behind(on=company.period.last_day) == []
    assert (quantity(company, company.sales), quantity(company, company.service)) == (40, 20)


def test_a_link_made_after_the_move_is_meant(company):
    move(company, company.lan, company.other_department)
    KpiLink.objects.filter(child__member=company.lan).delete()
    _link(company, company.department, company.lan, valid_from=datetime.date(2026, 12, 1))
    assert transfers.left_behind(on=datetime.date(2026, 12, 31)) == []


def test_the_page_says_it_and_mends_it(an_phat):
    with organization_scope(an_phat.organization):
        an_phat.kpi = make_kpi("REV", "Doanh thu")
        _cards(an_phat)
        Employment.objects.filter(member=an_phat.lan).update(valid_to=MOVED)
        Employment.objects.create(
            member=an_phat.lan, department=an_phat.other_department, position=an_phat.position, valid_from=MOVED
        )
        link, line = KpiLink.objects.get(child__member=an_phat.lan), line_of(an_phat.sales, an_phat.kpi)
    client, mend = an_phat.client(an_phat.strategy), f'name="link" value="{link.pk}"'
    for page in ("scorecards/tree/loose/", f"scorecards/tree/{line.pk}/"):
        assert mend in client.get(an_phat.url(page)).content.decode().partition("tree/follow/")[2]
    lan = an_phat.client(an_phat.lan)
    assert mend not in lan.get(an_phat.url("scorecards/tree/loose/")).content.decode()
    answer = client.post(an_phat.url("scorecards/tree/follow/"), {"link": link.pk, "line": line.pk}, follow=True)
    text = answer.content.decode()
    assert "tree/follow/" not in text
    assert "11/11/2026" in text
    with organization_scope(an_phat.organization):
        assert KpiLink.objects.get(child__member=an_phat.lan, valid_to=None).valid_from == MOVED


def test_a_target_is_carried_by_working_days(company):
    """Eleven days of November are over: of Lan's 80, Sales has had 8 of 21 working days."""
    move(company, company.lan, company.other_department)
    sales, service_line = (line_of(card, company.kpi) for card in (company.sales, company.service))
    parts = [tree.target_share(line).carried for line in (sales, service_line)]
    assert sum(parts) == 80
    assert parts[0] == round(D(80) * 8 / 21, 6)
