"""Public holidays as shipped data: one file per country, each day with the holiday it belongs to."""

import datetime
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

DATA = Path(__file__).with_name("data")
VIETNAM = "VN"
COUNTRIES = (VIETNAM,)
# The holiday that empties a month: shown apart wherever a year is planned.
TET = "tet"


@dataclass(frozen=True)
class Holiday:
    """A public holiday on a day; `is_expected` until the schedule of its year is published."""

    on: datetime.date
    code: str
    is_expected: bool


@cache
def _data(country: str) -> dict:
    return yaml.safe_load((DATA / f"holidays_{country.lower()}.yaml").read_text(encoding="utf-8"))


def years_known(country: str) -> list[int]:
    """Years for which there is data, oldest first; none for a country without a file."""
    return sorted(_data(country)["years"]) if country in COUNTRIES else []


def holidays_in(country: str, year: int) -> list[Holiday]:
    """The public holidays of a calendar year, in order; none where there is no data."""
    if year not in years_known(country):
        return []
    kinds = _data(country)["years"][year]
    found = [
        Holiday(on, code, kind == "expected")
        for kind, holidays in kinds.items()
        for code, days in holidays.items()
        for on in days
    ]
    return sorted(found, key=lambda holiday: holiday.on)


def holiday_name(code: str, language: str) -> str:
    """What a holiday is called in a language; empty for a code nobody knows."""
    for country in COUNTRIES:
        names = _data(country)["holidays"].get(code)
        if names:
            return names.get(language) or names["en"]
    return ""
