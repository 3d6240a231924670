"""The working calendar as a page: who sees it, who changes it, and what a click does."""

import datetime
from decimal import Decimal

import pytest

from kpiapp.models import CalendarDay, CompanyCalendar, working_calendar
from kpiapp.services.calendars import set_day, start_calendar
from kpiapp.tenancy import organization_scope

HTMX = {"HX-Request": "true"}
TET = datetime.date(2026, 2, 17)
TUESDAY, SATURDAY = datetime.date(2026, 11, 17), datetime.date(2026, 11, 21)


@pytest.fixture
def cast(an_phat):
    """With Vietnam's public holidays."""
    with organization_scope(an_phat.organization):
        start_calendar(an_phat.organization, None)
    return an_phat


def click(cast, day, member=None, **data):
    return cast.client(member or cast.hr).post(
        cast.url("settings/calendar/day/"), {"on": day.isoformat(), **data}, headers=HTMX
    )


def share(cast, day):
    with organization_scope(cast.organization):
        return working_calendar().share(day)


def test_everybody_reads_the_year(cast):
    response = cast.client(cast.lan).get(cast.url("settings/calendar/?year=2026"))
    text = response.content.decode()
    assert "Tết Nguyên đán" in text
    assert "<button id=" not in text
    assert response.context["months"][1].working_days == 15


def test_a_day_is_off_then_half_then_plain_again(cast):
    shares = []
    for _click in range(3):
        click(cast, TUESDAY)
        shares.append(share(cast, TUESDAY))
    assert shares == [0, Decimal("0.5"), 1]
    click(cast, SATURDAY)
    assert share(cast, SATURDAY) == 1


def test_a_click_answers_with_its_month_and_the_list(cast):
    text = click(cast, TUESDAY).content.decode()
    assert 'id="month-11"' in text
    assert 'id="month-10"' not in text
    assert 'id="calendar-days"' in text
    assert "hx-swap-oob" in text


def test_a_day_gets_a_name_and_keeps_its_share(cast):
    click(cast, TUESDAY)
    click(cast, TUESDAY, name="Ngày thành lập")
    with organization_scope(cast.organization):
        day = CalendarDay.objects.get(on=TUESDAY)
        assert (day.name, day.share) == ("Ngày thành lập", 0)


def test_who_may_not_change_it_cannot(cast):
    assert click(cast, TUESDAY, cast.manager).status_code == 403
    assert click(cast, TUESDAY, cast.owner).status_code == 200


def test_nonsense_is_answered_in_words(cast):
    client = cast.client(cast.hr)
    for typed in ("", "31/02", "2026-02-31", "9999-01-01"):
        response = client.post(cast.url("settings/calendar/day/"), {"on": typed}, follow=True)
        assert "Hãy chọn một ngày" in response.content.decode() or "Choose a day" in response.content.decode()
    assert client.get(cast.url("settings/calendar/?year=mai")).status_code == 200


def test_the_week_and_a_day_typed_by_hand(cast):
    client = cast.client(cast.hr)
    week = {f"day_{number}": "1" for number in range(5)} | {"day_5": "0.5", "day_6": "0", "year": "2026"}
    assert client.post(cast.url("settings/calendar/week/"), week).status_code == 302
    assert share(cast, SATURDAY) == Decimal("0.5")
    later = {**week, "day_5": "1", "starts_on": "2027-01-01"}
    assert client.post(cast.url("settings/calendar/week/"), later).status_code == 302
    assert (share(cast, SATURDAY), share(cast, datetime.date(2027, 1, 2))) == (Decimal("0.5"), 1)
    assert 'value="2027-01-01"' in client.get(cast.url("settings/calendar/?year=2027")).content.decode()
    assert client.post(cast.url("settings/calendar/week/"), {"drop": "2027-01-01"}).status_code == 302
    assert share(cast, datetime.date(2027, 1, 2)) == Decimal("0.5")
    assert client.post(cast.url("settings/calendar/week/"), {"drop": "nonsense"}).status_code == 302
    nobody = {f"day_{number}": "0" for number in range(7)}
    assert client.post(cast.url("settings/calendar/week/"), nobody).status_code == 422
    added = {"on": "2026-12-24", "share": "0.5", "name": "Tiệc cuối năm"}
    assert client.post(cast.url("settings/calendar/add/"), added).status_code == 302
    assert share(cast, datetime.date(2026, 12, 24)) == Decimal("0.5")
    response = client.post(cast.url("settings/calendar/add/"), {**added, "on": "nonsense"})
    assert response.status_code == 422
    assert "Tiệc cuối năm" in response.content.decode()


def test_filling_a_year_brings_back_what_was_removed(cast):
    for _click in range(2):
        click(cast, TET)
    assert share(cast, TET) == 1
    cast.client(cast.hr).post(cast.url("settings/calendar/fill/"), {"year": "2026"})
    assert share(cast, TET) == 0


def test_a_company_abroad_can_keep_vietnams_holidays(binh_minh):
    response = binh_minh.client(binh_minh.hr).get(binh_minh.url("settings/calendar/?year=2027"))
    assert 'name="country"' in response.content.decode()
    binh_minh.client(binh_minh.hr).post(binh_minh.url("settings/calendar/fill/"), {"year": "2027", "country": "VN"})
    with organization_scope(binh_minh.organization):
        assert CompanyCalendar.objects.get().country == "VN"
        assert CalendarDay.objects.filter(on=datetime.date(2027, 2, 8)).exists()


def test_another_companys_names_never_show(cast, binh_minh):
    with organization_scope(binh_minh.organization):
        set_day(on=TUESDAY, share=Decimal(0), name="CANARY", by=binh_minh.hr)
    assert "CANARY" not in cast.client(cast.hr).get(cast.url("settings/calendar/?year=2026")).content.decode()


def test_the_list_beside_the_year_names_its_days(cast):
    with organization_scope(cast.organization):
        set_day(on=datetime.date(2026, 12, 24), share=Decimal("0.5"), name="Tiệc", by=cast.acting(cast.hr))
    assert ">24/12/2026</span>" in cast.client(cast.hr).get(cast.url("settings/calendar/?year=2026")).content.decode()
