"""The shipped public holidays of Vietnam: the right days, five for Tết, and said so where they are only expected."""

import datetime
from collections import Counter

import pytest

from kpiapp.public_holidays import TET, VIETNAM, holiday_name, holidays_in, years_known

FIRST_OF_TET = {2025: (1, 29), 2026: (2, 17), 2027: (2, 6), 2028: (1, 26)}
HUNG_KINGS = {2025: (4, 7), 2026: (4, 26), 2027: (4, 16), 2028: (4, 4)}


@pytest.mark.parametrize("year", FIRST_OF_TET)
def test_the_days_of_a_year(year):
    days = {holiday.on: holiday.code for holiday in holidays_in(VIETNAM, year)}
    counted = Counter(days.values())
    assert days[datetime.date(year, *FIRST_OF_TET[year])] == TET
    assert days[datetime.date(year, *HUNG_KINGS[year])] == "hung_kings"
    assert (counted[TET], counted["national"], counted["new_year"], counted["labour"]) == (5, 2, 1, 1)
    assert {datetime.date(year, 4, 30), datetime.date(year, 5, 1), datetime.date(year, 9, 2)} <= set(days)
    assert all(day.year == year for day in days)


def test_tet_lies_in_one_stretch():
    for year in years_known(VIETNAM):
        days = sorted(holiday.on for holiday in holidays_in(VIETNAM, year) if holiday.code == TET)
        assert (days[-1] - days[0]).days == 4


def test_what_is_not_announced_is_called_expected():
    expected = {h.code for h in holidays_in(VIETNAM, 2027) if h.is_expected}
    assert TET in expected
    assert "new_year" not in expected
    assert not any(h.is_expected for h in holidays_in(VIETNAM, 2025))


def test_every_holiday_has_a_name_in_both_languages():
    for year in years_known(VIETNAM):
        for holiday in holidays_in(VIETNAM, year):
            assert holiday_name(holiday.code, "vi") != holiday_name(holiday.code, "en") != ""


def test_unknown_years_countries_and_codes_are_empty():
    assert holidays_in(VIETNAM, 2040) == [] == holidays_in("FR", 2026)
    assert holiday_name("carnival", "en") == ""
