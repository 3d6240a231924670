"""Fiscal years: which one a day lies in, its months, and how its quarters are counted. No Django."""

import datetime

MONTHS_OF_A_YEAR = 12


def fiscal_year_start(day: datetime.date, start_month: int) -> datetime.date:
    """First day of the fiscal year in which a day lies."""
    return datetime.date(day.year - (day.month < start_month), start_month, 1)


def add_months(first: datetime.date, months: int) -> datetime.date:
    """First day of the month that many months later."""
    index = first.year * MONTHS_OF_A_YEAR + first.month - 1 + months
    return datetime.date(index // MONTHS_OF_A_YEAR, index % MONTHS_OF_A_YEAR + 1, 1)


def months_of_year(starts_on: datetime.date) -> list[datetime.date]:
    """First days of the twelve months of a fiscal year."""
    return [add_months(starts_on, step) for step in range(MONTHS_OF_A_YEAR)]


def place_in_year(first: datetime.date, start_month: int, length: int) -> int:
    """Which part of its fiscal year a period is, counted from 1: with `length` 3 the number of a quarter."""
    return (first.month - start_month) % MONTHS_OF_A_YEAR // length + 1
