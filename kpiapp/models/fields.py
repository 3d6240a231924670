"""The only place where a precision is written: one column type for each kind of number."""

from django.db import models


def value_field(**options) -> models.DecimalField:
    """A measured value or target: NUMERIC(24,6), room for 10^18 đồng and six decimals."""
    return models.DecimalField(max_digits=24, decimal_places=6, **options)


def quantity_field(**options) -> models.DecimalField:
    """A part of an exact quotient (a sum of products): NUMERIC(38,12)."""
    return models.DecimalField(max_digits=38, decimal_places=12, **options)


def completion_field(**options) -> models.DecimalField:
    """A completion as a fraction, 1 = whole: NUMERIC(12,6)."""
    return models.DecimalField(max_digits=12, decimal_places=6, **options)


def percent_field(**options) -> models.DecimalField:
    """A percentage, 100 = whole: NUMERIC(12,6); two places are shown."""
    return models.DecimalField(max_digits=12, decimal_places=6, **options)


def weight_field(**options) -> models.DecimalField:
    """A weight on a card, 100 = the whole card: NUMERIC(5,2)."""
    return models.DecimalField(max_digits=5, decimal_places=2, **options)


def coefficient_field(**options) -> models.DecimalField:
    """A factor of pay such as 1.1: NUMERIC(8,4)."""
    return models.DecimalField(max_digits=8, decimal_places=4, **options)


def money_field(**options) -> models.DecimalField:
    """An amount in the organization's currency: NUMERIC(20,4), rounded to the currency's own places."""
    return models.DecimalField(max_digits=20, decimal_places=4, **options)


def day_share_field(**options) -> models.DecimalField:
    """How much of a day is worked, 1 = all of it: NUMERIC(2,1)."""
    return models.DecimalField(max_digits=2, decimal_places=1, **options)
